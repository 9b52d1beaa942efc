"""Orders that the station did not give."""

from __future__ import annotations

import asyncio

import pytest

from evtui.events import TransactionState
from tests.anomalies.can.stand import Stand, on_the_bus

NAME = "can-start-stop"


def test_one_transaction_is_interrupted_over_and_over() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(18)
        orders = [each.arbitration_id for each in stand.forged()]
        assert orders == [0x201, 0x200] * 3
        suspended = [status for status, _ in stand.statuses()].count("SuspendedEVSE")
        assert suspended == 3
        assert min(each.current for each in stand.samples(0, 18)) == 0
        assert [each.state for each in stand.rig.of(TransactionState)] == ["started"]
        assert stand.rig.current == pytest.approx(100)

    on_the_bus(NAME, scenario)


def test_a_forged_start_lets_current_flow_that_nobody_pays_for() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.rig.execute("station.charge")
        await asyncio.sleep(5)
        await stand.start(variant="start")
        await asyncio.sleep(8)
        assert stand.rig.charge_point.connectors[1].transaction is None
        assert stand.rig.current == pytest.approx(100)
        assert "without a transaction" in await stand.stop()
        await asyncio.sleep(5)
        assert stand.rig.current == 0

    on_the_bus(NAME, scenario)


def test_a_forged_stop_alone_is_repeated() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(5, variant="stop", off_s=1)
        assert [each.arbitration_id for each in stand.forged()] == [0x201] * 5

    on_the_bus(NAME, scenario)
