"""A CAN log is played from the palette, with a form for how."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Label

from evtui.tui.screens.main import MainScreen
from evtui.tui.screens.play_log import PlayScreen
from tests.tui.driving import Driven, driven

FIND = ("colon", *"canlog", "enter")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the program was started in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problem(one: Driven) -> str:
    return " ".join(str(one.screen.query_one("#problem", Label).render()).split())


async def opened(one: Driven) -> None:
    await one.press(*FIND)
    assert one.shows(PlayScreen)


async def test_the_log_that_is_typed_is_played_on_the_bus_of_the_chosen_charge_point(
    here: Path,
) -> None:
    (here / "drive.blf").touch()
    async with driven(1.0) as one:
        await opened(one)
        await one.press(*"drive.blf", "down", "home", *["delete"] * 5, *"2.5", "enter")
        assert one.shows(MainScreen)
        assert one.lab.submitted == ["can.play"]
        [told] = one.lab.arguments
        assert (told["station"], told["file"], told["speed"]) == ("CP1", "drive.blf", 2.5)
        assert (told["times"], told["loop"], told["step"], told["ids"]) == (None, False, False, "")


async def test_identifiers_that_are_none_are_told_in_the_form(here: Path) -> None:
    (here / "x.log").touch()
    async with driven(1.0) as one:
        await opened(one)
        await one.press(*"x.log", *["down"] * 6, *"speed", "enter")
        assert one.shows(PlayScreen)
        assert "ids: speed: no identifiers" in problem(one)
        assert one.lab.submitted == []


async def test_a_file_that_is_not_there_is_told_in_the_form(here: Path) -> None:
    async with driven(1.0) as one:
        await opened(one)
        await one.press(*"nope.log", "enter")
        assert one.shows(PlayScreen)
        assert problem(one).startswith("file: ")
        assert one.lab.submitted == []


async def test_the_whole_form_has_room_on_the_smallest_terminal(here: Path) -> None:
    async with driven(1.0, size=(80, 24)) as one:
        await opened(one)
        buttons = one.screen.query_one("#buttons").region
        assert one.screen.region.contains_region(buttons)
        assert buttons.height == 1
