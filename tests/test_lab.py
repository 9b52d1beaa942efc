from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.canbus.bus import SimulatedBus
from evtui.canbus.packs.seed import ChargerModule
from evtui.central_system.system import CentralSystem
from evtui.commands import lab_commands
from evtui.config import VEHICLE_NAMES
from evtui.events import (
    Alarm,
    AnomalyState,
    CanFrame,
    CentralSystemState,
    Detection,
    Event,
    LinkState,
    OcppMessage,
    PartState,
    Sample,
    TransactionState,
)
from evtui.lab import CommandError
from evtui.power import Vehicle
from evtui.station.link.connection import Connection
from tests.lab_rig import LabRig, running_lab
from tests.virtual_loop import run_virtual

QUICK = (0.3, 0.2, 0.6, 0.5)
PARTS: dict[str, type] = {
    "csms": CentralSystem,
    "CP1/can": SimulatedBus,
    "CP1/module": ChargerModule,
    "CP1": Connection,
}

# Coming up


def test_a_lab_comes_up_by_itself() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            await rig.until(lambda: rig.of(Sample))
            assert rig.parts == dict.fromkeys(("csms", "CP1/can", "CP1/module", "CP1"), "running")
            assert rig.actions()[:3] == ["BootNotification", *["StatusNotification"] * 2]
            states = [state.state for state in rig.of(LinkState) if state.side == "charge_point"]
            assert states == ["connecting", "connected", "booting", "accepted"]
            central = rig.of(CentralSystemState)[-1]
            assert central.listening
            assert rig.lab.central_system.stations["CP1"].accepted
            assert rig.state.preset == "seed"
            assert rig.state.plugged
            assert not rig.state.strict
            assert rig.status == "Preparing"
            assert rig.lab.clock.now() < 2.0

    run_virtual(scenario())


def test_a_port_in_use_is_a_part_that_crashed_and_names_the_port() -> None:
    async def scenario(port: int) -> None:
        rig = LabRig(port=port)
        await rig.until(lambda: rig.parts.get("csms") == "crashed")
        crash = next(state for state in rig.of(PartState) if state.state == "crashed")
        assert str(port) in crash.detail
        state = rig.of(CentralSystemState)[-1]
        assert not state.listening
        assert state.detail.startswith(f"port {port}: ")
        await rig.until(lambda: rig.parts.get("CP1") == "running")
        with pytest.raises(CommandError, match="CP1 is not connected"):
            await rig.execute("anomaly.start")
        await rig.down()

    with socket.create_server(("127.0.0.1", 0)) as taken:
        run_virtual(scenario(taken.getsockname()[1]))


# Commands


@pytest.mark.parametrize("name", [command.name for command in lab_commands()])
@pytest.mark.parametrize("situation", ["not up", "idle", "fluctuating", "unplugged"])
def test_every_lab_command_answers_in_one_line_whatever_goes_on(name: str, situation: str) -> None:
    async def scenario() -> None:
        rig = LabRig(waits_s=QUICK)
        if situation != "not up":
            await rig.up()
        if situation == "unplugged":
            await rig.execute("station.plug")
        if situation == "fluctuating":
            await rig.execute("anomaly.start")
            await rig.until(lambda: rig.current > 30)
        try:
            text = await rig.execute(name)
        except CommandError as error:
            text = str(error)
        assert text
        assert "\n" not in text
        assert await rig.down() < 6.0

    run_virtual(scenario())


def test_what_is_no_command_or_no_station_is_named() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            for name in ("view.pause", "no.such", "__init__"):
                with pytest.raises(CommandError, match="no command"):
                    await rig.execute(name)
            with pytest.raises(CommandError, match="no station 'CP9'"):
                await rig.execute("anomaly.start", station="CP9")
            assert (await rig.execute("anomaly.start", station="CP1")).endswith("started")

    run_virtual(scenario())


