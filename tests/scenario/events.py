"""Events by hand, for what reads them."""

from __future__ import annotations

from typing import Any, Literal

from evtui.events import Alarm, AnomalyState, ConnectorState, OcppMessage, Sample, as_json
from evtui.scenario.judge.judge import Judge, Judgement
from evtui.scenario.language.model import Duration
from evtui.violations import told_by

__all__ = ["alarm", "anomaly", "call", "judge", "result", "sample", "status"]

Role = Literal["central_system", "charge_point"]


def judge(expected: Any, *events: Any, start: float = 0.0) -> Judgement:
    """What is said of one expectation after these events."""
    judge = Judge([expected], start)
    for event in events:
        judge.see(event)
    return judge.judge()[0]


def sample(t: float, current: float = 0.0, **fields: Any) -> Sample:
    given: dict[str, Any] = {
        "station": "CP1",
        "connector": 1,
        "limit": 100.0,
        "target": 0.0,
        "voltage": 400.0,
        "power": 0.0,
        "energy": 0.0,
        "temperature": 25.0,
        "contactor": True,
        "status": "Charging",
    }
    return Sample(t=t, current=current, **(given | fields))


def alarm(t: float, *, view: str = "can", raised: bool = True, name: str = "reversals") -> Alarm:
    return Alarm(
        t=t,
        station="CP1",
        connector=1,
        detector=name,
        view=view,
        raised=raised,
        evidence="4 reversals",
    )


def anomaly(t: float, change: Any = "on") -> AnomalyState:
    return AnomalyState(
        t=t,
        station="CP1",
        connector=1,
        attack_id="fluctuation-1",
        anomaly="repeated-current-fluctuation",
        change=change,
        active=change != "off",
        variant="seed",
        parameters={},
    )


def call(
    t: float,
    action: str,
    payload: Any = None,
    *,
    uid: str = "",
    sender: Role = "central_system",
    phase: Literal["sent", "delivered"] = "sent",
) -> OcppMessage:
    return OcppMessage(
        t=t,
        station="CP1",
        sender=sender,
        phase=phase,
        kind="call",
        uid=uid or f"{action}-{t}",
        action=action,
        body=as_json(payload or {}),
    )


def result(t: float, of: OcppMessage, payload: Any = None, *, error: str = "") -> OcppMessage:
    kind: Literal["error", "result"] = "error" if error else "result"
    return OcppMessage(
        t=t,
        station="CP1",
        sender="charge_point" if of.sender == "central_system" else "central_system",
        phase="sent",
        kind=kind,
        uid=of.uid,
        action=of.action,
        body=as_json(payload or {}),
        error=error,
        violation=told_by(kind, error, ""),
    )


def status(t: float, name: str, connector: int = 1) -> ConnectorState:
    return ConnectorState(t=t, station="CP1", connector=connector, status=name)


def seconds(value: float) -> Duration:
    return Duration(value)
