from __future__ import annotations

from itertools import pairwise

import pytest

from evtui.events import AnomalyState, ConnectorState, Note, Sample
from tests.anomalies.rig import run_anomaly


def test_two_statuses_that_are_not_so_are_told_in_turn() -> None:
    rig = run_anomaly("status-flap", 20.0)
    on, off = (s.t for s in rig.of(AnomalyState) if s.change in ("on", "off"))
    told = [m for m in rig.calls("StatusNotification", "delivered", on) if m.t < off]
    assert [m.payload["status"] for m in told] == ["Faulted", "Unavailable"] * 5
    assert {m.payload["errorCode"] for m in told[::2]} == {"OtherError"}
    assert {round(b.t - a.t, 3) for a, b in pairwise(told)} == {2.0}
    assert [s for s in rig.of(ConnectorState, on) if s.t < off] == []
    assert rig.current_afterwards == pytest.approx(100.0, abs=0.5)


def test_afterwards_the_central_system_knows_what_is_so() -> None:
    rig = run_anomaly("status-flap", 5.0)
    off = next(s.t for s in rig.of(AnomalyState) if s.change == "off")
    told = {
        m.connector: m.payload["status"]
        for m in rig.calls("StatusNotification", "sent", off)
        if m.t < off + 9.0
    }
    assert told == {0: "Available", 1: "Charging"}


def test_a_central_system_that_is_told_available_closes_the_transaction() -> None:
    rig = run_anomaly("status-flap", 5.0, first="Available")
    off = next(s.t for s in rig.of(AnomalyState) if s.change == "off")
    closed = next(n.t for n in rig.of(Note) if "connector 1 is Available" in n.text)
    assert closed < off
    assert min(s.current for s in rig.of(Sample, closed) if s.t < off) > 99.0
    # Afterwards both ends agree that it is over.
    assert rig.lab.central_system.open_transaction("CP1", 1) is None
    assert rig.charge_point.connectors[1].transaction is None
    assert rig.current_afterwards == 0.0