def test_parameters_follow_their_commands() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:

            async def after(command: str, **arguments: object) -> AnomalyState:
                await rig.execute(command, **arguments)
                return rig.of(AnomalyState)[-1]

            assert (await after("anomaly.shorter")).period == pytest.approx(6.4)
            assert (await after("anomaly.longer")).period == pytest.approx(8.0)
            assert (await after("anomaly.weaker")).parameters["high_a"] == 90
            assert (await after("anomaly.stronger")).parameters["high_a"] == 100
            assert (await after("anomaly.raise_low")).parameters["low_a"] == 2
            assert (await after("anomaly.lower_low")).parameters["low_a"] == 0
            assert (await after("anomaly.variant")).variant == "txprofile"
            assert (await after("anomaly.jitter")).parameters["jitter"] == 0.1
            assert (await after("anomaly.cycles")).parameters["cycles"] == 1
            assert (await after("anomaly.set", wait_1_s="500ms")).parameters["wait_1_s"] == 0.5
            with pytest.raises(CommandError, match=r"wait_1_s: expected .* 0\.05 to 3600 s, got 0"):
                await rig.execute("anomaly.set", wait_1_s=0)
            with pytest.raises(CommandError, match=r"cycles: expected an integer .*, got inf"):
                await rig.execute("anomaly.set", cycles=float("inf"))
            await rig.execute("lab.all_clear")
            newest = rig.of(AnomalyState)[-1]
            assert (newest.variant, newest.period) == ("seed", 8.0)
            assert newest.parameters["cycles"] == 0

    run_virtual(scenario())


def test_a_period_out_of_range_is_refused_in_one_line() -> None:
    async def scenario() -> None:
        async with running_lab(waits_s=(0.05, 1.0, 1.0, 1.0)) as rig:
            with pytest.raises(CommandError, match=r"^wait_1_s: .* from 0.05 to 3600 s, got 0.04$"):
                await rig.execute("anomaly.shorter")

    run_virtual(scenario())


# The anomaly, from OCPP to current


def test_the_seeds_cycle_goes_from_ocpp_to_can_to_current_with_its_causes() -> None:
    async def scenario() -> None:
        async with running_lab(waits_s=QUICK, cycles=1) as rig:
            since = rig.lab.stream.last_seq
            await rig.execute("anomaly.start")
            await rig.until(lambda: rig.changes[-1:] == ["safe"])
            noise = ("StatusNotification", "MeterValues", "Heartbeat")
            actions = [action for action in rig.actions(since) if action not in noise]
            assert actions == [
                "SetChargingProfile",
                "SetChargingProfile",
                "RemoteStartTransaction",
                "StartTransaction",
                "RemoteStopTransaction",
                "StopTransaction",
                "ClearChargingProfile",
            ]
            assert rig.commands_on_can(since) == [
                (0x210, 0),
                (0x210, 100),
                (0x200, None),
                (0x201, None),
            ]
            calls = ["SetChargingProfile", "SetChargingProfile"]
            calls += ["RemoteStartTransaction", "RemoteStopTransaction"]
            frames = [f for f in rig.of(CanFrame) if f.node == "charge-point" and f.seq > since]
            assert [cause_chain(rig, frame)[:2] for frame in frames] == [
                [f"{action} delivered", f"{action} sent"] for action in calls
            ]
            assert {cause_chain(rig, frame)[-1] for frame in frames} == {"anomaly on"}
            for transaction in rig.of(TransactionState):
                assert cause_chain(rig, transaction)[-1] == "anomaly on"
            started, stopped = rig.of(TransactionState)
            assert stopped.reason == "Remote"
            assert started.transaction_id == stopped.transaction_id
            assert rig.highest(since=0.0) > 60.0
            assert rig.current < 1.0

    run_virtual(scenario())


def cause_chain(rig: LabRig, event: Event) -> list[str]:
    """What caused an event, what caused that, and so on to the beginning."""
    chain = []
    while event.cause is not None:
        event = rig.events[event.cause - rig.events[0].seq]
        if isinstance(event, OcppMessage):
            chain.append(f"{event.action} {event.phase}")
        elif isinstance(event, AnomalyState):
            chain.append(f"anomaly {event.change}")
        else:
            chain.append(type(event).__name__)
    return chain


def test_the_default_seed_is_detected_after_about_two_periods_and_scored() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            await rig.execute("anomaly.start")
            await rig.until(lambda: len(rig.of(Detection)) == 2)
            assert [alarm.raised for alarm in rig.of(Alarm)] == [True, True]
            times = {each.view: each.time_to_detect or 0.0 for each in rig.of(Detection)}
            assert times["can"] == pytest.approx(16.0, abs=1.0)
            assert times["ocpp"] >= times["can"]
            assert {each.attack_id for each in rig.of(Detection)} == {"fluctuation-1"}
            assert rig.highest(0.0) == pytest.approx(98.8, abs=0.5)

    run_virtual(scenario())


