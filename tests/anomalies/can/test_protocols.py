"""The anomalies on CAN where a charge point speaks the protocol of real power modules."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from evtui.canbus.packs import Said
from evtui.canbus.packs.known import said
from evtui.events import Alarm, Sample
from tests.anomalies.can.stand import SAFE_WITHIN, Stand, charging
from tests.virtual_loop import run_virtual

BOTH = ("infy", "advantics")


def on_the_bus(
    protocol: str, name: str, scenario: Callable[[Stand], Awaitable[None]], modules: int = 2
) -> None:
    """Let it happen while 100 A flow from some modules, and look what is left of it."""

    async def all_of_it() -> None:
        async with charging(name, protocol=protocol, modules=modules) as stand:
            await asyncio.sleep(5)
            await scenario(stand)
            stand.check_truth()
            assert name not in [node.name for node in stand.bus.nodes]
            assert stand.bus.mutes == []
            connector, stage = stand.rig.charge_point.connectors[1], stand.rig.stage
            assert stage.state.running == (connector.transaction is not None)

    run_virtual(all_of_it())


def forged(stand: Stand) -> list[Said]:
    return [told for told in map(said, stand.forged()) if told is not None]


def reported(stand: Stand) -> float:
    """A that the station believes in."""
    return stand.rig.charge_point.connectors[1].metering.meter.current


@pytest.mark.parametrize("protocol", BOTH)
def test_a_forged_limit_is_obeyed_as_long_as_it_is_said(protocol: str) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(limit_a=10)
        await asyncio.sleep(5)
        assert stand.rig.current == pytest.approx(10, abs=0.5)
        await stand.stop()
        await asyncio.sleep(SAFE_WITHIN)
        assert stand.rig.current == pytest.approx(100, rel=0.01)
        assert {told.limit for told in forged(stand)} == {10.0}

    on_the_bus(protocol, "can-set-limit", scenario)


@pytest.mark.parametrize(("protocol", "after"), [("infy", 10.0), ("advantics", 100.0)])
def test_one_forged_limit_holds_until_the_next_genuine_one(protocol: str, after: float) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant="once", limit_a=10)
        await asyncio.sleep(8)
        assert len(stand.forged()) == 1
        assert stand.rig.current == pytest.approx(after, rel=0.02)
        await stand.stop()
        await asyncio.sleep(SAFE_WITHIN)
        assert stand.rig.current == pytest.approx(100, rel=0.01)

    on_the_bus(protocol, "can-set-limit", scenario)


@pytest.mark.parametrize("protocol", BOTH)
def test_the_fluctuation_by_forged_limits_swings_the_current_and_is_detected(
    protocol: str,
) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(40)
        flowing = [each.current for each in stand.rig.of(Sample) if stand.on < each.t < stand.off]
        assert min(flowing) < 1
        assert max(flowing) > 99
        assert [each.view for each in stand.rig.of(Alarm) if each.raised and each.view == "can"]

    on_the_bus(protocol, "fluctuation-can", scenario)


@pytest.mark.parametrize("modules", [1, 3])
@pytest.mark.parametrize("protocol", BOTH)
def test_reports_of_all_modules_together_say_what_the_attacker_wants(
    protocol: str, modules: int
) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(value_a=20)
        await asyncio.sleep(5)
        assert reported(stand) == pytest.approx(20, abs=0.5)
        assert stand.rig.current == pytest.approx(100, rel=0.01)
        flows = stand.rig.stage.state.voltage
        for told in forged(stand):
            assert told.voltage == pytest.approx(flows, abs=2), "only the current is forged"
        await stand.stop()
        await asyncio.sleep(SAFE_WITHIN)
        assert reported(stand) == pytest.approx(100, rel=0.01)

    on_the_bus(protocol, "can-masquerade", scenario, modules)


@pytest.mark.parametrize(
    ("protocol", "window", "tolerated"), [("infy", 14, 8), ("advantics", 2, 0)]
)
def test_modules_that_hear_nothing_of_their_station_switch_off(
    protocol: str, window: float, tolerated: float
) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant="station", window_s=window, gap_s=60)
        if tolerated:
            await asyncio.sleep(tolerated)
            assert stand.rig.current == pytest.approx(100, rel=0.01)
        await asyncio.sleep(window + 2 - tolerated)
        assert stand.rig.current < 1
        await stand.stop()
        await asyncio.sleep(SAFE_WITHIN)

    on_the_bus(protocol, "can-suspend", scenario)


def test_modules_that_hear_no_power_control_go_on_with_the_last() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant="limits", window_s=60)
        await stand.limit(30)
        await asyncio.sleep(10)
        assert stand.rig.current == pytest.approx(100, rel=0.01)
        await stand.stop()
        await asyncio.sleep(SAFE_WITHIN)
        assert stand.rig.current == pytest.approx(30, rel=0.01)

    on_the_bus("advantics", "can-suspend", scenario)


@pytest.mark.parametrize("protocol", BOTH)
def test_a_forged_stop_ends_the_current(protocol: str) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant="stop")
        await asyncio.sleep(2)
        assert stand.rig.current < 5
        await stand.stop()
        await asyncio.sleep(SAFE_WITHIN)
        assert False in {told.run for told in forged(stand)}

    on_the_bus(protocol, "can-start-stop", scenario)


@pytest.mark.parametrize("protocol", BOTH)
def test_a_forged_start_gives_current_away_until_the_station_is_asked(protocol: str) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.rig.execute("station.charge")  # the other way round: it ends
        await asyncio.sleep(5)
        assert stand.rig.charge_point.connectors[1].transaction is None
        await stand.start(variant="start", on_s=60)
        await asyncio.sleep(10)
        assert stand.rig.current > 90
        assert stand.rig.charge_point.connectors[1].transaction is None
        await stand.stop()
        await asyncio.sleep(SAFE_WITHIN)
        assert stand.rig.current == 0

    on_the_bus(protocol, "can-start-stop", scenario)


@pytest.mark.parametrize("protocol", BOTH)
def test_reports_are_recorded_and_said_once_more_as_they_were(protocol: str) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(record_s=4)
        await asyncio.sleep(4.5)
        await stand.limit(30)
        await asyncio.sleep(6)
        assert stand.rig.current == pytest.approx(30, rel=0.02)
        assert reported(stand) == pytest.approx(100, rel=0.02)
        assert all(each.extended for each in stand.forged())
        await stand.stop()
        await asyncio.sleep(SAFE_WITHIN)
        assert reported(stand) == pytest.approx(30, rel=0.02)

    on_the_bus(protocol, "can-replay", scenario)


@pytest.mark.parametrize("variant", ["known", "random", "mutate"])
@pytest.mark.parametrize("protocol", BOTH)
def test_fuzzing_has_the_identifiers_of_the_protocol_and_breaks_nothing(
    protocol: str, variant: str
) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant=variant, mask="xxxxxxxxxxxxxxxx", rate_per_s=100)
        await asyncio.sleep(5)
        assert len(stand.forged()) > 300
        assert all(each.extended for each in stand.forged())
        await stand.stop()
        await asyncio.sleep(40)
        parts = stand.rig.parts
        assert {parts[name] for name in parts} <= {"running", "started", "up"}

    on_the_bus(protocol, "can-fuzz", scenario)


@pytest.mark.parametrize("protocol", BOTH)
def test_reports_that_follow_the_genuine_ones_rule_what_the_station_believes(
    protocol: str,
) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(factor=0.5)
        await asyncio.sleep(8)
        assert reported(stand) == pytest.approx(50, rel=0.05)
        assert stand.rig.current == pytest.approx(100, rel=0.01)
        await stand.stop()
        await asyncio.sleep(SAFE_WITHIN)
        assert reported(stand) == pytest.approx(100, rel=0.02)

    on_the_bus(protocol, "can-spoof-current", scenario)


@pytest.mark.parametrize("protocol", BOTH)
def test_a_report_drifts_away_from_a_current_that_is_steady(protocol: str) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(slope_a_per_s=-2, most_a=30)
        await asyncio.sleep(10)
        assert reported(stand) == pytest.approx(80, abs=3)
        await asyncio.sleep(15)
        assert reported(stand) == pytest.approx(70, abs=1)
        assert stand.rig.current == pytest.approx(100, rel=0.01)
        await stand.stop()
        await asyncio.sleep(SAFE_WITHIN)
        assert reported(stand) == pytest.approx(100, rel=0.02)

    on_the_bus(protocol, "signal-drift", scenario)


@pytest.mark.parametrize("protocol", BOTH)
def test_a_report_stands_while_the_current_goes_another_way(protocol: str) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(hold_s=60)
        await asyncio.sleep(3)
        await stand.limit(30)
        await asyncio.sleep(10)
        assert stand.rig.current == pytest.approx(30, rel=0.02)
        assert reported(stand) == pytest.approx(100, rel=0.02)
        await stand.stop()
        await asyncio.sleep(SAFE_WITHIN)
        assert reported(stand) == pytest.approx(30, rel=0.02)

    on_the_bus(protocol, "signal-plateau", scenario)


@pytest.mark.parametrize("variant", ["instead", "beside"])
@pytest.mark.parametrize("protocol", BOTH)
def test_reports_alone_swing_while_the_current_is_steady(protocol: str, variant: str) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant=variant)
        believed = []
        for _ in range(80):
            await asyncio.sleep(0.25)
            believed.append(reported(stand))
        assert min(believed) < 5
        assert max(believed) > 95
        flowing = [each.current for each in stand.rig.of(Sample) if each.t > stand.on]
        assert min(flowing) == pytest.approx(100, rel=0.01)
        await stand.stop()
        await asyncio.sleep(SAFE_WITHIN)
        assert reported(stand) == pytest.approx(100, rel=0.02)

    on_the_bus(protocol, "fluctuation-telemetry", scenario)


@pytest.mark.parametrize("protocol", BOTH)
def test_a_flood_takes_the_bus_from_modules_and_station(protocol: str) -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(burst_s=20, gap_s=1)
        await asyncio.sleep(15)
        assert stand.rig.charge_point.connectors[1].status == "Faulted"
        assert stand.rig.current < 1, "the watchdog of the modules acts"
        assert max(stand.loads()) > 99.5
        await stand.stop()
        await asyncio.sleep(SAFE_WITHIN)
        assert stand.rig.charge_point.connectors[1].status == "Finishing"

    on_the_bus(protocol, "can-flood", scenario)
