from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus import Frame
from evtui.canbus.line import Ended, Line, arbitration_rank, frame_bits
from tests.canbus.rig import frame

BITRATE = 500_000

messages = st.builds(
    Frame,
    arbitration_id=st.integers(0, 0x7FF),
    extended=st.booleans(),
    data=st.binary(max_size=8),
)
offers = st.lists(st.tuples(st.floats(0, 0.01), messages), max_size=30).map(
    lambda pairs: sorted(pairs, key=lambda pair: pair[0])
)


def drain(line: Line[int], now: float = 1e9) -> list[Ended[int]]:
    taken = []
    while ended := line.take(now):
        taken.append(ended)
    return taken


def offered(pairs: list[tuple[float, Frame]]) -> list[Ended[int]]:
    line: Line[int] = Line(BITRATE)
    for number, (at, message) in enumerate(pairs):
        line.offer(at, message, number)
    return drain(line)


@pytest.mark.parametrize(
    ("message", "frames_per_s"),
    [
        (frame(0x200), 9_090),
        (frame(0x300, bytes(2)), 6_666),
        (frame(0x300, bytes(8)), 3_703),
        (frame(0x300, bytes(8), extended=True), 3_125),
    ],
)
def test_frames_take_as_long_as_canbusload_says_for_worst_case_stuffing(
    message: Frame, frames_per_s: int
) -> None:
    assert BITRATE // frame_bits(message) == frames_per_s


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
    assert [ended.item for ended in offered(pairs)] == [0, 1]


def test_arbitration_is_decided_among_those_waiting_when_the_line_fell_idle() -> None:
    line: Line[str] = Line(BITRATE)
    line.offer(0.0, frame(0x400), "first")
    line.offer(0.0, frame(0x500), "was waiting")
    line.offer(0.000_150, frame(0x000), "came while that one was on the line")
    taken = [line.take(1.0) for _ in range(3)]
    assert [ended.item for ended in taken if ended] == [
        "first",
        "was waiting",
        "came while that one was on the line",
    ]


@given(offers)
def test_every_frame_leaves_the_line_once_and_two_never_overlap(
    pairs: list[tuple[float, Frame]],
) -> None:
    taken = offered(pairs)
    assert sorted(ended.item for ended in taken) == list(range(len(pairs)))
    free_at = 0.0
    for ended in taken:
        at, message = pairs[ended.item]
        begin = ended.end - frame_bits(message) / BITRATE
        assert begin >= max(free_at, at) - 1e-9
        free_at = ended.end


@given(offers)
def test_the_line_is_never_idle_while_a_frame_waits(
    pairs: list[tuple[float, Frame]],
) -> None:
    free_at = 0.0
    waiting = dict(enumerate(at for at, _ in pairs))
    for ended in offered(pairs):
        begin = ended.end - frame_bits(pairs[ended.item][1]) / BITRATE
        assert begin == pytest.approx(max(free_at, min(waiting.values())), abs=1e-9)
        del waiting[ended.item]
        free_at = ended.end


@given(offers)
def test_how_often_one_looks_changes_nothing(pairs: list[tuple[float, Frame]]) -> None:
    line: Line[int] = Line(BITRATE)
    taken = []
    for number, (at, message) in enumerate(pairs):
        taken += drain(line, at)
        line.offer(at, message, number)
    assert taken + drain(line) == offered(pairs)


@given(offers, st.floats(0.01, 0.1))
def test_busy_time_is_the_sum_of_all_bits_and_never_more_than_the_time(
    pairs: list[tuple[float, Frame]], now: float
) -> None:
    line: Line[int] = Line(BITRATE)
    for number, (at, message) in enumerate(pairs):
        line.offer(at, message, number)
    assert line.busy(now) <= now + 1e-9
    bits = sum(frame_bits(message) for _, message in pairs)
    assert line.busy(1.0) == pytest.approx(bits / BITRATE)


def test_a_line_needs_a_bit_rate() -> None:
    with pytest.raises(ValueError, match="bit rate"):
        Line[int](0)
