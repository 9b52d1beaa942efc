"""What was heard is said once more."""

from __future__ import annotations

import asyncio

import pytest

from evtui.events import CanFrame
from tests.anomalies.can.stand import Stand, amperes, gaps, on_the_bus

NAME = "can-replay"


def test_old_reports_hide_what_the_module_does_now() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(record_s=5)
        await asyncio.sleep(6)
        await stand.limit(30)
        await asyncio.sleep(6)
        assert {*amperes(stand.forged())} == {100}
        assert gaps(stand.forged()) == pytest.approx([0.1] * len(gaps(stand.forged())), abs=1e-3)
        assert stand.rig.current == pytest.approx(30)
        assert stand.samples(10, 12)[-1].reported == 100
        await stand.stop()

    on_the_bus(NAME, scenario)


def test_an_old_stop_stops_now_and_the_station_sets_that_right() -> None:
    async def scenario(stand: Stand) -> None:
        rig = stand.rig
        await stand.start(record_s=8, variant="beside", frames="commands")
        await rig.execute("station.charge")
        await asyncio.sleep(4)
        await rig.execute("station.plug")
        await rig.execute("station.plug")
        await rig.execute("station.charge")
        await asyncio.sleep(5)
        assert rig.charge_point.connectors[1].transaction is not None
        assert 0x201 in {each.arbitration_id for each in stand.forged()}
        assert not rig.stage.state.running
        await stand.stop()
        await asyncio.sleep(5)
        assert rig.current == pytest.approx(100)

    on_the_bus(NAME, scenario)


def test_twice_the_speed_is_half_the_time() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(record_s=4, variant="beside", speed=2)
        await asyncio.sleep(8)
        await stand.stop()
        assert gaps(stand.forged())[:30] == pytest.approx([0.05] * 30, abs=1e-3)
        assert stand.labels()[:2] == ["record 4 s", "replay 40 frames"]

    on_the_bus(NAME, scenario)


def test_between_two_replays_the_module_is_heard() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(record_s=2, pause_s=5)
        await asyncio.sleep(8)
        heard = [each.t - stand.on for each in stand.genuine(0x300)]
        assert not [each for each in heard if 2.1 < each < 4]
        assert len([each for each in heard if 4 < each < 8]) == pytest.approx(40, abs=2)
        assert stand.statuses() == []
        await stand.stop()

    on_the_bus(NAME, scenario)


def test_a_bus_that_says_nothing_gives_nothing_to_replay() -> None:
    async def scenario(stand: Stand) -> None:
        stand.bus.mutes.append(lambda node, frame: True)
        await stand.start(record_s=2)
        await asyncio.sleep(3)
        stand.bus.mutes.clear()
        await asyncio.sleep(1)
        assert "nothing was heard on the bus in 2 s" in stand.rig.notes
        assert not [each for each in stand.rig.of(CanFrame) if each.node == NAME]
        stand.off = stand.now

    on_the_bus(NAME, scenario)
