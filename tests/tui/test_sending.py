"""CAN messages that are sent by hand: chosen, filled in, listed while they run, stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec
import pytest
from cantools.database.can import Database
from textual.pilot import Pilot
from textual.widgets import Input, Label, OptionList

from evtui.canbus import message_forms
from evtui.canbus.packs.seed import SEED
from evtui.events import PeriodicState
from evtui.tui.app import EvtuiApp
from evtui.tui.models.sending import SentByHand
from evtui.tui.palette import Palette
from evtui.tui.rows import row_text
from evtui.tui.screens.can_message import MessageScreen
from evtui.tui.screens.main import MainScreen
from evtui.tui.screens.sending import SendingScreen
from tests.canbus.test_messages import DBC
from tests.tui.driving import Driven, driven, handled, press
from tests.tui.fake_lab import FakeLab
from tests.tui.fleet import foreign

PLACE = {"station": "CP1", "connector": 1}
FIND = ("colon", *"canmessageagain", "enter")


def told_of(dbc: Database) -> tuple[dict[str, Any], ...]:
    return tuple(map(msgspec.to_builtins, message_forms(dbc)))


def other() -> Database:
    dbc = Database()
    dbc.add_dbc_string(DBC)
    return dbc


def state(
    message: str = "SetLimit",
    change: Literal["on", "changed", "off"] = "on",
    identifier: int = 0x210,
    **values: float,
) -> PeriodicState:
    return PeriodicState(
        source="by-hand",
        station="CP1",
        bus="CP1/can",
        message=message,
        change=change,
        arbitration_id=identifier,
        period=0.25,
        values=values,
        says=", ".join(f"{name} {value:g} A" for name, value in values.items()),
    )


def sends(lab: FakeLab, times: int = 3) -> None:
    """The lab sends two messages, one of them some times."""
    lab.publish(state(Limit=14))
    lab.publish(state("StopCharging", identifier=0x201))
    for _ in range(times):
        lab.frame(0x210, b"\x0e\x00", node="by-hand")
        lab.frame(0x210, b"\x0e\x00", node="charge-point")


def lines(one: Driven) -> list[str]:
    found = one.screen.query_one(OptionList)
    return [str(each.prompt).strip() for each in found.options]


def problem(one: Driven) -> str:
    return " ".join(str(one.screen.query_one("#problem", Label).render()).split())


async def at_the_form(one: Driven, message: str, dbc: Database | None = None) -> None:
    one.lab.data = told_of(dbc or SEED.database)
    await one.press(*FIND)
    assert one.shows(Palette)
    await one.press(*message, "enter")
    assert one.shows(MessageScreen)


async def test_a_message_is_chosen_and_its_signals_filled_in() -> None:
    async with driven(1.0) as one:
        await at_the_form(one, "setlimit")
        await one.press("end", "backspace", *"14", "down", *"250ms", "enter")
        assert one.shows(MainScreen)
        assert one.lab.submitted == ["can.messages", "can.periodic"]
        assert one.lab.arguments[1] == {
            **PLACE,
            "message": "SetLimit",
            "signals": {"Limit": 14.0},
            "period": 0.25,
            "times": None,
            "limits": True,
        }


async def test_the_period_of_the_dbc_stands_there_and_without_one_it_is_asked_for() -> None:
    async with driven(1.0) as one:
        await at_the_form(one, "current")
        assert one.screen.query_one("#period", Input).value == "0.1"
        await one.press("escape")
        await at_the_form(one, "setlimit")
        await one.press("enter")
        assert problem(one) == "period: SetLimit has no cycle time in the DBC: give one"
        assert one.shows(MessageScreen)
        assert "can.periodic" not in one.lab.submitted


@pytest.mark.parametrize(
    ("value", "limits", "why"),
    [
        ("501", "true", "Limit: 501 is not 0 to 500 A; limits false takes what the bits hold"),
        ("501", "false", ""),
        ("65536", "false", "Limit: 65536 is not 0 to 65535 A"),
        ("much", "true", "Limit: much is not 0 to 500 A"),
    ],
)
async def test_values_are_held_against_the_dbc_or_against_the_bits_alone(
    value: str, limits: str, why: str
) -> None:
    async with driven(1.0) as one:
        await at_the_form(one, "setlimit")
        one.screen.query_one("#signal-0", Input).value = value
        one.screen.query_one("#limits", Input).value = limits
        one.screen.query_one("#period", Input).value = "1"
        await handled(one.pilot)
        await one.press("enter")
        assert one.shows(MessageScreen) == bool(why)
        if why:
            assert why in problem(one)
        else:
            assert one.lab.arguments[-1]["signals"] == {"Limit": 501.0}


async def test_names_of_values_are_taken_and_what_is_not_selected_is_left_out() -> None:
    async with driven(1.0, size=(80, 24)) as one:
        await at_the_form(one, "status", other())
        one.screen.query_one("#signal-0", Input).value = "warm"
        heat = [each.name for each in message_forms(other())[0].signals].index("Heat")
        one.screen.query_one(f"#signal-{heat}", Input).value = "25"
        one.screen.query_one("#period", Input).value = "1"
        await handled(one.pilot)
        await one.press("enter")
        assert one.lab.arguments[-1]["signals"] == {"Mode": 1.0, "Heat": 25.0}


async def test_the_list_tells_what_is_sent_how_often_and_with_which_values() -> None:
    async with driven(1.0) as one:
        sends(one.lab)
        await one.tick()
        await one.press("M")
        assert one.shows(SendingScreen)
        assert lines(one) == [
            "210 SetLimit      3 sent  every 0.25 s  Limit 14 A",
            "201 StopCharging  0 sent  every 0.25 s",
        ]
        one.lab.publish(state(change="changed", Limit=20))
        one.lab.frame(0x210, b"\x14\x00", node="by-hand")
        await one.tick()
        assert lines(one)[0] == "210 SetLimit      4 sent  every 0.25 s  Limit 20 A"
        one.lab.publish(state(change="off"))
        await one.tick()
        assert lines(one) == ["201 StopCharging  0 sent  every 0.25 s"]
        one.lab.publish(state("StopCharging", "off", 0x201))
        await one.tick()
        assert lines(one) == ["nothing yet: n sends a message of the DBC"]
        await one.press("enter", "x", "escape")
        assert one.shows(MainScreen)


async def test_one_of_the_list_is_changed_in_its_form_while_it_runs() -> None:
    async with driven(1.0) as one:
        sends(one.lab)
        await one.tick()
        one.lab.data = told_of(SEED.database)
        await one.press("M", "enter")
        assert one.shows(MessageScreen)
        assert one.screen.query_one("#signal-0", Input).value == "14"
        assert one.screen.query_one("#period", Input).value == "0.25"
        await one.press("end", "backspace", "6", "enter")
        assert one.shows(SendingScreen)
        assert one.lab.submitted == ["can.messages", "can.periodic"]
        assert one.lab.arguments[-1]["signals"] == {"Limit": 16.0}


async def test_one_is_stopped_or_all_of_them_from_the_list() -> None:
    async with driven(1.0) as one:
        sends(one.lab)
        await one.tick()
        await one.press("M", "down", "x")
        assert one.shows(SendingScreen)
        await one.press("X")
        assert one.lab.submitted == ["can.stop", "can.stop"]
        assert one.lab.arguments == [{"station": "CP1", "message": "StopCharging"}, {}]


async def test_one_more_is_added_from_the_list() -> None:
    async with driven(1.0) as one:
        one.lab.data = told_of(SEED.database)
        await one.press("M")
        assert lines(one) == ["nothing yet: n sends a message of the DBC"]
        await one.press("n")
        assert one.shows(Palette)
        await one.press("escape")
        assert one.shows(SendingScreen)


async def test_the_status_line_says_that_something_is_sent_and_one_key_stops_it() -> None:
    async with driven(1.0) as one:
        sends(one.lab)
        await one.tick()
        assert "▶ 2 CAN by hand – X stops" in row_text(one.main.status.rows[0])
        await one.press("X")
        assert (one.lab.submitted, one.lab.arguments) == (["can.stop"], [{}])
        one.lab.publish(state(change="off"))
        one.lab.publish(state("StopCharging", "off", 0x201))
        await one.tick()
        assert "by hand" not in row_text(one.main.status.rows[0])


async def test_a_foreign_station_has_no_bus_of_ours() -> None:
    async with driven(1.0) as one:
        foreign(one.lab)
        await one.tick()
        one.main.selection.foreign = "WALLBOX-7"
        for keys in (FIND, ("M",)):
            await one.press(*keys)
            assert one.shows(MainScreen)
            assert "WALLBOX-7 is foreign" in one.main.footer.notice
        assert one.lab.submitted == []


async def test_a_lab_that_cannot_say_which_messages_there_are_says_why() -> None:
    async with driven(1.0) as one:
        one.lab.answer = ValueError("the DBC cannot be read")
        await one.press(*FIND)
        assert one.shows(MainScreen)
        assert "the DBC cannot be read" in one.main.footer.notice


def test_frames_are_counted_by_bus_and_identifier() -> None:
    lab, sent = FakeLab(), SentByHand()
    sends(lab, times=5)
    sent.feed(lab.events.take())
    assert [(each.name, each.passed) for each in sent.at("CP1")] == [
        ("SetLimit", 5),
        ("StopCharging", 0),
    ]
    assert sent.at("CP2") == []
    lab.frame(0x210, extended=True, node="by-hand")
    assert not sent.feed(lab.events.take())
    assert sent.at("CP1")[0].passed == 5


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
@pytest.mark.parametrize("shown", ["list", "form"])
def test_how_it_looks(snap_compare: Callable[..., bool], size: tuple[int, int], shown: str) -> None:
    lab = FakeLab()
    lab.play(20.0)
    sends(lab)
    lab.data = told_of(other() if shown == "form" else SEED.database)

    async def settle(pilot: Pilot[None]) -> None:
        main = pilot.app.screen_stack[0]
        assert isinstance(main, MainScreen)
        main.current.display = False  # drawn on another thread, at its own pace
        main.tick()
        await handled(pilot)
        if shown == "list":
            await press(pilot, "M")
        else:
            await press(pilot, *FIND)
            await handled(pilot)
            await press(pilot, *"status", "enter")
            await handled(pilot)
            await press(pilot, "end", *"4")
        await handled(pilot)

    app = EvtuiApp(lab, fps=0.001, theme="textual-dark")
    assert snap_compare(app, terminal_size=size, run_before=settle)
