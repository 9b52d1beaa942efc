"""What stations are answered, and what is remembered of what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from evtui.central_system.id_tags import IdTag, IdTags
from evtui.central_system.stations import (
    AWAY_KEPT,
    CONNECTORS_KEPT,
    ConnectorInfo,
    Stations,
)
from tests.central_system.rig import START, LinkKind, open_house
from tests.ocpp16.rig import BOOT, NOW, until

STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
VALUES = {
    "connectorId": 1,
    "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": "1"}]}],
}
PAST = datetime(2020, 1, 1, tzinfo=UTC)


async def test_a_station_is_told_of_its_id_tags_at_every_turn(link: LinkKind) -> None:
    tags = IdTags([IdTag("GOOD", parent="FLEET"), IdTag("OLD", expiry=PAST)], unknown="reject")
    async with open_house(link, id_tags=tags) as house, house.station() as station:
        good = {"idTagInfo": {"status": "Accepted", "parentIdTag": "FLEET"}}
        assert await station.call("Authorize", {"idTag": "good"}) == good
        old = await station.call("StartTransaction", START | {"idTag": "OLD"})
        assert old["idTagInfo"] == {"status": "Expired", "expiryDate": "2020-01-01T00:00:00Z"}
        stop = {"meterStop": 200, "timestamp": NOW, "transactionId": old["transactionId"]}
        stopped = await station.call("StopTransaction", stop | {"idTag": "STRANGER"})
        assert stopped == {"idTagInfo": {"status": "Invalid"}}
        house.central.id_tags.set("stranger")
        allowed = await station.call("Authorize", {"idTag": "STRANGER"})
        assert allowed == {"idTagInfo": {"status": "Accepted"}}


@pytest.mark.parametrize(("concurrent", "expected"), [(True, "Accepted"), (False, "ConcurrentTx")])
async def test_a_tag_that_charges_elsewhere_is_concurrent_only_where_that_is_not_allowed(
    link: LinkKind, concurrent: bool, expected: str
) -> None:
    tags = IdTags(concurrent=concurrent)
    async with (
        open_house(link, id_tags=tags) as house,
        house.station("A") as one,
        house.station("B") as other,
    ):
        for _ in range(2):  # its own transaction, told twice, is not elsewhere
            first = await one.call("StartTransaction", START)
            assert first["idTagInfo"] == {"status": "Accepted"}
        second = await other.call("StartTransaction", START)
        assert second["idTagInfo"] == {"status": expected}
        for station, answer in ((one, first), (other, second)):  # a retry changes no answer
            assert await station.call("StartTransaction", START) == answer
        asked = await other.call("Authorize", {"idTag": "TAG"})
        assert asked == {"idTagInfo": {"status": "Accepted"}}


async def test_a_start_that_was_concurrent_stays_so_and_is_in_the_way_of_no_other(
    link: LinkKind,
) -> None:
    async with (
        open_house(link, id_tags=IdTags(concurrent=False)) as house,
        house.station("A") as one,
        house.station("B") as other,
        house.station("C") as third,
    ):
        begun = await one.call("StartTransaction", START)
        refused = await other.call("StartTransaction", START)
        end = {"meterStop": 200, "timestamp": NOW}
        await one.call("StopTransaction", end | {"transactionId": begun["transactionId"]})
        assert await other.call("StartTransaction", START) == refused
        free = await third.call("StartTransaction", START)
        assert free["idTagInfo"] == {"status": "Accepted"}


async def test_the_stop_of_an_id_of_another_station_s_is_checked_as_any_call(
    link: LinkKind,
) -> None:
    broken = {"transactionId": 4711, "meterStop": "5000", "timestamp": NOW}
    async with (
        open_house(link) as house,
        house.station("A") as one,
        house.station("B") as other,
    ):
        await one.call("StopTransaction", broken | {"meterStop": 0})
        kind, _, code, *_ = await other.say(json.dumps([2, "x", "StopTransaction", broken]))
        assert (kind, code) == (4, "TypeConstraintViolation")
        await other.call("StopTransaction", broken | {"meterStop": 0})
        assert await other.call("StopTransaction", broken) == {}


@pytest.mark.parametrize(
    ("action", "payload", "description"),
    [
        ("StatusNotification", STATUS | {"connectorId": -1}, "connectorId: -1 is less than 0"),
        ("StartTransaction", START | {"connectorId": 0}, "connectorId: 0 is less than 1"),
        ("MeterValues", VALUES | {"connectorId": -2}, "connectorId: -2 is less than 0"),
        (
            "StatusNotification",
            STATUS | {"connectorId": -(10**400)},
            "connectorId: a huge negative number is less than 0",
        ),
    ],
)
async def test_a_connector_that_cannot_be_is_a_property_violation(
    link: LinkKind, action: str, payload: dict[str, Any], description: str
) -> None:
    async with open_house(link) as house, house.station() as station:
        answer = await station.say(json.dumps([2, "x", action, payload]))
        assert answer == [4, "x", "PropertyConstraintViolation", description, {}]
        assert not house.central.stations["CP1"].connectors
        assert len(house.central.transactions) == 0


async def test_data_transfer_goes_to_who_knows_the_vendor(link: LinkKind) -> None:
    def echo(station: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        return {"status": "Accepted", "data": f"{station} {payload['data']}"}

    def broken(station: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        raise ZeroDivisionError

    async with open_house(link) as house, house.station() as station:
        house.central.data_transfer["org.example"] = echo
        house.central.data_transfer["org.broken"] = broken
        asked = {"vendorId": "org.example", "data": "hello"}
        answer = await station.call("DataTransfer", asked)
        assert answer == {"status": "Accepted", "data": "CP1 hello"}
        unknown = await station.call("DataTransfer", {"vendorId": "org.other"})
        assert unknown == {"status": "UnknownVendorId"}
        failed = await station.say('[2,"x","DataTransfer",{"vendorId":"org.broken"}]')
        assert failed[2:4] == ["InternalError", "ZeroDivisionError"]
        assert house.notes == ["DataTransfer could not be answered: ZeroDivisionError()"]
        assert "currentTime" in await station.call("Heartbeat", {})


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("SecurityEventNotification", {"type": "FirmwareUpdated", "timestamp": NOW}),
        ("LogStatusNotification", {"status": "Idle"}),
        ("SignedFirmwareStatusNotification", {"status": "Idle"}),
        ("SignCertificate", {"csr": "x"}),
    ],
)
async def test_the_security_extension_is_not_supported_yet(
    link: LinkKind, action: str, payload: dict[str, Any]
) -> None:
    async with open_house(link) as house, house.station() as station:
        answer = await station.say(json.dumps([2, "x", action, payload]))
        assert answer[:3] == [4, "x", "NotSupported"]


async def test_what_a_station_says_of_itself_is_remembered_also_when_it_is_gone(
    link: LinkKind,
) -> None:
    async with open_house(link) as house:
        async with house.station() as station:
            boot = BOOT | {"chargePointSerialNumber": "S1", "firmwareVersion": "1.2"}
            await station.call("BootNotification", boot)
            await station.call("StatusNotification", STATUS | {"connectorId": 0})
            fault = {"errorCode": "GroundFailure", "status": "Faulted", "info": "wet"}
            await station.call("StatusNotification", STATUS | fault)
            await station.call("FirmwareStatusNotification", {"status": "Downloading"})
            await station.call("DiagnosticsStatusNotification", {"status": "Uploaded"})
            info = house.central.stations["CP1"]
            assert (info.identity, info.connected, info.ours) == ("CP1", True, False)
            assert (info.vendor, info.model, info.serial, info.firmware) == (
                "evtui",
                "lab",
                "S1",
                "1.2",
            )
            assert info.connectors == {
                0: ConnectorInfo("Available", "NoError"),
                1: ConnectorInfo("Faulted", "GroundFailure", "wet"),
            }
            assert (info.firmware_status, info.diagnostics_status) == ("Downloading", "Uploaded")
            assert (info.calls, info.connections, info.gone) == (6, 1, "")
            assert info.last_seen is not None
        await until(lambda: not house.central.stations["CP1"].connected)
        gone = house.central.stations["CP1"]
        assert gone.vendor == "evtui"
        assert gone.accepted
        assert "closed by peer with 1000" in gone.gone


async def test_a_snapshot_does_not_change_when_the_station_does(link: LinkKind) -> None:
    async with open_house(link) as house, house.station() as station:
        before = house.central.stations["CP1"]
        await station.call("StatusNotification", STATUS)
        assert not before.connectors
        assert house.central.stations["CP1"].connectors


def test_stations_nobody_knows_are_forgotten_some_time_after_they_have_gone() -> None:
    stations = Stations(frozenset({"OURS"}), keep=lambda identity: identity == "OURS")
    stations.leave(stations.arrive("OURS"), "gone")
    here = stations.arrive("HERE")
    for number in range(AWAY_KEPT + 50):
        stranger = stations.arrive(f"X{number}")
        stranger.calls = 1
        stations.leave(stranger, "gone")
    assert len(stations) == AWAY_KEPT + 1
    assert {"OURS", "HERE", f"X{AWAY_KEPT + 49}"} <= set(stations)
    assert "X0" not in stations
    assert here.connected


def test_a_stranger_that_never_said_anything_is_forgotten_when_it_goes() -> None:
    stations = Stations(frozenset(), keep=lambda identity: identity == "KNOWN")
    for identity in ("KNOWN", "STRANGER"):
        stations.leave(stations.arrive(identity), "gone")
    assert set(stations) == {"KNOWN"}


def test_connectors_are_bounded() -> None:
    record = Stations(frozenset(), keep=lambda _: False).arrive("CP1")
    for number in range(1000):
        record.on_status(STATUS | {"connectorId": number})
    record.on_status(STATUS | {"status": "Faulted"})
    assert len(record.snapshot().connectors) == CONNECTORS_KEPT
    assert record.snapshot().connectors[1].status == "Faulted"
