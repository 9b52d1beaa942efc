"""An attack by hand: one key begins and ends it, and the screen says that one is on."""

from __future__ import annotations

from typing import Any

import pytest
from textual.events import Key, Paste
from textual.widgets import Input

from evtui.attacks import LAYERS
from evtui.commands.anomaly import ATTACK_NAME
from evtui.tui.models.selection import ChosenPlace, Selection
from evtui.tui.models.stations import StationRows
from evtui.tui.models.summary import LabSummary, fit_segments
from evtui.tui.panels.anomaly_lines import AnomalyView
from evtui.tui.rows import row_text
from evtui.tui.screens.attack import FIELD, AttackScreen
from evtui.tui.screens.main import MainScreen
from evtui.tui.series import AttackSpan, CurrentSeries
from tests.tui.driving import Driven, driven, handled
from tests.tui.waves import alarm, anomaly, detection, sample

HAND: dict[str, Any] = {
    "attack_id": "spoof-2",
    "anomaly": "spoof",
    "variant": "by-hand",
    "layer": "can",
}
PLACE = {"station": "CP1", "connector": 1}


async def test_the_key_asks_for_a_name_in_the_place_of_the_keys() -> None:
    async with driven(5.0) as one:
        await one.press("A")
        assert one.shows(AttackScreen)
        assert one.screen.query_one("#name").region.y == one.app.size.height - 1
        assert "attack at CP1/1 on ocpp" in str(one.screen.query_one("#layer").render())


@pytest.mark.parametrize(
    ("keys", "name", "layer"),
    [
        ([], "attack", "ocpp"),
        ([*"spoof"], "spoof", "ocpp"),
        ([*"two", "space", *"words"], "two-words", "ocpp"),
        ([*"=x;,y"], "xy", "ocpp"),
        (["down", "down", "z"], "z", "can"),
        (["up"], "attack", "physical"),
        (["tab", "z", "tab", "tab", "tab"], "z", "ocpp"),
    ],
)
async def test_enter_begins_it_with_a_name_and_a_layer(
    keys: list[str], name: str, layer: str
) -> None:
    async with driven(5.0) as one:
        await one.press("A", *keys, "enter")
        assert one.shows(MainScreen)
        assert one.lab.submitted == ["attack.begin"]
        assert one.lab.arguments == [{**PLACE, "name": name, "layer": layer}]


async def test_escape_begins_nothing() -> None:
    async with driven(5.0) as one:
        await one.press("A", "x", "escape")
        assert one.shows(MainScreen)
        assert one.lab.submitted == []


async def test_what_was_begun_last_is_suggested_again() -> None:
    async with driven(5.0) as one:
        await one.press("A", "down", *"jam", "enter")
        await one.press("A")
        assert one.screen.query_one("#name", Input).placeholder == "jam"
        await one.press("enter")
        assert one.lab.arguments[1] == {**PLACE, "name": "jam", "layer": "link"}


async def begin(one: Driven) -> None:
    """The lab says that an attack has begun."""
    one.lab.publish(anomaly(6.0, "on", **HAND))
    await one.tick()


async def test_pressed_again_it_ends_it_without_a_question() -> None:
    async with driven(5.0) as one:
        await begin(one)
        await one.press("A")
        assert one.shows(MainScreen)
        assert one.lab.submitted == ["attack.end"]
        one.lab.publish(anomaly(7.0, "off", active=False, **HAND))
        await one.tick()
        await one.press("A")
        assert one.shows(AttackScreen)


async def test_the_status_line_names_it_and_leaving_asks() -> None:
    async with driven(0.0) as one:
        await begin(one)
        assert "▶ spoof" in one.text("#status")
        await one.press("q")
        assert not one.shows(MainScreen)


def status_of(*events: object, width: int = 200) -> str:
    stations, selection = StationRows(), Selection()
    selection.feed(events)  # type: ignore[arg-type]
    summary = LabSummary(stations, selection)
    summary.feed(events)  # type: ignore[arg-type]
    return "  ".join(text for text, _ in fit_segments(summary.segments(0.0), width))


