from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from tests.anomalies.ocpp.attack import attacked
from tests.virtual_loop import run_virtual

NAME = "reservation-block"


def test_it_is_reserved_without_a_gap_for_as_long_as_it_is_on() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.rig.execute("station.plug")  # the vehicle leaves
            await attack.run(0, renew_s=5)
            for _ in range(120):
                await asyncio.sleep(1)
                assert attack.rig.status == "Reserved"
            gaps = [b.t - a.t for a, b in pairwise(attack.calls("ReserveNow"))]
            assert gaps == pytest.approx([5] * len(gaps), abs=0.05)
            assert len(gaps) >= 23
            assert len({each["reservationId"] for each in attack.sent("ReserveNow")}) == 1
            assert "safe" in await attack.stop()
            assert attack.rig.status == "Available"

    run_virtual(scenario())


def test_a_driver_is_refused_until_it_is_over() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.rig.execute("station.plug")
            await attack.run(2)
            await attack.rig.execute("station.plug")
            start = {"connectorId": 1, "idTag": "DRIVER"}
            assert (await attack.ask("RemoteStartTransaction", **start))["status"] == "Rejected"
            await attack.stop()
            assert (await attack.ask("RemoteStartTransaction", **start))["status"] == "Accepted"

    run_virtual(scenario())


def test_a_connector_in_use_is_taken_as_soon_as_it_is_free() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.run(12, renew_s=5)
            assert attack.rig.status == "Preparing"
            assert len([note for note in attack.rig.notes if "Occupied" in note]) == 3
            await attack.rig.execute("station.plug")
            await asyncio.sleep(5)
            assert attack.rig.status == "Reserved"

    run_virtual(scenario())


def test_without_anybody_to_cancel_it_it_expires() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.rig.execute("station.plug")
            await attack.run(3, renew_s=20)
            (asked,) = attack.sent("ReserveNow")
            now = attack.rig.lab.clock.iso()
            assert (
                now
                < asked["expiryDate"]
                <= attack.rig.lab.clock.iso(attack.rig.lab.clock.now() + 40)
            )

    run_virtual(scenario())
