from __future__ import annotations

import pytest

from evtui.events import AnomalyState, LinkState
from tests.anomalies.rig import run_anomaly


def test_it_says_five_times_a_second_that_it_has_started_and_charges_on() -> None:
    rig = run_anomaly("boot-flood", 20.0)
    on = next(s.t for s in rig.of(AnomalyState) if s.change == "on")
    boots = rig.calls("BootNotification", "delivered", on)
    assert len(boots) == 100
    assert boots[-1].t - boots[0].t == pytest.approx(99 / 5, abs=0.01)
    assert {m.payload["chargePointModel"] for m in boots} == {"DC lab"}
    assert {m.cause for m in rig.calls("BootNotification", "sent", on)} <= {
        step.seq for step in rig.steps
    }
    assert rig.current_afterwards == pytest.approx(100.0, abs=0.5)
    assert "connecting" not in {s.state for s in rig.of(LinkState, on)}


def test_it_ends_by_itself_after_as_many_as_are_wanted() -> None:
    rig = run_anomaly("boot-flood", 30.0, boots=7, rate_per_s=1.0)
    on, off = (s.t for s in rig.of(AnomalyState) if s.change in ("on", "off"))
    assert len(rig.calls("BootNotification", "sent", on)) == 7
    assert off - on == pytest.approx(7.0, abs=0.1)
