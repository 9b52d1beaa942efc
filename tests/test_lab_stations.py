"""A lab with several charge points, each with several connectors, and with foreign stations."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from evtui.config import Settings
from evtui.events import AnomalyState, CanFrame, LabState, OcppMessage, Sample
from evtui.lab import CommandError, Lab
from evtui.lab.building import identities
from evtui.scenario.run.provenance import manifest_of
from tests.lab_rig import running_lab
from tests.station.hostile_servers import dripping, hostile
from tests.virtual_loop import run_virtual


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("CP1", ("CP1", "CP2", "CP3")),
        ("CP08", ("CP08", "CP09", "CP10")),
        ("garage", ("garage", "garage-2", "garage-3")),
    ],
)
def test_identities_are_counted_on_from_the_first(first: str, expected: tuple[str, ...]) -> None:
    assert identities(Settings(id=first, stations=3)) == expected


def test_every_connector_of_every_station_charges_by_itself() -> None:
    async def scenario() -> None:
        async with running_lab(stations=2, connectors=2, preset="dc") as rig:
            await rig.until(lambda: rig.has_told_status("CP2"))
            await rig.execute("station.charge", station="CP1", connector=2)
            await rig.execute("station.charge", station="CP2", connector=1)
            await asyncio.sleep(10)
            newest = {(s.station, s.connector): s for s in rig.of(Sample)}
            charging = {place for place, sample in newest.items() if sample.current > 50}
            assert charging == {("CP1", 2), ("CP2", 1)}
            ids = {frame.arbitration_id for frame in rig.of(CanFrame) if frame.station == "CP1"}
            assert {0x220, 0x230, 0x300, 0x320} <= ids
            assert 0x200 not in ids
            running = [t for t in rig.lab.central_system.transactions if t.open]
            assert {(t.station, t.connector) for t in running} == {("CP1", 2), ("CP2", 1)}
            assert (await rig.execute("lab.all_clear")).startswith("all clear")
            await rig.until(lambda: not rig.lab.central_system.transactions.open("CP2"))

    run_virtual(scenario())


def test_two_anomalies_run_side_by_side_under_ids_of_their_own() -> None:
    async def scenario() -> None:
        async with running_lab(connectors=2) as rig:
            await rig.execute("anomaly.start", connector=1)
            await rig.execute("anomaly.start", connector=2)
            await asyncio.sleep(16)
            await rig.execute("anomaly.stop", connector=1)
            on = [(s.connector, s.attack_id) for s in rig.of(AnomalyState) if s.change == "on"]
            assert on == [(1, "fluctuation-1"), (2, "fluctuation-2")]
            off = [s.connector for s in rig.of(AnomalyState) if s.change == "safe"]
            assert off == [1]
            peaks = {
                number: max(s.current for s in rig.of(Sample) if s.connector == number)
                for number in (1, 2)
            }
            assert peaks == pytest.approx({1: 98.8, 2: 98.8}, abs=0.5)

    run_virtual(scenario())


def test_a_vehicle_is_plugged_at_the_connector_that_is_named() -> None:
    async def scenario() -> None:
        async with running_lab(connectors=2) as rig:
            await rig.execute("station.plug", connector=2)
            newest = {state.connector: state.plugged for state in rig.of(LabState)}
            assert newest == {1: True, 2: False}
            with pytest.raises(CommandError, match="CP1 has no connector 3"):
                await rig.execute("station.plug", connector=3)

    run_virtual(scenario())


def test_an_id_tag_at_the_reader_starts_and_ends_charging() -> None:
    async def scenario() -> None:
        async with running_lab(preset="dc") as rig:
            await rig.execute("station.swipe", id_tag="DRIVER")
            await rig.until(lambda: rig.current > 50)
            asked = [m.payload for m in rig.of(OcppMessage) if m.action == "Authorize"]
            assert asked[0] == {"idTag": "DRIVER"}
            await rig.execute("station.swipe", id_tag="driver")
            await rig.until(lambda: rig.current < 1)
            (stop,) = [
                m.payload
                for m in rig.of(OcppMessage)
                if (m.action, m.kind, m.phase) == ("StopTransaction", "call", "sent")
            ]
            assert (stop["reason"], stop["idTag"]) == ("Local", "driver")

    run_virtual(scenario())


def test_any_operation_goes_to_any_station_and_comes_back_in_one_line() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:

            async def call(station: str, action: str, **payload: object) -> str:
                return await rig.execute(
                    "csms.call", station=station, action=action, payload=payload
                )

            assert (await call("CP1", "ClearCache")).startswith("ClearCache to CP1: Accepted, ")
            version = await call("CP1", "GetLocalListVersion")
            assert version.startswith("GetLocalListVersion to CP1: listVersion 0, ")
            keys = await call("CP1", "GetConfiguration", key=["HeartbeatInterval", "NoSuchKey"])
            assert keys.startswith("GetConfiguration to CP1: 1 keys, 1 unknown, ")
            schedule = await call("CP1", "GetCompositeSchedule", connectorId=1, duration=60)
            assert schedule.startswith("GetCompositeSchedule to CP1: Accepted: 0 s 100 A, ")
            for station, action, problem in (
                ("CP9", "ClearCache", "CP9 is not connected"),
                ("CP1", "Reset", "'type' is a required property"),
                ("CP1", "Explode", "no OCPP 1.6 action"),
            ):
                with pytest.raises(CommandError, match="(?i)" + problem.replace("'", "[\"']")):
                    await call(station, action)

    run_virtual(scenario())


async def test_diagnostics_and_firmware_go_over_the_labs_own_file_server() -> None:
    async with Lab(Settings(port=0)) as lab:
        csms = lab.central_system
        places = (await lab.execute("csms.files")).data
        where = {"location": places["GetDiagnostics.location"]}
        name = (await csms.call("CP1", "GetDiagnostics", where))["fileName"]
        await csms.until(lambda: name in csms.files.received)
        assert b'"station": "CP1"' in csms.files.received[name]
        when = {"retrieveDate": lab.clock.iso()}
        await csms.call(
            "CP1", "UpdateFirmware", {"location": places["UpdateFirmware.location"]} | when
        )
        await csms.until(lambda: csms.stations["CP1"].firmware_status == "Downloaded")


async def test_a_transfer_that_hangs_ends_with_a_newer_order_and_with_the_lab() -> None:
    async def until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition():  # noqa: ASYNC110 - threads set no asyncio.Event
                await asyncio.sleep(0.005)

    with hostile(dripping(b"HTTP/1.1 200 OK\r\n", b"a")) as server:
        async with Lab(Settings(port=0)) as lab:
            csms = lab.central_system
            where = {"location": f"http://{server.place}/"}
            when = {"retrieveDate": lab.clock.iso()}
            await csms.call("CP1", "GetDiagnostics", where)
            await until(lambda: server.begun == 1)
            await csms.call("CP1", "GetDiagnostics", where)
            await until(lambda: (server.begun, server.ended) == (2, 1))
            await csms.call("CP1", "UpdateFirmware", where | when)
            await until(lambda: server.begun == 3)
            await csms.call("CP1", "UpdateFirmware", where | when)
            await until(lambda: (server.begun, server.ended) == (4, 2))
        await until(lambda: server.ended == 4)
    assert not [each for each in threading.enumerate() if each.name.startswith("transfer ")]


def test_id_tags_come_from_the_file_that_the_settings_name(tmp_path: Path) -> None:
    tags = tmp_path / "tags.csv"
    tags.write_text("id_tag,status,parent,expiry\nANOM_TEST,Blocked,,\n")

    async def scenario() -> None:
        async with running_lab(id_tags=str(tags)) as rig:
            await rig.execute("station.swipe")
            await rig.until(lambda: any("Blocked" in note for note in rig.notes))
            assert rig.status == "Preparing"

    run_virtual(scenario())


async def test_a_lab_is_a_context_manager() -> None:
    async with Lab(Settings(port=0, connectors=2)) as lab:
        assert lab.central_system.stations["CP1"].accepted
        assert list(lab.stands["CP1"].outlets) == [1, 2]
        answer = await lab.central_system.call("CP1", "GetLocalListVersion")
        assert answer == {"listVersion": 0}
    assert not lab.central_system.is_connected("CP1")


def test_the_channels_of_buses_are_those_of_the_recording() -> None:
    async def main() -> None:
        async with running_lab(stations=3) as rig:
            manifest = manifest_of(rig.lab, mode="real", speed=1.0)
            assert [stand.bus.channel for stand in rig.lab.stands.values()] == list(manifest.buses)

    asyncio.run(main())


def test_every_connector_is_as_warm_as_the_air_around_it_with_every_preset() -> None:
    async def main() -> None:
        async with running_lab(connectors=2, ambient=40.0) as rig:
            outlets = rig.lab.stands["CP1"].outlets
            for _ in range(4):
                assert [each.stage.preset.cooling.ambient for each in outlets.values()] == [40] * 2
                await rig.execute("station.preset", connector=1)
            assert rig.of(Sample)[-1].temperature == pytest.approx(40, abs=0.5)

    run_virtual(main())