def test_a_strict_station_rejects_the_seeds_profiles_and_the_log_says_so() -> None:
    async def scenario() -> None:
        async with running_lab(strict=True, waits_s=QUICK, cycles=1) as rig:
            await rig.execute("anomaly.start")
            await rig.until(lambda: rig.changes[-1:] == ["safe"])
            answers = [
                message.payload["status"]
                for message in rig.of(OcppMessage)
                if (message.action, message.kind) == ("SetChargingProfile", "result")
            ]
            assert set(answers) == {"Rejected"}
            assert "SetChargingProfile 0 A: Rejected" in rig.notes
            assert "ClearChargingProfile" not in rig.actions()

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("variant", "commands"),
    [
        ("seed", [(0x210, 0), (0x210, 100), (0x200, None), (0x201, None)]),
        ("txdefault", [(0x210, 0), (0x210, 100), (0x200, None), (0x201, None)]),
        ("startstop", [(0x200, None), (0x201, None)]),
        ("txprofile", [(0x210, 0), (0x210, 100)]),
    ],
)
def test_each_variant_swings_the_current_of_a_conforming_station(
    variant: str, commands: list[tuple[int, int | None]]
) -> None:
    async def scenario() -> None:
        lenient = variant == "seed"
        async with running_lab(variant=variant, strict=not lenient, cycles=2) as rig:
            since = rig.lab.stream.last_seq
            await rig.execute("anomaly.start")
            await rig.until(lambda: rig.changes[-1:] == ["safe"])
            seen = rig.commands_on_can(since)
            if variant == "txprofile":
                assert seen[0] == (0x200, None)
                assert seen[-2:] in ([(0x210, 100), (0x201, None)], [(0x201, None)])
                seen = seen[1:5]
            assert seen[: 2 * len(commands)] == 2 * commands
            assert rig.highest(0.0) > 95.0
            assert rig.changes == ["on", "off", "safe"]
            assert len(rig.charge_point.profiles) == 0
            assert not any("Rejected" in note for note in rig.notes)

    run_virtual(scenario())


def test_all_clear_ends_everything_and_sets_the_defaults() -> None:
    async def scenario() -> None:
        async with running_lab(variant="txdefault") as rig:
            await rig.execute("anomaly.stronger")
            await rig.execute("anomaly.start")
            await rig.until(lambda: rig.current > 50)
            text = await rig.execute("lab.all_clear")
            assert text == "all clear: no anomaly, no transaction, default parameters"
            assert rig.changes == ["on", "off", "safe"]
            assert rig.current < 1.0
            assert len(rig.charge_point.profiles) == 0
            newest = rig.of(AnomalyState)[-1]
            assert (newest.variant, newest.parameters["high_a"]) == ("txdefault", 100)

    run_virtual(scenario())


def test_all_clear_ends_ordinary_charging_too() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            await rig.execute("station.charge")
            await rig.until(lambda: rig.current > 50)
            await rig.execute("lab.all_clear")
            await rig.until(lambda: rig.current < 1.0, within=5.0)
            assert rig.of(TransactionState)[-1].reason == "Remote"

    run_virtual(scenario())


# The station


def test_charging_begins_and_ends_by_remote_start_and_stop() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            assert await rig.execute("station.charge") == "charging begins"
            await rig.until(lambda: rig.status == "Charging")
            await rig.until(lambda: rig.current > 90)
            assert await rig.execute("station.charge") == "charging ends"
            await rig.until(lambda: rig.status == "Finishing")
            await rig.until(lambda: rig.current < 1)

    run_virtual(scenario())


def test_a_start_without_a_vehicle_waits_for_one() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            assert await rig.execute("station.plug") == "vehicle unplugged"
            assert (rig.status, rig.state.plugged) == ("Available", False)
            assert await rig.execute("station.charge") == "waiting for a vehicle: p plugs one in"
            assert await rig.execute("station.plug") == "vehicle plugged in"
            assert rig.state.plugged
            await rig.until(lambda: rig.current > 90)

    run_virtual(scenario())


