"""A charge point's end and modules around a power stage, on a bus of the protocol's bit rate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from evtui.canbus import CHARGE_POINT, Frame, Node
from evtui.canbus.packs import advantics, infy
from evtui.canbus.packs.known import pack_named
from evtui.canbus.packs.periodic import PeriodicEnd
from evtui.events import CanFrame, Note, caused_by
from evtui.lab.plant import Plant
from evtui.power import PowerStage, Vehicle, preset
from evtui.station import Charger, ChargerReport, ChargerState
from tests.canbus.packs.wire import frame_of
from tests.canbus.rig import Rig, ignore
from tests.virtual_loop import run_virtual

BOTH = ("infy", "advantics")


class Bench(Rig):
    """One connector: its charger as a charge point has it, and what stands behind it."""

    def __init__(self, protocol: str, modules: int = 1, *, connector: int = 1) -> None:
        pack = pack_named(protocol)
        super().__init__(pack.bitrate)
        self.reports: list[ChargerReport] = []
        chargers = pack.chargers(self.bus, range(1, connector + 1), modules=modules)
        self.charger: Charger = chargers[connector]
        self.charger.on_report = self.reports.append
        self.stage = PowerStage(preset("seed"), Vehicle())
        rack = pack.module(self.bus, Plant(self.stage), connector=connector, modules=modules)
        assert isinstance(rack, PeriodicEnd)
        self.rack = rack
        self.running = asyncio.create_task(rack.run())

    @property
    def flows(self) -> float:
        return self.stage.state.current

    def last(self) -> ChargerReport:
        return self.reports[-1]

    async def charge(self, current: float = 80.0) -> None:
        await asyncio.sleep(2.05)
        self.charger.set_limits(current)
        self.charger.start()
        await asyncio.sleep(6)
        assert self.flows == pytest.approx(current, rel=0.01)

    def silence(self) -> Callable[[], None]:
        """Keep everything that the charge point says off the line, until it is called."""

        def mute(node: Node, frame: Frame) -> bool:
            return node.name == CHARGE_POINT

        self.bus.mutes.append(mute)
        return lambda: self.bus.mutes.remove(mute)

    def warnings(self) -> list[str]:
        self.bus.notes.flush()
        return [note.text for note in self.of(Note)]


@pytest.mark.parametrize("modules", [1, 2, 8])
@pytest.mark.parametrize("protocol", BOTH)
def test_a_session_charges_follows_the_limit_and_ends(protocol: str, modules: int) -> None:
    async def scenario() -> None:
        bench = Bench(protocol, modules)
        await bench.charge(80.0)
        assert bench.reports[-1].current == pytest.approx(bench.flows, abs=1.0)
        assert bench.reports[-1].voltage == pytest.approx(bench.stage.state.voltage, abs=1.0)
        assert bench.last().state is ChargerState.DELIVERING
        assert bench.charger.capabilities.current_max
        bench.charger.set_limits(30.0)
        await asyncio.sleep(5)
        assert bench.flows == pytest.approx(30.0, rel=0.01)
        assert bench.reports[-1].current == pytest.approx(30.0, abs=1.0)
        bench.charger.stop()
        await asyncio.sleep(5)
        assert bench.flows == 0.0
        assert bench.reports[-1].current == 0.0
        assert bench.last().state is ChargerState.OFF
        assert not bench.warnings()

    run_virtual(scenario())


@pytest.mark.parametrize("protocol", BOTH)
def test_a_module_that_fails_takes_its_part_away_and_gives_it_back(protocol: str) -> None:
    async def scenario() -> None:
        bench = Bench(protocol, 2)
        await bench.charge(180.0)
        bench.rack.failed = frozenset({2})
        await asyncio.sleep(8)
        one = 40_000.0 / bench.stage.state.voltage
        assert bench.flows == pytest.approx(one, rel=0.01)
        assert bench.last().state is ChargerState.DELIVERING
        assert bench.reports[-1].available == pytest.approx(one, abs=1.5)
        bench.rack.failed = frozenset()
        await asyncio.sleep(8)
        assert bench.flows == pytest.approx(180.0, rel=0.01)
        bench.rack.failed = frozenset({1, 2})
        await asyncio.sleep(8)
        assert bench.flows == 0.0
        assert bench.last().state is ChargerState.FAULT

    run_virtual(scenario())


def test_what_one_infy_module_cannot_give_the_others_do() -> None:
    async def scenario() -> None:
        bench = Bench("infy", 3)
        await bench.charge(90.0)
        bench.rack.failed = frozenset({2})
        await asyncio.sleep(5)
        assert bench.flows == pytest.approx(90.0, rel=0.01)

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("protocol", "tolerated", "acted"), [("infy", 9.7, 10.5), ("advantics", 0.15, 0.35)]
)
def test_modules_stop_when_the_charge_point_has_been_silent_for_too_long(
    protocol: str, tolerated: float, acted: float
) -> None:
    async def scenario() -> None:
        bench = Bench(protocol, 2)
        await bench.charge()
        speak = bench.silence()
        await asyncio.sleep(tolerated)
        assert bench.flows == pytest.approx(80.0, rel=0.01)
        await asyncio.sleep(acted - tolerated)
        await asyncio.sleep(4)
        assert bench.flows == 0.0
        assert any("off, no controller" in text for text in bench.warnings())
        speak()
        await asyncio.sleep(2)
        assert bench.flows == 0.0, "it does not begin again by itself"
        assert bench.last().state is ChargerState.FAULT
        bench.charger.stop()
        await asyncio.sleep(2)
        await bench.charge()

    run_virtual(scenario())


@pytest.mark.parametrize("protocol", BOTH)
def test_each_connector_has_modules_of_its_own(protocol: str) -> None:
    async def scenario() -> None:
        bench = Bench(protocol, 2, connector=3)
        await bench.charge()
        told = {
            pack_named(protocol).speaker_of(f.arbitration_id, extended=f.extended)
            for f in bench.of(CanFrame)
            if f.node.startswith("module")
        }
        assert {each.connector for each in told if each} == {3}

    run_virtual(scenario())


@pytest.mark.parametrize("protocol", BOTH)
def test_frames_that_an_order_caused_say_so(protocol: str) -> None:
    async def scenario() -> None:
        bench = Bench(protocol)
        await bench.charge()
        before = len(bench.events)
        with caused_by(77):
            bench.charger.set_limits(20.0)
        await asyncio.sleep(1)
        caused = [
            event
            for event in bench.events[before:]
            if isinstance(event, CanFrame) and event.cause == 77
        ]
        said = [pack_named(protocol).decode(frame) for frame in caused]
        assert [each.limit for each in said if each] == [20.0]

    run_virtual(scenario())


@pytest.mark.parametrize("protocol", BOTH)
@pytest.mark.parametrize("end", ["cancelled", "crashed"])
def test_however_the_modules_end_no_current_flows_and_their_nodes_are_gone(
    protocol: str, end: str
) -> None:
    async def scenario() -> None:
        bench = Bench(protocol, 2)
        await bench.charge()
        if end == "crashed":
            bench.stage.step = None  # type: ignore[assignment,method-assign]
            bench.rack.unit.step = None  # type: ignore[assignment,method-assign]
        else:
            bench.running.cancel()
        await asyncio.wait({bench.running})
        assert bench.flows == 0.0
        assert [node.name for node in bench.bus.nodes] == ["somebody", CHARGE_POINT]
        bench.charger.close()
        await asyncio.sleep(5)
        frames = len(bench.of(CanFrame))
        await asyncio.sleep(5)
        assert len(bench.of(CanFrame)) == frames, "a charger that is closed says no more"

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("protocol", "hostile"),
    [
        ("infy", "029C00F0#00061A800000C3"),
        ("infy", "029A00F0#0700000000000000"),
        ("advantics", "0106B003#6810F401F4"),
        ("advantics", "0106B004#FF"),
    ],
)
def test_frames_that_cannot_be_read_are_counted_and_change_nothing(
    protocol: str, hostile: str
) -> None:
    async def scenario() -> None:
        bench = Bench(protocol)
        await bench.charge()
        bench.bus.attach("stranger", ignore).send(frame_of(hostile))
        await asyncio.sleep(2)
        assert bench.rack.malformed == 1
        assert "frame ignored" in bench.warnings()[0]
        assert bench.flows == pytest.approx(80.0, rel=0.01)

    run_virtual(scenario())


@pytest.mark.parametrize("protocol", BOTH)
def test_a_forged_report_reaches_the_charge_point_and_moves_nothing(protocol: str) -> None:
    async def scenario() -> None:
        bench = Bench(protocol)
        await bench.charge()
        stranger = bench.bus.attach("stranger", ignore)
        for frame in pack_named(protocol).reports(1, 7.0):
            stranger.send(frame)
        seen = len(bench.reports)
        await asyncio.sleep(0.005)
        assert 7 in [round(report.current) for report in bench.reports[seen:]]
        assert bench.flows == pytest.approx(80.0, rel=0.01)

    run_virtual(scenario())


def forged(bench: Bench, protocol: str) -> None:
    stranger = bench.bus.attach("stranger", ignore)
    for frame in pack_named(protocol).limits(1, 10.0):
        stranger.send(frame)


def test_a_forged_limit_holds_on_infy_until_the_next_change() -> None:
    async def scenario() -> None:
        bench = Bench("infy")
        await bench.charge()
        forged(bench, "infy")
        await asyncio.sleep(30)
        assert bench.flows == pytest.approx(10.0, rel=0.01)
        bench.charger.set_limits(79.0)
        await asyncio.sleep(5)
        assert bench.flows == pytest.approx(79.0, rel=0.01)

    run_virtual(scenario())


def test_a_forged_limit_holds_for_one_cycle_on_advantics() -> None:
    async def scenario() -> None:
        bench = Bench("advantics")
        await bench.charge()
        forged(bench, "advantics")
        await asyncio.sleep(0.1)
        assert bench.flows < 70.0
        await asyncio.sleep(3)
        assert bench.flows == pytest.approx(80.0, rel=0.01)

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("protocol", "connector", "modules", "complaint"),
    [
        ("infy", 0, 1, "connectors 1 to 8, not 0"),
        ("infy", 9, 1, "connectors 1 to 8, not 9"),
        ("infy", 1, 9, "1 to 8 modules at connector 1, not 9"),
        ("infy", 8, 5, "1 to 4 modules at connector 8, not 5"),
        ("advantics", 9, 1, "connectors 1 to 8, not 9"),
        ("advantics", 1, 0, "1 to 8 modules a connector, not 0"),
    ],
)
def test_what_a_protocol_has_no_room_for_is_refused(
    protocol: str, connector: int, modules: int, complaint: str
) -> None:
    async def scenario() -> None:
        rig = Rig()
        plant = Plant(PowerStage(preset("seed")))
        pack = pack_named(protocol)
        with pytest.raises(ValueError, match=complaint):
            pack.module(rig.bus, plant, connector=connector, modules=modules)
        with pytest.raises(ValueError, match=complaint):
            pack.chargers(rig.bus, [connector], modules=modules)

    run_virtual(scenario())


def test_soft_starts_are_a_parameter_of_infy() -> None:
    async def scenario() -> list[float]:
        pack = infy.InfyPack(walk_in=5.0)
        rig = Rig(pack.bitrate)
        charger = pack.chargers(rig.bus, [1])[1]
        stage = PowerStage(preset("seed"), Vehicle())
        running = asyncio.create_task(pack.module(rig.bus, Plant(stage)).run())
        await asyncio.sleep(2)
        charger.set_limits(80.0)
        charger.start()
        currents = []
        for _ in range(4):
            await asyncio.sleep(2.5)
            currents.append(stage.state.current)
        running.cancel()
        return currents

    halfway, nearly, *full = run_virtual(scenario())
    assert 25.0 < halfway < 40.0
    assert 65.0 < nearly < 80.0
    assert full == [pytest.approx(80.0, rel=0.01)] * 2


def test_only_the_controller_status_keeps_advantics_modules_going() -> None:
    async def scenario() -> None:
        bench = Bench("advantics")
        await bench.charge()

        def mute(node: Node, frame: Frame) -> bool:
            message = advantics.decode(frame)
            return message is not None and isinstance(message.content, advantics.DcPowerControl)

        bench.bus.mutes.append(mute)
        await asyncio.sleep(60)
        assert bench.flows == pytest.approx(80.0, rel=0.01)

    run_virtual(scenario())
