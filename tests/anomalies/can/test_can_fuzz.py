"""Frames made by chance."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.anomalies import anomaly_named
from evtui.anomalies.can.can_fuzz import masked
from evtui.canbus.packs.seed import SEED
from tests.anomalies.can.stand import Stand, amperes, charging, on_the_bus
from tests.virtual_loop import run_virtual

NAME = "can-fuzz"


def test_frames_of_the_protocol_are_obeyed_and_what_they_did_is_set_right() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(10)
        assert {each.arbitration_id for each in stand.forged()} == {0x200, 0x201, 0x210, 0x300}
        assert all(SEED.decode(each) for each in stand.forged())
        assert len(stand.forged()) == pytest.approx(2000, abs=10)
        assert 450 < max(amperes(stand.forged())) <= 500
        assert min(each.current for each in stand.samples(2, 10)) < 20
        assert stand.rig.current == pytest.approx(100)

    on_the_bus(NAME, scenario)


def test_most_identifiers_mean_nothing() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(5, variant="random", rate_per_s=1000)
        assert len(stand.forged()) == pytest.approx(5000, abs=10)
        strangers = [
            each for each in stand.forged() if SEED.describe(each.arbitration_id, b"") is None
        ]
        assert len(strangers) > 4800
        assert {len(each.data) for each in stand.forged()} == {*range(9)}

    on_the_bus(NAME, scenario)


def test_genuine_frames_are_changed_where_the_mask_says() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(5, variant="mutate", mask="x...", rate_per_s=50)
        assert {each.arbitration_id for each in stand.forged()} == {0x300}
        assert SEED.cycle_time(0x300) is not None
        # 100 A is 0x64: its upper half byte is drawn.
        assert {each % 16 for each in amperes(stand.forged())} == {4}
        assert len({*amperes(stand.forged())}) > 8

    on_the_bus(NAME, scenario)


def test_the_same_seed_makes_the_same_frames() -> None:
    def frames(seed: int) -> list[tuple[int, bytes]]:
        async def scenario() -> list[tuple[int, bytes]]:
            async with charging(NAME, seed=seed) as stand:
                await stand.start()
                await asyncio.sleep(1)
                await stand.stop()
                return [(each.arbitration_id, each.data) for each in stand.forged()]

        return run_virtual(scenario())

    first = frames(1)
    assert first == frames(1)
    assert first != frames(2)


@given(st.binary(min_size=1, max_size=8), st.text(".x0123456789abcdef", min_size=1, max_size=16))
def test_a_mask_keeps_draws_and_sets(data: bytes, mask: str) -> None:
    digits = data.hex()
    changed = masked(digits, mask, lambda: "d")
    assert len(changed) == len(digits)
    for before, after, each in zip(digits, changed, mask.ljust(16, "."), strict=False):
        assert after == {".": before, "x": "d"}.get(each, each)


@pytest.mark.parametrize("mask", ["", "g", "1 2", "." * 17])
def test_what_is_no_mask_is_refused(mask: str) -> None:
    with pytest.raises(ValueError, match="mask: expected 1 to 16 half bytes"):
        anomaly_named(NAME).read({"mask": mask})
