from __future__ import annotations

from evtui.events import AnomalyState, OcppMessage
from tests.anomalies.rig import run_anomaly


def test_copies_come_behind_the_message_and_are_not_acted_on() -> None:
    rig = run_anomaly(
        "link-duplicate",
        20.0,
        action="MeterValues",
        direction="to-central-system",
        probability=1.0,
        copies=2,
        gap_s=0.25,
    )
    off = next(s.t for s in rig.of(AnomalyState) if s.change == "off")
    repeated = [m for m in rig.of(OcppMessage) if m.error == "repeated message id"]
    again = [m for m in repeated if m.t < off]
    hit = len(rig.steps)
    assert hit >= 19
    assert len(again) >= 2 * hit - 2
    calls = {m.uid: m.t for m in rig.calls("MeterValues", "delivered")}
    assert {round(m.t - calls[m.uid], 6) for m in again} == {0.25, 0.5}
    # Each was acted on once: a message is told as a call once.
    uids = [m.uid for m in rig.calls("MeterValues", "delivered")]
    assert len(uids) == len(set(uids))


def test_what_was_repeated_has_the_step_as_its_cause() -> None:
    rig = run_anomaly("link-duplicate", 20.0, probability=1.0)
    steps = {step.seq for step in rig.steps}
    again = [m for m in rig.of(OcppMessage) if m.kind == "invalid"]
    assert again
    assert {m.cause for m in again if m.error == "repeated message id"} <= steps


def test_a_copy_that_is_held_when_it_ends_does_not_go_on() -> None:
    rig = run_anomaly("link-duplicate", 5.0, probability=1.0, copies=5, gap_s=2.0)
    off = next(s.t for s in rig.of(AnomalyState) if s.change == "off")
    assert [m for m in rig.of(OcppMessage, off + 0.01) if m.error == "repeated message id"] == []
