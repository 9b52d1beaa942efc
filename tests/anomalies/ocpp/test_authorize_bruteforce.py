from __future__ import annotations

import pytest

from evtui.events import OcppMessage
from tests.anomalies.rig import run_anomaly

REJECT = {"unknown_id_tags": "reject"}


def test_random_tags_are_tried_at_the_rate_and_refused() -> None:
    rig = run_anomaly("authorize-bruteforce", 30.0, charging=False, settings=REJECT, tries=100)
    tried = rig.calls("Authorize", "sent")
    assert len(tried) == 100
    tags = [m.payload["idTag"] for m in tried]
    assert len(set(tags)) == 100
    assert {len(tag) for tag in tags} == {14}
    assert all(tag.isdigit() for tag in tags)
    assert tried[-1].t - tried[0].t == pytest.approx(99 / 5, abs=0.01)
    answers = [m for m in rig.of(OcppMessage) if (m.action, m.kind) == ("Authorize", "result")]
    assert {m.payload["idTagInfo"]["status"] for m in answers} == {"Invalid"}
    assert {m.cause for m in tried} == {step.seq for step in rig.steps}


def test_the_rate_is_bounded_by_the_answers() -> None:
    rig = run_anomaly("authorize-bruteforce", 10.0, rate_per_s=100.0, tries=50)
    tried = rig.calls("Authorize", "sent")
    for message in tried[1:]:  # one call at a time
        earlier = [m for m in rig.of(OcppMessage) if m.seq < message.seq]
        last = next(m for m in reversed(earlier) if m.action == "Authorize")
        assert last.kind == "result"


def test_the_same_seed_tries_the_same_tags() -> None:
    def tags(seed: int) -> list[str]:
        settings = {"seed": seed}
        rig = run_anomaly("authorize-bruteforce", 3.0, settings=settings, tries=10)
        return [m.payload["idTag"] for m in rig.calls("Authorize", "sent")]

    assert tags(3) == tags(3)
    assert tags(3) != tags(4)
