"""A mark: a line to type into, a command for the lab, a sign on the chart."""

from __future__ import annotations

from textual.widgets import Input

from evtui.events import Mark
from evtui.tui.screens.main import MainScreen
from evtui.tui.screens.mark import MarkScreen
from tests.tui.driving import Driven, driven


async def test_m_asks_for_words_in_the_place_of_the_keys() -> None:
    async with driven(5.0) as one:
        await one.press("m")
        assert one.shows(MarkScreen)
        line = one.screen.query_one("#words").region
        assert line.y == one.app.size.height - 1
        assert "12:01:06.000" in str(one.screen.query_one("#moment").render())


async def test_the_moment_is_that_of_the_key_however_long_the_words_take() -> None:
    async with driven(5.0) as one:
        await one.press("m")
        one.lab.clock.t = 9.0
        await one.press(*"odd dip", "enter")
        assert one.shows(MainScreen)
        assert one.lab.submitted == ["lab.mark"]
        assert one.lab.arguments == [{"station": "CP1", "text": "odd dip", "at": 5.0}]


async def test_no_words_are_a_mark_too_and_escape_is_none() -> None:
    async with driven(5.0) as one:
        await one.press("m", "enter")
        await one.press("m", "x", "escape")
        assert one.lab.arguments == [{"station": "CP1", "text": "", "at": 5.0}]
        assert one.shows(MainScreen)


async def test_while_words_are_typed_keys_are_letters() -> None:
    async with driven(5.0) as one:
        await one.press("m", "s", "q", "0", "r")
        assert one.screen.query_one("#words", Input).value == "sq0r"
        assert one.lab.submitted == []


async def test_the_lab_goes_on_behind_the_line() -> None:
    async with driven(5.0) as one:
        await one.press("m")
        before = one.text("#current")
        await one.play(8.0)
        assert one.text("#current") != before


async def test_a_mark_appears_on_the_chart_and_in_its_legend() -> None:
    async with driven(5.0, size=(200, 50)) as one:
        await shown(one, "▼", False)
        one.lab.publish(Mark(text="odd dip", station="CP1", at=3.0))
        await one.play(9.0)
        await shown(one, "▼", True)
        assert "▼ mark" in one.text("#current").splitlines()[0]


async def shown(one: Driven, glyph: str, there: bool) -> None:
    """Wait until the chart, drawn on another thread, shows a glyph or does not."""
    while not (chart := one.text("#current").partition("\n")[2]).strip() or (
        (glyph in chart) is not there
    ):
        await one.pilot.pause(0.01)
