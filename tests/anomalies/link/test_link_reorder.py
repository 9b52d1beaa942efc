from __future__ import annotations

import asyncio

from evtui.events import OcppMessage
from tests.anomalies.rig import AnomalyRig, run_anomaly


def test_an_answer_arrives_after_what_it_caused() -> None:
    async def remote_start(rig: AnomalyRig) -> None:
        await rig.lab.execute("station.charge")
        await asyncio.sleep(5.0)

    rig = run_anomaly(
        "link-reorder",
        10.0,
        remote_start,
        charging=False,
        action="RemoteStartTransaction",
        direction="to-central-system",
        probability=1.0,
        hold_s=3.0,
    )
    arrived = [
        (m.action, m.kind)
        for m in rig.of(OcppMessage)
        if m.phase == "delivered" and m.sender == "charge_point"
    ]
    answer = arrived.index(("RemoteStartTransaction", "result"))
    assert arrived.index(("StartTransaction", "call")) < answer
    sent = [(m.action, m.kind) for m in rig.of(OcppMessage) if m.phase == "sent"]
    assert sent.index(("RemoteStartTransaction", "result")) < sent.index(
        ("StartTransaction", "call")
    )


def test_nothing_is_lost() -> None:
    rig = run_anomaly("link-reorder", 30.0)
    sent = {(m.kind, m.uid) for m in rig.of(OcppMessage) if m.phase == "sent" and m.t < rig.now - 1}
    arrived = {(m.kind, m.uid) for m in rig.of(OcppMessage) if m.phase == "delivered"}
    assert sent <= arrived
