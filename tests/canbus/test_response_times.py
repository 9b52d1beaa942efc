"""What the bus does, beside the analysis of Davis, Burns, Bril and Lukkien (2007)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.canbus.response_times import MessageStream, Unschedulable, worst_response_times
from tests.bench.measure import full
from tests.canbus.timing import (
    DAVIS,
    SAE,
    SETS,
    Message,
    MessageSet,
    analysed,
    in_a_run,
    in_critical_instant,
)

SECONDS = 600.0 if full() else 20.0


def test_the_example_of_the_paper_has_the_times_of_the_paper() -> None:
    assert [1000 * each for each in analysed(DAVIS)] == pytest.approx([2.0, 3.0, 3.5])


def test_the_benchmark_keeps_its_periods() -> None:
    for response, message in zip(analysed(SAE), SAE.messages, strict=True):
        assert response < message.period / 1000


@pytest.mark.parametrize("of", SETS, ids=lambda of: of.name)
@pytest.mark.parametrize("seed", [1, 2])
def test_in_a_run_no_response_is_longer_than_the_analysis_allows(of: MessageSet, seed: int) -> None:
    bound = analysed(of)
    seen = in_a_run(of, SECONDS, seed)
    assert all(0 < each <= most for each, most in zip(seen, bound, strict=True))
    # And it is no idle bound: whoever is most urgent does wait for others.
    assert max(each / most for each, most in zip(seen, bound, strict=True)) > 0.5


@pytest.mark.parametrize("of", SETS, ids=lambda of: of.name)
def test_in_the_critical_instant_the_analysed_time_is_reached_to_within_a_bit(
    of: MessageSet,
) -> None:
    chance = random.Random(7)
    frames = [of.frame(place, chance) for place in range(len(of.messages))]
    for place, most in enumerate(analysed(of, frames)):
        reached = in_critical_instant(of, frames, place)
        assert most - 1.01 * of.bit <= reached <= most + 1e-9, place


sets = st.lists(
    st.builds(Message, st.integers(0, 8), st.sampled_from([5.0, 7.0, 10.0, 14.0, 20.0, 33.0])),
    min_size=1,
    max_size=8,
).map(lambda messages: MessageSet("any", 250_000, tuple(messages)))


@settings(max_examples=200 if full() else 25)
@given(sets, st.randoms(use_true_random=False))
def test_so_it_is_for_any_set_of_messages(of: MessageSet, chance: random.Random) -> None:
    frames = [of.frame(place, chance) for place in range(len(of.messages))]
    try:
        exact, bound = analysed(of, frames), analysed(of)
    except Unschedulable:
        return
    for place, most in enumerate(exact):
        reached = in_critical_instant(of, frames, place)
        assert most - 1.01 * of.bit <= reached <= most + 1e-9
        assert most <= bound[place] + 1e-9


def test_jitter_of_a_message_counts_and_that_of_a_more_urgent_one_may() -> None:
    def times(jitter: float) -> list[float]:
        first = MessageStream(name="a", duration=0.001, period=0.004, jitter=jitter)
        second = MessageStream(name="b", duration=0.001, period=0.010)
        return worst_response_times([first, second], 8e-6)

    assert times(0.0) == pytest.approx([0.002, 0.002])
    assert times(0.003_5) == pytest.approx([0.005_5, 0.003])


def test_more_than_the_bus_has_is_refused() -> None:
    half = MessageStream(name="half", duration=0.001, period=0.002)
    with pytest.raises(Unschedulable, match=r"100\.0 % of the bus"):
        worst_response_times([half, half], 2e-6)
