"""The life of a reservation, as the central system sees it (OCPP 1.6 sections 5.1 and 5.13)."""

from __future__ import annotations

import asyncio

import pytest

from evtui.station.state.store import StateStore
from tests.station.rig import Rig, at, station, virtual

FAR = "2100-01-01T00:00:00Z"


async def reserve(
    rig: Rig,
    connector: int = 1,
    *,
    number: int = 1,
    id_tag: str = "MINE",
    expiry: str | None = FAR,
    parent: str | None = None,
) -> str:
    """Send a ReserveNow."""
    group = {} if parent is None else {"parentIdTag": parent}
    return await rig.ask(
        "ReserveNow",
        connectorId=connector,
        expiryDate=expiry,
        idTag=id_tag,
        reservationId=number,
        **group,
    )


@virtual
async def test_reservations_far_in_the_future_hold() -> None:
    async with station(connectors=3, plugged=False, module=False) as rig:
        await rig.accepted()
        for number, expiry in enumerate(("2038-01-19T03:14:08Z", FAR, "9999-12-31T23:59:59Z"), 1):
            assert await reserve(rig, number, number=number, expiry=expiry) == "Accepted"
        await asyncio.sleep(25 * 3600)
        for number in (1, 2, 3):
            assert rig.central.statuses(number) == ["Available", "Reserved"]
            assert await reserve(rig, number, number=9) == "Occupied"
            assert await rig.ask("CancelReservation", reservationId=number) == "Accepted"
            assert await rig.ask("CancelReservation", reservationId=number) == "Rejected"
        await asyncio.sleep(1)
        assert rig.central.statuses(3)[-1] == "Available"


@virtual
async def test_a_reservation_ends_when_it_expires() -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        assert await reserve(rig, expiry=at(rig.clock.now() + 60)) == "Accepted"
        await asyncio.sleep(59)
        assert rig.central.statuses(1)[-1] == "Reserved"
        await asyncio.sleep(2)
        assert rig.central.statuses(1)[-1] == "Available"
        assert await rig.ask("RemoteStartTransaction", idTag="OTHER") == "Accepted"


@pytest.mark.parametrize("way", ["remote", "local"])
@virtual
async def test_the_reserved_tag_uses_its_reservation(way: str) -> None:
    async with station(connectors=2, plugged=False) as rig:
        await rig.accepted()
        await reserve(rig, 2, number=31, id_tag="Mine")
        if way == "remote":
            asked = {"idTag": "MINE", "connectorId": 2}
            assert await rig.ask("RemoteStartTransaction", **asked) == "Accepted"
        else:
            rig.charge_point.connectors[2].present("MINE")
        rig.plug(2)
        start = (await rig.sent("StartTransaction")).payload
        assert (start["connectorId"], start["reservationId"]) == (2, 31)
        await asyncio.sleep(5)
        assert rig.central.statuses(2) == ["Available", "Reserved", "Preparing", "Charging"]
        assert await rig.ask("CancelReservation", reservationId=31) == "Rejected"


@pytest.mark.parametrize("way", ["remote", "local"])
@virtual
async def test_another_tag_is_refused_and_the_connector_does_not_cease_to_be_reserved(
    way: str,
) -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        await reserve(rig)
        if way == "remote":
            assert await rig.ask("RemoteStartTransaction", idTag="OTHER") == "Rejected"
        else:
            rig.connector.present("OTHER")
        rig.plug()
        await asyncio.sleep(5)
        assert rig.central.statuses(1) == ["Available", "Reserved"]
        assert rig.central.of("StartTransaction") == []
        assert rig.central.of("Authorize") == []
        assert await rig.ask("CancelReservation", reservationId=1) == "Accepted"
        await asyncio.sleep(1)
        assert rig.central.statuses(1)[-1] == "Preparing"


