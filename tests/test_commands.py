from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from evtui.anomalies import anomaly_named
from evtui.attacks import LAYERS
from evtui.commands import (
    BY_FORM,
    COMMANDS,
    REPLAY,
    STATIONS,
    LabCommand,
    Outcome,
    by_name,
    lab_commands,
    view_commands,
)
from evtui.commands.anomaly import START
from evtui.config import FAVOURITES
from evtui.lab.orders import HANDLERS
from evtui.lab.orders.handlers import at_connector

TAKEN_BY_TERMINALS = {f"ctrl+{letter}" for letter in "abjosz"}

PROMISED = {
    "s": "anomaly.start",
    "x": "anomaly.stop",
    "left_square_bracket": "anomaly.shorter",
    "right_square_bracket": "anomaly.longer",
    "minus": "anomaly.weaker",
    "plus": "anomaly.stronger",
    "v": "anomaly.variant",
    "0": "lab.all_clear",
    "space": "view.pause",
    "slash": "view.filter",
    "question_mark": "app.help",
    "q": "app.quit",
}


def test_no_two_commands_share_a_key() -> None:
    keys = Counter(key for command in COMMANDS for key in command.keys)
    assert [key for key, times in keys.items() if times > 1] == []


def test_no_two_commands_share_a_name() -> None:
    assert len(by_name) == len((*COMMANDS, *BY_FORM, *REPLAY, *STATIONS))


def test_no_key_is_one_that_tmux_screen_or_the_terminal_takes() -> None:
    assert not TAKEN_BY_TERMINALS & {key for command in COMMANDS for key in command.keys}


@pytest.mark.parametrize(("key", "name"), PROMISED.items())
def test_the_main_keys_are_as_promised(key: str, name: str) -> None:
    assert key in by_name[name].keys


def test_the_first_key_shown_is_the_promised_one() -> None:
    assert {command.keys[0] for command in COMMANDS} >= set(PROMISED)


def test_every_command_can_be_explained() -> None:
    for command in (*COMMANDS, *REPLAY):
        assert command.keys
        assert command.label
        assert command.help.endswith(".")
        assert "\n" not in command.help


def test_the_footer_has_an_order() -> None:
    ranks = sorted(command.footer for command in COMMANDS if command.footer)
    assert ranks == list(range(1, len(ranks) + 1))


def test_lab_and_view_share_the_commands_between_them() -> None:
    assert {*lab_commands(), *view_commands()} >= {*COMMANDS, *BY_FORM}
    assert not set(lab_commands()) & set(view_commands())


def test_every_command_of_the_lab_is_carried_out_by_one_function() -> None:
    assert set(HANDLERS) == set(lab_commands())
    with pytest.raises(ValueError, match="carried out by another function"):
        at_connector(START)(lambda works, target, beginning: Outcome("", ""))


@pytest.mark.parametrize("command", lab_commands(), ids=lambda each: each.name)
def test_every_argument_can_be_explained(command: LabCommand[Any, Any]) -> None:
    names = [argument.name for argument in command.arguments]
    assert len(set(names)) == len(names)
    for argument in command.arguments:
        assert argument.help
        assert "\n" not in argument.help
        if argument.default is not None:
            argument.kind.check(argument.default)


def test_the_favourites_of_the_defaults_are_there_and_of_every_layer() -> None:
    assert {anomaly_named(name).layer for name in FAVOURITES} == {*LAYERS}
