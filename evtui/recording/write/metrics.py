"""Numbers of a run, counted while it goes: metrics.json.  Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from evtui.events import Alarm, Detection, OcppMessage, Verdict
from evtui.recording.format import TruthRow

__all__ = ["ConnectorTally", "RunTally"]

KEYS_KEPT = 4096
"""Different ids or actions counted apart; a fuzzer's further ones are ``other``."""

_KINDS = {"call": "calls", "result": "results", "error": "errors", "invalid": "invalid"}
_DIRECTIONS = {"central_system": "csms->cp", "charge_point": "cp->csms"}


class ConnectorTally:
    """What flowed through a connector."""

    __slots__ = ("energy_first", "energy_last", "highest", "samples", "total")

    def __init__(self, energy: float) -> None:
        self.samples = 0
        self.total = 0.0
        self.highest = 0.0
        self.energy_first = self.energy_last = energy

    def add(self, current: float, energy: float) -> None:
        """Count a sample: A flowing, Wh so far."""
        self.samples += 1
        self.total += current
        self.energy_last = energy
        if current > self.highest:
            self.highest = current

    def summary(self) -> dict[str, Any]:
        """Its part of metrics.json; the mean is over samples, which come every 100 ms."""
        return {
            "samples": self.samples,
            "energy_wh": round(self.energy_last - self.energy_first, 3),
            "highest_current_a": round(self.highest, 3),
            "mean_current_a": round(self.total / max(1, self.samples), 3),
        }


class RunTally:
    """Counts of everything but samples."""

    def __init__(self) -> None:
        self.connectors: dict[tuple[str, int], ConnectorTally] = {}
        self._frames: dict[tuple[int, bool], int] = {}
        self._messages: dict[tuple[str, str], dict[str, int]] = {}
        self._error_frames = 0
        self._violations = 0
        self._raised = 0
        self._detections: list[Detection] = []
        self._verdicts: list[Verdict] = []

    def frame(self, arbitration_id: int, extended: bool, error: bool) -> None:
        """Count a frame on a bus."""
        if error:
            self._error_frames += 1
            return
        key = (arbitration_id, extended)
        frames = self._frames
        if key not in frames and len(frames) >= KEYS_KEPT:
            key = _OTHER_FRAMES
        frames[key] = frames.get(key, 0) + 1

    def message(self, message: OcppMessage) -> None:
        """Count a message; once, not at each end."""
        key = (_DIRECTIONS[message.sender], message.action)
        if key not in self._messages and len(self._messages) >= KEYS_KEPT:
            key = (key[0], "other")
        counts = self._messages.setdefault(key, dict.fromkeys(_KINDS.values(), 0))
        counts[_KINDS[message.kind]] += 1
        self.judge(message)

    def judge(self, message: OcppMessage) -> None:
        """Count it if somebody broke the rules; results are judged where they arrive."""
        self._violations += bool(message.violation)

    def alarm(self, alarm: Alarm) -> None:
        """Count an alarm."""
        self._raised += alarm.raised

    def detection(self, detection: Detection) -> None:
        """Remember what the scorer said."""
        self._detections.append(detection)

    def verdict(self, verdict: Verdict) -> None:
        """Remember what came of an expectation."""
        self._verdicts.append(verdict)

    def summary(self, t_end: float, truth: list[TruthRow]) -> dict[str, Any]:
        """metrics.json, in which nothing depends on the wall clock."""
        messages: dict[str, dict[str, dict[str, int]]] = {}
        for (direction, action), counts in sorted(self._messages.items()):
            messages.setdefault(direction, {})[action or "(none)"] = {
                kind: number for kind, number in counts.items() if number
            }
        kinds = {
            kind: sum(counts[kind] for counts in self._messages.values())
            for kind in _KINDS.values()
        }
        return {
            "duration_s": round(t_end, 6),
            "connectors": [
                {"station": station, "connector": connector} | tally.summary()
                for (station, connector), tally in sorted(self.connectors.items())
            ],
            "ocpp": {
                "messages": sum(kinds.values()),
                **kinds,
                "schema_violations": self._violations,
                "by_direction_and_action": messages,
            },
            "can": {
                "frames": sum(self._frames.values()) + self._error_frames,
                "error_frames": self._error_frames,
                "by_id": {_frame_name(key): number for key, number in sorted(self._frames.items())},
            },
            "attacks": [_attack(row, self._detections) for row in truth],
            "alarms": {
                "raised": self._raised,
                "false": sum(not detection.attack_id for detection in self._detections),
            },
            "detections": [
                {
                    "detector": detection.detector,
                    "view": detection.view,
                    "attack_id": detection.attack_id,
                    "t_s": round(detection.t, 6),
                    "time_to_detect_s": _rounded(detection.time_to_detect),
                }
                for detection in self._detections
            ],
            "verdicts": [
                {
                    "expectation": verdict.expectation,
                    "path": verdict.path,
                    "met": verdict.met,
                    "found": verdict.found,
                    **_place(verdict),
                }
                for verdict in self._verdicts
            ],
        }


def _place(verdict: Verdict) -> dict[str, Any]:
    """Station and connector that a verdict is about, where they are not the first."""
    named = {"station": verdict.station, "connector": verdict.connector}
    return {key: value for key, value in named.items() if value is not msgspec.UNSET}


_OTHER_FRAMES = (1 << 30, True)


def _frame_name(key: tuple[int, bool]) -> str:
    if key == _OTHER_FRAMES:
        return "other"
    return f"{key[0]:08X}" if key[1] else f"{key[0]:03X}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _attack(row: TruthRow, detections: list[Detection]) -> dict[str, Any]:
    """An attack, with the time to detect of each view's first alarm that belongs to it."""
    first: dict[str, float | None] = {}
    for detection in detections:
        if detection.attack_id == row.attack_id and detection.station == row.station:
            name = f"{detection.detector}/{detection.view}"
            first.setdefault(name, _rounded(detection.time_to_detect))
    return {
        "attack_id": row.attack_id,
        "type": row.type,
        "variant": row.variant,
        "station": row.station,
        "connector": row.connector,
        "t_start": round(row.t_start, 6),
        "t_end": _rounded(row.t_end),
        "t_effect_end": _rounded(row.t_effect_end),
        "outcome": row.outcome,
        "time_to_detect_s": first,
    }
