from __future__ import annotations

import asyncio
import threading
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus import Frame, Node, frame_bits
from evtui.canbus.controller import TRANSMIT_QUEUE
from evtui.events import BusLoad, CanFrame, Note, caused_by
from tests.canbus.rig import Rig, frame, ignore, until
from tests.virtual_loop import VirtualTimeLoop, run_virtual


def test_a_frame_reaches_every_other_node_but_not_its_sender() -> None:
    async def scenario() -> list[tuple[str, int]]:
        rig = Rig()
        heard: list[tuple[str, int]] = []
        rig.bus.attach("a", lambda m: heard.append(("a", m.arbitration_id)))
        b = rig.bus.attach("b", lambda m: heard.append(("b", m.arbitration_id)))
        rig.bus.attach("c", lambda m: heard.append(("c", m.arbitration_id)))
        b.send(frame(0x123))
        await asyncio.sleep(1)
        return heard

    assert run_virtual(scenario()) == [("a", 0x123), ("c", 0x123)]


def test_nothing_is_delivered_or_published_inside_send() -> None:
    async def scenario() -> None:
        rig = Rig()
        heard: list[CanFrame] = []
        rig.bus.attach("listener", heard.append)
        rig.bus.attach("sender", ignore).send(frame(0x1))
        assert heard == []
        assert rig.events == []
        await asyncio.sleep(1)
        assert len(heard) == len(rig.of(CanFrame)) == 1

    run_virtual(scenario())


def test_a_frame_is_stamped_with_the_moment_its_last_bit_passed() -> None:
    async def scenario() -> None:
        rig = Rig()
        heard: list[CanFrame] = []
        rig.bus.attach("listener", heard.append)
        sender = rig.bus.attach("sender", ignore)
        await asyncio.sleep(2)
        sender.send(frame(0x300, bytes(2)))
        sender.send(frame(0x300, bytes(2)))
        await asyncio.sleep(1)
        bit = 1 / 500_000
        bits = frame_bits(frame(0x300, bytes(2)))
        expected = pytest.approx([2 + bits * bit, 2 + 2 * bits * bit])
        assert [event.t for event in rig.of(CanFrame)] == expected
        assert [frame.t for frame in heard] == expected
        assert heard == rig.of(CanFrame)

    run_virtual(scenario())


def test_the_lowest_id_among_those_waiting_goes_first_and_equal_ids_in_order() -> None:
    async def scenario() -> list[tuple[int, bytes]]:
        rig = Rig()
        a, b = rig.bus.attach("a", ignore), rig.bus.attach("b", ignore)
        a.send(frame(0x700, b"first"))
        await asyncio.sleep(0.000_01)
        a.send(frame(0x300, b"1"))
        b.send(frame(0x300, b"2"))
        b.send(frame(0x200))
        a.send(frame(0x300, b"3"))
        await asyncio.sleep(1)
        return [(event.arbitration_id, event.data) for event in rig.of(CanFrame)]

    assert run_virtual(scenario()) == [
        (0x700, b"first"),
        (0x200, b""),
        (0x300, b"1"),
        (0x300, b"2"),
        (0x300, b"3"),
    ]


def test_a_reaction_to_a_frame_has_that_frame_as_its_cause() -> None:
    async def scenario() -> None:
        rig = Rig()
        order: list[str] = []

        def react(_: CanFrame) -> None:
            order.append("received")
            module.send(frame(0x300))

        module: Node = rig.bus.attach("module", react)
        rig.stream.subscribe(lambda event: order.append(type(event).__name__))
        charge_point = rig.bus.attach("charge-point", ignore)
        with caused_by(41):
            charge_point.send(frame(0x200))
        await asyncio.sleep(1)
        start, current = rig.of(CanFrame)
        assert (start.node, start.source, start.cause) == ("charge-point", "charge-point", 41)
        assert (current.node, current.cause) == ("module", start.seq)
        assert order == ["CanFrame", "received", "CanFrame"]

    run_virtual(scenario())


def test_the_cause_is_that_of_the_send_and_not_of_whoever_woke_the_bus_up() -> None:
    async def scenario() -> list[int | None]:
        rig = Rig()
        sender = rig.bus.attach("sender", ignore)
        with caused_by(7):
            sender.send(frame(0x1))
        sender.send(frame(0x2))
        sender.send(frame(0x3), cause=9)
        await asyncio.sleep(1)
        return [event.cause for event in rig.of(CanFrame)]

    assert run_virtual(scenario()) == [7, None, 9]


def test_a_receiver_that_raises_is_reported_and_stops_nobody_else() -> None:
    async def scenario() -> None:
        rig = Rig()
        heard: list[CanFrame] = []

        def broken(message: CanFrame) -> None:
            raise LookupError(f"no idea what {message.arbitration_id:X} is")

        rig.bus.attach("broken", broken)
        rig.bus.attach("listener", heard.append)
        sender = rig.bus.attach("sender", ignore)
        running = asyncio.create_task(rig.bus.run())
        for _ in range(50):
            sender.send(frame(0x1))
        await asyncio.sleep(1.5)
        running.cancel()
        assert len(heard) == 50
        assert [(note.level, note.text) for note in rig.of(Note)] == [
            ("error", "broken failed on a frame: LookupError: no idea what 1 is"),
            ("error", "broken failed on a frame (49 more)"),
        ]

    run_virtual(scenario())


