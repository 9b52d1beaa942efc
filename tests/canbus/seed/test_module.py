from __future__ import annotations

import asyncio

import pytest

from evtui.canbus import Node, frame_bits
from evtui.canbus.packs.seed import (
    PERIOD,
    SEED,
    ChargerModule,
    Current,
    SetLimit,
    StartCharging,
    StationMessage,
    StopCharging,
    encode,
)
from evtui.events import CanFrame, Note, caused_by
from evtui.lab.plant import Plant
from evtui.power import PowerStage, StageState, Vehicle, preset
from tests.canbus.rig import Rig, frame, ignore
from tests.virtual_loop import VirtualTimeLoop, run_virtual


class Bench(Rig):
    """A charger module with a vehicle plugged in, and a charge point's node to command it."""

    def __init__(self) -> None:
        super().__init__()
        self.samples: list[StageState] = []
        self.stage = PowerStage(preset("seed"), Vehicle())
        plant = Plant(self.stage)
        plant.on_state = self.samples.append
        self.module = ChargerModule(self.bus, plant)
        self.charge_point: Node = self.bus.attach("charge-point", ignore)
        self.running = asyncio.create_task(self.module.run())

    def say(self, *values: StationMessage) -> None:
        for value in values:
            self.charge_point.send(encode(value))

    def reports(self) -> list[CanFrame]:
        return [event for event in self.of(CanFrame) if event.arbitration_id == 0x300]

    def reported(self) -> int:
        return int.from_bytes(self.reports()[-1].data, "little")


def test_it_reports_the_current_every_100_ms_without_drift_for_an_hour() -> None:
    async def scenario() -> list[float]:
        bench = Bench()
        await asyncio.sleep(3600.05)
        return [report.t for report in bench.reports()]

    times = run_virtual(scenario())
    bits = frame_bits(encode(Current(0))) / 500_000
    assert len(times) == 36_000
    assert times[0] == pytest.approx(0.1 + bits)
    assert times[-1] == pytest.approx(3600 + bits, abs=1e-6)


def test_its_period_is_the_one_in_the_dbc() -> None:
    assert SEED.cycle_time(encode(Current(0)).arbitration_id) == PERIOD


def test_start_limit_and_stop_move_the_current_that_it_reports() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.say(SetLimit(100), StartCharging())
        await asyncio.sleep(5.05)
        assert bench.reported() == 100
        bench.say(SetLimit(40))
        await asyncio.sleep(5)
        assert bench.reported() == 40
        bench.say(StopCharging())
        await asyncio.sleep(5)
        assert bench.reported() == 0
        assert not bench.stage.state.running

    run_virtual(scenario())


def test_a_limit_above_255_a_arrives_whole() -> None:
    async def scenario() -> float:
        bench = Bench()
        bench.say(SetLimit(300))
        await asyncio.sleep(0.01)
        return bench.stage.limit

    assert run_virtual(scenario()) == 300


def test_the_report_is_the_measured_current_rounded_to_whole_amperes() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.say(SetLimit(100), StartCharging())
        await asyncio.sleep(2.05)
        currents = [round(sample.current) for sample in bench.samples]
        assert len(set(currents)) > 10
        assert currents == [int.from_bytes(r.data, "little") for r in bench.reports()]

    run_virtual(scenario())


def test_malformed_frames_change_nothing_and_are_counted_and_reported_once() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.say(SetLimit(50))
        for _ in range(20):
            bench.charge_point.send(frame(0x210, b"\xff"))
        bench.charge_point.send(frame(0x200, b"\x01"))
        await asyncio.sleep(1)
        assert bench.stage.limit == 50
        assert not bench.stage.state.running
        assert bench.module.malformed == 21
        assert [(note.level, note.text) for note in bench.of(Note)] == [
            ("warning", "module: frame ignored: StartCharging with 1 of 0 bytes"),
            ("warning", "module: frame ignored: SetLimit with 1 of 2 bytes"),
        ]

    run_virtual(scenario())


def test_frames_of_others_do_not_concern_it() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.charge_point.send(frame(0x7DF, bytes(8)))
        bench.charge_point.send(encode(Current(77)))
        bench.charge_point.send(frame(0x200, extended=True))
        await asyncio.sleep(1)
        assert not bench.stage.state.running
        assert bench.module.malformed == 0

    run_virtual(scenario())


def test_after_a_late_wake_up_no_step_is_missed_but_only_the_newest_report_is_sent() -> None:
    async def scenario() -> None:
        bench = Bench()
        assert isinstance(bench.loop, VirtualTimeLoop)
        bench.loop.call_at(0.15, bench.loop.hold_up, 0.52)
        await asyncio.sleep(0.75)
        assert len(bench.samples) == 7
        assert [report.t for report in bench.reports()] == pytest.approx([0.1, 0.67, 0.7], abs=1e-3)

    run_virtual(scenario())


def test_a_report_is_caused_by_nothing_even_if_the_module_was_started_by_a_command() -> None:
    async def scenario() -> set[int | None]:
        with caused_by(5):
            bench = Bench()
        await asyncio.sleep(1)
        return {report.cause for report in bench.reports()}

    assert run_virtual(scenario()) == {None}


def test_when_it_is_cancelled_the_stage_is_stopped_and_its_place_on_the_bus_is_free() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.say(SetLimit(100), StartCharging())
        await asyncio.sleep(1.05)
        bench.running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await bench.running
        assert bench.stage.state.current == 0.0
        again = asyncio.create_task(bench.module.run())
        before = len(bench.reports())
        await asyncio.sleep(1.04)
        assert len(bench.reports()) == before + 10
        again.cancel()

    run_virtual(scenario())


def test_when_it_crashes_the_current_is_gone_and_the_crash_is_seen() -> None:
    async def scenario() -> None:
        rig = Rig()
        stage = PowerStage(preset("seed"), Vehicle())
        stage.start()

        def crash(state: StageState) -> None:
            if state.current > 50:
                raise ZeroDivisionError

        plant = Plant(stage)
        plant.on_state = crash
        with pytest.raises(ZeroDivisionError):
            await ChargerModule(rig.bus, plant).run()
        assert (stage.state.running, stage.state.current) == (False, 0.0)
        assert [node.name for node in rig.bus.nodes] == ["somebody"]

    run_virtual(scenario())
