"""A node of the station's own sends without pause."""

from __future__ import annotations

import asyncio

import pytest

from evtui.canbus import Frame, frame_bits
from evtui.events import CanFrame, TransactionState
from tests.anomalies.can.stand import Stand, amperes, on_the_bus

NAME = "babbling-idiot"
LIMIT = Frame(0x210, b"\x64\x00")


def babbled(stand: Stand) -> list[CanFrame]:
    return [each for each in stand.rig.of(CanFrame) if each.cause is not None and each.t > stand.on]


def test_the_limit_without_pause_silences_the_module_and_the_order_to_stop_gets_through() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(4, burst_s=60)
        assert max(stand.loads()) == pytest.approx(100)
        assert min(each.t for each in stand.genuine(0x300)) > stand.on + 4
        limits = stand.genuine(0x210, "charge-point")
        assert {*amperes(limits)} == {100}
        assert len(limits) == pytest.approx(4 * 500_000 / frame_bits(LIMIT), rel=0.01)
        ended = stand.rig.of(TransactionState)[-1]
        assert ended.reason == "Other"
        stop = stand.genuine(0x201, "charge-point")[0]
        assert stop.t - ended.t < 0.001
        assert max(each.current for each in stand.samples(3, 4)) == 0

    on_the_bus(NAME, scenario)


def test_the_module_only_silences_who_has_a_higher_identifier() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant="module", burst_s=60)
        await asyncio.sleep(1)
        await stand.limit(32)
        await asyncio.sleep(4)
        assert {*amperes(stand.genuine(0x210, "charge-point"))} == {32}
        assert amperes(stand.genuine(0x300))[-1] == 32
        assert stand.statuses() == []
        await stand.stop()
        await asyncio.sleep(10)

    on_the_bus(NAME, scenario)


def test_its_frames_are_those_of_the_node_and_injected() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(0.5, share_pct=50)
        frames = [each for each in babbled(stand) if each.t < stand.on + 0.5]
        assert {(each.node, each.arbitration_id) for each in frames} == {("charge-point", 0x210)}
        share = len(frames) * frame_bits(LIMIT) / 500_000 / 0.5
        assert share == pytest.approx(0.5, abs=0.05)

    on_the_bus(NAME, scenario)


def test_nothing_of_it_waits_once_it_is_stopped() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(burst_s=60)
        await asyncio.sleep(0.5)
        await stand.stop()
        assert all(each.queued == 0 for each in stand.bus.nodes)
        seen = len(stand.genuine(0x210, "charge-point"))
        await asyncio.sleep(5)
        stand.off = stand.now
        # The charge point orders once what it had ordered before, and no more.
        assert len(stand.genuine(0x210, "charge-point")) <= seen + 1

    on_the_bus(NAME, scenario)
