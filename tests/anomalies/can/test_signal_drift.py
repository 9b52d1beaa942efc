"""Reports that leave the truth by and by."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from tests.anomalies.can.stand import Stand, amperes, on_the_bus

NAME = "signal-drift"


def test_the_error_grows_in_no_step_and_ends_at_the_most() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(30, slope_a_per_s=-2, most_a=30)
        said = amperes(stand.forged())
        assert max(abs(later - earlier) for earlier, later in pairwise(said)) <= 1
        assert said[50] == pytest.approx(90, abs=1)
        assert {*said[-100:]} == {70}
        assert {each.current for each in stand.samples(0, 30)} == {100}

    on_the_bus(NAME, scenario)


def test_true_changes_show_on_top_of_it() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(slope_a_per_s=-1)
        await asyncio.sleep(10)
        await stand.limit(50)
        await asyncio.sleep(5)
        assert amperes(stand.forged())[-1] == pytest.approx(50 - 15, abs=1)
        await stand.stop()

    on_the_bus(NAME, scenario)
