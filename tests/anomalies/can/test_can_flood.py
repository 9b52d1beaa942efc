"""A flood takes the bus, and gives it back."""

from __future__ import annotations

import asyncio
from math import ceil

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


def test_bursts_of_100_ms_delay_each_report_until_the_end_of_the_frame_that_ends_them() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(burst_s=0.1, gap_s=0.1)
        await asyncio.sleep(4)
        await stand.stop()
        await asyncio.sleep(10)
        bit = 1 / 500_000
        flood, report = frame_bits(Frame(0, bytes(8))), frame_bits(Frame(0x300, b"\x64\x00"))
        burst = ceil(0.1 / (flood * bit)) * flood * bit
        assert len(stand.forged()) == 20 * ceil(0.1 / (flood * bit))
        reports = stand.genuine(0x300)
        assert len(reports) == 40
        # The module's turns are 100 ms apart, so every other one meets a burst.
        free = [each.t - report * bit for each in reports][1::2]
        turns = [free[0] + 0.1 * n for n in range(-1, 39)]
        for turn, seen in zip(turns, reports, strict=True):
            begun = stand.on + 0.2 * ((turn - stand.on) // 0.2)
            line_free = max(turn, begun + burst)
            assert seen.t == pytest.approx(line_free + report * bit, abs=2 * bit)
        delays = [seen.t - report * bit - turn for seen, turn in zip(reports, turns, strict=True)]
        assert max(delays) > 0.005
        assert stand.statuses() == []
        assert 40 < max(stand.loads()) < 60

    on_the_bus(NAME, scenario)
