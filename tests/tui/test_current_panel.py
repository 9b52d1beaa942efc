from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot

from evtui.events import Mark
from evtui.tui.panels.current import CurrentPanel
from tests.tui.driving import handled
from tests.tui.panel_app import PanelApp, text, until
from tests.tui.waves import fluctuation, sample

THEMES = ["textual-dark", "textual-light", "ansi-dark", "ansi-light"]
Snapshot = Callable[..., bool]


def chart(panel: CurrentPanel) -> str:
    """What the panel shows under the row of values."""
    return "\n".join(text(panel).split("\n")[1:])


def edge(panel: CurrentPanel) -> str:
    """What stands on the panel's lower edge."""
    return str(panel._border_subtitle)


def written(panel: CurrentPanel) -> list[Region]:
    """The regions the panel asks to repaint from now on."""
    regions: list[Region] = []
    refresh = panel.refresh

    def note(*wanted: Region, **options: Any) -> CurrentPanel:
        regions.extend(wanted)
        refresh(*wanted, **options)
        return panel

    panel.refresh = note  # type: ignore[method-assign]
    return regions


async def test_newest_values_stand_in_the_top_row() -> None:
    panel = CurrentPanel()
    async with PanelApp(panel).run_test(size=(80, 12)):
        panel.feed([sample(1.0, 98.4, 100.0, None)])
        panel.tick(1.0)
        assert text(panel).startswith(" ▟▙ actual  98 A  ┄┄ limit 100 A  • reported   – A")
        panel.feed([sample(1.1, 4.0, 0.0, 84.0)])
        panel.tick(1.1)
        assert "actual   4 A" in text(panel)
        assert "reported  84 A" in text(panel)


async def test_what_is_measured_stands_beside_what_flows_where_they_differ() -> None:
    panel = CurrentPanel()
    async with PanelApp(panel).run_test(size=(80, 12)):
        panel.feed([sample(1.0, 98.4), sample(1.1, 99.0, measured=98.0)])
        panel.tick(1.1)
        assert "98 A" not in text(panel)
        panel.feed([sample(1.2, 99.0, measured=40.0)])
        panel.tick(1.2)
        assert "×" in text(panel)
        assert " 40 A" in text(panel).split("\n")[0]


async def test_feeding_alone_draws_nothing() -> None:
    panel = CurrentPanel()
    async with PanelApp(panel).run_test(size=(80, 12)) as pilot:
        await until(pilot, lambda: "┤" in text(panel))
        regions = written(panel)
        panel.feed(list(fluctuation(30)))
        await handled(pilot)
        assert regions == []


async def test_chart_appears_and_says_what_to_press_before_any_current() -> None:
    panel = CurrentPanel()
    async with PanelApp(panel).run_test(size=(80, 12)) as pilot:
        await until(
            pilot, lambda: "press b to charge, s to start the anomaly, w for a tour" in text(panel)
        )
        panel.feed(list(fluctuation(40)))
        panel.tick(40.0)
        await until(pilot, lambda: "▓" in chart(panel))
        assert "press" not in text(panel)


async def test_tick_within_the_same_half_cell_writes_nothing() -> None:
    panel = CurrentPanel()
    async with PanelApp(panel).run_test(size=(80, 12)) as pilot:
        panel.feed(list(fluctuation(40)))
        panel.tick(40.0)
        await until(pilot, lambda: "▓" in chart(panel))
        regions = written(panel)
        panel.tick(40.001)
        await handled(pilot)
        assert regions == []


async def test_flat_current_scrolls_without_being_written_again() -> None:
    panel = CurrentPanel()
    pictures: list[Message] = []

    def count(message: Message) -> None:
        if isinstance(message, CurrentPanel.Drawn):
            pictures.append(message)

    async with PanelApp(panel).run_test(size=(80, 12), message_hook=count) as pilot:
        panel.feed([sample(n / 10, 50.0) for n in range(1200)])
        panel.tick(100.0)
        await until(pilot, lambda: "▄" in chart(panel) or "▀" in chart(panel))
        regions = written(panel)
        for second in range(101, 108):
            seen = len(pictures)
            panel.tick(float(second))
            await until(pilot, lambda seen=seen: len(pictures) > seen)  # type: ignore[misc]
        # Only the cell that grows at the right edge, half a cell at a time.
        assert {region.width for region in regions} <= {1, 2}
        assert {region.x for region in regions} <= {panel.size.width - 2, panel.size.width - 1}


