from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from tests.anomalies.ocpp.attack import Attack, attacked
from tests.virtual_loop import run_virtual

NAME = "trigger-flood"


async def flooded(seconds: float, **parameters: object) -> Attack:
    async with attacked(NAME, meter_interval=3600, heartbeat_interval=3600) as attack:
        await attack.charge()
        await attack.run(seconds, **parameters)
        await attack.stop()
        return attack


def test_each_call_is_followed_by_what_it_asked_for() -> None:
    attack = run_virtual(flooded(9.99))
    assert len(attack.sent("TriggerMessage")) == 50
    for action in (
        "Heartbeat",
        "StatusNotification",
        "MeterValues",
        "FirmwareStatusNotification",
        "DiagnosticsStatusNotification",
    ):
        said = [each for each in attack.sent(action) if each.get("status") != "Finishing"]
        assert len(said) == 10, action


def test_what_follows_has_the_step_as_its_cause() -> None:
    attack = run_virtual(flooded(1.9, message="Heartbeat", rate_per_s=1))
    steps = {step.seq for step in attack.steps}
    assert {call.cause for call in attack.calls("TriggerMessage")} == steps
    assert len(attack.calls("Heartbeat")) == 2


def test_its_rate_is_as_said_and_can_be_changed() -> None:
    async def scenario() -> list[float]:
        async with attacked(NAME) as attack:
            await attack.run(4.95, message="Heartbeat", rate_per_s=2)
            await attack.change(rate_per_s=20)
            await asyncio.sleep(5)
            return [call.t for call in attack.calls("TriggerMessage")]

    times = run_virtual(scenario())
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps[:9] == pytest.approx([0.5] * 9, abs=0.01)
    assert gaps[10:] == pytest.approx([0.05] * len(gaps[10:]), abs=0.01)
    assert len(gaps) > 90


def test_a_boot_of_a_station_that_has_booted_is_rejected_and_the_flood_goes_on() -> None:
    attack = run_virtual(flooded(4.9, message="BootNotification", rate_per_s=1))
    assert len(attack.sent("TriggerMessage")) == 5
    assert not attack.sent("BootNotification")
    assert len([note for note in attack.rig.notes if "Rejected" in note]) == 5
