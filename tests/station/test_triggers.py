"""TriggerMessage for every message, with and without connector, while Pending too (5.17, 4.2)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.station.fake_central import FakeCentral
from tests.station.rig import Rig, charge, station, virtual

STATUS, METER = "StatusNotification", "MeterValues"
REST = ("Heartbeat", "FirmwareStatusNotification", "DiagnosticsStatusNotification")


async def trigger(rig: Rig, message: str, connector: int | None = None) -> str:
    """Send a TriggerMessage."""
    where = {} if connector is None else {"connectorId": connector}
    return await rig.ask("TriggerMessage", requestedMessage=message, **where)


def pending(central: FakeCentral) -> None:
    """The central system says Pending, for a long time."""
    central.boot.clear()
    central.boot.append(("Pending", 1_000))


async def told(rig: Rig, message: str, connector: int | None = None) -> list[dict[str, Any]]:
    """Payloads that follow a TriggerMessage that is accepted."""
    seen = len(rig.central.calls)
    assert await trigger(rig, message, connector) == "Accepted"
    await asyncio.sleep(0.4)
    calls = rig.central.calls[seen:]
    assert {call.action for call in calls} == {message}
    return [call.payload for call in calls]


@pytest.mark.parametrize("while_pending", [False, True])
@virtual
async def test_each_message_is_sent_for_the_connectors_that_were_meant(while_pending: bool) -> None:
    prepare = pending if while_pending else (lambda central: None)
    async with station(connectors=2, plugged=False, meter_interval=0, prepare=prepare) as rig:
        if while_pending:
            await rig.sent("BootNotification")
            await asyncio.sleep(2)
            assert len(rig.central.calls) == 1
        else:
            await rig.accepted()
            await asyncio.sleep(2)
        for connector in (0, 1, 2):
            (payload,) = await told(rig, STATUS, connector)
            assert payload["connectorId"] == connector
        assert [each["connectorId"] for each in await told(rig, STATUS)] == [0, 1, 2]
        for connector in (1, 2):
            (payload,) = await told(rig, METER, connector)
            assert payload["connectorId"] == connector
            values = payload["meterValue"][0]["sampledValue"]
            assert {value["context"] for value in values} == {"Trigger"}
            assert "transactionId" not in payload
        assert [each["connectorId"] for each in await told(rig, METER)] == [1, 2]
        for message in REST:
            for ignored in (None, 0, 2, 7):
                assert len(await told(rig, message, ignored)) == 1
        assert await told(rig, "FirmwareStatusNotification") == [{"status": "Idle"}]
        assert await told(rig, "DiagnosticsStatusNotification") == [{"status": "Idle"}]


@pytest.mark.parametrize(("message", "connector"), [(STATUS, 3), (METER, 3), (METER, 0)])
@virtual
async def test_a_connector_that_is_not_there_is_rejected(message: str, connector: int) -> None:
    async with station(connectors=2) as rig:
        await rig.accepted()
        assert await trigger(rig, message, connector) == "Rejected"


@virtual
async def test_meter_values_are_not_promised_while_the_module_is_silent() -> None:
    async with station(module=False) as rig:
        await rig.accepted()
        assert await trigger(rig, METER, 1) == "Rejected"
        assert await trigger(rig, METER) == "Rejected"


@virtual
async def test_meter_values_are_not_promised_when_no_measurand_is_configured() -> None:
    async with station() as rig:
        await rig.accepted()
        await asyncio.sleep(1)
        key = {"key": "MeterValuesSampledData", "value": ""}
        assert await rig.ask("ChangeConfiguration", **key) == "Accepted"
        assert await trigger(rig, METER, 1) == "Rejected"


@virtual
async def test_nothing_but_a_boot_is_promised_before_the_first_boot_was_answered() -> None:
    def silent(central: FakeCentral) -> None:
        central.ignores.add("BootNotification")

    async with station(meter_interval=0, prepare=silent) as rig:
        await rig.sent("BootNotification")
        await rig.until(rig.limits)  # the meter shows something
        for message in (STATUS, METER, *REST):
            assert await trigger(rig, message) == "Rejected"
        assert await trigger(rig, "BootNotification") == "Accepted"
        await asyncio.sleep(10)
        assert [call.action for call in rig.central.calls] == ["BootNotification"]


@virtual
async def test_a_pending_station_boots_when_triggered_and_an_accepted_one_does_not() -> None:
    async with station(prepare=pending) as rig:
        await rig.sent("BootNotification")
        assert await trigger(rig, "BootNotification") == "Accepted"
        await rig.sent("BootNotification", 2, timeout=2)
        rig.central.boot.append(("Accepted", 300))
        rig.central.boot.popleft()
        assert await trigger(rig, "BootNotification") == "Accepted"
        await rig.accepted()
        assert await trigger(rig, "BootNotification") == "Rejected"


@virtual
async def test_triggered_meter_values_belong_to_the_transaction_that_runs() -> None:
    async with station(connectors=2, meter_interval=0) as rig:
        transaction = await charge(rig)
        await asyncio.sleep(1)
        one, two = await told(rig, METER)
        assert one["transactionId"] == transaction
        assert "transactionId" not in two


@virtual
async def test_while_pending_again_what_was_triggered_overtakes_the_transaction() -> None:
    async with station(connectors=2, meter_interval=5) as rig:
        transaction = await charge(rig)
        rig.central.boot.clear()
        rig.central.boot.append(("Pending", 1_000))
        await rig.ask("Reset", type="Hard")
        await rig.sent("BootNotification", 2)
        await asyncio.sleep(1)
        rig.connector.present("TAG")  # Authorize cannot go out: nothing starts
        (payload,) = await told(rig, METER, 1)
        assert payload.get("transactionId") is None
        assert rig.central.of("StopTransaction") == []
        rig.central.boot.append(("Accepted", 300))
        rig.central.boot.popleft()
        await trigger(rig, "BootNotification")
        stop = await rig.sent("StopTransaction")
        assert stop.payload["transactionId"] == transaction


@virtual
async def test_triggered_meter_values_of_a_transaction_begun_while_pending_go_out_at_once() -> None:
    async with station(meter_interval=5, prepare=pending) as rig:
        await rig.sent("BootNotification")
        await rig.until(rig.limits)
        assert await rig.configure("AllowOfflineTxForUnknownId", "true") == "Accepted"
        rig.connector.present("TAG")
        await asyncio.sleep(12)
        assert rig.connector.transaction is not None
        assert [call.action for call in rig.central.calls] == ["BootNotification"]
        (payload,) = await told(rig, METER, 1)
        assert "transactionId" not in payload
        rig.central.boot.append(("Accepted", 300))
        rig.central.boot.popleft()
        await trigger(rig, "BootNotification")
        await rig.sent("StartTransaction")
        meter = await rig.sent(METER, 2)
        assert meter.payload["transactionId"] == rig.central.transaction_id


@virtual
async def test_remote_start_and_stop_are_rejected_while_pending() -> None:
    async with station(prepare=pending) as rig:
        await rig.sent("BootNotification")
        assert await rig.ask("RemoteStartTransaction", idTag="TAG") == "Rejected"
        assert await rig.ask("RemoteStopTransaction", transactionId=1) == "Rejected"