async def test_zoom_changes_the_window_and_stops_at_both_ends() -> None:
    panel = CurrentPanel()
    async with PanelApp(panel).run_test(size=(80, 12)) as pilot:
        await until(pilot, lambda: "-60 " in text(panel))
        panel.zoom(+1)
        await until(pilot, lambda: "-120 " in text(panel))
        assert str(panel.border_subtitle).startswith("120 s")
        for _ in range(10):
            panel.zoom(-1)
        await until(pilot, lambda: "-10 " in text(panel))
        for _ in range(10):
            panel.zoom(+1)
        await until(pilot, lambda: "-600 " in text(panel))


async def test_what_the_band_means_is_told_on_the_edge_where_the_legend_has_no_room() -> None:
    panel = CurrentPanel()
    async with PanelApp(panel).run_test(size=(100, 12)) as pilot:
        panel.tick(1.0)
        assert "▓ attack  ▲ alarm" in text(panel).splitlines()[0]
        assert "attack" not in edge(panel)
        await pilot.resize_terminal(55, 12)
        await until(pilot, lambda: "attack" not in text(panel).splitlines()[0])
        assert edge(panel).startswith("▓ attack  ▲ alarm   60 s")
        panel.feed([sample(0.4), Mark(text="odd", t=0.5)])
        panel.tick(2.0)
        assert "▼ mark" in edge(panel)
        await pilot.resize_terminal(30, 12)
        await until(pilot, lambda: edge(panel).startswith("60 s"))


async def test_moment_of_a_message_is_pointed_at_and_let_go() -> None:
    panel = CurrentPanel()
    async with PanelApp(panel).run_test(size=(80, 12)) as pilot:
        panel.feed(list(fluctuation(40)))
        panel.tick(40.0)
        panel.mark(30.0)
        await until(pilot, lambda: "◆" in chart(panel))
        panel.mark(None)
        await until(pilot, lambda: "◆" not in chart(panel))


async def test_chart_follows_the_size_of_the_panel_even_without_a_tick() -> None:
    panel = CurrentPanel()
    async with PanelApp(panel).run_test(size=(80, 12)) as pilot:
        panel.feed(list(fluctuation(40)))
        panel.tick(40.0)
        await until(pilot, lambda: "▓" in chart(panel))
        await pilot.resize_terminal(40, 9)
        await until(
            pilot, lambda: len(panel.rows[1:7]) == 6 and len(text(panel).split("\n")[1]) == 38
        )


async def test_leaving_ends_the_drawing_thread() -> None:
    async with PanelApp(CurrentPanel()).run_test(size=(80, 12)):
        assert any(thread.name == "evtui-chart" for thread in threading.enumerate())
    assert not any(thread.name == "evtui-chart" for thread in threading.enumerate())


@pytest.mark.parametrize("theme", THEMES)
async def test_nothing_is_drawn_in_the_colour_of_its_background(theme: str) -> None:
    panel = CurrentPanel()
    async with PanelApp(panel, theme).run_test(size=(80, 12)) as pilot:
        panel.feed(list(fluctuation(40)))
        panel.tick(40.0)
        await until(pilot, lambda: "▓" in chart(panel))
        for y in range(panel.size.height):
            for segment in panel.render_line(y):
                style = segment.style
                assert style is not None
                if segment.text.strip() and style.color and not style.color.is_default:
                    assert style.color != style.bgcolor, segment.text


async def test_series_look_different_with_their_colours() -> None:
    panel = CurrentPanel()
    async with PanelApp(panel).run_test(size=(80, 12)) as pilot:
        panel.feed([sample(1.0, 98.0, 100.0, 84.0)])
        panel.tick(1.0)
        await handled(pilot)
        styles = {segment.style.color for segment in panel.render_line(0) if segment.style}
        assert len(styles) >= 4


@pytest.mark.parametrize(
    ("size", "theme"),
    [
        ((30, 6), "textual-dark"),
        ((57, 17), "textual-dark"),
        ((80, 11), "textual-light"),
        ((120, 26), "ansi-dark"),
    ],
)
def test_chart_looks_as_before(snap_compare: Snapshot, size: tuple[int, int], theme: str) -> None:
    panel = CurrentPanel()

    async def fluctuate(pilot: Pilot[None]) -> None:
        panel.feed(list(fluctuation(62)))
        panel.tick(62.0)
        await until(pilot, lambda: "▲" in chart(panel))

    assert snap_compare(PanelApp(panel, theme), terminal_size=size, run_before=fluctuate)
