"""What anomalies do to a bus, and how it is undone."""

from __future__ import annotations

import asyncio

import pytest

from evtui.anomalies.targets import BusTarget
from evtui.canbus import Frame, frame_bits
from evtui.events import CanFrame
from evtui.lab import CommandError
from tests.anomalies.can.stand import Stand, charging
from tests.virtual_loop import run_virtual


async def settled(what: str, action: object) -> bool:
    raise AssertionError("nothing is asked of the link")


def target(stand: Stand) -> BusTarget:
    outlet = stand.rig.lab.stands["CP1"]
    return BusTarget(outlet.anomalies.at(1, "can-flood").run.site, "mine")


def test_a_rate_that_the_bus_cannot_take_does_not_pile_up() -> None:
    async def scenario() -> None:
        async with charging("") as stand:
            mine = target(stand)
            begun = stand.now
            await mine.flow(lambda: Frame(0x1, bytes(8)), lambda: 20_000.0, lambda: 2.0)
            assert stand.now - begun == pytest.approx(2)
            await mine.undo(settled)
            # What waited is gone within milliseconds, and nothing was dropped.
            assert stand.now - begun < 2.03
            assert stand.bus.dropped == 0
            frames = [each for each in stand.rig.of(CanFrame) if each.node == "mine"]
            bits = frame_bits(Frame(0x1, bytes(8)))
            assert len(frames) == pytest.approx(2 * 500_000 / bits, rel=0.02)
            assert not mine.left()

    run_virtual(scenario())


def test_a_faster_rate_is_taken_up_before_the_next_slow_frame_is_due() -> None:
    async def scenario() -> None:
        async with charging("") as stand:
            mine = target(stand)
            sent: list[float] = []

            def frame() -> Frame:
                sent.append(stand.now)
                return Frame(0x1)

            begun = stand.now
            await mine.flow(frame, lambda: 0.01 if stand.now < begun + 3 else 10.0, lambda: 6.0)
            assert sent[1] - begun == pytest.approx(3.1, abs=0.5)
            await mine.undo(settled)

    run_virtual(scenario())


def test_only_frames_of_the_station_are_heard_and_muted() -> None:
    async def scenario() -> None:
        async with charging("") as stand:
            mine = target(stand)
            guest = stand.bus.attach("guest", lambda frame: None)
            heard: list[str] = []
            mine.listen(lambda frame: heard.append(frame.node))
            mine.mute(lambda frame: frame.arbitration_id == 0x300)
            await asyncio.sleep(0.5)
            guest.send(Frame(0x300, bytes(2)))
            await asyncio.sleep(0.5)
            assert heard == []
            assert stand.bus.muted == pytest.approx(10, abs=1)
            assert [each.node for each in stand.rig.of(CanFrame)[-1:]] == ["guest"]
            mine.unmute()
            await asyncio.sleep(0.5)
            assert {*heard} == {"module"}
            await mine.undo(settled)

    run_virtual(scenario())


def test_the_module_is_told_again_only_if_an_order_was_forged_or_lost() -> None:
    async def scenario() -> None:
        async with charging("") as stand:
            mine = target(stand)
            last = stand.rig.events[-1].seq
            mine.send(mine.current(5))
            await mine.undo(settled)
            await asyncio.sleep(1)
            assert stand.rig.commands_on_can(last) == []
            mine.send(mine.limit(5))
            assert mine.left() == ["its node is on the bus", "a module may obey a forged frame"]
            await mine.undo(settled)
            await asyncio.sleep(1)
            assert stand.rig.commands_on_can(last) == [(0x210, 100), (0x200, None)]
            assert mine.left() == []

    run_virtual(scenario())


def test_what_waits_behind_another_node_is_taken_back() -> None:
    async def scenario() -> None:
        async with charging("") as stand:
            mine, other = target(stand), stand.bus.attach("other", lambda frame: None)
            for _ in range(100):
                other.send(Frame(0x0, bytes(8)))
            mine.send(mine.stop()[0])
            await mine.undo(settled)
            assert mine.left() == []
            await asyncio.sleep(0.5)
            assert "mine" not in {each.node for each in stand.rig.of(CanFrame)}
            assert stand.rig.stage.state.running

    run_virtual(scenario())


def test_an_anomaly_is_refused_where_it_cannot_join() -> None:
    async def scenario() -> None:
        async with charging("can-flood") as stand:
            guest = stand.bus.attach("can-flood", lambda frame: None)
            with pytest.raises(CommandError, match="CP1/can has a node called can-flood already"):
                await stand.start()
            guest.detach()
            await stand.start(share_pct=1)
            await stand.stop()
            mine = target(stand)
        assert mine.unreachable == "CP1/can is closed"

    run_virtual(scenario())
