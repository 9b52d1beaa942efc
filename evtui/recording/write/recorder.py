"""The recorder: events to the lines of a run folder, as they happen.

It is never the thing that drops.  What it cannot write it says once, and then it stops; the
lab goes on.  Bytes depend on events only: the wall clock decides when they reach the disk, so
the same run makes the same files.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container
from pathlib import Path
from typing import Any

import msgspec

from evtui.events import (
    Alarm,
    AnomalyState,
    BusLoad,
    CanFrame,
    Detection,
    Event,
    LeftOut,
    LinkState,
    Note,
    OcppMessage,
    RecordingState,
    Sample,
    Verdict,
    pretty_json,
)
from evtui.recording.format import TRUTH, layout
from evtui.recording.format.manifest import BusInfo, Manifest
from evtui.recording.format.truth import TruthTracker
from evtui.recording.write.allowance import RecordingAllowance
from evtui.recording.write.folder import FolderWriter, RecordingError, in_short
from evtui.recording.write.leaving_out import Omissions
from evtui.recording.write.lines import (
    Stamps,
    alarm_line,
    event_line,
    frame_lines,
    signal_line,
    truth_line,
)
from evtui.recording.write.messages import MessageLines
from evtui.recording.write.metrics import ConnectorTally, RunTally
from evtui.recording.write.pending import Waiting
from evtui.recording.write.redaction import Redactor
from evtui.recording.write.sheet import data_sheet
from evtui.runtime import FlushTimer

__all__ = ["Recorder", "RecordingError"]

FLUSH_EVERY = 0.05
"""s of wall time between two writes."""

EVENTS_PER_LOOK = 16
"""Events between two looks at the wall clock."""

SCORED_WITHIN = 0.05
"""s that an alarm waits for the scorer: in real time it answers a little later."""


class Recorder:
    """Writes a run folder.  A subscriber of the stream, on the engine's thread.

    Args:
        folder: is made; an empty directory will do.
        manifest: what is run; the recorder adds what comes of it.
        start_utc: Unix time in s of lab time 0.
        twins: charge points of the lab that are connected to its own central system, so that
            every message is seen twice.
        scenario_text: the scenario as it was read.
        vehicle_text: the recorded session that the vehicle follows, as it was read.
        redactor: hides secrets, in every file; without one no id tags.
        on_trouble: called once, with one line, when recording has to stop.

    Attributes:
        folder: where to.
        events: recorded so far.
        failure: why recording has stopped, None while all is well.
        reason: the same in a few words, empty while all is well.

    Raises:
        RecordingError: the folder has something in it, or cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        *,
        start_utc: float,
        twins: Container[str],
        scenario_text: str | None = None,
        vehicle_text: str | None = None,
        redactor: Redactor | None = None,
        on_trouble: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.folder = folder
        self.events = 0
        self.failure: str | None = None
        self.reason = ""
        self._redactor = redactor = redactor or Redactor()
        self._manifest = msgspec.structs.replace(
            manifest, redacted=list(redactor.hides), buses=dict(manifest.buses)
        )
        self._scenario = scenario_text
        self._vehicle = vehicle_text
        self._on_trouble = on_trouble
        self._last_t = self._told_t = 0.0
        self._closed = False
        self._stamps = Stamps(start_utc)
        self._truth = TruthTracker()
        self._truth_changed = True
        self._tally = RunTally()
        self._channels = {bus.name: channel for channel, bus in manifest.buses.items()}
        self._buses_changed = False
        self._handlers: dict[type[Event], Callable[[Any], None]] = {
            Sample: self._on_sample,
            CanFrame: self._on_frame,
            OcppMessage: self._on_message,
            Note: self._on_told,
            LinkState: self._on_told,
            Alarm: self._on_alarm,
            Detection: self._on_detection,
            AnomalyState: self._on_truth,
            BusLoad: self._on_bus_load,
            RecordingState: self._on_recording,
            Verdict: self._on_verdict,
        }
        self._writer = writer = FolderWriter(folder)
        self._signals = writer.lines(layout.SIGNALS)
        self._can_log = writer.lines(layout.CAN_LOG)
        self._can_labels = writer.lines(layout.CAN_LABELS)
        self._other_events = writer.lines(layout.EVENTS)
        self._alarm_lines = writer.lines(layout.ALARMS)
        self._alarms: Waiting[_Joined] = Waiting(SCORED_WITHIN, self._write_alarm)
        self._messages = MessageLines(
            twins, start_utc, self._truth, redactor, writer.lines(layout.OCPP).append
        )
        self._allowance = RecordingAllowance(twins)
        self._omissions = Omissions(self._write_omissions)
        self._wake = self._messages.wake
        self._timer = FlushTimer(FLUSH_EVERY)
        self._begin()

    @property
    def size(self) -> int:
        """Bytes on disk, manifest excluded."""
        return self._writer.size

    def on_event(self, event: Event) -> None:
        """Record ``event``; never raises."""
        if self.failure is not None or self._closed:
            return
        try:
            t = self._last_t = event.t
            if t > self._wake:
                self._release(t)
            self._handlers.get(type(event), self._on_other)(event)
        except Exception as error:  # a defect in here must not pass for a complete recording
            self._fail(f"{layout.EVENTS}: event {event.seq}: {error!r}", repr(error))
            return
        self.events += 1
        if not self.events % EVENTS_PER_LOOK:
            self.tick()

    def tick(self) -> None:
        """Write if it is time to; called before the loop waits, and every 50 ms in real time."""
        if self._timer.due():
            self.flush()

    def flush(self) -> None:
        """Write what is complete."""
        if self.failure is not None or self._closed:
            return
        try:
            self._writer.write()
            if self._truth_changed:
                self._truth_changed = False
                self._write_truth()
            if self._buses_changed:
                self._buses_changed = False
                self._writer.save(self._shown_manifest())
        except OSError as error:
            self._fail_to_write(error)

    def close(
        self,
        *,
        t_end: float,
        interrupted: str = "",
        interrupted_at: float | None = None,
        wall_s: float | None = None,
    ) -> Manifest:
        """Finish the folder and say what is in it; a second call changes nothing.

        Args:
            t_end: lab time in s at which the run ended.
            interrupted: why it ended early; empty when it did not.
            interrupted_at: lab time in s of that.
            wall_s: s the run took.
        """
        if self._closed:
            return self._shown_manifest()
        manifest = self._manifest
        if self.failure is None:
            self._release(float("inf"))
            self._omissions.tell(self._last_t)
            self.flush()
        manifest.wall_s = None if wall_s is None else round(wall_s, 3)
        if self.failure is None:
            manifest.status = "interrupted" if interrupted else "complete"
            manifest.interrupted = interrupted
            manifest.interrupted_at_s = None if interrupted_at is None else round(interrupted_at, 6)
            manifest.t_end_s = round(t_end, 6)
            self._conclude()
        self._closed = True
        manifest.files = self._writer.files()
        try:
            self._writer.save(self._shown_manifest())
        except OSError as error:
            self._fail_to_write(error)
        self._writer.close()
        return self._shown_manifest()

    # Events

    def _on_sample(self, sample: Sample) -> None:
        key = (sample.station, sample.connector)
        self._stamps.at(sample.t)
        self._signals.append(signal_line(sample, self._stamps, self._truth.at(*key)))
        tally = self._tally.connectors.get(key)
        if tally is None:
            tally = self._tally.connectors[key] = ConnectorTally(sample.energy)
        tally.add(sample.current, sample.energy)

    def _on_frame(self, frame: CanFrame) -> None:
        channel = self._channels.get(frame.bus)
        if channel is None:
            channel = self._new_bus(frame.bus, frame.station)
        self._stamps.at(frame.t)
        line, label = frame_lines(
            frame,
            self._stamps,
            channel,
            self._truth.on(frame.station),
            attack=self._truth.injected(frame.cause),
        )
        self._can_log.append(line)
        self._can_labels.append(label)
        self._tally.frame(frame.arbitration_id, frame.extended, frame.error)
        if frame.error:
            self._on_other(frame)

    def _on_message(self, message: OcppMessage) -> None:
        if not self._allowance.takes(message):
            self._tally.message(message)
            self._leave_out(message)
        elif self._messages.take(message):
            self._tally.message(message)
        else:
            self._tally.judge(message)
        self._sleep()

    def _on_told(self, event: Note | LinkState) -> None:
        if self._allowance.takes(event):
            self._on_other(event)
        else:
            self._leave_out(event)
            self._sleep()

    def _leave_out(self, event: OcppMessage | Note | LinkState) -> None:
        self._manifest.left_out += 1
        self._omissions.add(event)

    def _on_alarm(self, alarm: Alarm) -> None:
        self._tally.alarm(alarm)
        self._alarms.add(alarm.seq, alarm.t, _Joined(alarm), waits=alarm.raised)
        self._sleep()

    def _on_detection(self, detection: Detection) -> None:
        self._tally.detection(detection)
        joined = self._alarms.claim(detection.cause)
        if joined is not None:
            joined.detection = detection
            self._release(detection.t)
        self._on_other(detection)

    def _on_truth(self, state: AnomalyState) -> None:
        self._truth_changed |= self._truth.update(state)
        self._on_other(state)

    def _on_bus_load(self, load: BusLoad) -> None:
        channel = self._channels.get(load.bus)
        if channel is not None and self._manifest.buses[channel].bitrate != load.bitrate:
            self._manifest.buses[channel].bitrate = load.bitrate
            self._buses_changed = True
        self._on_other(load)

    def _on_recording(self, state: RecordingState) -> None:
        # Where this folder stands on a machine, and how much of it was on disk, is not of the run.
        self._on_other(msgspec.structs.replace(state, folder=".", size=0, detail=""))

    def _on_verdict(self, verdict: Verdict) -> None:
        self._tally.verdict(verdict)
        self._on_other(verdict)

    def _on_other(self, event: Event) -> None:
        self._told_t = max(event.t, self._told_t)
        self._other_events.append(event_line(event, self._redactor))

    # Lines and files

    def _release(self, t: float) -> None:
        self._messages.release(t)
        self._alarms.release(t)
        self._omissions.release(min(t, self._last_t))
        self._sleep()

    def _sleep(self) -> None:
        self._wake = min(self._messages.wake, self._alarms.wake, self._omissions.wake)

    def _write_omissions(self, told: LeftOut) -> None:
        # Frames are stamped by their bus, a little before the line that was written last.
        self._on_other(msgspec.structs.replace(told, t=max(told.t, self._told_t)))

    def _write_alarm(self, joined: _Joined) -> None:
        self._stamps.at(joined.alarm.t)
        evidence = self._redactor.text(joined.alarm.evidence)
        line = alarm_line(joined.alarm, self._stamps, evidence, joined.detection)
        self._alarm_lines.append(line)

    def _new_bus(self, name: str, station: str) -> str:
        channel = self._channels[name] = f"can{len(self._channels)}"
        self._manifest.buses[channel] = BusInfo(name=name, station=station, bitrate=0)
        self._buses_changed = True
        return channel

    def _write_truth(self) -> None:
        rows = [TRUTH.header, *map(truth_line, self._truth.rows())]
        self._writer.replace(layout.TRUTH, "".join(rows))

    def _write_scenario(self) -> None:
        if self._scenario is not None:
            self._writer.replace(layout.SCENARIO, self._redactor.scenario(self._scenario))

    def _shown_manifest(self) -> Manifest:
        return self._redactor.struct(self._manifest)

    def _begin(self) -> None:
        """Write what is known before the first event."""
        scenario = self._manifest.scenario
        self._redactor.learn(self._scenario or "", scenario.inputs if scenario else {})
        try:
            self._writer.save(self._shown_manifest())
            self._write_scenario()
            if self._vehicle is not None:
                self._writer.replace(layout.VEHICLE, self._vehicle)
            self._writer.write()
            self._write_truth()
        except OSError as error:
            self._writer.discard()
            raise RecordingError(
                f"cannot record to {self.folder}: {error.filename}: {error.strerror}",
                in_short(error),
            ) from None

    def _conclude(self) -> None:
        """Write what is known after the last event."""
        metrics = self._tally.summary(self._manifest.t_end_s or 0.0, self._truth.rows())
        told = pretty_json(self._redactor.value(metrics))
        try:
            self._write_scenario()  # with the id tags and secrets that were met on the way
            self._writer.replace(layout.METRICS, told)
            sheet = data_sheet(self._shown_manifest(), self._writer.files())
            self._writer.replace(layout.README, sheet)
        except OSError as error:
            self._fail_to_write(error)

    def _fail_to_write(self, error: OSError) -> None:
        self._fail(f"{error.filename}: {error.strerror}", in_short(error))

    def _fail(self, reason: str, short: str) -> None:
        """Stop: say it once, in the manifest too if that still can be written."""
        if self.failure is not None:
            return
        self.reason = short
        self.failure = f"recording to {self.folder} stopped: {reason}"
        manifest = self._manifest
        manifest.status = "interrupted"
        manifest.interrupted = f"recording stopped: {reason}"
        manifest.recording_failed = True
        manifest.interrupted_at_s = manifest.t_end_s = round(self._last_t, 6)
        self._writer.free_reserve()
        with contextlib.suppress(OSError):
            self._writer.write()
        with contextlib.suppress(OSError):
            self._write_truth()
        with contextlib.suppress(OSError):
            manifest.files = self._writer.files()
            self._writer.save(self._shown_manifest())
        self._on_trouble(self.failure)


class _Joined:
    """An alarm and what the scorer said about it."""

    __slots__ = ("alarm", "detection")

    def __init__(self, alarm: Alarm) -> None:
        self.alarm = alarm
        self.detection: Detection | None = None
