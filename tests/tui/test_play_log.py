"""A CAN log is played from the palette, with a form for how."""

from __future__ import annotations

from textual.widgets import Label

from evtui.tui.screens.main import MainScreen
from evtui.tui.screens.play_log import PlayScreen
from tests.tui.driving import Driven, driven

FIND = ("colon", *"canlog", "enter")


async def opened(one: Driven) -> None:
    await one.press(*FIND)
    assert one.shows(PlayScreen)


async def test_the_log_that_is_typed_is_played_on_the_bus_of_the_chosen_charge_point() -> None:
    async with driven(1.0) as one:
        await opened(one)
        await one.press(*"drive.blf", "down", "home", *["delete"] * 5, *"2.5", "enter")
        assert one.shows(MainScreen)
        assert one.lab.submitted == ["can.play"]
        [told] = one.lab.arguments
        assert (told["station"], told["file"], told["speed"]) == ("CP1", "drive.blf", 2.5)
        assert (told["times"], told["loop"], told["step"], told["ids"]) == (None, False, False, "")


async def test_identifiers_that_are_none_are_told_in_the_form() -> None:
    async with driven(1.0) as one:
        await opened(one)
        await one.press(*"x.log", *["down"] * 6, *"speed", "enter")
        assert one.shows(PlayScreen)
        problem = str(one.screen.query_one("#problem", Label).render())
        assert "ids: speed: no identifiers" in " ".join(problem.split())
        assert one.lab.submitted == []
