"""What a headless run comes to, as a program reads it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from evtui.events import Alarm, Detection, Event, EventStream, OcppMessage
from evtui.scenario.judge.matching import FirstSight

__all__ = ["INTERRUPTED", "Counts", "MatrixResult", "RaisedAlarm", "RunResult", "VerdictLine"]

MET, FAILED, LAB_FAILED, INTERRUPTED = 0, 1, 3, 130
"""Exit codes; 2 is for bad input, of which no run comes."""


class VerdictLine(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an expectation of the scenario was met."""

    expectation: Annotated[str, Meta(description="in words.")]
    path: Annotated[
        str,
        Meta(description="its place in the file, `expect[0]`; `steps` for the steps themselves."),
    ]
    met: Annotated[bool, Meta(description="whether it was met.")]
    found: Annotated[str, Meta(description="what was seen, in one line.")]
    station: Annotated[
        str | msgspec.UnsetType,
        Meta(description="that it is about; left out where the scenario's first one is meant."),
    ] = msgspec.UNSET
    connector: Annotated[
        int | msgspec.UnsetType,
        Meta(description="that it is about; left out where the scenario's first one is meant."),
    ] = msgspec.UNSET


class RaisedAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that was raised."""

    t_s: Annotated[float, Meta(description="lab time in s.")]
    station: Annotated[str, Meta(description="identity of the charge point.")]
    connector: Annotated[int, Meta(description="connectorId.")]
    detector: Annotated[str, Meta(description="its name.")]
    view: Annotated[str, Meta(description="what it was fed from: `can` or `ocpp`.")]
    evidence: Annotated[str, Meta(description="why, in words.")]
    attack_id: Annotated[str, Meta(description="empty for a false alarm.")] = ""
    time_to_detect_s: Annotated[
        float | None,
        Meta(description="s from the first change of current, None for a false alarm."),
    ] = None


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    schema: Literal["evtui.result/1"] = "evtui.result/1"
    scenario: Annotated[str, Meta(description="its id.")]
    title: Annotated[str, Meta(description="of the scenario.")]
    label: Annotated[
        str,
        Meta(description="which run of a matrix, `variant=seed,high=50`; empty for the only one."),
    ] = ""
    seed: Annotated[int, Meta(description="that all chance was drawn from.")]
    inputs: Annotated[dict[str, Any], Meta(description="name to value; durations in s.")]
    verdicts: Annotated[
        list[VerdictLine],
        Meta(description="empty when the run was interrupted before its steps had ended."),
    ]
    interrupted: Annotated[str, Meta(description="why it ended early; empty when it did not.")] = ""
    interrupted_at_s: Annotated[
        float | None, Meta(description="lab time in s of that, or None.")
    ] = None
    failed: Annotated[
        bool, Meta(description="True when it was the lab or the recording that ended it.")
    ] = False
    recording_failure: Annotated[
        str, Meta(description="why recording stopped; empty when it did not.")
    ] = ""
    t_end_s: Annotated[float, Meta(description="simulated s.")]
    wall_s: Annotated[float, Meta(description="s it took.")]
    messages: Annotated[int, Meta(description="OCPP messages, each once.")]
    frames: Annotated[int, Meta(description="CAN frames.")]
    alarms: Annotated[list[RaisedAlarm], Meta(description="in the order of time.")]
    energy_wh: Annotated[float, Meta(description="Wh delivered.")]
    folder: Annotated[str | None, Meta(description="with the recording, None without one.")] = None
    factor: Annotated[
        float, Meta(description="simulated seconds a second; worked out, not given.")
    ] = 0.0
    exit_code: Annotated[
        int,
        Meta(
            description="0 all expectations met, 1 one failed, 3 the lab failed, 130 interrupted; "
            "worked out, not given."
        ),
    ] = 0

    def __post_init__(self) -> None:
        factor = self.t_end_s / self.wall_s if self.wall_s > 0 else 0.0
        set_field = msgspec.structs.force_setattr
        set_field(self, "factor", round(factor, 1))
        set_field(self, "exit_code", self._judged())

    @property
    def name(self) -> str:
        """Scenario, and which run of its matrix."""
        return f"{self.scenario}[{self.label}]" if self.label else self.scenario

    def _judged(self) -> int:
        if self.failed:
            return LAB_FAILED
        if self.interrupted:
            return INTERRUPTED
        return MET if all(verdict.met for verdict in self.verdicts) else FAILED


class MatrixResult(msgspec.Struct, frozen=True, kw_only=True):
    """Every combination of a matrix; also in its `summary.json`."""

    schema: Literal["evtui.matrix/1"] = "evtui.matrix/1"
    scenario: Annotated[str, Meta(description="its id.")]
    seed: Annotated[int, Meta(description="that all chance was drawn from.")]
    runs: Annotated[list[RunResult], Meta(description="in the order of the matrix.")]
    not_run: Annotated[
        list[str],
        Meta(description="labels of those that an interruption has kept from beginning."),
    ]
    exit_code: Annotated[int, Meta(description="the worst of all runs; worked out, not given.")] = 0

    def __post_init__(self) -> None:
        codes = [run.exit_code for run in self.runs]
        worst = max([*codes, INTERRUPTED] if self.not_run else codes)
        msgspec.structs.force_setattr(self, "exit_code", worst)


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
                    t_s=round(event.t, 6),
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
                time_to_detect_s=event.time_to_detect and round(event.time_to_detect, 6),
            )
