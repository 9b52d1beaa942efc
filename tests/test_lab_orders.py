"""Every order is told with what came of it, whoever gives it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import NoneType
from typing import Any

import msgspec
import pytest

from evtui.anomalies import DEFAULT, anomaly_named
from evtui.commands import lab_commands
from evtui.config import Settings
from evtui.events import LabState, Order
from evtui.lab import CommandError, Here, Lab
from evtui.runtime.virtual import run_virtual


def orders_of(told: Callable[[Lab], Coroutine[Any, Any, None]]) -> list[Order]:
    """What a lab in virtual time says of its orders while something is done with it."""

    async def main() -> list[Order]:
        events: list[Order] = []
        async with Lab(Settings(), link="memory") as lab:
            lab.stream.subscribe(events.append, Order)
            await told(lab)
        return events

    return run_virtual(main())


def test_an_order_of_a_program_is_told_after_what_it_did() -> None:
    seen: list[str] = []

    async def told(lab: Lab) -> None:
        lab.stream.subscribe(lambda event: seen.append(type(event).__name__), LabState, Order)
        outcome = await lab.execute("station.plug", station="CP1")
        assert outcome.text == "vehicle unplugged"
        assert seen == ["LabState", "Order"]

    (order,) = orders_of(told)
    assert (order.source, order.station, order.command) == ("program", "CP1", "station.plug")
    assert (order.arguments, order.outcome) == ({"station": "CP1"}, "vehicle unplugged")
    assert order.done


def test_a_program_gets_what_a_person_reads_and_what_it_is_made_of() -> None:
    async def told(lab: Lab) -> None:
        call = {"station": "CP1", "action": "GetLocalListVersion", "payload": {}}
        answered = await lab.execute("csms.call", **call)
        assert answered.text.startswith("GetLocalListVersion to CP1: listVersion 0, ")
        assert answered.data == {"listVersion": 0}
        with pytest.raises(AttributeError):
            answered.text = ""  # type: ignore[misc]

    (order,) = orders_of(told)
    assert order.outcome.startswith("GetLocalListVersion to CP1: listVersion 0, ")


@pytest.mark.parametrize(
    ("command", "arguments", "reason"),
    [
        ("station.plop", {}, "no command 'station.plop'; did you mean station.plug?"),
        ("station.plug", {"connector": 9}, "CP1 has no connector 9"),
        ("attack.end", {}, "no attack is on at connector 1"),
    ],
)
def test_an_order_that_is_refused_is_told_with_its_reason(
    command: str, arguments: dict[str, object], reason: str
) -> None:
    async def told(lab: Lab) -> None:
        with pytest.raises(CommandError, match=re.escape(reason)):
            await lab.execute(command, **arguments)

    (order,) = orders_of(told)
    assert (order.command, order.arguments) == (command, arguments)
    assert (order.outcome, order.done) == (reason, False)


def test_an_order_goes_to_where_it_was_given_unless_it_names_another_place() -> None:
    async def told(lab: Lab) -> None:
        for arguments in ({}, {"connector": 2}):
            with pytest.raises(CommandError, match="has no connector"):
                await lab.orders.execute(
                    "station.plug", arguments, source="test", here=Here("CP1", 3)
                )

    here, named = orders_of(told)
    assert (here.outcome, here.arguments) == ("CP1 has no connector 3", {})
    assert (named.outcome, named.arguments) == ("CP1 has no connector 2", {"connector": 2})
    assert {order.station for order in (here, named)} == {"CP1"}


def test_an_order_that_takes_too_long_or_is_given_up_is_told() -> None:
    async def told(lab: Lab) -> None:
        with pytest.raises(CommandError, match="not done in 2 s"):
            await lab.orders.execute(
                "lab.mark", {}, source="test", within=2.0, ready=lambda: asyncio.sleep(9)
            )
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(
                lab.orders.execute("lab.mark", {}, source="test", ready=lambda: asyncio.sleep(9)), 1
            )

    late, given_up = orders_of(told)
    assert (late.outcome, late.done) == ("not done in 2 s", False)
    assert (given_up.outcome, given_up.done) == ("given up by whoever ordered it", False)


def test_whatever_a_program_hands_over_can_be_written_down() -> None:
    endless: list[object] = []
    endless.append(endless)

    async def told(lab: Lab) -> None:
        for odd in (object(), endless, {(1, 2): 3}, 1 << 99, "\udc80", float("nan")):
            with pytest.raises(CommandError):
                await lab.execute("station.charge", colour=odd)

    orders = orders_of(told)
    assert len(orders) == 6
    assert all(msgspec.json.decode(msgspec.json.encode(order.arguments)) for order in orders)


def test_what_a_command_gives_is_of_the_type_and_has_the_fields_that_are_declared(
    tmp_path: Path,
) -> None:
    log = tmp_path / "drive.log"
    log.write_text("(1795000000.0) can0 123#11\n")
    given: dict[str, dict[str, Any]] = {
        "anomaly.choose": {"name": DEFAULT},
        "anomaly.set": {"wait_1_s": "1s"},
        "can.send": {"identifier": 0x123},
        "can.periodic": {"message": "Current"},
        "can.play": {"file": str(log), "step": True},
        "attack.begin": {"name": "mine", "layer": "can"},
        "csms.call": {"station": "CP1", "action": "ClearCache"},
        "csms.admit": {"station": "CP1"},
        "csms.turn_away": {"station": "OTHER"},
    }
    elsewhere = ("lab.record", "csms.files", "can.arm", "can.disarm", "proxy.arm", "proxy.disarm")
    commands = [each for each in lab_commands() if each.name not in elsewhere]
    outcomes: dict[str, Any] = {}

    async def told(lab: Lab) -> None:
        for command in commands:
            outcome = await lab.execute(command.name, **given.get(command.name, {}))
            outcomes[command.name] = outcome.data

    orders_of(told)
    for command in commands:
        msgspec.convert(outcomes[command.name], command.gives, strict=True)
        assert bool(command.result) == (command.gives is not NoneType)
    parameters = {each.name for each in anomaly_named(DEFAULT).declared()}
    assert {*outcomes["anomaly.set"]} == {*outcomes["anomaly.jitter"]} == parameters
