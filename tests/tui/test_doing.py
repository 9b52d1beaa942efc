from __future__ import annotations

import pytest

from evtui.commands import COMMANDS, STATIONS, replay_commands
from evtui.tui.doing import does
from evtui.tui.replay.screen import ReplayScreen
from evtui.tui.screens.main import MainScreen
from evtui.tui.screens.stations import StationsScreen


def test_every_command_of_a_screen_is_done_there() -> None:
    assert set(MainScreen.doing) == {each.name for each in COMMANDS if each.scope == "view"}
    assert set(ReplayScreen.doing) >= {each.name for each in replay_commands()}
    assert set(StationsScreen.doing) == {each.name for each in STATIONS}


def test_what_no_command_is_called_cannot_be_done() -> None:
    with pytest.raises(KeyError, match=r"view\.plop"):
        does("view.plop")
