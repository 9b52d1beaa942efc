"""A state taken at any moment, given to a new charge point: nothing is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from evtui.station.state.store import StateError, StateStore
from tests.station.rig import Rig, charge, station, virtual
from tests.virtual_loop import run_virtual

FAR = "2100-01-01T00:00:00Z"
Rows = dict[tuple[str, str], bytes]


async def leave_with_everything(rig: Rig) -> None:
    """Have every kind of belonging."""
    await rig.accepted()
    assert await rig.configure("ConnectionTimeOut", 17) == "Accepted"
    assert await rig.configure("MessageTimeout", 9) == "RebootRequired"
    entry = {"idTag": "LISTED", "idTagInfo": {"status": "Blocked"}}
    listed = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": [entry]}
    assert await rig.ask("SendLocalList", **listed) == "Accepted"
    reservation = {"idTag": "MINE", "expiryDate": FAR, "reservationId": 5}
    assert await rig.ask("ReserveNow", connectorId=2, **reservation) == "Accepted"
    for number, purpose, connector in (
        (1, "ChargePointMaxProfile", 0),
        (2, "TxDefaultProfile", 0),
        (3, "TxDefaultProfile", 1),
    ):
        fields: Any = {"purpose": purpose, "profile_id": number, "stack_level": number}
        assert await rig.set_profile(connector, limit=40 + number, **fields) == "Accepted"
    transaction = await charge(rig, 1, "KNOWN")  # puts it into the cache
    fields = {"purpose": "TxProfile", "profile_id": 9, "transaction_id": transaction}
    assert await rig.set_profile(1, limit=12, **fields) == "Accepted"
    location = {"location": "http://127.0.0.1/none"}
    await rig.central.call("UpdateFirmware", **location, retrieveDate=FAR)
    await asyncio.sleep(20)
    await rig.central.call("GetDiagnostics", **location)
    await asyncio.sleep(0.5)


@virtual
async def test_everything_that_must_not_be_forgotten_is_there_after_a_crash() -> None:
    store = StateStore()
    async with station(connectors=2, store=store) as rig:
        await leave_with_everything(rig)
        killed = dict(store.rows)
        register = store.register(1)
    assert register is not None
    async with station(connectors=2, plugged=False, store=StateStore(killed)) as rig:
        await rig.accepted()
        stop = (await rig.sent("StopTransaction")).payload
        assert (stop["transactionId"], stop["reason"]) == (101, "Reboot")
        assert stop["meterStop"] == int(register.energy)
        keys = ["ConnectionTimeOut", "MessageTimeout"]
        found = (await rig.central.call("GetConfiguration", key=keys))["configurationKey"]
        assert {each["key"]: each["value"] for each in found} == {
            "ConnectionTimeOut": "17",
            "MessageTimeout": "9",
        }
        assert (await rig.central.call("GetLocalListVersion"))["listVersion"] == 3
        assert rig.central.statuses(2) == ["Reserved"]
        upload = (await rig.sent("DiagnosticsStatusNotification")).payload
        assert upload == {"status": "UploadFailed"}
        assert store.load("firmware update") is not None
        assert rig.connector.limit == 41  # profile 9 went with its transaction
        for number, cleared in ((9, "Unknown"), (1, "Accepted"), (3, "Accepted"), (2, "Accepted")):
            assert await rig.ask("ClearChargingProfile", id=number) == cleared
        await rig.configure("LocalPreAuthorize", "true")
        rig.plug()
        rig.connector.present("KNOWN")
        start = (await rig.sent("StartTransaction")).payload
        assert rig.central.of("Authorize") == []
        assert start["meterStart"] == int(register.energy)


@pytest.mark.parametrize(
    "name",
    [
        "configuration",
        "local list",
        "id tag cache",
        "charging profiles",
        "reservations",
        "availability",
        "firmware update",
        "diagnostics upload",
    ],
)
@virtual
async def test_one_document_that_means_nothing_is_named_and_nothing_goes_over_it(name: str) -> None:
    store = StateStore()
    async with station(connectors=2, store=store) as rig:
        await leave_with_everything(rig)
        await rig.ask("ChangeAvailability", connectorId=2, type="Inoperative")
        killed = dict(store.rows)
    broken = StateStore(killed)
    assert broken.load(name) is not None
    broken.save(name, [{"connectorId": "nonsense"}])
    before = dict(broken.rows)
    with pytest.raises(StateError, match=f"^document {name}: "):
        async with station(connectors=2, plugged=False, store=broken):
            pass
    assert broken.rows["document", name] == before["document", name]


@virtual
async def test_what_belongs_to_a_connector_that_is_gone_ends_and_is_told() -> None:
    store = StateStore()
    async with station(connectors=2, store=store) as rig:
        rig.plug(2)
        transaction = await charge(rig, 2)
        await rig.set_profile(2, purpose="TxDefaultProfile", limit=9)
        killed = dict(store.rows)
    async with station(plugged=False, store=StateStore(killed)) as rig:
        stop = (await rig.sent("StopTransaction")).payload
        assert (stop["transactionId"], stop["reason"]) == (transaction, "Reboot")
        assert "of connectors not there any more (2)" in rig.notes()
        await rig.charge_point.flushed()


@pytest.mark.parametrize("reason", ["Reboot", "PowerLoss"])
@virtual
async def test_the_reason_of_a_transaction_that_a_crash_ended_is_a_setting(reason: str) -> None:
    store = StateStore()
    async with station(store=store) as rig:
        transaction = await charge(rig)
        await asyncio.sleep(5)
        killed = dict(store.rows)
    async with station(plugged=False, store=StateStore(killed), after_crash=reason) as rig:
        stop = (await rig.sent("StopTransaction")).payload
        assert (stop["transactionId"], stop["reason"]) == (transaction, reason)


def told(rig: Rig) -> list[str]:
    """StartTransaction and StopTransaction as they arrived so far, each as JSON."""
    wanted = ("StartTransaction", "StopTransaction")
    return [json.dumps([c.action, c.payload]) for c in rig.central.calls if c.action in wanted]


def test_at_whatever_moment_it_dies_each_transaction_is_told_once_and_whole() -> None:
    moments: list[tuple[Rows, list[str]]] = []

    async def life() -> None:
        rigs: list[Rig] = []

        def remember(changes: object) -> None:
            moments.append((dict(store.rows), told(rigs[0]) if rigs else []))

        store = StateStore(write=remember)
        async with station(connectors=2, meter_interval=5, store=store) as rig:
            rigs.append(rig)
            rig.plug(2)
            first = await charge(rig, 1, "ONE")
            await charge(rig, 2, "TWO")
            await asyncio.sleep(7)
            await rig.ask("RemoteStopTransaction", transactionId=first)
            await asyncio.sleep(3)
            rig.central.reachable = False
            await rig.central.hang_up()
            await asyncio.sleep(3)
            rig.connector.present("ONE")  # in the cache, so it may charge offline
            await asyncio.sleep(8)
            rig.charge_point.stop_charging("Local")
            rig.central.reachable = True
            await rig.sent("StopTransaction", 3)
            await asyncio.sleep(2)

    async def after(rows: Rows, before: list[str]) -> int:
        store = StateStore(rows)
        async with station(connectors=2, plugged=False, module=False, store=store) as rig:
            rig.central.transaction_id += sum("StartTransaction" in each for each in before)
            await rig.accepted()
            await rig.charge_point.flushed()
            # A message that was on its way comes twice, but word for word the same.
            arrived = Counter(before + told(rig))
        assert store.messages() == []
        assert store.transactions() == []
        assert max(arrived.values(), default=1) <= 2
        payloads = [json.loads(each) for each in arrived]
        starts = [payload for action, payload in payloads if action == "StartTransaction"]
        stops = {each["transactionId"]: each for action, each in payloads if "Stop" in action}
        assert len({(each["connectorId"], each["timestamp"]) for each in starts}) == len(starts)
        assert sorted(stops) == [101 + number for number in range(len(starts))]
        assert len(stops) + len(starts) == len(payloads)
        for start, number in zip(starts, sorted(stops), strict=True):
            assert start["meterStart"] <= stops[number]["meterStop"]
        return len(starts)

    run_virtual(life())
    assert len(moments) > 60
    ended = [run_virtual(after(rows, before)) for rows, before in moments[::2]]
    assert set(ended) == {0, 1, 2, 3}
    assert ended == sorted(ended)
