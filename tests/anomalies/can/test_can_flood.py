"""A flood takes the bus, and gives it back."""

from __future__ import annotations

import asyncio

import pytest

from evtui.canbus import Frame, frame_bits
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
        # What the flood sends in two of its turns, 4 frames each, stands in the way at most.
        longest = 8 * frame_bits(Frame(0, bytes(8))) / 500_000 + 1e-6
        assert gaps(stand.genuine(0x300)) == pytest.approx([0.1] * 39, abs=longest)

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
        first = [each for each in stand.forged() if not each.arbitration_id]
        bits = frame_bits(Frame(0, bytes(8)))
        assert len(first) == pytest.approx(0.1 * 500_000 / bits, abs=2)

    on_the_bus(NAME, scenario)
