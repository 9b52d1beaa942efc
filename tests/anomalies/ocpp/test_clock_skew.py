from __future__ import annotations

import asyncio
from datetime import datetime
from itertools import pairwise

import pytest

from evtui.events import AnomalyState, OcppMessage
from tests.anomalies.rig import START_UTC, AnomalyRig, run_anomaly


def ahead(message: OcppMessage) -> float:
    """s by which the time in a MeterValues is ahead of that of its sending."""
    (values,) = message.payload["meterValue"]
    return datetime.fromisoformat(values["timestamp"]).timestamp() - START_UTC - message.t


def while_on(rig: AnomalyRig) -> list[OcppMessage]:
    on, off = (s.t for s in rig.of(AnomalyState) if s.change in ("on", "off"))
    return [m for m in rig.calls("MeterValues", "sent", on) if m.t < off]


def test_timestamps_are_off_and_lab_time_is_not() -> None:
    rig = run_anomaly("clock-skew", 20.0, offset_s=600.0)
    found = while_on(rig)
    assert len(found) == 20
    assert [ahead(m) for m in found] == pytest.approx([600.0] * 20, abs=0.002)
    gaps = {round(b.t - a.t, 3) for a, b in pairwise(found)}
    assert gaps == {1.0}


def test_drift_adds_up() -> None:
    rig = run_anomaly("clock-skew", 60.0, offset_s=0.0, drift_ppm=10_000.0)
    found = [ahead(m) for m in while_on(rig)]
    assert found[0] == pytest.approx(0.0, abs=0.02)
    assert found[-1] == pytest.approx(0.6, abs=0.02)


def test_it_follows_a_change_and_is_right_afterwards() -> None:
    async def turn(rig: AnomalyRig) -> None:
        await asyncio.sleep(10.0)
        await rig.set("clock-skew", offset_s=-30.0)
        await asyncio.sleep(10.0)

    rig = run_anomaly("clock-skew", 1.0, turn)
    assert ahead(while_on(rig)[-1]) == pytest.approx(-30.0, abs=0.002)
    assert ahead(rig.calls("MeterValues", "sent")[-1]) == pytest.approx(0.0, abs=0.002)


def test_what_waits_for_a_time_of_day_goes_by_the_wrong_clock() -> None:
    async def soon(rig: AnomalyRig) -> None:
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "startSchedule": "2026-01-01T00:10:00Z",
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 32.0}],
            },
        }
        payload = {"connectorId": 1, "csChargingProfiles": profile}
        await rig.lab.central_system.call("CP1", "SetChargingProfile", payload)
        await asyncio.sleep(20.0)
        assert rig.current == pytest.approx(32.0, abs=0.5)

    rig = run_anomaly("clock-skew", 1.0, soon, offset_s=600.0)
    assert rig.current_afterwards == pytest.approx(100.0, abs=0.5)
