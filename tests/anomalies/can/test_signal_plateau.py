"""Reports that stand still."""

from __future__ import annotations

import asyncio

import pytest

from tests.anomalies.can.stand import Stand, amperes, on_the_bus

NAME = "signal-plateau"


def test_a_change_is_not_seen_before_the_hold_ends() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(hold_s=10, true_s=5)
        await asyncio.sleep(2)
        await stand.limit(40)
        await asyncio.sleep(7)
        assert {*amperes(stand.forged())} == {100}
        assert stand.genuine(0x300) == []
        assert stand.samples(8, 9)[-1].current == pytest.approx(40)
        assert stand.samples(8, 9)[-1].reported == 100
        await asyncio.sleep(5)
        assert stand.samples(13, 14)[-1].reported == 40
        # The next plateau is at what is true by then.
        await asyncio.sleep(5)
        assert amperes(stand.forged())[-1] == 40
        await stand.stop()

    on_the_bus(NAME, scenario)
