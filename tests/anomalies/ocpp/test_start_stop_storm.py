from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from evtui.events import TransactionState
from tests.anomalies.ocpp.attack import Attack, attacked
from tests.virtual_loop import run_virtual

NAME = "start-stop-storm"


def test_each_pair_is_a_transaction_of_its_own_that_lasts_as_long_as_it_is_on() -> None:
    async def scenario() -> Attack:
        async with attacked(NAME) as attack:
            await attack.run(0, on_s=4, off_s=2, cycles=5)
            await attack.ended()
            return attack

    attack = run_virtual(scenario())
    ends = [each for each in attack.rig.of(TransactionState) if each.state == "stopped"]
    starts = [each for each in attack.rig.of(TransactionState) if each.state == "started"]
    assert len({each.transaction_id for each in ends}) == 5
    lasted = [end.t - start.t for start, end in zip(starts, ends, strict=True)]
    assert lasted == pytest.approx([4] * 5, abs=0.1)
    assert [b.t - a.t for a, b in pairwise(starts)] == pytest.approx([6] * 4, abs=0.1)
    assert {each["reason"] for each in attack.sent("StopTransaction")} == {"Remote"}
    assert not attack.sent("SetChargingProfile")


def test_a_car_that_charges_is_stopped_first() -> None:
    async def scenario() -> Attack:
        async with attacked(NAME) as attack:
            await attack.charge()
            await attack.run(10)
            return attack

    attack = run_virtual(scenario())
    assert attack.steps[0].step_label == "RemoteStopTransaction"
    assert not [note for note in attack.rig.notes if "Rejected" in note]
    assert attack.rig.highest(attack.steps[1].t + 3) <= 76  # 25 A/s for 3 s


def test_it_ends_without_a_transaction_and_without_current_whenever_it_is_stopped() -> None:
    async def scenario(seconds: float) -> None:
        async with attacked(NAME) as attack:
            await attack.run(seconds)
            assert "safe" in await attack.stop()
            assert attack.rig.charge_point.connectors[1].transaction is None
            assert attack.rig.current < 1
            await asyncio.sleep(10)
            assert attack.rig.current < 1

    for seconds in (0.0, 0.01, 2.9, 3.01, 5.9, 6.0):
        run_virtual(scenario(seconds))


def test_a_shorter_pause_counts_from_the_next_step_on() -> None:
    async def scenario() -> list[float]:
        async with attacked(NAME) as attack:
            await attack.run(6.5)
            await attack.change(on_s=1, off_s=1)
            await asyncio.sleep(10)
            return [each.t for each in attack.steps]

    times = run_virtual(scenario())
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps[:3] == pytest.approx([3, 3, 3], abs=0.05)
    assert gaps[3:8] == pytest.approx([1] * 5, abs=0.05)


def test_a_transaction_that_the_central_system_holds_for_over_is_ended_too() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.run(2, on_s=60)
            lie = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
            attack.rig.charge_point.post("StatusNotification", lie, lambda answer: None)
            await asyncio.sleep(1)
            name = attack.rig.lab.settings.id
            assert attack.rig.lab.central_system.open_transaction(name, 1) is None
            assert attack.rig.current > 20
            assert "safe" in await attack.stop()
            assert attack.rig.current < 1

    run_virtual(scenario())
