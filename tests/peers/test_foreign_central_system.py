"""Our charge point at central systems that are not ours."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evtui.config import Settings
from evtui.events import OcppMessage, Sample
from tests.peers.rig import RemotePeer, Watched, program, remote_peer, running, until

pytestmark = pytest.mark.peer

CP = "CP7"


def settings(port: int) -> Settings:
    return Settings(id=CP, csms=f"ws://127.0.0.1:{port}", port=0, meter_interval=0.3)


def calls_of(peer: RemotePeer, action: str) -> list[dict[str, Any]]:
    return [done.payload for done in peer.exchanges("charge_point") if done.action == action]


def reported(payload: dict[str, Any], measurand: str) -> float:
    samples = payload["meterValue"][-1]["sampledValue"]
    return next(float(each["value"]) for each in samples if each["measurand"] == measurand)


def current(ours: Watched) -> float:
    return ours.of(Sample, CP)[-1].current


def same_exchanges(ours: Watched, peer: RemotePeer) -> bool:
    return all(
        ours.exchanges(CP, by) == peer.exchanges(by) for by in ("charge_point", "central_system")
    )


def tx_profile(transaction: int, limit: float) -> dict[str, Any]:
    return {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 9,
            "transactionId": transaction,
            "stackLevel": 1,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
            },
        },
    }


async def start_remotely(ours: Watched, peer: RemotePeer) -> int:
    """A remote start that leads to a transaction; returns its id as the peer issued it."""
    already = len(calls_of(peer, "StartTransaction"))
    answer = await peer.call("RemoteStartTransaction", {"idTag": "CARD", "connectorId": 1})
    assert answer == {"status": "Accepted"}
    await until(lambda: len(calls_of(peer, "StartTransaction")) > already, "StartTransaction")
    await until(lambda: ours.status == "Charging", "Charging")
    started = [e for e in peer.exchanges("charge_point") if e.action == "StartTransaction"][-1]
    return int(started.answer["transactionId"])


async def test_our_charge_point_obeys_a_strict_central_system(ocpp_rpc: Path) -> None:
    async with (
        remote_peer(ocpp_rpc, "central_system.js") as peer,
        running(settings((await peer.report("ready"))["port"])) as ours,
    ):
        await boots_and_answers_for_its_configuration(ours, peer)
        await charges_and_follows_the_limit(ours, peer)
        await ends_a_transaction_before_a_reset_and_boots_again(ours, peer)

        await until(lambda: same_exchanges(ours, peer), "the same exchanges on both sides")
        assert peer.trouble() == []
        assert ours.trouble(CP) == []


async def boots_and_answers_for_its_configuration(ours: Watched, peer: RemotePeer) -> None:
    await until(lambda: len(calls_of(peer, "StatusNotification")) >= 2, "StatusNotifications")
    assert peer.exchanges("charge_point")[0].action == "BootNotification"
    assert ours.link == "accepted"
    places = {call["connectorId"] for call in calls_of(peer, "StatusNotification")}
    assert places == {0, 1}

    everything = await peer.call("GetConfiguration", {})
    keys = {entry["key"]: entry["value"] for entry in everything["configurationKey"]}
    assert len(keys["SupportedFeatureProfiles"].split(",")) == 6  # all of OCPP 1.6
    assert keys["HeartbeatInterval"] == "1"  # what the peer gave at boot
    change = {"key": "MeterValueSampleInterval", "value": "1"}
    assert await peer.call("ChangeConfiguration", change) == {"status": "Accepted"}
    change = {"key": "NumberOfConnectors", "value": "2"}
    assert await peer.call("ChangeConfiguration", change) == {"status": "Rejected"}
    asked = await peer.call("GetConfiguration", {"key": ["MeterValueSampleInterval", "Nothing"]})
    assert asked["configurationKey"][0]["value"] == "1"
    assert asked["unknownKey"] == ["Nothing"]


async def charges_and_follows_the_limit(ours: Watched, peer: RemotePeer) -> None:
    transaction = await start_remotely(ours, peer)
    await until(lambda: current(ours) > 60, "a current above 60 A")
    answer = await peer.call("SetChargingProfile", tx_profile(transaction, 32))
    assert answer == {"status": "Accepted"}
    await until(lambda: 31.5 < current(ours) < 32.5, "a current of 32 A")
    shown = len(calls_of(peer, "MeterValues"))
    await until(lambda: len(calls_of(peer, "MeterValues")) > shown + 1, "MeterValues")
    seen = calls_of(peer, "MeterValues")[-1]
    assert seen["transactionId"] == transaction
    assert reported(seen, "Current.Import") == pytest.approx(32, abs=1)

    other = await peer.call("SetChargingProfile", tx_profile(transaction + 1000, 80))
    assert other == {"status": "Rejected"}
    for message in ("Heartbeat", "StatusNotification", "MeterValues"):
        await is_sent_when_triggered(peer, message)
    booted = await peer.call("TriggerMessage", {"requestedMessage": "BootNotification"})
    assert booted == {"status": "Rejected"}  # errata 3.35: only while it is not accepted

    unknown = await peer.call("RemoteStopTransaction", {"transactionId": transaction + 1000})
    assert unknown == {"status": "Rejected"}
    answer = await peer.call("RemoteStopTransaction", {"transactionId": transaction})
    assert answer == {"status": "Accepted"}
    await until(lambda: calls_of(peer, "StopTransaction"), "StopTransaction")
    stopped = calls_of(peer, "StopTransaction")[-1]
    assert (stopped["transactionId"], stopped["reason"]) == (transaction, "Remote")
    assert stopped["meterStop"] > 0
    await until(lambda: current(ours) < 1, "no current")
    assert ours.status == "Finishing"


async def is_sent_when_triggered(peer: RemotePeer, message: str) -> None:
    already = len(calls_of(peer, message))
    answer = await peer.call("TriggerMessage", {"requestedMessage": message})
    assert answer == {"status": "Accepted"}
    await until(lambda: len(calls_of(peer, message)) > already, message)


async def ends_a_transaction_before_a_reset_and_boots_again(
    ours: Watched, peer: RemotePeer
) -> None:
    transaction = await start_remotely(ours, peer)
    boots = len(calls_of(peer, "BootNotification"))
    assert await peer.call("Reset", {"type": "Soft"}) == {"status": "Accepted"}
    await until(lambda: len(calls_of(peer, "BootNotification")) > boots, "the next boot")
    stopped = calls_of(peer, "StopTransaction")[-1]
    assert (stopped["transactionId"], stopped["reason"]) == (transaction, "SoftReset")
    assert (await peer.report("closed"))["code"] == 1000
    assert len(peer.reports("connected")) == 2
    heartbeats = len(calls_of(peer, "Heartbeat"))
    await until(lambda: len(calls_of(peer, "Heartbeat")) > heartbeats, "a heartbeat afterwards")


async def test_our_charge_point_charges_at_ocpp_csms(ocpp_csms: Path) -> None:
    async with program(
        ocpp_csms, "--host", "127.0.0.1", "--port", "0", PYTHONUNBUFFERED="1"
    ) as peer:
        await until(lambda: peer.lines, "a line of ocpp-csms")
        listening = re.fullmatch(r"listening on port (\d+)", peer.lines[0])
        assert listening is not None, peer.lines

        def events() -> Counter[str]:
            return Counter(line.partition("(")[0] for line in peer.lines[1:])

        async with running(settings(int(listening[1]))) as ours:
            await until(lambda: events()["StatusEvent"] >= 2, "status of both connectors")
            await ours.lab.execute("station.charge")
            await until(lambda: events()["MeterValuesEvent"] >= 3, "three MeterValues")
            await ours.lab.execute("station.charge")
            await until(lambda: events()["TransactionStoppedEvent"] == 1, "StopTransaction")
            await until(lambda: ours.status == "Finishing", "Finishing")
            assert ours.trouble(CP) == []
        await until(lambda: events()["DisconnectedEvent"], "the end of the connection")

        assert events().keys() == {
            "ConnectedEvent",
            "BootEvent",
            "StatusEvent",
            "TransactionStartedEvent",
            "MeterValuesEvent",
            "TransactionStoppedEvent",
            "DisconnectedEvent",
        }
        answered = {m.action for m in ours.of(OcppMessage, CP) if m.kind == "result"}
        assert {"BootNotification", "StartTransaction", "StopTransaction"} <= answered
