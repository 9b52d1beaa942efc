"""ChangeAvailability for one connector and for all of them (OCPP 1.6 sections 4.9 and 5.2)."""

from __future__ import annotations

import asyncio

import pytest

from evtui.station.state.store import StateStore
from tests.station.rig import Rig, charge, station, virtual

LATER = "2100-01-01T00:00:00Z"


async def change(rig: Rig, connector: int, kind: str) -> str:
    """Send a ChangeAvailability."""
    return await rig.ask("ChangeAvailability", connectorId=connector, type=kind)


def statuses(rig: Rig) -> list[str]:
    """Newest status that was notified for connectors 0, 1 and 2."""
    return [rig.central.statuses(number)[-1] for number in (0, 1, 2)]


@virtual
async def test_one_connector_is_taken_out_of_use_and_brought_back() -> None:
    async with station(connectors=2, plugged=False) as rig:
        await rig.accepted()
        assert await change(rig, 2, "Inoperative") == "Accepted"
        assert await change(rig, 2, "Inoperative") == "Accepted"
        await asyncio.sleep(1)
        assert statuses(rig) == ["Available", "Available", "Unavailable"]
        assert len(rig.central.statuses(2)) == 2
        assert await rig.ask("RemoteStartTransaction", idTag="T", connectorId=2) == "Rejected"
        assert await change(rig, 2, "Operative") == "Accepted"
        await asyncio.sleep(1)
        assert statuses(rig) == ["Available"] * 3


@virtual
async def test_connector_0_means_the_charge_point_and_every_connector() -> None:
    async with station(connectors=2, plugged=False) as rig:
        await rig.accepted()
        assert await change(rig, 0, "Inoperative") == "Accepted"
        await asyncio.sleep(1)
        assert statuses(rig) == ["Unavailable"] * 3
        assert await rig.ask("RemoteStartTransaction", idTag="TAG") == "Rejected"
        assert await change(rig, 0, "Operative") == "Accepted"
        await asyncio.sleep(1)
        assert statuses(rig) == ["Available"] * 3


@virtual
async def test_a_charge_point_waits_for_its_last_transaction_but_free_connectors_do_not() -> None:
    async with station(connectors=2) as rig:
        rig.plug(2)
        first, second = await charge(rig, 1), await charge(rig, 2)
        assert await change(rig, 0, "Inoperative") == "Scheduled"
        await rig.ask("RemoteStopTransaction", transactionId=first)
        await asyncio.sleep(2)
        assert statuses(rig) == ["Available", "Unavailable", "Charging"]
        assert await rig.ask("RemoteStartTransaction", idTag="TAG") == "Rejected"
        await rig.ask("RemoteStopTransaction", transactionId=second)
        await asyncio.sleep(2)
        assert statuses(rig) == ["Unavailable"] * 3


@virtual
async def test_a_scheduled_change_of_one_connector_leaves_the_other_in_use() -> None:
    async with station(connectors=2) as rig:
        rig.plug(2)
        transaction = await charge(rig, 2)
        assert await change(rig, 2, "Inoperative") == "Scheduled"
        assert await change(rig, 1, "Inoperative") == "Accepted"
        assert await change(rig, 1, "Operative") == "Accepted"
        await rig.ask("RemoteStopTransaction", transactionId=transaction)
        await asyncio.sleep(2)
        assert statuses(rig) == ["Available", "Preparing", "Unavailable"]


@pytest.mark.parametrize("connector", [0, 2])
@pytest.mark.parametrize("kind", ["Soft", "Hard"])
@virtual
async def test_unavailability_outlives_a_reset(connector: int, kind: str) -> None:
    async with station(connectors=2, plugged=False) as rig:
        await rig.accepted()
        await change(rig, connector, "Inoperative")
        before = [*statuses(rig)[:1], "Unavailable" if connector == 0 else "Available"]
        await rig.ask("Reset", type=kind)
        await rig.sent("BootNotification", 2)
        await asyncio.sleep(2)
        after = statuses(rig)
        assert after[2] == "Unavailable"
        assert after[1] == before[1]
        assert after[0] == before[1]


@pytest.mark.parametrize("connector", [0, 2])
@virtual
async def test_a_scheduled_change_takes_effect_after_a_crash_that_ended_the_transaction(
    connector: int,
) -> None:
    store = StateStore()
    async with station(connectors=2, store=store) as rig:
        rig.plug(2)
        await charge(rig, 2)
        assert await change(rig, connector, "Inoperative") == "Scheduled"
        killed = dict(store.rows)
    async with station(connectors=2, plugged=False, store=StateStore(killed)) as rig:
        await rig.accepted()
        assert rig.central.statuses(2) == ["Unavailable"]
        assert rig.central.statuses(1) == ["Unavailable" if connector == 0 else "Available"]
        assert rig.central.statuses(0) == ["Unavailable" if connector == 0 else "Available"]
        assert await change(rig, connector, "Operative") == "Accepted"
        revived = dict(rig.store.rows)
    async with station(connectors=2, plugged=False, store=StateStore(revived)) as rig:
        await rig.accepted()
        assert statuses(rig) == ["Available"] * 3


@pytest.mark.parametrize(("connector", "ended"), [(0, {1, 2}), (1, {1}), (2, {2})])
@virtual
async def test_what_becomes_unavailable_ends_its_reservations(
    connector: int, ended: set[int]
) -> None:
    async with station(connectors=2, plugged=False) as rig:
        await rig.accepted()
        for number in (1, 2):
            reserved = await rig.ask(
                "ReserveNow",
                connectorId=number,
                expiryDate=LATER,
                idTag="TAG",
                reservationId=number,
            )
            assert reserved == "Accepted"
        await change(rig, connector, "Inoperative")
        for number in (1, 2):
            cancelled = await rig.ask("CancelReservation", reservationId=number)
            assert cancelled == ("Rejected" if number in ended else "Accepted")


@virtual
async def test_a_status_that_does_not_last_is_not_told() -> None:
    async with station(connectors=2, plugged=False) as rig:
        await rig.accepted()
        assert await rig.configure("MinimumStatusDuration", 5) == "Accepted"
        rig.plug(2)
        await asyncio.sleep(4)
        rig.unplug(2)
        await asyncio.sleep(10)
        assert rig.central.statuses(2) == ["Available"]
        rig.plug(2)
        begun = rig.clock.now()
        await rig.until(lambda: rig.central.statuses(2)[-1] == "Preparing")
        assert rig.clock.now() - begun == pytest.approx(5, abs=0.1)
        assert rig.central.statuses(1) == ["Available"]


@virtual
async def test_what_changed_offline_is_told_once_and_only_as_it_is_now() -> None:
    async with station(connectors=2, plugged=False) as rig:
        await rig.accepted()
        rig.central.reachable = False
        await rig.central.hang_up()
        await asyncio.sleep(1)
        rig.plug(1)
        rig.unplug(1)
        rig.plug(2)
        seen = len(rig.central.log)
        rig.central.reachable = True
        await rig.until(lambda: rig.charge_point.accepted)
        await asyncio.sleep(2)
        assert rig.central.log[seen:] == ["StatusNotification 2 Preparing"]
