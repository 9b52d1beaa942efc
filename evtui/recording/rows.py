"""Rows of a run folder, as a reader gets them: columns of :mod:`evtui.recording.layout`, typed."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

__all__ = ["AlarmRow", "FrameRow", "MessageRow", "SignalRow", "TruthRow"]


class SignalRow(NamedTuple):
    """A row of signals.csv."""

    t_s: float
    t_utc: str
    station: str
    connector: int
    current_a: float
    limit_a: float
    target_a: float
    reported_a: float | None
    voltage_v: float
    power_w: float
    energy_wh: float
    soc_pct: float | None
    temperature_c: float
    contactor: bool
    status: str
    transaction_id: int | None
    active: bool
    effect: bool
    attack_ids: tuple[str, ...]
    phase: str
    seq: int


class FrameRow(NamedTuple):
    """A row of can_labels.csv, which says everything that its line in can.log does.

    ``arbitration_id`` is without candump's error flag; ``direction`` is R or T.
    """

    timestamp: float
    arbitration_id: int
    data_field: bytes
    attack: bool
    dlc: int
    extended: bool
    direction: str
    node: str
    attack_ids: tuple[str, ...]
    effect: bool
    kind: Literal["data", "remote", "error"]
    station: str
    bus: str
    t_s: float
    seq: int
    cause: int | None


class MessageRow(NamedTuple):
    """A line of ocpp.jsonl."""

    t: float
    t_utc: str
    seq: int
    station: str
    connector: int | None
    direction: Literal["csms->cp", "cp->csms"]
    type: Literal[2, 3, 4] | None
    id: str
    action: str
    payload: Any
    latency: float | None
    error: str
    detail: str
    cause: int | None
    injected: bool
    attack_ids: tuple[str, ...]
    seen: Literal["both", "sent", "delivered"]
    link: int
    delivered: dict[str, Any] | None
    text: str = ""
    violation: str = ""


class AlarmRow(NamedTuple):
    """A row of alarms.csv; ``attack_id`` is empty and the time None for a false alarm."""

    t_s: float
    t_utc: str
    station: str
    connector: int
    detector: str
    view: str
    state: Literal["raised", "cleared"]
    evidence: str
    attack_id: str
    time_to_detect_s: float | None
    seq: int


class TruthRow(NamedTuple):
    """A row of truth.csv; ``outcome`` is safe or failed, empty while the effect lasts."""

    attack_id: str
    type: str
    layer: str
    t_start: float
    t_end: float | None
    parameters: dict[str, float]
    station: str
    connector: int
    variant: str
    t_effect_end: float | None
    outcome: str
    changes: int
