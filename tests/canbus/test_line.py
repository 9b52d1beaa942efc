from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus import Frame
from evtui.canbus.controller import Controller, Ended
from evtui.canbus.lengths import arbitration_rank, frame_bits, worst_case_bits
from evtui.canbus.line import Line
from tests.canbus.rig import frame

BITRATE = 500_000
BIT = 1 / BITRATE

messages = st.builds(
    Frame,
    arbitration_id=st.integers(0, 0x7FF),
    extended=st.booleans(),
    data=st.binary(max_size=8),
)
offers = st.lists(st.tuples(st.floats(0, 0.01), messages), max_size=30).map(
    lambda pairs: sorted(pairs, key=lambda pair: pair[0])
)


class Shared:
    """A line with two nodes, each of which acknowledges what the other sends.

    Frames are offered by turns, and told apart by the number that stands for their cause.
    """

    def __init__(self, bitrate: int | None = BITRATE) -> None:
        self.line = Line(bitrate)
        self.nodes = [Controller("a"), Controller("b")]
        for node in self.nodes:
            self.line.join(0.0, node)

    def offer(self, at: float, message: Frame, number: int) -> None:
        self.line.offer(at, self.nodes[number % 2], message, number)

    def drain(self, now: float = 1e9) -> list[tuple[float, int]]:
        """When each frame that has ended by ``now`` did, and its number."""
        taken = []
        while ended := self.line.take(now):
            taken.append((ended[0], number_of(ended)))
        return taken


def number_of(ended: Ended) -> int:
    entry = ended[2]
    assert entry is not None
    assert entry[4] is not None
    return entry[4]


def offered(pairs: list[tuple[float, Frame]]) -> list[tuple[float, int]]:
    shared = Shared()
    for number, (at, message) in enumerate(pairs):
        shared.offer(at, message, number)
    return shared.drain()


@pytest.mark.parametrize(
    ("message", "frames_per_s"),
    [
        (frame(0x200), 9_090),
        (frame(0x300, bytes(2)), 6_666),
        (frame(0x300, bytes(8)), 3_703),
        (frame(0x300, bytes(8), extended=True), 3_125),
    ],
)
def test_the_worst_case_of_stuffing_is_that_of_canbusload(
    message: Frame, frames_per_s: int
) -> None:
    assert BITRATE // worst_case_bits(message) == frames_per_s


def test_an_error_frame_is_shorter_than_any_data_frame() -> None:
    assert frame_bits(Frame(0, error=True)) < frame_bits(frame(0))


def test_arbitration_is_won_as_on_the_wire() -> None:
    remote = Frame(0x100, remote=True)
    winners_first = [
        Frame(0, error=True),
        frame(0x0FF),
        frame(0x100),
        remote,
        frame(0x100 << 18, extended=True),
        frame(0x100 << 18 | 1, extended=True),
        frame(0x101),
    ]
    ranks = [arbitration_rank(message) for message in winners_first]
    assert ranks == sorted(set(ranks))


def test_a_frame_on_the_line_is_not_interrupted_by_a_better_one() -> None:
    pairs = [(0.0, frame(0x700)), (0.00001, frame(0x000))]
    assert [number for _, number in offered(pairs)] == [0, 1]


def test_who_is_ready_within_the_start_of_frame_takes_part_in_its_arbitration() -> None:
    first, better = frame(0x700), frame(0x000)
    assert [number for _, number in offered([(0.0, first), (0.9 * BIT, better)])] == [1, 0]
    assert [number for _, number in offered([(0.0, first), (1.1 * BIT, better)])] == [0, 1]
    at_once = offered([(0.0, first), (0.9 * BIT, better)])
    assert at_once[0][0] == pytest.approx(frame_bits(better) * BIT)


def test_a_node_does_not_take_back_the_frame_that_it_has_begun() -> None:
    shared = Shared()
    shared.line.offer(0.0, shared.nodes[0], frame(0x700), 0)
    shared.line.offer(0.0, shared.nodes[0], frame(0x000), 1)
    assert [number for _, number in shared.drain()] == [0, 1]


def test_arbitration_is_decided_among_those_waiting_when_the_line_fell_idle() -> None:
    pairs = [(0.0, frame(0x400)), (0.0, frame(0x500)), (0.000_090, frame(0x000))]
    assert [number for _, number in offered(pairs)] == [0, 2, 1]


@given(offers)
def test_every_frame_leaves_the_line_once_and_two_never_overlap(
    pairs: list[tuple[float, Frame]],
) -> None:
    taken = offered(pairs)
    assert sorted(number for _, number in taken) == list(range(len(pairs)))
    free_at = 0.0
    for end, number in taken:
        at, message = pairs[number]
        begin = end - frame_bits(message) / BITRATE
        assert begin >= max(free_at, at - BIT) - 1e-9
        free_at = end


@given(offers)
def test_the_line_is_never_idle_while_a_frame_waits(
    pairs: list[tuple[float, Frame]],
) -> None:
    free_at = 0.0
    waiting = dict(enumerate(at for at, _ in pairs))
    for end, number in offered(pairs):
        begin = end - frame_bits(pairs[number][1]) / BITRATE
        assert begin == pytest.approx(max(free_at, min(waiting.values())), abs=1e-9)
        del waiting[number]
        free_at = end


@given(offers)
def test_how_often_one_looks_changes_nothing(pairs: list[tuple[float, Frame]]) -> None:
    shared = Shared()
    taken = []
    for number, (at, message) in enumerate(pairs):
        taken += shared.drain(at)
        shared.offer(at, message, number)
    assert taken + shared.drain() == offered(pairs)


@given(offers, st.floats(0.01, 0.1))
def test_busy_time_is_the_sum_of_all_bits_and_never_more_than_the_time(
    pairs: list[tuple[float, Frame]], now: float
) -> None:
    shared = Shared()
    for number, (at, message) in enumerate(pairs):
        shared.offer(at, message, number)
    assert shared.line.busy(now) <= now + 1e-9
    bits = sum(frame_bits(message) for _, message in pairs)
    assert shared.line.busy(1.0) == pytest.approx(bits / BITRATE)


@given(offers)
def test_on_an_ideal_line_frames_take_no_time_and_keep_their_order(
    pairs: list[tuple[float, Frame]],
) -> None:
    shared = Shared(None)
    for number, (at, message) in enumerate(pairs):
        shared.offer(at, message, number)
    assert shared.drain() == [(at, number) for number, (at, _) in enumerate(pairs)]
    assert shared.line.busy(1.0) == 0


@pytest.mark.parametrize("rates", [(0, None), (-1, None), (500_000, -1)])
def test_a_line_needs_a_bit_rate(rates: tuple[int, int | None]) -> None:
    with pytest.raises(ValueError, match="bit rate"):
        Line(*rates)