def test_a_flood_is_paced_to_line_rate_and_loads_the_bus_fully() -> None:
    async def scenario() -> tuple[BusLoad, int]:
        rig = Rig()
        flooder = rig.bus.attach("flooder", ignore)
        running = asyncio.create_task(rig.bus.run())
        offered = 0
        while rig.clock.now() < 2.005:
            for _ in range(9):
                flooder.send(frame(0x000, bytes(8)))
                offered += 1
            await asyncio.sleep(0.001)
        running.cancel()
        return rig.of(BusLoad)[1], offered

    load, offered = run_virtual(scenario())
    bits = frame_bits(frame(0x000, bytes(8)))
    assert offered > 17_500
    assert load.load_pct == pytest.approx(100, abs=0.1)
    assert load.worst_pct == pytest.approx(100 * 135 / bits, rel=1e-3)
    assert load.frames_per_s == pytest.approx(500_000 / bits, rel=1e-3)
    assert load.frames == pytest.approx(2 * 500_000 / bits, rel=1e-3)


async def test_line_rate_is_reached_in_real_time_although_the_loop_wakes_up_late() -> None:
    rig = Rig(bitrate=100_000)
    sender = rig.bus.attach("sender", ignore)
    for _ in range(TRANSMIT_QUEUE):
        sender.send(frame(0x200))
    loaded = rig.clock.now()
    await until(lambda: rig.bus.frames == TRANSMIT_QUEUE)
    times = [event.t for event in rig.of(CanFrame) if event.t > loaded]
    assert len(times) > 1
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == pytest.approx([frame_bits(frame(0x200)) / 100_000] * len(gaps))


@given(st.floats(0, 1e6), st.integers(10_000, 1_000_000))
def test_a_clock_that_rounds_never_holds_a_frame_up(start: float, bitrate: int) -> None:
    async def scenario() -> None:
        await asyncio.sleep(start)
        rig = Rig(bitrate)
        sender = rig.bus.attach("sender", ignore)
        for number in range(20):
            sender.send(frame(number))
        await asyncio.sleep(1)
        assert rig.ids() == list(range(20))

    run_virtual(scenario())


def test_a_flood_of_id_0_starves_everybody_else() -> None:
    async def scenario() -> int:
        rig = Rig()
        flooder, victim = rig.bus.attach("flooder", ignore), rig.bus.attach("victim", ignore)
        while rig.clock.now() < 1.0:
            while flooder.queued < 20:
                flooder.send(frame(0x000, bytes(8)))
            victim.send(frame(0x300, bytes(2)))
            await asyncio.sleep(0.001)
        return rig.ids().count(0x300)

    assert run_virtual(scenario()) == 0


def test_frames_beyond_the_transmit_queue_are_dropped_counted_and_reported() -> None:
    async def scenario() -> None:
        rig = Rig()
        flooder, other = rig.bus.attach("flooder", ignore), rig.bus.attach("other", ignore)
        accepted = [flooder.send(frame(0x000)) for _ in range(TRANSMIT_QUEUE + 100)]
        assert accepted == [True] * TRANSMIT_QUEUE + [False] * 100
        assert flooder.dropped == 100
        assert other.send(frame(0x300)), "one node's flood must not fill another's queue"
        await asyncio.sleep(1)
        rig.bus.close()
        assert len(rig.of(CanFrame)) == TRANSMIT_QUEUE + 1
        assert [note.text for note in rig.of(Note)] == [
            "flooder: frame dropped, its transmit queue is full",
            "flooder: frame dropped, its transmit queue is full (99 more)",
        ]

    run_virtual(scenario())


def test_bus_load_is_published_every_second_without_drift() -> None:
    async def scenario() -> list[BusLoad]:
        rig = Rig()
        sender = rig.bus.attach("sender", ignore)
        running = asyncio.create_task(rig.bus.run())
        for _ in range(100):
            sender.send(frame(0x300, bytes(2)))
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.01)
        running.cancel()
        return rig.of(BusLoad)

    loads = run_virtual(scenario())
    assert [load.t for load in loads] == pytest.approx([float(n) for n in range(1, 11)])
    bits = frame_bits(frame(0x300, bytes(2)))
    assert loads[4].load_pct == pytest.approx(100 * 10 * bits / 500_000)
    assert loads[4].worst_pct == pytest.approx(100 * 10 * 75 / 500_000)
    assert loads[4].frames_per_s == pytest.approx(10)
    assert (loads[0].source, loads[0].bus, loads[0].bitrate) == ("CP1/can", "CP1/can", 500_000)


