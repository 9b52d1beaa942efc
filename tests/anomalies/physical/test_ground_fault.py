"""Insulation that breaks down: a warning, then the contactor opens at once."""

from __future__ import annotations

import asyncio

import pytest

from tests.anomalies.physical.rig import charging, virtual


@virtual
async def test_the_monitor_warns_then_opens_the_contactor_under_current() -> None:
    async with charging() as under:
        await under.on("ground-fault")
        await under.until(lambda: under.connector.status == "Faulted")
        assert [(each.status, each.error) for each in under.told] == [
            ("Charging", "GroundFailure"),
            ("Faulted", "GroundFailure"),
        ]
        assert under.reasons == ["Other"]
        await asyncio.sleep(0.3)
        currents = [each.current for each in under.samples()]
        assert {round(each) for each in currents} == {100, 0}  # no ramp
        assert "safe" in await under.off("ground-fault")
        await under.until(lambda: under.connector.status == "Finishing", 10.0)


@pytest.mark.parametrize(
    ("preset", "kiloohm", "statuses"),
    [
        ("dc", 300.0, []),
        ("dc", 100.0, ["Charging"]),
        ("dc", 30.0, ["Charging", "Faulted"]),
        ("ac", 30.0, ["Charging"]),
        ("ac", 5.0, ["Charging", "Faulted"]),
    ],
)
@virtual
async def test_how_low_it_must_be_is_what_standards_say(
    preset: str, kiloohm: float, statuses: list[str]
) -> None:
    async with charging(preset=preset) as under:
        await under.on("ground-fault", insulation_kohm=kiloohm, ramp_s=60.0)
        await asyncio.sleep(70.0)
        assert [each.status for each in under.told] == statuses
