from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evtui.ocppj.limits import LinkCounters, MessageRate, Pace


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    pace = Pace(MessageRate(per_s=10, burst=3), now=0)
    assert [pace.take(0) for _ in range(5)] == [0, 0, 0, 0.1, 0.2]


def test_a_pause_earns_the_burst_back_and_no_more() -> None:
    pace = Pace(MessageRate(per_s=10, burst=3), now=0)
    for _ in range(3):
        pace.take(0)
    assert [pace.take(3600) for _ in range(4)] == [0, 0, 0, 0.1]


@given(
    st.floats(0.1, 1e4),
    st.integers(1, 100),
    st.lists(st.floats(0, 10), min_size=1, max_size=200),
)
def test_who_waits_as_told_never_gets_more_than_burst_and_rate(
    per_s: float, burst: int, pauses: list[float]
) -> None:
    pace = Pace(MessageRate(per_s, burst), now=0)
    now = 0.0
    for count, pause in enumerate(pauses, 1):
        now += pause
        now += pace.take(now)
        assert count <= burst + now * per_s + 1e-6


def test_whoever_watches_the_counters_is_told_of_trouble_only() -> None:
    told: list[str] = []
    counters = LinkCounters(trouble=lambda: told.append("trouble"))
    counters.received += 1
    assert told == []
    counters.count_invalid(oversize=True)
    counters.count_throttled()
    assert told == ["trouble", "trouble"]
    assert (counters.invalid, counters.oversize, counters.throttled) == (1, 1, 1)


def test_a_long_message_counts_as_many() -> None:
    pace = Pace(MessageRate(per_s=10, burst=3, message_bytes=100), now=0)
    assert [pace.take(0, 100), pace.take(0, 200)] == [0, 0]
    assert pace.take(0, 500) == 0.5
    assert pace.take(0.5, 1) == 0.1


@given(st.lists(st.integers(1, 2**20), min_size=1, max_size=100))
def test_who_waits_as_told_never_gets_more_bytes_than_burst_and_rate(sizes: list[int]) -> None:
    rate = MessageRate()
    pace, now, got = Pace(rate, now=0), 0.0, 0
    for size in sizes:
        now += pace.take(now, size)
        got += size
        assert got <= (rate.burst + now * rate.per_s) * rate.message_bytes + 1
