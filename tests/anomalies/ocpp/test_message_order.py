from __future__ import annotations

import asyncio

import pytest

from evtui.events import AnomalyState, Sample
from tests.anomalies.rig import AnomalyRig, run_anomaly


def at_rest(rig: AnomalyRig) -> bool:
    """No transaction is open at either end, and no current flows."""
    connector = rig.charge_point.connectors[1]
    open_there = rig.lab.central_system.open_transaction("CP1", 1)
    return connector.transaction is None and open_there is None and rig.current_afterwards == 0.0


def test_it_is_said_to_have_stopped_and_goes_on() -> None:
    rig = run_anomaly("message-order", 40.0, mode="early-stop", after_s=5.0)
    off = next(s.t for s in rig.of(AnomalyState) if s.change == "off")
    early, late = rig.calls("StopTransaction", "delivered")
    assert early.payload["transactionId"] == late.payload["transactionId"]
    assert early.t < off <= late.t
    assert late.payload["meterStop"] - early.payload["meterStop"] > 300
    after = [m for m in rig.calls("MeterValues", "delivered", early.t) if m.t < off]
    assert len(after) >= 30
    assert min(s.current for s in rig.of(Sample, early.t) if s.t < off) > 99.0
    assert at_rest(rig)


def test_it_is_said_to_start_again_and_every_transaction_is_ended() -> None:
    rig = run_anomaly("message-order", 35.0, mode="duplicate-start", after_s=5.0, again_s=10.0)
    starts = rig.calls("StartTransaction", "delivered")
    assert len(starts) == 1 + 3
    assert len({m.payload["timestamp"] for m in starts}) == 4
    stopped = {m.payload["transactionId"] for m in rig.calls("StopTransaction", "delivered")}
    assert stopped == {1, 2, 3, 4}
    assert at_rest(rig)


def test_no_meter_values_come() -> None:
    rig = run_anomaly("message-order", 30.0, mode="missing-meter", after_s=5.0)
    silent = next(step.t for step in rig.steps if "MeterValues" in step.step_label)
    off = next(s.t for s in rig.of(AnomalyState) if s.change == "off")
    assert [m for m in rig.calls("MeterValues", "sent", silent) if m.t < off] == []
    assert min(s.current for s in rig.of(Sample, silent) if s.t < off) > 99.0
    assert rig.charge_point.outbox.withheld == frozenset()
    assert at_rest(rig)


def test_where_nobody_charges_the_id_tag_is_presented() -> None:
    rig = run_anomaly("message-order", 20.0, charging=False, after_s=5.0)
    assert rig.steps[0].step_label == "the id tag is presented"
    assert rig.calls("Authorize", "sent")[0].cause == rig.steps[0].seq
    assert len(rig.calls("StopTransaction", "delivered")) == 2
    assert at_rest(rig)


def test_without_a_vehicle_it_gives_up_and_says_so() -> None:
    async def wait(rig: AnomalyRig) -> None:
        await rig.until(lambda: "off" in rig.changes, 70.0)

    rig = run_anomaly("message-order", 1.0, wait, charging=False, settings={"plugged": False})
    assert "no transaction under way in 60 s" in rig.notes


@pytest.mark.parametrize("to", ["duplicate-start", "missing-meter"])
def test_its_mode_can_be_changed(to: str) -> None:
    async def turn(rig: AnomalyRig) -> None:
        await asyncio.sleep(10.0)
        await rig.set("message-order", mode=to)
        await asyncio.sleep(10.0)

    rig = run_anomaly("message-order", 1.0, turn, after_s=2.0)
    assert any(
        ("StartTransaction" if to == "duplicate-start" else "MeterValues") in step.step_label
        for step in rig.steps
    )
    assert at_rest(rig)