def test_unplugging_ends_the_transaction_and_the_vehicle_keeps_its_charge() -> None:
    async def scenario() -> None:
        async with running_lab(soc=50.0) as rig:
            await rig.execute("station.charge")
            await rig.until(lambda: rig.current > 90)
            await asyncio.sleep(60)
            soc = rig.stage.state.soc
            assert soc is not None
            assert soc > 50.5
            await rig.execute("station.plug")
            assert rig.current == 0.0
            assert rig.of(TransactionState)[-1].reason == "EVDisconnected"
            await rig.execute("station.plug")
            assert rig.stage.state.soc == pytest.approx(soc, abs=0.01)

    run_virtual(scenario())


def test_another_vehicle_comes_in_the_place_of_the_one_that_is_plugged_in() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            seen = []
            for _ in VEHICLE_NAMES:
                await rig.execute("station.vehicle")
                seen.append(rig.state.vehicle)
                assert rig.state.plugged
            assert seen == [*VEHICLE_NAMES[1:], "battery"]
            while rig.state.vehicle != "zoe":
                await rig.execute("station.vehicle")
            await rig.execute("station.charge")
            await rig.until(lambda: rig.current > 5)
            begun = rig.current
            await asyncio.sleep(1.0)
            assert rig.current - begun <= 17 + 1
            with pytest.raises(CommandError, match="a vehicle is charging: b ends that first"):
                await rig.execute("station.vehicle")
            assert rig.state.vehicle == "zoe"

    run_virtual(scenario())


def test_another_vehicle_waits_beside_the_connector_where_none_is_plugged_in() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            await rig.execute("station.plug")
            assert await rig.execute("station.vehicle") == "vehicle bmw-ix, not plugged in"
            assert not rig.state.plugged
            await rig.execute("station.plug")
            vehicle = rig.stage.vehicle
            assert isinstance(vehicle, Vehicle)
            assert vehicle.name == "bmw-ix"

    run_virtual(scenario())


def test_presets_go_round_and_the_station_follows() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            seen = []
            for _ in range(4):
                await rig.execute("station.preset")
                seen.append((rig.state.preset, rig.stage.preset.name, rig.state.meter_interval))
            assert seen == [
                ("dc", "dc", 10.0),
                ("ccs", "ccs", 10.0),
                ("ac", "ac", 10.0),
                ("seed", "seed", 1.0),
            ]
            await rig.execute("station.charge")
            await rig.until(lambda: rig.current > 90)
            for _ in range(3):
                await rig.execute("station.preset")
            await rig.until(lambda: 30 < rig.current <= 32)
            assert rig.commands_on_can()[-1] == (0x210, 32)

    run_virtual(scenario())


def test_modules_that_give_dc_alone_are_given_no_ac_supply() -> None:
    async def scenario() -> None:
        async with running_lab(protocol="infy") as rig:
            seen = []
            for _ in range(3):
                await rig.execute("station.preset")
                seen.append(rig.state.preset)
            assert seen == ["dc", "ccs", "seed"]

    run_virtual(scenario())


def test_strictness_and_detector_views_go_round_and_are_published() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            strict = [rig.state.strict]
            for said in ("strict: ", "lenient: "):
                assert (await rig.execute("station.strict")).startswith(said)
                strict.append(rig.state.strict)
            assert strict == [False, True, False]
            views = []
            for _ in range(3):
                await rig.execute("detector.view")
                views.append(rig.state.detector_views)
            assert views == [("can",), ("ocpp",), ("can", "ocpp")]

    run_virtual(scenario())


def test_a_station_of_ours_works_at_somebody_elses_central_system() -> None:
    async def scenario() -> None:
        async with running_lab() as host:
            guest = LabRig(csms=host.lab.central_system.url, id="CP2")
            await host.until(lambda: host.has_told_status("CP2"))
            with pytest.raises(CommandError, match="not with --csms"):
                await guest.execute("anomaly.start")
            assert not guest.of(CentralSystemState)[-1].ours
            assert await guest.execute("station.charge") == "charging begins"
            await guest.until(lambda: guest.current > 90)
            assert host.lab.central_system.open_transaction("CP2", 1) is not None
            assert await guest.execute("station.charge") == "charging ends"
            await host.until(lambda: host.lab.central_system.open_transaction("CP2", 1) is None)
            await guest.down()

    run_virtual(scenario())


# Parts that crash


