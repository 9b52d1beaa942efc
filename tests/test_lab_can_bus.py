"""The CAN bus of a lab is as the settings say."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evtui.events import BusLoad, CanFrame
from tests.lab_rig import running_lab
from tests.virtual_loop import run_virtual


@pytest.mark.parametrize(
    ("settings", "rates"),
    [
        ({}, (500_000, 2_000_000)),
        ({"can_bitrate": "125"}, (125_000, 2_000_000)),
        ({"can_bitrate": "1000", "can_data_bitrate": "8000"}, (1_000_000, 8_000_000)),
        ({"can_bitrate": "ideal"}, (0, 0)),
    ],
)
def test_the_bit_rates_are_those_of_the_settings(
    settings: dict[str, Any], rates: tuple[int, int]
) -> None:
    async def scenario() -> None:
        async with running_lab(**settings) as rig:
            bus = rig.lab.stands["CP1"].bus
            await asyncio.sleep(2.05)
            assert (bus.bitrate, bus.data_bitrate if rates[1] else 0) == rates
            load = rig.of(BusLoad)[-1]
            assert load.bitrate == rates[0]
            assert (load.load_pct > 0) == (rates[0] > 0)
            assert [frame for frame in rig.of(CanFrame) if frame.arbitration_id == 0x300]

    run_virtual(scenario())


def test_transmit_queues_and_recovery_are_those_of_the_settings() -> None:
    async def scenario() -> None:
        async with running_lab(
            can_queue="fifo", can_queue_depth=7, can_overflow="overwrite", can_recovery="by-command"
        ) as rig:
            bus = rig.lab.stands["CP1"].bus
            await asyncio.sleep(1)
            (module,) = [node for node in bus.nodes if node.name == "module"]
            assert (module.fifo, module.depth, module.overwrites) == (True, 7, True)
            end = bus.disturb(lambda node, _: "bit" if node is module else None)
            await asyncio.sleep(5)
            end()
            await asyncio.sleep(5)
            assert module.state == "bus off"
            module.recover()
            await asyncio.sleep(1)
            assert bus.load_by_node()["module"].state == "error active"

    run_virtual(scenario())
