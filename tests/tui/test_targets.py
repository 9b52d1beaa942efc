"""An order goes to what is chosen in the list of charge points, or nowhere."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from textual.containers import Vertical
from textual.widgets import Input, Label, Static

from evtui.commands import COMMANDS, Command
from evtui.events import LinkState
from evtui.lab import CommandError
from evtui.tui.palette import Palette
from evtui.tui.screens.main import MainScreen
from evtui.tui.screens.operation import OperationScreen
from evtui.tui.screens.question import Question
from evtui.tui.screens.stations import StationsScreen
from tests.lab_rig import running_lab
from tests.tui.driving import Driven, driven, handled
from tests.tui.fake_lab import FakeLab
from tests.tui.fleet import asks, charges, connector, foreign
from tests.virtual_loop import run_virtual

FULL = bool(os.environ.get("EVTUI_FULL"))

AIMED = [command for command in COMMANDS if command.aimed and command.scope == "lab"]
OF_THE_LAB = [command for command in COMMANDS if not command.aimed and command.scope == "lab"]


def away(lab: FakeLab, identity: str) -> None:
    lab.publish(
        LinkState(station=identity, side="central_system", state="offline", detail="lost (1006)")
    )


def connected(lab: FakeLab, *identities: str) -> None:
    for identity in identities:
        lab.publish(LinkState(station=identity, side="central_system", state="accepted"))


async def choose(one: Driven, identity: str) -> None:
    """As a person does: open the list, go to the row, enter."""
    await one.press("l")
    assert isinstance(one.screen, StationsScreen)
    rows = [station.identity for station in one.main.stations.by_identity.values()]
    await one.press("home", *["down"] * rows.index(identity), "enter")
    if one.shows(Palette):
        await one.press("escape")
    while not one.shows(MainScreen):
        await one.pilot.pause(0.01)


async def with_a_fleet(one: Driven) -> None:
    """Two charge points of ours, the first with two connectors, and a foreign one; at rest."""
    connected(one.lab, "CP1", "CP2")
    connector(one.lab, "CP1", 2)
    connector(one.lab, "CP2", 1)
    foreign(one.lab)
    await one.tick()


async def first(one: Driven) -> None:
    pass


async def second_connector(one: Driven) -> None:
    await one.press("c")


async def second_station(one: Driven) -> None:
    await choose(one, "CP2")


async def ours_offline(one: Driven) -> None:
    await choose(one, "CP2")
    one.lab.publish(LinkState(station="CP2", side="charge_point", state="offline"))
    away(one.lab, "CP2")
    await one.tick()


async def foreign_one(one: Driven) -> None:
    await choose(one, "WALLBOX-7")


async def foreign_offline(one: Driven) -> None:
    away(one.lab, "WALLBOX-7")
    await one.tick()
    await choose(one, "WALLBOX-7")


async def foreign_that_left(one: Driven) -> None:
    await choose(one, "WALLBOX-7")
    away(one.lab, "WALLBOX-7")
    await one.tick()


async def vanished(one: Driven) -> None:
    one.lab.publish(LinkState(station="PHANTOM", side="central_system", state="connected"))
    await one.tick()
    await choose(one, "PHANTOM")
    away(one.lab, "PHANTOM")
    await one.tick()
    assert "PHANTOM" not in one.main.stations.by_identity


Choose = Callable[[Driven], Awaitable[None]]
KINDS = [
    (first, "CP1", 1),
    (second_connector, "CP1", 2),
    (second_station, "CP2", 1),
    (ours_offline, "CP2", 1),
    (foreign_one, "WALLBOX-7", None),
    (foreign_offline, "WALLBOX-7", None),
    (foreign_that_left, "WALLBOX-7", None),
    (vanished, "PHANTOM", None),
]
SOME = [
    pytest.param(*each, marks=() if each[0] in (second_station, vanished) else pytest.mark.full)
    for each in KINDS
]
"""For what does not look at the choice."""

NO_LINK = {ours_offline, foreign_offline, foreign_that_left, vanished}


@asynccontextmanager
async def chosen(kind: Choose) -> AsyncIterator[Driven]:
    """A terminal of 80x24 over a fleet, with one of its kinds of target chosen."""
    async with driven(1.0, size=(80, 24)) as one:
        await with_a_fleet(one)
        await kind(one)
        yield one


def asked(one: Driven) -> tuple[str, str]:
    """Title and text of the question on top."""
    told = str(one.screen.query(Static).first().render()).strip()
    return str(one.screen.query_one(Vertical)._border_title), told


async def run(one: Driven, command: Command, by: str) -> None:
    if by == "key":
        await one.press(command.keys[0])
    else:  # as a hit of the palette does
        await one.app.run_action(f"command({command.name!r})", one.main)
        await handled(one.pilot)


@pytest.mark.parametrize("by", ["key", "palette"] if FULL else ["key"])
@pytest.mark.parametrize(("kind", "station", "number"), KINDS)
async def test_every_command_goes_to_the_chosen_connector_or_nowhere(
    kind: Choose, station: str, number: int | None, by: str
) -> None:
    async with chosen(kind) as one:
        assert station in one.text("#status")
        for command in AIMED:
            one.lab.submitted.clear()
            one.lab.arguments.clear()
            await run(one, command, by)
            if number is None:
                assert one.lab.submitted == [], command.name
                told = f"{station} is foreign: o sends operations, c is CP1/1"
                assert told in one.text("#footer")
            else:
                assert one.lab.submitted == [command.name]
                assert one.lab.arguments == [{"station": station, "connector": number}]
                assert f"{station}/{number}: done" in one.text("#footer")


@pytest.mark.parametrize(("kind", "station", "number"), KINDS)
async def test_the_form_of_the_anomaly_is_of_the_chosen_connector_or_does_not_open(
    kind: Choose, station: str, number: int | None
) -> None:
    async with chosen(kind) as one:
        await one.press("e")
        if number is None:
            assert one.shows(MainScreen)
            assert f"{station} is foreign" in one.text("#footer")
        else:
            title = str(one.screen.query_one(Vertical)._border_title)
            assert title == f"Edit repeated-current-fluctuation at {station}/{number}"
            await one.press("enter")
            assert one.lab.submitted == ["anomaly.set"]
            told = one.lab.arguments[0]
            assert (told["station"], told["connector"]) == (station, number)


@pytest.mark.parametrize(("kind", "station", "number"), SOME)
async def test_what_concerns_the_whole_lab_is_done_whatever_is_chosen(
    kind: Choose, station: str, number: int | None
) -> None:
    async with chosen(kind) as one:
        for command in OF_THE_LAB:
            await one.press(command.keys[0])
        assert one.lab.submitted == [command.name for command in OF_THE_LAB]
        assert one.lab.arguments == [{}] * len(OF_THE_LAB)


@pytest.mark.parametrize(
    "action", ["Reset", "ClearCache", "UnlockConnector"] if FULL else ["Reset"]
)
@pytest.mark.parametrize(("kind", "station", "number"), KINDS)
async def test_an_operation_is_sent_to_the_chosen_station_or_not_at_all(
    kind: Choose, station: str, number: int | None, action: str
) -> None:
    async with chosen(kind) as one:
        one.main.action_send_operation(action)
        await handled(one.pilot)
        assert isinstance(one.screen, OperationScreen)
        form = one.screen
        assert str(form.query_one(Vertical)._border_title) == f"Send {action} to {station}"
        await one.press("ctrl+s")
        if isinstance(one.screen, Question):  # something charges there
            assert station == "WALLBOX-7"
            await one.press("y")
        sent = [(told["station"], told["action"]) for told in one.lab.arguments]
        if kind in NO_LINK:
            assert sent == []
            said = str(form.query_one("#answer", Label).render())
            assert said.startswith(f"not sent: {station} is not connected")
        else:
            assert sent == [(station, action)]


async def test_a_station_that_leaves_while_its_form_is_open_does_not_hand_it_to_another() -> None:
    async with driven(1.0) as one:
        await with_a_fleet(one)
        await choose(one, "WALLBOX-7")
        one.main.action_send_operation("ClearCache")
        await handled(one.pilot)
        away(one.lab, "WALLBOX-7")
        await one.tick()
        problem = one.screen.query_one("#problem", Label)
        while "WALLBOX-7 is not connected: lost (1006)" not in str(problem.render()):
            await one.pilot.pause(0.05)
        await one.press("ctrl+s")
        assert one.lab.submitted == []
        connected(one.lab, "WALLBOX-7")
        await one.tick()
        await one.press("ctrl+s")
        assert [told["station"] for told in one.lab.arguments] == ["WALLBOX-7"]


async def test_the_palette_of_operations_says_for_whom() -> None:
    async with driven(1.0) as one:
        await with_a_fleet(one)
        await choose(one, "WALLBOX-7")
        await one.press("o")
        assert one.screen.query_one(Input).placeholder == "Which operation for WALLBOX-7?"


async def test_a_key_goes_back_from_a_foreign_station_to_the_connector_that_is_shown() -> None:
    async with driven(1.0) as one:
        foreign(one.lab)
        await one.tick()
        await choose(one, "WALLBOX-7")
        assert one.title("#current") == "Current · CP1/1"
        await one.press("c", "s")
        assert one.title("#current") == "Current"
        assert one.lab.arguments == [{"station": "CP1", "connector": 1}]


async def test_while_a_foreign_station_is_chosen_the_status_line_says_what_goes_on_there() -> None:
    async with driven(6.0, size=(120, 36)) as one:
        foreign(one.lab)
        await one.tick()
        await choose(one, "WALLBOX-7")
        line = one.text("#status")
        assert "WALLBOX-7 ● Charging tx 77 +1" in line
        assert "ANOMALY ▶ CP1/1" in line


# The row under the cursor


async def test_a_key_never_acts_on_the_neighbour_of_a_station_that_has_just_gone() -> None:
    async with driven(1.0) as one:
        for identity in ("PHANTOM-1", "PHANTOM-2"):
            one.lab.publish(LinkState(station=identity, side="central_system", state="connected"))
        asks(one.lab)
        await one.tick()
        await one.press("l", "home", "down")
        away(one.lab, "PHANTOM-1")
        await one.tick()
        for key in ("enter", "o", "a", "x"):
            await one.press(key)
            assert isinstance(one.screen, StationsScreen)
            assert "PHANTOM-1 has gone" in one.screen.footer.notice
        assert one.lab.submitted == []
        await one.press("down")
        await one.tick()
        assert one.screen.list.entry.identity == "PHANTOM-2"  # type: ignore[attr-defined]
        rows = [one.screen._rows.row(n).identity for n in range(3)]  # type: ignore[attr-defined]
        assert rows == ["CP1", "PHANTOM-2", "STRANGER"]


async def test_a_station_that_comes_back_under_the_cursor_can_be_chosen_again() -> None:
    async with driven(1.0) as one:
        one.lab.publish(LinkState(station="SHY", side="central_system", state="connected"))
        asks(one.lab)
        await one.tick()
        await one.press("l", "home", "down")
        away(one.lab, "SHY")
        await one.tick()
        one.lab.publish(LinkState(station="SHY", side="central_system", state="connected"))
        await one.tick()
        await one.press("enter")
        assert one.main.selection.foreign == "SHY"


# What interrupts charging


@pytest.mark.parametrize(
    ("action", "asks_first"),
    [
        ("Reset", True),
        ("UpdateFirmware", True),
        ("UnlockConnector", True),
        ("RemoteStopTransaction", True),
        ("ChangeAvailability", False),
        ("SetChargingProfile", False),
        ("ClearCache", False),
        ("TriggerMessage", False),
    ],
)
async def test_what_interrupts_charging_is_asked_and_names_the_station(
    action: str, asks_first: bool
) -> None:
    async with driven(1.0, size=(80, 24)) as one:
        one.main.operations.learn_places({"UpdateFirmware.location": "http://127.0.0.1:1/f"})
        await with_a_fleet(one)
        await choose(one, "WALLBOX-7")
        one.main.action_send_operation(action)
        await handled(one.pilot)
        await one.press("ctrl+s")
        assert one.shows(Question) is asks_first
        if not asks_first:
            assert one.lab.submitted == ["csms.call"]
            return
        assert asked(one) == (
            f"{action} to WALLBOX-7?",
            "At WALLBOX-7 it interrupts connector 1 Charging tx 77.",
        )
        await one.press("enter")
        assert one.shows(OperationScreen)
        assert one.lab.submitted == []
        await one.press("ctrl+s", "y")
        assert one.lab.submitted == ["csms.call"]


INTERRUPTED: list[tuple[str, dict[str, object], list[str]]] = [
    ("Reset", {"type": "Soft"}, ["1", "3"]),
    ("UpdateFirmware", {}, ["1", "3"]),
    ("UnlockConnector", {"connectorId": 1}, ["1"]),
    ("UnlockConnector", {"connectorId": 2}, []),
    ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}, ["1", "3"]),
    ("ChangeAvailability", {"connectorId": 3, "type": "Inoperative"}, ["3"]),
    ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}, []),
    ("RemoteStopTransaction", {"transactionId": 9}, ["3"]),
    ("RemoteStopTransaction", {"transactionId": 1234}, []),
    (
        "SetChargingProfile",
        {
            "connectorId": 0,
            "csChargingProfiles": {"chargingSchedule": {"chargingSchedulePeriod": [{"limit": 0}]}},
        },
        ["1", "3"],
    ),
    (
        "SetChargingProfile",
        {
            "connectorId": 1,
            "csChargingProfiles": {"chargingSchedule": {"chargingSchedulePeriod": [{"limit": 6}]}},
        },
        [],
    ),
    ("GetConfiguration", {}, []),
    ("DataTransfer", {"vendorId": "a"}, []),
]


async def test_only_what_charges_where_the_operation_acts_is_interrupted() -> None:
    async with driven(1.0) as one:
        for number in (2, 3):
            connector(one.lab, "CP1", number)
        charges(one.lab, "CP1", 1, 7)
        charges(one.lab, "CP1", 3, 9)
        await one.tick()
        for action, payload, expected in INTERRUPTED:
            told = one.main.operations.interrupts("CP1", action, payload)
            assert [words.split()[0] for words in told] == expected, (action, payload)


async def test_the_question_before_leaving_names_every_place_that_is_stopped() -> None:
    async with driven(6.0, size=(80, 24)) as one:
        connector(one.lab, "CP2", 1)
        charges(one.lab, "CP2", 1, 10)
        await one.tick()
        await one.press("q")
        places = "The anomaly at CP1/1 and the transaction at CP2/1"
        assert asked(one)[1] == f"{places} will be stopped and the station made safe."


# Without a terminal


@pytest.mark.parametrize("command", [*(each.name for each in AIMED), "anomaly.set"])
def test_an_order_that_names_nothing_is_done_only_where_there_is_one_connector(
    command: str,
) -> None:
    async def scenario() -> None:
        async with running_lab(stations=2) as rig:
            with pytest.raises(CommandError, match=f"{command} needs a station, one of CP1, CP2"):
                await rig.execute(command)
            with pytest.raises(CommandError, match="no station 'CP3' of ours"):
                await rig.execute(command, station="CP3")
        async with running_lab(connectors=2) as rig:
            with pytest.raises(CommandError, match=f"{command} needs a connector, one of 1, 2"):
                await rig.execute(command)
            with pytest.raises(CommandError, match="CP1 has no connector 0"):
                await rig.execute(command, connector=0)

    run_virtual(scenario())
