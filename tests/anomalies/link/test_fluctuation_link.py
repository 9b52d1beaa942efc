from __future__ import annotations

import asyncio

import pytest

from evtui.events import Alarm, AnomalyState, OcppMessage, Sample
from tests.anomalies.rig import AnomalyRig, run_anomaly


def swing(rig: AnomalyRig) -> tuple[float, float]:
    """Lowest and highest A from 10 s after it was switched on to its end."""
    on, off = (s.t for s in rig.of(AnomalyState) if s.change in ("on", "off"))
    amperes = [s.current for s in rig.of(Sample, on + 10.0) if s.t < off]
    return min(amperes), max(amperes)


def test_forged_limits_swing_the_current_and_the_central_system_sees_none_of_them() -> None:
    rig = run_anomaly("fluctuation-link", 60.0)
    low, high = swing(rig)
    assert low == 0.0
    assert high == pytest.approx(96.0, abs=6.0)
    assert rig.calls("SetChargingProfile", "sent") == []
    forged = rig.calls("SetChargingProfile", "delivered")
    assert len(forged) == 15
    assert {m.cause for m in forged} <= {step.seq for step in rig.steps}
    answers = [m for m in rig.of(OcppMessage) if m.action == "SetChargingProfile"]
    assert {m.sender for m in answers if m.kind == "result"} == {"charge_point"}
    assert "delivered" not in {m.phase for m in answers if m.kind == "result"}
    assert any(alarm.raised for alarm in rig.of(Alarm))


def test_once_it_knows_the_transaction_it_names_it() -> None:
    rig = run_anomaly("fluctuation-link", 30.0)
    purposes = [
        m.payload["csChargingProfiles"]["chargingProfilePurpose"]
        for m in rig.calls("SetChargingProfile", "delivered")
    ]
    assert purposes[0] == "TxDefaultProfile"
    assert set(purposes[1:]) == {"TxProfile"}


def test_no_forged_profile_is_left() -> None:
    rig = run_anomaly("fluctuation-link", 30.0)
    assert len(rig.charge_point.profiles) == 0
    assert rig.current_afterwards == pytest.approx(100.0, abs=0.5)


async def limit_from_the_central_system(rig: AnomalyRig) -> None:
    await asyncio.sleep(5.0)
    profile = {
        "chargingProfileId": 5,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 60.0}],
        },
    }
    await rig.lab.central_system.call(
        "CP1", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile}
    )
    await asyncio.sleep(5.0)


def test_a_constant_limit_is_edited_into_one_that_swings() -> None:
    rig = run_anomaly(
        "fluctuation-link", 40.0, limit_from_the_central_system, mode="edit", high_a=80.0
    )
    (sent,) = rig.calls("SetChargingProfile", "sent")
    arrived = rig.calls("SetChargingProfile", "delivered")
    periods = [
        len(m.payload["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"])
        for m in (sent, *arrived)
    ]
    assert periods == [1, 100, 1]
    off = next(s.t for s in rig.of(AnomalyState) if s.change == "off")
    amperes = [s.current for s in rig.of(Sample, sent.t + 8.0) if s.t < off]
    assert (min(amperes), max(amperes)) == pytest.approx((0.0, 80.0), abs=1.0)
    # Afterwards the limit is that of the central system.
    assert arrived[-1].payload == sent.payload
    assert rig.current_afterwards == pytest.approx(60.0, abs=0.5)


def test_where_nothing_is_sent_edit_does_nothing() -> None:
    rig = run_anomaly("fluctuation-link", 30.0, mode="edit")
    assert rig.steps == []
    assert swing(rig) == pytest.approx((100.0, 100.0), abs=0.5)


def test_it_can_go_over_from_forging_to_editing() -> None:
    async def turn(rig: AnomalyRig) -> None:
        await asyncio.sleep(20.0)
        await rig.set("fluctuation-link", mode="edit")
        await asyncio.sleep(15.0)
        assert len(rig.charge_point.profiles) == 0

    rig = run_anomaly("fluctuation-link", 1.0, turn)
    assert len(rig.charge_point.profiles) == 0
