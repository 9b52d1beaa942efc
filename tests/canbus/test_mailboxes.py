"""What waits at a node: in which order, how much, and for how long."""

from __future__ import annotations

import asyncio

import pytest

from evtui.canbus import Frame, TransmitQueue, frame_bits
from evtui.canbus.controller import Overflow
from evtui.canbus.statistics import IDENTIFIERS_KEPT
from evtui.events import CanFrame, Note
from tests.canbus.rig import Rig, frame, ignore
from tests.virtual_loop import run_virtual

BIT = 1 / 500_000


def sent(rig: Rig) -> list[tuple[int, bytes]]:
    return [(each.arbitration_id, each.data) for each in rig.of(CanFrame)]


@pytest.mark.parametrize(
    ("queue", "order"),
    [
        (TransmitQueue(), [0x7FF, 0x010, 0x400, 0x500, 0x600, 0x700]),
        (TransmitQueue(order="fifo"), [0x7FF, 0x400, 0x500, 0x600, 0x700, 0x010]),
    ],
)
def test_in_a_fifo_an_urgent_frame_waits_behind_all_that_came_before_it(
    queue: TransmitQueue, order: list[int]
) -> None:
    """Priority inversion: node b's frames pass, though they are less urgent than a's 0x010."""

    async def scenario() -> list[int]:
        rig = Rig()
        a, b = rig.bus.attach("a", ignore, queue=queue), rig.bus.attach("b", ignore)
        a.send(frame(0x7FF))
        await asyncio.sleep(5 * BIT)
        for identifier in (0x700, 0x010):
            a.send(frame(identifier))
        for identifier in (0x400, 0x500, 0x600):
            b.send(frame(identifier))
        await asyncio.sleep(0.1)
        return [identifier for identifier, _ in sent(rig)]

    assert run_virtual(scenario()) == order


@pytest.mark.parametrize(
    ("overflow", "order", "kept"),
    [
        ("refuse", "priority", [b"0", b"1", b"2"]),
        ("refuse", "fifo", [b"0", b"1", b"2"]),
        ("drop-oldest", "priority", [b"0", b"3", b"4"]),
        ("drop-oldest", "fifo", [b"0", b"3", b"4"]),
        ("overwrite", "priority", [b"0", b"4"]),
        ("overwrite", "fifo", [b"0", b"4"]),
    ],
)
def test_when_more_come_than_fit_the_policy_says_which_are_lost(
    overflow: Overflow, order: str, kept: list[bytes]
) -> None:
    async def scenario() -> None:
        rig = Rig(queue=TransmitQueue(3, order, overflow))  # type: ignore[arg-type]
        node = rig.bus.attach("node", ignore)
        taken = [node.send(frame(0x300, b"%d" % number)) for number in range(5)]
        assert node.queued <= 3
        await asyncio.sleep(0.1)
        assert [data for _, data in sent(rig)] == kept
        assert node.dropped == rig.bus.dropped == 5 - len(kept)
        assert taken.count(False) == (2 if overflow == "refuse" else 0)
        assert node.queued == 0
        assert len(rig.of(Note)) == 1

    run_virtual(scenario())


def test_a_full_queue_that_overwrites_refuses_what_has_no_twin_there() -> None:
    async def scenario() -> None:
        rig = Rig()
        node = rig.bus.attach("node", ignore, queue=TransmitQueue(2, overflow="overwrite"))
        assert [node.send(frame(identifier)) for identifier in (1, 2, 3)] == [True, True, False]

    run_virtual(scenario())


def test_a_queue_holds_one_frame_at_least() -> None:
    with pytest.raises(ValueError, match="holds none"):
        TransmitQueue(0)


def test_load_and_delay_are_told_by_identifier_and_by_node() -> None:
    async def scenario() -> None:
        rig = Rig()
        a, b = rig.bus.attach("a", ignore), rig.bus.attach("b", ignore)
        first, second, long = frame(0x100, bytes(8)), frame(0x200), frame(0x9, extended=True)
        for _ in range(3):
            a.send(first)
            await asyncio.sleep(2 * BIT)
            b.send(second)
            a.send(long)
            await asyncio.sleep(0.01)
        loads = rig.bus.load_by_identifier()
        bits = frame_bits(first)
        assert {key: load.frames for key, load in loads.items()} == {
            (0x100, False): 3,
            (0x200, False): 3,
            (0x9, True): 3,
        }
        assert loads[0x100, False].busy == pytest.approx(3 * bits * BIT)
        assert loads[0x100, False].worst_bits == 3 * 135
        assert loads[0x100, False].longest_delay == pytest.approx(0, abs=1e-12)
        # 0x9 has 29 bits and begins with zeros: it goes first, and 0x200 waits for it too.
        waited = (bits - 2) * BIT
        assert loads[0x9, True].mean_delay == pytest.approx(waited)
        assert loads[0x200, False].longest_delay == pytest.approx(waited + frame_bits(long) * BIT)
        nodes = rig.bus.load_by_node()
        assert (nodes["a"].frames, nodes["b"].frames, nodes["somebody"].frames) == (6, 3, 0)
        assert nodes["b"].busy == pytest.approx(3 * frame_bits(second) * BIT)
        assert (nodes["a"].tec, nodes["a"].state, nodes["a"].queued) == (0, "error active", 0)

    run_virtual(scenario())


def test_an_error_frame_that_a_node_sends_is_of_no_identifier() -> None:
    async def scenario() -> None:
        rig = Rig()
        node = rig.bus.attach("node", ignore)
        node.send(Frame(0, error=True))
        node.send(frame(0))
        await asyncio.sleep(1)
        assert rig.bus.frames == 2
        assert {key: load.frames for key, load in rig.bus.load_by_identifier().items()} == {
            (0, False): 1
        }

    run_virtual(scenario())


def test_counters_of_identifiers_do_not_grow_without_end() -> None:
    async def scenario() -> None:
        rig = Rig(None)
        node = rig.bus.attach("node", ignore, queue=TransmitQueue(IDENTIFIERS_KEPT + 10))
        for number in range(IDENTIFIERS_KEPT + 5):
            node.send(Frame(number, extended=True))
        await asyncio.sleep(1)
        loads = rig.bus.load_by_identifier()
        assert len(loads) == IDENTIFIERS_KEPT + 1
        assert loads[-1, True].frames == 5
        assert sum(load.frames for load in loads.values()) == rig.bus.frames

    run_virtual(scenario())


def test_what_is_withdrawn_does_not_go_out_but_for_what_is_on_the_line() -> None:
    async def scenario() -> None:
        rig = Rig()
        node, other = rig.bus.attach("node", ignore), rig.bus.attach("other", ignore)
        for identifier in (3, 1, 2):
            node.send(frame(identifier))
        other.send(frame(9))
        await asyncio.sleep(0.000_01)
        assert node.withdraw() == 2
        assert node.queued == 1
        node.send(frame(5))
        await asyncio.sleep(0.01)
        assert rig.ids() == [3, 5, 9]
        assert (node.queued, node.withdraw()) == (0, 0)

    run_virtual(scenario())
