from __future__ import annotations

from evtui.events import AnomalyState, OcppMessage
from tests.anomalies.rig import AnomalyRig, run_anomaly


def delays(rig: AnomalyRig, action: str, sender: str) -> list[float]:
    """s from sending to delivery of what was sent while it was on."""
    on, off = (s.t for s in rig.of(AnomalyState) if s.change in ("on", "off"))
    sent = {
        m.seq: m.t
        for m in rig.of(OcppMessage, on)
        if m.phase == "sent" and m.t < off - 3.0 and (m.action, m.sender) == (action, sender)
    }
    return [
        m.t - sent[m.cause]
        for m in rig.of(OcppMessage, on)
        if m.phase == "delivered" and m.cause in sent
    ]


def test_each_message_is_held_for_two_seconds_more_or_less() -> None:
    rig = run_anomaly("link-delay", 60.0)
    for sender in ("charge_point", "central_system"):
        found = delays(rig, "MeterValues", sender)
        assert len(found) >= 9
        assert 1.5 <= min(found) < 1.9
        assert 2.1 < max(found) <= 2.5


def test_only_what_is_chosen_is_held() -> None:
    rig = run_anomaly(
        "link-delay", 30.0, action="Heartbeat", direction="to-central-system", spread=0.0
    )
    assert set(delays(rig, "Heartbeat", "charge_point")) == {2.0}
    assert max(delays(rig, "Heartbeat", "central_system")) == 0.0


def test_what_is_held_when_it_ends_goes_on_at_once() -> None:
    rig = run_anomaly("link-delay", 30.0, delay_s=20.0)
    off = next(s.t for s in rig.of(AnomalyState) if s.change == "off")
    unanswered = [m.uid for m in rig.of(OcppMessage) if m.phase == "sent" and m.t < off]
    arrived = {m.uid for m in rig.of(OcppMessage) if m.phase == "delivered" and m.t < off + 1.0}
    assert set(unanswered) <= arrived