def test_a_loop_held_up_for_seconds_gets_one_load_for_all_of_them() -> None:
    async def scenario() -> list[float]:
        rig = Rig()
        assert isinstance(rig.loop, VirtualTimeLoop)
        running = asyncio.create_task(rig.bus.run())
        rig.loop.call_at(0.5, rig.loop.hold_up, 3.0)
        await asyncio.sleep(5.5)
        running.cancel()
        return [load.t for load in rig.of(BusLoad)]

    assert run_virtual(scenario()) == pytest.approx([3.5, 4, 5])


def test_a_node_that_left_hears_nothing_more_but_its_queued_frames_still_go_out() -> None:
    async def scenario() -> None:
        rig = Rig()
        heard: list[CanFrame] = []
        leaver = rig.bus.attach("leaver", heard.append)
        sender = rig.bus.attach("sender", ignore)
        sender.send(frame(0x1))
        leaver.send(frame(0x2))
        leaver.detach()
        assert not leaver.send(frame(0x3))
        assert leaver.dropped == 1
        await asyncio.sleep(1)
        assert heard == []
        assert rig.ids() == [0x1, 0x2]
        rig.bus.attach("leaver", ignore)

    run_virtual(scenario())


def test_a_node_may_leave_while_a_frame_is_being_handed_out() -> None:
    async def scenario() -> list[str]:
        rig = Rig()
        heard: list[str] = []
        second = rig.bus.attach("x", ignore)
        second.detach()
        rig.bus.attach("first", lambda m: second.detach())
        second = rig.bus.attach("second", lambda m: heard.append("second"))
        rig.bus.attach("third", lambda m: heard.append("third"))
        rig.bus.attach("sender", ignore).send(frame(0x1))
        await asyncio.sleep(1)
        return heard

    assert run_virtual(scenario()) == ["third"]


def test_after_close_no_timer_is_left_and_nothing_is_accepted() -> None:
    async def scenario() -> None:
        rig = Rig()
        told: list[str] = []
        sender = rig.bus.attach("sender", ignore, lambda: told.append("left"))
        sender.send(frame(0x1))
        rig.bus.close()
        rig.bus.close()
        assert told == ["left"]
        assert not sender.send(frame(0x2))
        await asyncio.sleep(1)
        assert rig.ids() == []
        with pytest.raises(RuntimeError, match="closed"):
            rig.bus.attach("late", ignore)

    run_virtual(scenario())


def test_two_nodes_cannot_share_a_name() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.bus.attach("module", ignore)
        with pytest.raises(ValueError, match="'module'"):
            rig.bus.attach("module", ignore)

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"arbitration_id": 0x800}, "0x800 does not fit into 11 bits"),
        ({"arbitration_id": -1}, "-0x1 does not fit into 11 bits"),
        ({"arbitration_id": 1 << 29, "extended": True}, "does not fit into 29 bits"),
        ({"arbitration_id": 1, "data": bytes(9)}, "9 bytes of data"),
        ({"arbitration_id": 1, "remote": True, "data": b"x"}, "a remote frame has no data"),
        ({"arbitration_id": 1, "remote": True, "requested": 9}, "9 bytes asked for"),
        ({"arbitration_id": 1, "requested": 1}, "others for none"),
    ],
)
def test_what_is_no_classic_can_frame_cannot_be_made(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Frame(**fields)


def test_remote_error_and_extended_frames_keep_what_they_are() -> None:
    async def scenario() -> None:
        rig = Rig()
        heard: list[CanFrame] = []
        rig.bus.attach("listener", heard.append)
        sender = rig.bus.attach("sender", ignore)
        sender.send(frame(0x1ABCDEFF, b"x", extended=True))
        sender.send(Frame(0x7, remote=True, requested=2))
        sender.send(Frame(0, error=True))
        await asyncio.sleep(1)
        long, error, remote = rig.of(CanFrame)
        assert (long.extended, long.arbitration_id) == (True, 0x1ABCDEFF)
        assert (error.error, remote.remote, remote.dlc) == (True, True, 2)
        assert heard[2].dlc == 2

    run_virtual(scenario())


def test_the_bus_needs_no_thread_and_no_task_per_node() -> None:
    async def scenario() -> None:
        rig = Rig()
        threads, tasks = threading.active_count(), len(asyncio.all_tasks())
        for number in range(50):
            rig.bus.attach(f"node {number}", ignore).send(frame(number))
        await asyncio.sleep(0.001)
        assert (threading.active_count(), len(asyncio.all_tasks())) == (threads, tasks)

    run_virtual(scenario())


def test_a_muted_frame_is_lost_and_its_sender_does_not_notice() -> None:
    async def scenario() -> None:
        rig = Rig()
        sender, other = rig.bus.attach("sender", ignore), rig.bus.attach("other", ignore)
        rig.bus.mutes.append(lambda node, sent: node is sender and sent.arbitration_id == 0x1)
        assert sender.send(frame(0x1))
        assert sender.send(frame(0x2))
        assert other.send(frame(0x1))
        await asyncio.sleep(1)
        seen = [(event.node, event.arbitration_id) for event in rig.of(CanFrame)]
        assert seen == [("other", 0x1), ("sender", 0x2)]
        assert (sender.queued, sender.dropped, rig.bus.muted) == (0, 0, 1)

    run_virtual(scenario())
