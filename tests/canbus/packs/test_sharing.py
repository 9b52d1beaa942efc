from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus.packs.sharing import ModuleRating, shared

amperes = st.floats(0, 1000)
modules = st.lists(amperes | st.just(0.0) | st.just(inf), min_size=1, max_size=8)


@given(amperes, modules)
def test_the_parts_add_up_to_the_load_or_to_all_that_there_is(
    total: float, most: list[float]
) -> None:
    assert sum(shared(total, most)) == pytest.approx(min(total, sum(most)))


@given(amperes, modules)
def test_no_module_gives_more_than_it_can(total: float, most: list[float]) -> None:
    parts = shared(total, most)
    assert len(parts) == len(most)
    assert all(0.0 <= part <= can for part, can in zip(parts, most, strict=True))


@given(amperes, modules)
def test_who_gives_less_than_another_gives_all_it_can(total: float, most: list[float]) -> None:
    parts = shared(total, most)
    for part, can in zip(parts, most, strict=True):
        assert part == pytest.approx(can) or part >= max(parts) - 1e-9 * (1 + max(parts))


@given(amperes, modules, st.data())
def test_a_module_that_fails_leaves_no_other_with_less(
    total: float, most: list[float], data: st.DataObject
) -> None:
    failing = data.draw(st.integers(0, len(most) - 1))
    after = shared(total, [0.0 if n == failing else can for n, can in enumerate(most)])
    before = shared(total, most)
    assert after[failing] == 0.0
    for number, part in enumerate(after):
        assert number == failing or part >= before[number] - 1e-9 * (1 + before[number])


def test_equal_modules_have_equal_parts() -> None:
    assert shared(100.0, [133.0, 133.0]) == (50.0, 50.0)
    assert shared(100.0, [20.0, 133.0, 133.0]) == (20.0, 40.0, 40.0)
    assert shared(400.0, [133.0, 0.0, 133.0]) == (133.0, 0.0, 133.0)
    assert shared(inf, [133.0, 20.0]) == (133.0, 20.0)
    assert shared(0.0, [133.0]) == (0.0,)


@given(st.floats(0.0, 1500))
def test_a_module_gives_no_more_than_its_current_and_its_power(voltage: float) -> None:
    rating = ModuleRating(current_max=100.0, power=30_000.0)
    current = rating.current_at(voltage)
    assert current <= 100.0
    assert current * voltage <= 30_000.0 * (1 + 1e-9)
    assert current == 100.0 or current * voltage == pytest.approx(30_000.0)
