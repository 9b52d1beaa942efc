"""What is reported swings, the current does not."""

from __future__ import annotations

import pytest

from tests.anomalies.can.stand import Stand, amperes, gaps, on_the_bus

NAME = "fluctuation-telemetry"


def test_the_current_is_steady() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(32)
        assert {each.current for each in stand.samples(0, 32)} == {100}
        assert {0, 100} <= {each.reported for each in stand.samples(0, 32)}
        assert stand.genuine(0x300) == []
        assert amperes(stand.forged())[:80] == [0] * 20 + [100] * 60
        assert gaps(stand.forged()) == pytest.approx([0.1] * len(gaps(stand.forged())))

    on_the_bus(NAME, scenario)


def test_beside_the_genuine_reports_each_is_contradicted() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(8, variant="beside", low_a=5, high_a=60)
        assert {*amperes(stand.genuine(0x300))} == {100}
        assert {*amperes(stand.forged())} == {5, 60}
        assert len(stand.forged()) == len(stand.genuine(0x300))

    on_the_bus(NAME, scenario)
