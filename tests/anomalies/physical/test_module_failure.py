"""Modules of a charger that fail: the others give what they can."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evtui.anomalies import AnomalyError
from evtui.lab import CommandError
from evtui.testing import Planned, run_trial
from tests.anomalies.physical.rig import charging, virtual

FOUR_MODULES: dict[str, Any] = {"preset": "ccs", "modules": 4, "vehicle": "ioniq5"}


@pytest.mark.parametrize("protocol", ["infy", "advantics"])
@virtual
async def test_the_others_give_what_they_can_and_all_of_it_again_once_it_is_repaired(
    protocol: str,
) -> None:
    async with charging(protocol=protocol, **FOUR_MODULES) as under:
        await under.until(lambda: under.state.current > 99.0, 60.0)
        await under.on("module-failure", modules=2)
        await asyncio.sleep(10.0)
        assert under.state.current == pytest.approx(100.0, rel=0.01)  # two are enough
        await under.set("module-failure", modules=3)
        await asyncio.sleep(10.0)
        voltage = under.state.voltage
        assert under.state.current == pytest.approx(40_000.0 / voltage, rel=0.01)
        assert under.connector.status == "Charging"
        await under.set("module-failure", modules=1)
        await asyncio.sleep(20.0)
        assert under.state.current == pytest.approx(100.0, rel=0.01)
        assert "safe" in await under.off("module-failure")


@pytest.mark.parametrize("protocol", ["infy", "advantics"])
@virtual
async def test_with_the_last_one_the_session_ends(protocol: str) -> None:
    async with charging(protocol=protocol, **FOUR_MODULES) as under:
        await under.until(lambda: under.state.current > 99.0, 60.0)
        await under.on("module-failure", modules=8)
        await under.until(lambda: under.connector.transaction is None, 20.0)
        await under.until(lambda: under.state.current < 1.0, 20.0)
        assert "safe" in await under.off("module-failure")


@virtual
async def test_where_a_module_cannot_say_so_it_is_refused_with_what_to_do() -> None:
    async with charging() as under:
        with pytest.raises((AnomalyError, CommandError), match="--protocol infy or advantics"):
            await under.on("module-failure")


def test_two_at_two_connectors_do_not_meet() -> None:
    trial = run_trial(
        Planned(anomaly="module-failure", connector=1, off=10.0),
        Planned(anomaly="module-failure", connector=2, on=5.0),
        connectors=2,
    )
    assert (trial.refused, trial.left) == ({}, [])
