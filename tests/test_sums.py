"""Sums that are the same everywhere."""

from __future__ import annotations

from evtui.sums import total


def test_a_sum_is_rounded_at_each_step_on_every_python() -> None:
    waits = (0.1, 0.2, 0.3, 0.1)
    assert total(waits) == ((0.1 + 0.2) + 0.3) + 0.1
    assert total(iter(waits)) == 0.7000000000000001
    assert total(()) == 0.0
