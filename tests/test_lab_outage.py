from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from evtui.events import LinkState, OcppMessage
from evtui.scenario.language.loader import ScenarioError
from tests.lab_rig import running_lab
from tests.scenario.files import minimal, plan_of
from tests.virtual_loop import run_virtual


def test_while_the_network_is_gone_every_station_is_offline_and_then_comes_back() -> None:
    async def scenario() -> None:
        async with running_lab(stations=3) as rig:
            stands = rig.lab.stands.values()
            await rig.until(lambda: all(each.charge_point.accepted for each in stands))
            await asyncio.sleep(10)
            outage = asyncio.create_task(rig.lab.reach.outage(60))
            await asyncio.sleep(59)
            assert not any(each.charge_point.accepted for each in stands)
            assert {rig.lab.central_system.is_connected(each.name) for each in stands} == {False}
            begun = rig.lab.stream.last_seq
            await outage
            await rig.until(lambda: all(each.charge_point.accepted for each in stands))
            boots = [
                each
                for each in rig.of(OcppMessage)
                if each.action == "BootNotification" and each.seq > begun
            ]
            assert not boots
            tried = [each for each in rig.of(LinkState) if "network is gone" in each.detail]
            assert len(tried) > 3 * 4

    run_virtual(scenario())


def test_charging_goes_on_and_what_was_measured_is_told_afterwards() -> None:
    async def scenario() -> None:
        async with running_lab(preset="dc", meter_interval=5) as rig:
            await rig.execute("station.charge")
            await asyncio.sleep(20)
            before = rig.actions().count("MeterValues")
            await rig.lab.reach.outage(60)
            assert rig.current > 90
            await asyncio.sleep(60)
            assert rig.actions().count("MeterValues") - before >= 22

    run_virtual(scenario())


def test_an_outage_of_no_time_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"steps\[0\]\.outage: expected more than 0s"):
        plan_of(minimal(steps="\n  - outage: 0s"), tmp_path)
