"""``evtui dbc``: what other tools decode a recording with."""

from __future__ import annotations

import pytest
from cantools.database.can import Database

from evtui.cli import main


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Database:
    """What ``evtui dbc`` prints, as cantools reads it."""
    assert main(["dbc", *arguments]) == 0
    dbc = Database()
    dbc.add_dbc_string(capsys.readouterr().out)
    return dbc


@pytest.mark.parametrize(
    ("arguments", "there", "missing"),
    [
        ([], "Current", "SetOutput_0"),
        (["seed", "--connectors", "2"], "SetLimit8", "Output_0"),
        (["infy"], "Output_7", "Output_8"),
        (["infy", "--modules", "2", "--connectors", "3"], "Output_17", "Output_2"),
        (["advantics"], "DC_Power_Control", "DC_Power_Control2"),
        (["advantics", "--connectors", "2"], "DC_Power_Control2", "DC_Power_Control3"),
    ],
)
def test_it_has_the_messages_of_the_connectors_and_modules_asked_for(
    arguments: list[str], there: str, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {message.name for message in printed(capsys, *arguments).messages}
    assert there in names
    assert missing not in names


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["modbus"], "PROTOCOL: expected one of seed, infy, advantics"),
        (["infy", "--connectors", "8"], "1 to 4 modules at connector 8, not 8"),
        (["infy", "--modules", "9"], "--modules: expected an integer from 1 to 8"),
    ],
)
def test_what_it_cannot_print_is_refused_in_one_line(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dbc", *arguments]) == 2
    told = capsys.readouterr()
    assert complaint in told.err
    assert told.err.count("\n") == 1
    assert not told.out


def test_modules_of_a_protocol_that_has_one_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dbc", "seed", "--modules", "2"]) == 2
    assert "seed has one module a connector; leave --modules out" in capsys.readouterr().err
