"""What a headless run comes to, as a program reads it."""

from __future__ import annotations

from typing import Any

import msgspec

from evtui.events import Alarm, Detection, Event, EventStream, OcppMessage
from evtui.scenario.matching import FirstSight

__all__ = ["INTERRUPTED", "Counts", "MatrixResult", "RaisedAlarm", "RunResult", "VerdictLine"]

MET, FAILED, LAB_FAILED, INTERRUPTED = 0, 1, 3, 130
"""Exit codes; 2 is for bad input, of which no run comes."""


class VerdictLine(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation; ``path`` is ``steps`` for the steps themselves.

    Attributes:
        station: that it is about; not set where the scenario's first one is meant.
        connector: likewise.
    """

    expectation: str
    path: str
    met: bool
    found: str
    station: str | msgspec.UnsetType = msgspec.UNSET
    connector: int | msgspec.UnsetType = msgspec.UNSET


class RaisedAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that was raised.

    Attributes:
        t_s: lab time in s.
        attack_id: empty for a false alarm.
        time_to_detect_s: s from the first change of current, None for a false alarm.
    """

    t_s: float
    station: str
    connector: int
    detector: str
    view: str
    evidence: str
    attack_id: str = ""
    time_to_detect_s: float | None = None


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        scenario: its id.
        label: which run of a matrix: ``variant=seed,high=50``; empty for the only one.
        inputs: name to value; durations in s.
        verdicts: empty when the run was interrupted before its steps had ended.
        interrupted: why it ended early; empty when it did not.
        interrupted_at_s: lab time in s of that.
        failed: True when it was the lab or the recording that ended it.
        recording_failure: why recording stopped; empty when it did not.
        t_end_s: simulated s.
        wall_s: s it took.
        messages: OCPP messages, each once.
        energy_wh: delivered.
        folder: with the recording, None without one.
    """

    scenario: str
    title: str
    label: str = ""
    seed: int
    inputs: dict[str, Any]
    verdicts: list[VerdictLine]
    interrupted: str = ""
    interrupted_at_s: float | None = None
    failed: bool = False
    recording_failure: str = ""
    t_end_s: float
    wall_s: float
    messages: int
    frames: int
    alarms: list[RaisedAlarm]
    energy_wh: float
    folder: str | None = None

    @property
    def name(self) -> str:
        """Scenario, and which run of its matrix."""
        return f"{self.scenario}[{self.label}]" if self.label else self.scenario

    @property
    def exit_code(self) -> int:
        """0 all expectations met, 1 one failed, 3 the lab failed, 130 interrupted."""
        if self.failed:
            return LAB_FAILED
        if self.interrupted:
            return INTERRUPTED
        return MET if all(verdict.met for verdict in self.verdicts) else FAILED

    @property
    def factor(self) -> float:
        """Simulated seconds a second."""
        return self.t_end_s / self.wall_s if self.wall_s > 0 else 0.0

    def as_json(self) -> dict[str, Any]:
        """Everything, as plain values."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        return values | {"factor": round(self.factor, 1), "exit_code": self.exit_code}


class MatrixResult(msgspec.Struct, frozen=True, kw_only=True):
    """``summary.json``.

    Attributes:
        runs: in the order of the matrix.
        not_run: labels of those that an interruption has kept from beginning.
    """

    schema: str = "evtui.matrix/1"
    scenario: str
    seed: int
    runs: list[RunResult]
    not_run: list[str]

    @property
    def exit_code(self) -> int:
        """The worst of all runs."""
        codes = [run.exit_code for run in self.runs]
        return max([*codes, INTERRUPTED] if self.not_run else codes)

    def as_json(self) -> dict[str, Any]:
        """Everything, as plain values."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        runs = [run.as_json() for run in self.runs]
        return values | {"runs": runs, "exit_code": self.exit_code}


class Counts:
    """Counts messages and alarms while a run goes on.

    Args:
        stream: read until the run ends.
    """

    def __init__(self, stream: EventStream) -> None:
        self.messages = 0
        self._first_sight = FirstSight()
        self._alarms: dict[int, RaisedAlarm] = {}
        stream.subscribe(self._see, OcppMessage, Alarm, Detection)

    @property
    def alarms(self) -> list[RaisedAlarm]:
        """Raised so far."""
        return list(self._alarms.values())

    @property
    def raised(self) -> int:
        """How many."""
        return len(self._alarms)

    def _see(self, event: Event) -> None:
        if isinstance(event, OcppMessage):
            self.messages += self._first_sight.of(event)
        elif isinstance(event, Alarm):
            if event.raised:
                self._alarms[event.seq] = RaisedAlarm(
                    t_s=event.t,
                    station=event.station,
                    connector=event.connector,
                    detector=event.detector,
                    view=event.view,
                    evidence=event.evidence,
                )
        elif isinstance(event, Detection) and event.cause in self._alarms:
            if self._alarms[event.cause].attack_id:
                return  # in several attacks: the one that began last has been told
            self._alarms[event.cause] = msgspec.structs.replace(
                self._alarms[event.cause],
                attack_id=event.attack_id,
                time_to_detect_s=event.time_to_detect,
            )
