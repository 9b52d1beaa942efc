"""Recordings of a lab that runs in real time: begun and ended by hand, or from the start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Literal

import msgspec

from evtui.config import Settings
from evtui.events import (
    AnomalyState,
    CentralSystemState,
    ConnectorState,
    Event,
    EventStream,
    LabState,
    LinkState,
    Note,
    RecordingState,
    ScenarioState,
    TransactionState,
)
from evtui.lab.setup import twins_in
from evtui.recording.format import Manifest
from evtui.recording.read import follow
from evtui.recording.write import Recorder, RecordingError, Redactor, new_folder
from evtui.runtime import LoopClock

__all__ = ["Recordings"]

RUNS = Path("runs")
"""Where recordings begun by hand go, below the working directory."""

TICK = 0.05
"""s between two looks at whether it is time to write."""

TELL_EVERY = 1.0
"""s between two events that say how much is recorded."""

_STANDING = (
    CentralSystemState,
    LabState,
    LinkState,
    ConnectorState,
    TransactionState,
    AnomalyState,
    ScenarioState,
)
"""What a recording that begins in the middle of things has to be told first."""


class Recordings:
    """The recorder of a lab, while there is one.

    Args:
        settings: of the lab.
        describe: makes the manifest of a recording that begins now.
        scenario_text: the scenario that runs in the lab, as it was read.
        vehicle_text: the recorded session that its vehicle follows, as it was read.
        stop_lab: called with one line when a recording has failed and the lab is to stop then.
        on_failure: called with one line for each recording that failed, or could not begin.
    """

    def __init__(
        self,
        settings: Settings,
        describe: Callable[[], Manifest],
        *,
        scenario_text: str | None = None,
        vehicle_text: str | None = None,
        stop_lab: Callable[[str], None] = lambda line: None,
        on_failure: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._settings = settings
        self._describe = describe
        self._scenario_text = scenario_text
        self._vehicle_text = vehicle_text
        self._stop_lab = stop_lab
        self._on_failure = on_failure
        self._states: dict[Hashable, Event] = {}
        self._early: list[Event] | None = []
        self._recorder: Recorder | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._begun = self._told = 0.0

    def on_event(self, event: Event) -> None:
        """Record ``event`` if there is a recording; a reader of the lab from its first event on."""
        if isinstance(event, _STANDING):
            follow(self._states, event)
        if self._recorder is not None:
            self._recorder.on_event(event)
        elif self._early is not None:
            self._early.append(event)

    def attach(self, stream: EventStream, clock: LoopClock) -> None:
        """Take the stream of the lab that was just made, and begin if the settings say where."""
        self._stream = stream
        self._clock = clock
        early, self._early = self._early or [], None
        folder = self._settings.record
        if folder is not None:
            try:
                self._begin(Path(folder), early)
            except RecordingError as error:
                self._tell_failure(folder, str(error), error.reason)

    def toggle(self) -> str:
        """Begin a recording below ``runs``, or end the one that runs; returns a line for people.

        Raises:
            RecordingError: it cannot begin.
        """
        if self._recorder is not None:
            return self.end()
        folder = new_folder(RUNS, f"{self._clock.utc():%Y%m%dT%H%M%SZ}", self._settings.id)
        # A view that opens the folder has not seen what came before.
        try:
            self._begin(folder, ())
        except RecordingError as error:
            self._on_failure(str(error))
            raise
        for event in sorted(self._states.values(), key=lambda event: event.seq):
            if not (isinstance(event, ScenarioState) and event.change == "end"):
                self._stream.publish(_again(event))
        return f"recording into {folder}"

    def end(self, interrupted: str = "", interrupted_at: float | None = None) -> str:
        """End the recording, if there is one; returns a line for people.

        Args:
            interrupted: why it ends before somebody wanted it to; empty when it does not.
            interrupted_at: lab time in s of that.
        """
        recorder = self._detach()
        if recorder is None:
            return "nothing is being recorded"
        recorder.close(
            t_end=self._clock.now(),
            interrupted=interrupted,
            interrupted_at=interrupted_at,
            wall_s=self._clock.now() - self._begun,
        )
        folder = str(recorder.folder)
        if recorder.failure is not None:
            self._tell_failure(folder, recorder.failure, recorder.reason)
            return recorder.failure
        self._tell(recorder, "off")
        return f"recorded {recorder.events:,} events into {folder}"

    def _begin(self, folder: Path, early: Iterable[Event]) -> None:
        recorder = Recorder(
            folder,
            self._describe(),
            start_utc=self._clock.unix(0.0),
            twins=twins_in(self._settings),
            scenario_text=self._scenario_text,
            vehicle_text=self._vehicle_text,
            redactor=Redactor(
                id_tags=self._settings.redact_id_tags, secrets=self._settings.secrets
            ),
            on_trouble=self._on_trouble,
        )
        for event in early:
            recorder.on_event(event)
        self._recorder = recorder
        self._begun = self._clock.now()
        self._tell(recorder, "on")
        self._timer = asyncio.get_running_loop().call_later(TICK, self._tick, recorder)

    def _detach(self) -> Recorder | None:
        recorder, self._recorder = self._recorder, None
        if self._timer is not None:
            self._timer.cancel()
        return recorder

    def _tick(self, recorder: Recorder) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK, self._tick, recorder)
        recorder.tick()
        if recorder.failure is None and self._clock.now() - self._told >= TELL_EVERY:
            self._tell(recorder, "on")

    def _on_trouble(self, line: str) -> None:
        # The recorder is in the middle of something.
        asyncio.get_running_loop().call_soon(self._give_up, self._recorder)

    def _give_up(self, recorder: Recorder | None) -> None:
        if recorder is not None and recorder is self._recorder:
            self.end()

    def _tell(self, recorder: Recorder, state: Literal["on", "off"]) -> None:
        self._told = self._clock.now()
        self._stream.publish(
            RecordingState(
                source="lab",
                folder=str(recorder.folder),
                state=state,
                size=recorder.size,
                events=recorder.events,
            )
        )

    def _tell_failure(self, folder: str, line: str, reason: str) -> None:
        self._on_failure(line)
        self._stream.publish(
            RecordingState(source="lab", folder=folder, state="failed", detail=reason)
        )
        self._stream.publish(Note(source="lab", level="error", text=line))
        if self._settings.record_trouble == "stop":
            self._stop_lab(line)


def _again(event: Event) -> Event:
    """The same state as an event that can be published; nothing in it begins anew."""
    fresh = msgspec.structs.replace(event, seq=0, t=0.0, cause=None)
    if isinstance(fresh, AnomalyState) and fresh.change != "off":
        fresh = msgspec.structs.replace(fresh, change="parameters")
    if isinstance(fresh, ScenarioState) and fresh.change in ("begin", "step"):
        fresh = msgspec.structs.replace(fresh, change="waiting")
    return fresh
