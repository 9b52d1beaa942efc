"""Brokenwire: the vehicle goes, and nobody goes on by himself."""

from __future__ import annotations

import asyncio

import pytest

from tests.anomalies.physical.rig import charging, virtual


@pytest.mark.parametrize("preset", ["seed", "dc", "ccs"])
@virtual
async def test_the_current_ends_at_once_and_the_station_ends_the_transaction(preset: str) -> None:
    async with charging(preset=preset, seconds=10.0) as under:
        await under.on("vehicle-abort")
        await asyncio.sleep(30.0)
        assert [(each.status, each.error) for each in under.told] == [
            ("SuspendedEVSE", "NoError"),
            ("SuspendedEVSE", "EVCommunicationError"),
            ("Finishing", "EVCommunicationError"),
        ]
        assert under.reasons == ["Other"]
        currents = [each.current for each in under.samples()]
        assert {round(each) for each in currents} == {100, 0}  # no ramp
        assert under.state.phase == "vehicle gave up"


@virtual
async def test_the_driver_plugs_it_in_again_and_it_charges() -> None:
    async with charging() as under:
        await under.on("vehicle-abort")
        await asyncio.sleep(10.0)
        assert "safe" in await under.off("vehicle-abort")
        assert under.reasons == ["EVDisconnected"]  # before the station lost its patience
        assert under.connector.status == "Preparing"
        await asyncio.sleep(1.0)
        await under.charge()
        await asyncio.sleep(10.0)
        assert under.state.current == pytest.approx(100.0)
        assert under.told[-1].error == "NoError"


@virtual
async def test_each_new_session_is_jammed_anew() -> None:
    async with charging() as under:
        await under.on("vehicle-abort", after_s=1.0)
        await asyncio.sleep(20.0)
        for _ in range(2):
            await under.lab.execute("station.plug")
        await under.charge()
        await asyncio.sleep(20.0)
        assert len(under.reasons) == 2
        assert [each.cycle for each in under.changes if each.change == "cycle"] == [1, 2]


@virtual
async def test_a_line_that_is_dead_before_a_start_lets_no_current_flow() -> None:
    async with charging() as under:
        await under.on("vehicle-abort", after_s=0.0, jam_s=3600.0)
        await asyncio.sleep(20.0)
        for _ in range(2):
            await under.lab.execute("station.plug")
        await under.lab.execute("station.charge")
        await asyncio.sleep(20.0)
        assert under.state.current == 0.0
        assert len(under.reasons) == 2
