"""Nobody acknowledges a node's frames."""

from __future__ import annotations

import asyncio

import pytest

from evtui.events import CanFrame, NodeState
from tests.anomalies.can.stand import Stand, charging, on_the_bus
from tests.virtual_loop import run_virtual

NAME = "ack-loss"


def errors(stand: Stand) -> list[CanFrame]:
    return [each for each in stand.rig.of(CanFrame) if each.error and each.t >= stand.on]


def test_a_sender_that_nobody_acknowledges_is_passive_after_16_tries_and_never_bus_off() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(4)
        told = [each for each in stand.rig.of(NodeState) if each.node == "module"]
        passive = told[0]
        assert (passive.state, passive.tec) == ("error passive", 128)
        assert len([each for each in errors(stand) if each.t <= passive.t]) == 16
        assert len(errors(stand)) > 10_000
        assert {each.problem for each in errors(stand)} == {"acknowledgement"}
        assert max(each.tec for each in told) == 128
        assert "bus off" not in {each.state for each in told}

    on_the_bus(NAME, scenario)


def test_the_station_loses_its_module_and_its_order_to_stop_gets_through() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(4)
        reports = [each.t for each in stand.genuine(0x300) if not each.error]
        assert min(reports) > stand.on + 4
        assert stand.statuses()[:2] == [("Faulted", "InternalError"), ("Finishing", "NoError")]
        assert stand.genuine(0x201, "charge-point")
        assert max(each.current for each in stand.samples(2.5, 4)) == 0
        assert 85 < max(stand.loads()) < 100

    on_the_bus(NAME, scenario)


def test_when_the_charge_point_is_not_acknowledged_the_module_goes_on() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant="both", window_s=60)
        await asyncio.sleep(4)
        assert ("Faulted", "InternalError") in stand.statuses()
        assert stand.rig.current == pytest.approx(100)
        assert [each for each in stand.genuine(0x201, "charge-point") if not each.error] == []
        await stand.stop()
        await asyncio.sleep(3)
        assert stand.rig.current == 0

    on_the_bus(NAME, scenario)


def test_it_is_heard_again_between_two_windows() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(3, window_s=0.5, gap_s=2.5)
        assert stand.statuses() == []
        gap = [each for each in stand.genuine(0x300) if not each.error and each.t > stand.on + 0.5]
        # Those of 2.5 s, and the 5 that have waited.
        assert len(gap) == pytest.approx(30, abs=1)
        assert {each.cause for each in errors(stand)} != {None}

    on_the_bus(NAME, scenario)


def test_each_of_several_modules_is_heard_by_nobody() -> None:
    async def scenario() -> None:
        async with charging(NAME, protocol="infy", modules=2) as stand:
            await stand.start(window_s=60)
            await asyncio.sleep(2)
            passive = {
                each.node for each in stand.rig.of(NodeState) if each.state == "error passive"
            }
            assert passive == {"module", "module/2"}
            assert (await stand.stop()).startswith("safe")

    run_virtual(scenario())
