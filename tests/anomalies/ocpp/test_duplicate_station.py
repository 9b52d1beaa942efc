from __future__ import annotations

import asyncio

import pytest

from evtui.events import AnomalyState, LinkState, OcppMessage
from evtui.ocppj import CallRefused
from tests.anomalies.rig import AnomalyRig, run_anomaly


def test_two_of_one_name_put_each_other_out_and_the_current_flows_on() -> None:
    rig = run_anomaly("duplicate-station", 60.0)
    on = next(s.t for s in rig.of(AnomalyState) if s.change == "on")
    put_out = [s for s in rig.of(LinkState, on) if "connected twice" in s.detail]
    assert len(put_out) >= 5
    second = [m for m in rig.calls("BootNotification", "sent", on) if m.source == "CP1/second"]
    assert len(second) >= 3
    assert {m.cause for m in second} <= {step.seq for step in rig.steps}
    assert any(note.startswith("two clients may be called CP1") for note in rig.notes)
    assert rig.current_afterwards == pytest.approx(100.0, abs=0.5)


def test_commands_do_not_reach_the_genuine_one_while_the_other_is_connected() -> None:
    async def ask(rig: AnomalyRig) -> None:
        await rig.until(lambda: rig.calls("BootNotification", "delivered", 6.0))
        with pytest.raises(CallRefused, match="NotSupported"):
            await rig.lab.central_system.call("CP1", "Reset", {"type": "Hard"})

    rig = run_anomaly("duplicate-station", 5.0, ask, redial_s=60.0)
    assert rig.current_afterwards == pytest.approx(100.0, abs=0.5)


def test_when_it_ends_the_genuine_one_is_connected_within_a_second() -> None:
    rig = run_anomaly("duplicate-station", 120.0)
    off = next(s.t for s in rig.of(AnomalyState) if s.change == "off")
    safe = next(s.t for s in rig.of(AnomalyState) if s.change == "safe")
    assert safe - off < 1.0
    assert len(rig.calls("MeterValues", "delivered", safe)) >= 9
    later = [m for m in rig.of(OcppMessage, safe) if m.source == "CP1/second"]
    assert later == []


def test_it_need_not_boot() -> None:
    async def look(rig: AnomalyRig) -> None:
        await asyncio.sleep(20.0)

    rig = run_anomaly("duplicate-station", 1.0, look, boots=False)
    assert [m for m in rig.of(OcppMessage) if m.source == "CP1/second"] == []
