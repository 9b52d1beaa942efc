"""Attacks by hand in a lab: what is done while one is on, and what ends it."""

from __future__ import annotations

import asyncio

import can
import pytest

from evtui.canbus import LabBus
from evtui.events import AnomalyState, CanFrame, OcppMessage
from evtui.lab import CommandError
from tests.lab_rig import LabRig, running_lab


def by_hand(rig: LabRig) -> list[AnomalyState]:
    return [state for state in rig.of(AnomalyState) if state.by_hand]


def is_marked(rig: LabRig, event: OcppMessage | CanFrame) -> bool:
    """True when what caused it is a step of an attack."""
    return event.cause in {state.seq for state in by_hand(rig) if state.active}


def sent(rig: LabRig, action: str) -> list[OcppMessage]:
    return [
        message
        for message in rig.of(OcppMessage)
        if (message.action, message.kind, message.phase) == (action, "call", "sent")
    ]


async def test_what_is_ordered_while_one_is_on_is_its_doing() -> None:
    async with running_lab() as rig:
        reset = {"station": "CP1", "action": "GetLocalListVersion", "payload": {}}
        await rig.execute("csms.call", **reset)
        await rig.execute("attack.begin", name="mine", layer="ocpp")
        await rig.execute("csms.call", **reset)
        await rig.execute("station.charge")
        assert await rig.execute("attack.end") == "attack mine ended"
        await rig.execute("csms.call", **reset)
        calls = sent(rig, "GetLocalListVersion")
        assert [is_marked(rig, call) for call in calls] == [False, True, False]
        assert is_marked(rig, sent(rig, "RemoteStartTransaction")[0])
        labels = [state.step_label for state in by_hand(rig) if state.change == "step"]
        assert labels == ["GetLocalListVersion", "station.charge"]


async def test_it_is_of_the_connector_that_was_meant() -> None:
    async with running_lab(connectors=2) as rig:
        await rig.execute("attack.begin", name="mine", layer="physical", connector=2)
        await rig.execute("station.charge", connector=1)
        await rig.execute("station.plug", connector=2)
        with pytest.raises(CommandError, match="no attack is on at connector 1"):
            await rig.execute("attack.end", connector=1)
        assert [state.step_label for state in by_hand(rig)] == ["", "station.plug"]
        assert {state.connector for state in by_hand(rig)} == {2}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"name": "a b", "layer": "can"}, "expected at most 40 letters, digits, dots, _ and -"),
        ({"name": "", "layer": "can"}, 'got ""'),
        ({"name": "x" * 41, "layer": "can"}, "expected at most 40"),
        ({"name": "a;b", "layer": "can"}, 'got "a;b"'),
        ({"name": 5, "layer": "can"}, "got 5"),
        ({"name": "a", "layer": "bus"}, "layer: expected one of ocpp, link, can, physical"),
        ({"name": "a"}, "layer: missing; expected one of ocpp"),
        ({"name": "a", "layer": "can", "effect": -1.0}, "effect: expected a duration"),
        ({"name": "a", "layer": "can", "effect": float("nan")}, "0 to 604800 s, got nan"),
    ],
)
async def test_what_no_attack_can_be_called_is_refused(
    arguments: dict[str, object], why: str
) -> None:
    async with running_lab() as rig:
        with pytest.raises(CommandError) as caught:
            await rig.execute("attack.begin", **arguments)
        assert why in str(caught.value)
        assert by_hand(rig) == []


async def test_one_of_the_same_name_waits_for_the_first() -> None:
    async with running_lab() as rig:
        await rig.execute("attack.begin", name="a", layer="can")
        with pytest.raises(CommandError, match="attack a is on already"):
            await rig.execute("attack.begin", name="a", layer="can")


async def test_all_clear_ends_it_and_waits_for_its_effect() -> None:
    async with running_lab() as rig:
        await rig.execute("attack.begin", name="a", layer="can", effect=3600.0)
        await rig.execute("station.charge")
        await rig.until(lambda: rig.current > 20)
        await rig.execute("lab.all_clear")
        assert [state.change for state in by_hand(rig)] == ["on", "step", "off", "safe"]
        assert rig.current < 2


async def test_leaving_ends_it_and_writes_its_end() -> None:
    async with running_lab() as rig:
        await rig.execute("attack.begin", name="a", layer="link", effect=3600.0)
    assert [state.change for state in by_hand(rig)] == ["on", "off", "safe"]


async def test_a_crash_ends_it() -> None:
    async with running_lab() as rig:
        await rig.execute("attack.begin", name="a", layer="can")

        def fail(dt: float) -> object:
            raise RuntimeError("boom")

        rig.stage.step = fail  # type: ignore[method-assign,assignment]
        await rig.until(lambda: rig.parts["CP1/module"] == "crashed")
        await rig.until(lambda: len(by_hand(rig)) == 3)
        assert [state.change for state in by_hand(rig)] == ["on", "off", "safe"]


async def test_what_a_program_on_the_bus_sends_is_its_doing() -> None:
    async with running_lab() as rig:
        lab_bus = rig.lab.stands["CP1"].bus
        frame = can.Message(arbitration_id=0x210, data=[10, 0], is_extended_id=False)

        def send() -> None:
            with LabBus(lab_bus, "guest") as bus:
                bus.send(frame)

        def guests() -> list[CanFrame]:
            return [each for each in rig.of(CanFrame) if each.node == "guest"]

        await asyncio.to_thread(send)
        await rig.until(lambda: len(guests()) == 1)
        await rig.execute("attack.begin", name="a", layer="can")
        await asyncio.to_thread(send)
        await rig.until(lambda: len(guests()) == 2)
        await rig.execute("attack.end")
        await asyncio.to_thread(send)
        await rig.until(lambda: len(guests()) == 3)
        assert [is_marked(rig, each) for each in guests()] == [False, True, False]
