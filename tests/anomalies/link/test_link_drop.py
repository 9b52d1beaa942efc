from __future__ import annotations

import asyncio

import pytest

from evtui.anomalies import AnomalyError
from evtui.events import AnomalyState, OcppMessage
from evtui.lab import CommandError
from tests.anomalies.rig import AnomalyRig, charging_lab, run_anomaly
from tests.virtual_loop import run_virtual


def test_what_is_dropped_was_sent_and_never_arrives_and_its_sender_waits_30_s() -> None:
    rig = run_anomaly("link-drop", 40.0, action="MeterValues", probability=1.0)
    on = next(s.t for s in rig.of(AnomalyState) if s.change == "on")
    first = rig.calls("MeterValues", "sent", on)[0]
    assert first.uid not in {m.uid for m in rig.calls("MeterValues", "delivered")}
    assert any("MeterValues" in label for label in (s.step_label for s in rig.steps))
    # Nothing else is said until its time is over: one call at a time.
    later = [m.t for m in rig.of(OcppMessage, first.t + 0.01) if m.sender == "charge_point"]
    assert later[0] - first.t == pytest.approx(30.0, abs=0.1)


def test_a_connection_on_which_somebody_still_waits_is_made_anew_and_all_is_said_again() -> None:
    rig = run_anomaly("link-drop", 20.0, action="MeterValues", probability=1.0)
    off = next(s.t for s in rig.of(AnomalyState) if s.change == "off")
    safe = next(s.t for s in rig.of(AnomalyState) if s.change == "safe")
    assert safe - off < 2.0
    assert rig.calls("MeterValues", "sent", off)[0].link == 2
    # Twenty that could not be said and ten that fell due since: none is lost.
    assert len(rig.calls("MeterValues", "delivered", off)) >= 29


def test_a_share_of_them_is_dropped() -> None:
    rig = run_anomaly(
        "link-drop",
        200.0,
        action="Heartbeat",
        direction="to-charge-point",
        probability=0.5,
        settings={"call_timeout": 0.5, "heartbeat_interval": 1},
    )
    hit = len(rig.steps)
    asked = len(rig.calls("Heartbeat", "delivered", rig.steps[0].t))
    assert 0.3 < hit / asked < 0.7


def test_a_start_without_a_connection_is_refused_in_one_line() -> None:
    async def scenario() -> None:
        async with charging_lab(charging=False) as rig:
            await rig.charge_point.connection.hang_up()
            await asyncio.sleep(1.0)
            with pytest.raises((AnomalyError, CommandError), match=r"^CP1 is not connected"):
                await rig.start("link-drop")

    run_virtual(scenario())


def test_parameters_take_effect_while_it_runs() -> None:
    async def spare_them(rig: AnomalyRig) -> None:
        await rig.set("link-drop", probability=0.0)

    rig = run_anomaly("link-drop", 20.0, spare_them, probability=1.0)
    assert rig.steps == []
