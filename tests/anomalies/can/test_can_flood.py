"""A flood takes the bus, and gives it back."""

from __future__ import annotations

import asyncio

import pytest

from evtui.events import TransactionState
from tests.anomalies.can.stand import Stand, gaps, on_the_bus

NAME = "can-flood"


def test_all_of_the_bus_silences_the_module_and_the_order_to_stop() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(7, cycles=1)
        assert max(stand.loads()) == pytest.approx(100)
        assert stand.statuses()[:2] == [("Faulted", "InternalError"), ("Finishing", "NoError")]
        ended = stand.rig.of(TransactionState)[-1]
        assert ended.reason == "Other"
        # Nobody could tell the module: it goes on until the burst is over.
        assert ended.t - stand.on < 2
        assert min(each.current for each in stand.samples(2, 5)) == pytest.approx(100)
        assert stand.rig.current == 0

    on_the_bus(NAME, scenario)


def test_what_is_left_of_the_bus_is_enough_for_a_frame_every_100_ms() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(4, share_pct=90)
        assert 85 < max(stand.loads()) < 95
        assert stand.statuses() == []
        # A few frames of the flood at most stand in the way of each.
        assert gaps(stand.genuine(0x300)) == pytest.approx([0.1] * 39, abs=1.5e-3)

    on_the_bus(NAME, scenario)


def test_identifier_length_and_burst_are_followed_while_it_runs() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(share_pct=10, burst_s=60)
        await asyncio.sleep(1)
        await stand.change(identifier=0x123, data_bytes=2, burst_s=2.0)
        await asyncio.sleep(3)
        await stand.stop()
        kinds = {(each.arbitration_id, len(each.data)) for each in stand.forged()}
        assert kinds == {(0, 8), (0x123, 2)}
        assert stand.forged()[-1].t - stand.on == pytest.approx(2, abs=0.01)
        # 10 % of 500 kbit/s, in frames of 135 bits.
        first = [each for each in stand.forged() if not each.arbitration_id]
        assert len(first) == pytest.approx(370, abs=2)

    on_the_bus(NAME, scenario)