@contextmanager
def breakable(part: str) -> Iterator[Callable[[], None]]:
    """Gives a function that makes the part crash where it stands."""
    owner = PARTS[part]
    original: Callable[..., Awaitable[None]] = owner.run  # type: ignore[attr-defined]
    broken = False

    async def run(self: object, *args: object) -> None:
        nonlocal broken
        work = asyncio.ensure_future(original(self, *args))
        try:
            while not broken and not work.done():
                await asyncio.wait({work}, timeout=0.05)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        broken = False
        raise RuntimeError("sabotage")

    def break_it() -> None:
        nonlocal broken
        broken = True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, "run", run)
        yield break_it


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_crashes_stops_the_anomaly_and_works_again_after_a_restart(part: str) -> None:
    async def scenario(break_it: Callable[[], None]) -> None:
        async with running_lab() as rig:
            assert await rig.execute("lab.restart") == "no part has crashed"
            await rig.execute("anomaly.start")
            await rig.until(lambda: rig.current > 50)
            break_it()
            await rig.until(lambda: rig.parts[part] == "crashed")
            assert rig.of(PartState)[-1].detail == "RuntimeError: sabotage"
            others = {name for name, state in rig.parts.items() if state == "running"}
            assert others == set(PARTS) - {part}
            await rig.until(lambda: rig.changes[-1] in ("safe", "failed"), within=5.0)
            assert f"{part} crashed: the anomaly is stopped" in rig.notes
            if part != "CP1/module":
                assert rig.current < 1.0

            assert await rig.execute("lab.restart") == f"restarted {part}"
            await rig.until(lambda: rig.lab.central_system.is_connected("CP1"))
            await rig.until(lambda: rig.status == "Finishing" and rig.current < 1.0)
            await rig.until(
                lambda: rig.lab.central_system.open_transaction("CP1", 1) is None, within=90.0
            )
            await rig.execute("lab.all_clear")
            assert len(rig.charge_point.profiles) == 0
            await rig.execute("anomaly.start")
            await rig.until(lambda: rig.current > 50)
            assert await rig.execute("anomaly.stop") == (
                "safe: transaction ended, profiles cleared, 1 A"
                if rig.current > 0.5
                else "safe: transaction ended, profiles cleared, 0 A"
            )
            assert rig.changes[-3:] == ["on", "off", "safe"]

    with breakable(part) as break_it:
        run_virtual(scenario(break_it))


@pytest.mark.parametrize("part", PARTS)
def test_a_lab_with_a_crashed_part_can_be_left(part: str) -> None:
    async def scenario(break_it: Callable[[], None]) -> None:
        rig = LabRig()
        await rig.up()
        await rig.execute("anomaly.start")
        await rig.until(lambda: rig.current > 50)
        break_it()
        await rig.until(lambda: rig.parts[part] == "crashed")
        assert await rig.down() < 6.0
        assert not rig.stage.state.running
        assert rig.changes[-1] in ("safe", "failed")

    with breakable(part) as break_it:
        run_virtual(scenario(break_it))


# Leaving


@settings(max_examples=40, deadline=None)
@given(
    at=st.floats(0.0, 20.0),
    preset=st.sampled_from(["seed", "dc", "ccs", "ac"]),
    variant=st.sampled_from(["seed", "txprofile", "txdefault", "startstop"]),
    command=st.sampled_from(["anomaly.start", "station.charge", "detector.view"]),
)
def test_leaving_at_any_moment_leaves_the_stage_at_rest_within_seconds(
    at: float, preset: str, variant: str, command: str
) -> None:
    async def scenario() -> None:
        rig = LabRig(preset=preset, variant=variant)
        if at > 1.0:
            await rig.up()
            await rig.execute(command)
            await asyncio.sleep(at - 1.0)
        else:
            await asyncio.sleep(at)
        assert await rig.down() < 6.0
        assert rig.current < 1.0
        assert not rig.stage.state.running
        assert len(rig.charge_point.profiles) == 0
        assert set(rig.parts.values()) <= {"stopped"}
        assert rig.changes in ([], ["on", "off", "safe"])
        started = [t.transaction_id for t in rig.of(TransactionState) if t.state == "started"]
        stopped = [t.transaction_id for t in rig.of(TransactionState) if t.state == "stopped"]
        assert started == stopped

    run_virtual(scenario())