ON, OFF = anomaly(6.0, "on", **HAND), anomaly(9.0, "off", active=False, **HAND)
SAFE = anomaly(10.0, "safe", active=False, **HAND)
FLUCTUATION = anomaly(5.0, "on", cycle=2)


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([ON], "ANOMALY ▶ spoof"),
        ([ON, OFF], "ANOMALY ▒ spoof"),
        ([ON, OFF, SAFE], "ANOMALY ■ idle"),
        ([FLUCTUATION, ON], "ANOMALY ▶ fluctuation #2 +1"),
        ([sample(0.0), anomaly(6.0, "on", **(HAND | {"connector": 2}))], "ANOMALY ▶ CP1/2"),
        ([anomaly(6.0, "on", **(HAND | {"anomaly": "x" * 40}))], f"ANOMALY ▶ {'x' * 23}…"),
    ],
)
def test_the_status_line_says_what_is_on(events: list[object], told: str) -> None:
    assert f"{told}  " in status_of(*events)


def head_of(*events: object) -> str:
    view = AnomalyView()
    view.feed([anomaly(0.0, "parameters", active=False, attack_id=""), *events])  # type: ignore[list-item]
    return row_text(view.rows(110, 12, 9.0)[0])


def test_the_panel_says_what_is_on_and_how_it_ends() -> None:
    assert head_of(ON).startswith("▶ spoof by hand, on can  A ends it")
    assert head_of(ON, OFF).startswith("▒ spoof is over, its effect shows")
    assert head_of(ON, OFF, SAFE).startswith("■ idle")
    assert head_of(FLUCTUATION, ON).startswith("▶ running  cycle 2 / ∞ + spoof")


def test_the_panel_keeps_the_anomaly_s_own_parameters() -> None:
    view = AnomalyView()
    view.feed([anomaly(0.0, "parameters", active=False), ON])
    assert "high 100 A" in "\n".join(row_text(row) for row in view.rows(110, 12, 9.0))


def test_the_panel_says_how_soon_it_was_detected() -> None:
    view = AnomalyView()
    view.feed([anomaly(0.0, "parameters", active=False), ON])
    view.feed([alarm(8.0), detection(8.0, 2.0, "spoof-2")])
    assert "detected after 2.0 s" in "\n".join(row_text(row) for row in view.rows(110, 12, 9.0))


def test_attacks_that_overlap_stand_on_the_chart_each_for_itself() -> None:
    series = CurrentSeries()
    series.feed([FLUCTUATION, ON, OFF, anomaly(9.5, "step"), SAFE])
    series.feed([anomaly(20.0, "off", active=False), anomaly(23.0, "safe", active=False)])
    assert series.attacks == (
        AttackSpan(5.0, off=20.0, safe=23.0),
        AttackSpan(6.0, off=9.0, safe=10.0),
    )


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_keys_read_at_once_close_the_line_once(key: str) -> None:
    async with driven(5.0) as one:
        await one.press("A")
        for _ in range(3):
            one.app.post_message(Key(key, None))
        await handled(one.pilot)
        await handled(one.pilot)
        assert one.shows(MainScreen)
        assert one.lab.submitted == (["attack.begin"] if key == "enter" else [])


async def test_what_a_name_may_not_have_is_left_out_and_said() -> None:
    async with driven(5.0) as one:
        await one.press("A")
        field = one.screen.query_one("#name", Input)
        field.post_message(Paste("spoof (2); seen"))
        await handled(one.pilot)
        assert field.value == "spoof 2 seen"
        assert "✗ left out: ();" in str(one.screen.query_one("#keys").render())
        field.post_message(Paste("x" * 50))
        await handled(one.pilot)
        assert len(field.value) == ATTACK_NAME.longest


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_the_prompt_names_the_connector_and_leaves_room_for_a_name(width: int) -> None:
    async with driven(5.0) as one:
        await one.pilot.resize_terminal(width, 24)
        one.app.push_screen(
            AttackScreen(ChosenPlace("A-LONG-IDENTITY-OF-FORTY-EIGHT-CHARACTERS-X-7", 12))
        )
        await handled(one.pilot)
        for _ in LAYERS:
            asked = str(one.screen.query_one("#layer").render())
            assert "/12 on " in asked
            assert "7/12" in asked
            assert one.screen.query_one("#name").region.width >= FIELD
            assert one.screen.query_one("#keys").region.right == width
            await one.press("down")