@pytest.mark.parametrize("way", ["remote", "local"])
@pytest.mark.parametrize("group", ["FAMILY", "STRANGERS"])
@virtual
async def test_a_tag_of_the_reserved_group_is_asked_about_first(way: str, group: str) -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        rig.central.answers["Authorize"] = {
            "idTagInfo": {"status": "Accepted", "parentIdTag": group}
        }
        await reserve(rig, parent="FAMILY", number=9)
        if way == "remote":
            assert await rig.ask("RemoteStartTransaction", idTag="KID") == "Accepted"
        else:
            rig.connector.present("KID")
        await rig.sent("Authorize")
        await asyncio.sleep(1)
        rig.plug()
        await asyncio.sleep(5)
        if group == "FAMILY":
            start = (await rig.sent("StartTransaction")).payload
            assert (start["idTag"], start["reservationId"]) == ("KID", 9)
        else:
            assert rig.central.of("StartTransaction") == []
            assert rig.central.statuses(1) == ["Available", "Reserved"]
            assert "reserved" in rig.notes()


@virtual
async def test_an_occupied_a_faulted_and_an_unavailable_connector_cannot_be_reserved() -> None:
    async with station(connectors=2) as rig:
        await rig.accepted()
        assert await reserve(rig, 1) == "Occupied"
        await rig.silence_module(2)
        await rig.until(lambda: rig.charge_point.connectors[2].status == "Faulted")
        assert await reserve(rig, 2) == "Faulted"
        await rig.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert await reserve(rig, 1) == "Unavailable"
        assert await reserve(rig, 3) == "Rejected"
        await rig.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        assert await reserve(rig, 0) == "Unavailable"


@virtual
async def test_a_fault_ends_the_reservation() -> None:
    async with station(connectors=2, plugged=False) as rig:
        await rig.accepted()
        await reserve(rig, 1, number=1)
        await reserve(rig, 2, number=2)
        await rig.silence_module(2)
        await rig.until(lambda: rig.central.statuses(2)[-1] == "Faulted")
        assert await rig.ask("CancelReservation", reservationId=2) == "Rejected"
        assert await rig.ask("CancelReservation", reservationId=1) == "Accepted"


@virtual
async def test_a_reservation_of_any_connector_keeps_the_last_free_one() -> None:
    async with station(connectors=2, plugged=False) as rig:
        await rig.accepted()
        assert await reserve(rig, 0, number=5) == "Accepted"
        assert set(rig.central.statuses(1) + rig.central.statuses(2)) == {"Available"}
        assert await rig.ask("RemoteStartTransaction", idTag="OTHER") == "Accepted"
        rig.plug(1)
        await rig.sent("StartTransaction")
        assert await rig.ask("RemoteStartTransaction", idTag="THIRD") == "Rejected"
        assert await reserve(rig, 2, number=6) == "Occupied"
        assert await rig.ask("RemoteStartTransaction", idTag="MINE") == "Accepted"
        rig.plug(2)
        start = (await rig.sent("StartTransaction", 2)).payload
        assert (start["connectorId"], start["reservationId"]) == (2, 5)


@virtual
async def test_a_reservation_outlives_reset_and_crash_but_not_its_expiry() -> None:
    store = StateStore()
    async with station(connectors=2, plugged=False, store=store) as rig:
        await rig.accepted()
        await reserve(rig, 1, number=1, expiry=at(600))
        await reserve(rig, 2, number=2)
        await rig.ask("Reset", type="Hard")
        await rig.sent("BootNotification", 2)
        await rig.until(lambda: rig.central.statuses(2)[-2:] == ["Reserved", "Reserved"])
        killed = dict(store.rows)
    async with station(connectors=2, plugged=False, store=StateStore(killed)) as rig:
        await rig.accepted()
        assert rig.central.statuses(1) == rig.central.statuses(2) == ["Reserved"]
        await asyncio.sleep(601)
        assert rig.central.statuses(1)[-1] == "Available"
        assert await rig.ask("CancelReservation", reservationId=2) == "Accepted"
