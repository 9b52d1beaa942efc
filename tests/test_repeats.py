"""Of things that say the same the first are told, and of the rest the number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evtui.repeats import KEYS_MAX, Repeats, RepeatsSummary


def told(repeats: Repeats[int], moments: list[float], key: str = "x") -> list[bool]:
    """Which of the things that come at ``moments`` are told at once."""
    return [repeats.tells(key, number, moment) for number, moment in enumerate(moments)]


def due(repeats: Repeats[int]) -> float | None:
    return repeats.due


def test_the_first_are_told_at_once_and_the_rest_once_in_a_while() -> None:
    repeats: Repeats[int] = Repeats(first=3, every=1.0)
    assert told(repeats, [n / 100 for n in range(50)]) == [True] * 3 + [False] * 47
    assert due(repeats) == 0.02 + 1.0
    assert repeats.take(1.0) == []
    assert repeats.take(1.02) == [RepeatsSummary(newest=49, more=46, seconds=1.0)]
    assert due(repeats) is None
    assert not repeats.tells("x", 50, 1.5)
    assert due(repeats) == 2.02


def test_what_comes_no_faster_than_it_is_told_is_told_at_once_for_ever() -> None:
    repeats: Repeats[int] = Repeats(first=2, every=1.0)
    assert all(told(repeats, [float(n) for n in range(100)]))
    assert due(repeats) is None


def test_after_it_was_quiet_the_first_are_told_at_once_again() -> None:
    repeats: Repeats[int] = Repeats(first=2, every=1.0, quiet=5.0)
    assert told(repeats, [0, 0, 0]) == [True, True, False]
    repeats.take(1.0)
    assert told(repeats, [5.0, 5.0, 5.0]) == [True, True, False]


def test_kinds_do_not_share_what_is_told_at_once() -> None:
    repeats: Repeats[int] = Repeats(first=1, every=1.0)
    assert told(repeats, [0, 0], "x") == [True, False]
    assert told(repeats, [0, 0], "y") == [True, False]
    assert [one.newest for one in repeats.take(1.0)] == [1, 1]


def test_at_the_end_what_is_held_is_told_although_it_is_not_due() -> None:
    repeats: Repeats[int] = Repeats(first=1, every=10.0)
    told(repeats, [0, 1, 2])
    assert repeats.take(2.0, all_of_it=True) == [RepeatsSummary(newest=2, more=1, seconds=2.0)]
    assert due(repeats) is None


def test_one_alone_is_told_without_a_number() -> None:
    assert RepeatsSummary("x", 0, 1.0).text == ""
    assert RepeatsSummary("x", 1234, 9.8).text == " (and 1,234 more like it in the last 10 s)"


def test_kinds_are_bounded_and_what_is_held_is_not_forgotten_for_new_ones() -> None:
    repeats: Repeats[int] = Repeats(first=1, every=1.0)
    for number in range(2 * KEYS_MAX):
        told(repeats, [0, 0], f"x{number}")
    assert len(repeats.take(1.0)) == KEYS_MAX
    assert all(repeats.tells(f"y{number}", number, 1.0) for number in range(10 * KEYS_MAX))
    assert len(repeats._kinds) <= KEYS_MAX


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 0.5)), max_size=200),
    st.integers(0, 5),
    st.sampled_from([0.0, 0.1, 1.0]),
)
def test_nothing_is_lost_whatever_comes_when(
    steps: list[tuple[str, float]], first: int, every: float
) -> None:
    repeats: Repeats[int] = Repeats(first, every, quiet=2.0)
    now, counted = 0.0, 0
    for key, pause in steps:
        now += pause
        if repeats.due is not None and now >= repeats.due:
            counted += sum(1 + summary.more for summary in repeats.take(now))
        counted += repeats.tells(key, 0, now)
    counted += sum(1 + summary.more for summary in repeats.take(now, all_of_it=True))
    assert counted == len(steps)
