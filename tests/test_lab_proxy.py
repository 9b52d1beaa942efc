"""A lab between charge points and a central system of other people."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import serve

from evtui.config import Settings
from evtui.events import (
    Alarm,
    AnomalyState,
    ArmingState,
    CentralSystemState,
    Event,
    LinkState,
    Note,
    OcppMessage,
)
from evtui.lab import Lab, Recordings
from evtui.lab.orders import CommandError
from evtui.recording.check import check_folder
from evtui.recording.read import RunFolder
from evtui.runtime import listen
from evtui.scenario.run import manifest_of
from tests.proxy.rig import Upstream, until

E = TypeVar("E", bound=Event)


class ProxyLab:
    def __init__(self, lab: Lab, events: list[Event], upstream: Upstream, port: int) -> None:
        self.lab = lab
        self.events = events
        self.upstream = upstream
        self.port = port

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    async def station(self, identity: str = "CP7") -> ClientConnection:
        url = f"ws://127.0.0.1:{self.port}/{identity}"
        connection = await connect(url, subprotocols=["ocpp1.6"], compression=None, proxy=None)  # type: ignore[list-item]
        await until(lambda: self.lab.proxy and identity in self.lab.proxy.stations)
        return connection

    async def order(self, command: str, station: str = "CP7", **arguments: Any) -> str:
        return (await self.lab.execute(command, station=station, **arguments)).text


@asynccontextmanager
async def between(**settings: Any) -> AsyncIterator[ProxyLab]:
    upstream, events = Upstream(), list[Event]()
    async with serve(upstream.handle, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:  # type: ignore[list-item]
        port = next(iter(server.sockets)).getsockname()[1]
        listener = listen(0)
        own = listener.getsockname()[1]
        lab = Lab(
            Settings(upstream=f"ws://127.0.0.1:{port}", **settings),
            listener=listener,
            readers=(events.append,),
        )
        async with lab:
            yield ProxyLab(lab, events, upstream, own)


async def call(station: ClientConnection, uid: str, action: str, payload: Any) -> Any:
    await station.send(json.dumps([2, uid, action, payload]))
    return json.loads(await station.recv())


def meter(amperes: float) -> dict[str, Any]:
    sampled = [{"measurand": "Current.Import", "unit": "A", "value": f"{amperes}"}]
    moment = {"timestamp": "2026-12-01T00:00:00Z", "sampledValue": sampled}
    return {"connectorId": 1, "meterValue": [moment]}


async def test_there_is_no_charge_point_and_no_central_system_of_ours() -> None:
    async with between() as rig:
        assert rig.lab.stands == {}
        await until(lambda: rig.of(CentralSystemState))
        assert [each.ours for each in rig.of(CentralSystemState)] == [False]
        async with await rig.station() as station:
            assert (await call(station, "1", "Heartbeat", {}))[2] == {}


async def test_an_order_without_any_charge_point_says_so() -> None:
    async with between() as rig:
        with pytest.raises(CommandError, match="none has connected yet"):
            await rig.lab.execute("anomaly.start")


async def test_nothing_is_injected_before_a_charge_point_is_armed() -> None:
    async with between() as rig, await rig.station():
        with pytest.raises(CommandError, match="CP7 is not ours and not armed: ! in the terminal"):
            await rig.order("anomaly.start", name="link-drop", parameters={"probability": 1.0})
        assert {each.change for each in rig.of(AnomalyState)} == {"parameters"}


async def test_an_armed_one_is_injected_at_until_it_is_told_off() -> None:
    async with between() as rig, await rig.station() as station:
        armed = await rig.lab.execute("proxy.arm", station="CP7")
        assert armed.text == "CP7 is armed for 600 s"
        assert armed.data == rig.of(ArmingState)[-1].armed_until
        text = await rig.order(
            "anomaly.start",
            name="link-drop",
            parameters={"action": "Heartbeat", "probability": 1.0},
        )
        assert text.startswith("link-drop")
        await station.send('[2,"1","Heartbeat",{}]')
        assert (await call(station, "2", "DataTransfer", {"vendorId": "v"}))[1] == "2"
        assert [json.loads(each)[2] for each in rig.upstream.received] == ["DataTransfer"]
        (dropped,) = [each for each in rig.of(AnomalyState) if each.change == "step"]
        assert "Heartbeat" in dropped.step_label
        await rig.order("anomaly.stop")
        assert rig.of(AnomalyState)[-1].change == "safe"


async def test_what_was_dropped_cuts_the_connection_at_the_end() -> None:
    """Its sender would wait for an answer that never comes; both ends begin anew."""
    async with between() as rig:
        station = await rig.station()
        await rig.order("proxy.arm")
        await rig.order("anomaly.start", name="link-drop", parameters={"probability": 1.0})
        await station.send('[2,"1","Heartbeat",{}]')
        await until(lambda: any(each.change == "step" for each in rig.of(AnomalyState)))
        stopping = asyncio.create_task(rig.order("anomaly.stop"))
        await station.wait_closed()
        async with await rig.station():
            assert "safe" in await stopping


async def test_what_passes_changed_is_told_as_it_was_and_as_it_is() -> None:
    async with between() as rig, await rig.station() as station:
        await rig.order("proxy.arm")
        await rig.order("anomaly.start", name="meter-falsify")
        await call(station, "1", "MeterValues", meter(80.0))
        sent, delivered = (
            next(
                each
                for each in rig.of(OcppMessage)
                if each.phase == phase and each.action == "MeterValues"
            )
            for phase in ("sent", "delivered")
        )
        assert sent.payload == meter(80.0)
        assert json.loads(rig.upstream.received[0])[3] == delivered.payload
        assert delivered.payload != sent.payload


async def test_arming_ends_by_itself_and_every_anomaly_there_with_it() -> None:
    async with between() as rig, await rig.station():
        await rig.order("proxy.arm", duration=1)
        await rig.order("anomaly.start", name="link-delay")
        await until(lambda: rig.of(ArmingState)[-1].armed_until is None)
        await until(lambda: any(each.change == "safe" for each in rig.of(AnomalyState)))
        with pytest.raises(CommandError, match="not armed"):
            await rig.order("anomaly.start", name="link-delay")


async def test_all_clear_ends_anomalies_and_arming() -> None:
    async with between() as rig, await rig.station():
        await rig.order("proxy.arm")
        await rig.order("anomaly.start", name="link-delay")
        await rig.lab.execute("lab.all_clear")
        assert rig.of(ArmingState)[-1].armed_until is None
        assert "safe" in [each.change for each in rig.of(AnomalyState)]


async def test_with_arm_every_charge_point_is_armed_when_it_comes() -> None:
    async with between(arm=True) as rig, await rig.station():
        assert rig.of(ArmingState)[0].station == "CP7"
        await rig.order("anomaly.start", name="link-delay")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("repeated-current-fluctuation", "needs the central system"),
        ("can-flood", "needs the bus"),
        ("contactor-weld", "needs the power stage"),
        ("boot-flood", "needs the charge point"),
        ("fluctuation-link", "needs the configuration of the charge point"),
    ],
)
async def test_what_needs_an_end_of_ours_is_refused(name: str, what: str) -> None:
    async with between(arm=True) as rig, await rig.station():
        with pytest.raises(CommandError, match=what):
            await rig.order("anomaly.start", name=name)
        await rig.lab.execute("lab.all_clear")


@pytest.mark.parametrize("command", ["station.charge", "station.plug", "attack.end"])
async def test_commands_for_a_charge_point_of_ours_are_refused(command: str) -> None:
    async with between() as rig, await rig.station():
        with pytest.raises(CommandError, match="CP7 is not ours"):
            await rig.order(command)


async def test_a_charge_point_that_is_ours_cannot_be_armed() -> None:
    async with Lab(Settings(port=0)) as lab:
        with pytest.raises(CommandError, match="CP1 is ours: nothing to arm"):
            await lab.execute("proxy.arm")


async def test_connectors_are_those_it_has_spoken_of() -> None:
    async with between() as rig, await rig.station() as station:
        for number in (2, 0, 9_999):
            status = {"connectorId": number, "errorCode": "NoError", "status": "Available"}
            await call(station, str(number), "StatusNotification", status)
        places = {(each.station, each.connector) for each in rig.of(AnomalyState)}
        assert places == {("CP7", 1), ("CP7", 2)}
        await rig.order("proxy.arm", connector=2)
        await rig.order("anomaly.start", connector=2, name="link-delay")


async def test_the_answer_to_a_boot_notification_says_how_it_stands() -> None:
    async def accept(connection: Any) -> None:
        async for text in connection:
            payload = {"status": "Accepted", "interval": 10, "currentTime": "2026-12-01T00:00:00Z"}
            await connection.send(json.dumps([3, json.loads(text)[1], payload]))

    async with between() as rig:
        rig.upstream.serve = accept
        async with await rig.station() as station:
            boot = {"chargePointVendor": "v", "chargePointModel": "m"}
            await call(station, "1", "BootNotification", boot)
            await until(lambda: rig.of(LinkState)[-1].state == "accepted")


async def test_the_detector_reads_what_passes() -> None:
    async with between() as rig, await rig.station() as station:
        for number in range(8):
            await call(station, str(number), "MeterValues", meter(100.0 * (number % 2)))
        (alarm,) = rig.of(Alarm)
        assert (alarm.station, alarm.view, alarm.raised) == ("CP7", "ocpp", True)


async def test_leaving_ends_what_is_on() -> None:
    async with between(arm=True) as rig:
        async with await rig.station():
            await rig.order("anomaly.start", name="link-delay")
            await rig.lab.stop()
        assert "safe" in [each.change for each in rig.of(AnomalyState)]


async def test_a_message_is_one_row_of_the_recording_which_has_what_became_of_it(
    tmp_path: Path,
) -> None:
    events = list[Event]()
    upstream = Upstream()
    async with serve(upstream.handle, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:  # type: ignore[list-item]
        port = next(iter(server.sockets)).getsockname()[1]
        listener = listen(0)
        settings = Settings(
            upstream=f"ws://127.0.0.1:{port}", arm=True, record=str(tmp_path / "run")
        )
        labs: list[Lab] = []
        recordings = Recordings(
            settings,
            lambda: manifest_of(labs[0], mode="real", speed=1.0),
            stop_lab=lambda line: None,
            on_failure=lambda line: None,
        )
        lab = Lab(
            settings,
            listener=listener,
            readers=(events.append, recordings.on_event),
            recordings=recordings,
        )
        labs.append(lab)
        recordings.attach(lab.stream, lab.clock)
        async with lab:
            rig = ProxyLab(lab, events, upstream, listener.getsockname()[1])
            async with await rig.station() as station:
                await call(station, "1", "Heartbeat", {})
                await rig.order("anomaly.start", name="meter-falsify")
                await call(station, "2", "MeterValues", meter(80.0))
                await rig.order("anomaly.stop")
        recordings.end()
    folder = RunFolder(tmp_path / "run")
    calls = {row.action: row for row in folder.messages() if row.type == 2}
    assert list(calls) == ["Heartbeat", "MeterValues"]
    assert calls["Heartbeat"].seen == calls["MeterValues"].seen == "both"
    assert "payload" not in (calls["Heartbeat"].delivered or {})
    assert calls["MeterValues"].payload == meter(80.0)
    became = calls["MeterValues"].delivered or {}
    assert became["payload"] == json.loads(upstream.received[1])[3]
    assert calls["MeterValues"].injected
    assert [row.type for row in folder.truth()] == ["meter-falsify"]
    assert check_folder(tmp_path / "run").findings == []


async def test_an_open_address_is_told() -> None:
    async with between(insecure=True) as rig:
        assert any("can be reached by others" in each.text for each in rig.of(Note))
