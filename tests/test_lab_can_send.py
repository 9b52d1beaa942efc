"""A raw frame that somebody orders to be sent."""

from __future__ import annotations

import asyncio

import pytest

from evtui.events import AnomalyState, CanFrame
from evtui.lab import CommandError
from tests.lab_rig import LabRig, running_lab
from tests.virtual_loop import run_virtual


def sent(rig: LabRig) -> list[CanFrame]:
    return [each for each in rig.of(CanFrame) if each.node == "by-hand"]


def test_it_is_on_the_bus_and_whoever_hears_it_obeys() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            text = await rig.execute("can.send", identifier=0x210, data="14 00")
            assert text == "210#1400 handed to CP1/can"
            await rig.execute("can.send", identifier=0x18FF50E5, extended=True)
            await rig.until(lambda: len(sent(rig)) == 2)
            await asyncio.sleep(0.5)
            assert rig.stage.limit == 20
            assert [(each.arbitration_id, each.extended) for each in sent(rig)] == [
                (0x210, False),
                (0x18FF50E5, True),
            ]
            names = [node.name for node in rig.lab.stands["CP1"].bus.nodes]
            assert names == ["charge-point", "module"]

    run_virtual(scenario())


def test_it_is_a_step_of_an_attack_that_is_on() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            await rig.execute("attack.begin", name="mine", layer="can")
            await rig.execute("can.send", identifier=0x201)
            await rig.until(lambda: sent(rig))
            steps = {each.seq for each in rig.of(AnomalyState) if each.change == "step"}
            assert {each.cause for each in sent(rig)} == steps
            assert steps

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({}, "identifier: missing; expected a CAN identifier from 0 to 0x1fffffff"),
        ({"identifier": 0x800}, "arbitration id 0x800 does not fit into 11 bits"),
        ({"identifier": 1 << 29, "extended": True}, "from 0 to 0x1fffffff, got 536870912"),
        ({"identifier": 1, "data": "6"}, 'at most 8 bytes in hexadecimal, such as "64 00"'),
        ({"identifier": 1, "data": "00" * 9}, "at most 8 bytes"),
    ],
)
def test_what_is_no_frame_is_refused(arguments: dict[str, object], why: str) -> None:
    async def scenario() -> str:
        async with running_lab() as rig:
            with pytest.raises(CommandError) as caught:
                await rig.execute("can.send", **arguments)
            assert sent(rig) == []
            return str(caught.value)

    assert why in run_virtual(scenario())
