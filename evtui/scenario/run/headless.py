"""One run of a scenario without a terminal: lab, runner and recorder on one loop.

With a speed of ``max`` or a number time is virtual and the run repeats byte for byte.  A speed
of 1 means the real clock and a real WebSocket on loopback: ``REAL_TIME``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from evtui.events import Alarm, Event, PartState, ScenarioState
from evtui.lab import Lab, twins_in
from evtui.recording.write import Recorder, RecordingError, Redactor
from evtui.runtime import LoopClock, Stopwatch, logs_as_notes, run_real, run_virtual
from evtui.scenario.judge.outcome import RunOutcome
from evtui.scenario.judge.results import Counts, RunResult, VerdictLine
from evtui.scenario.run.provenance import manifest_of
from evtui.scenario.run.runner import Runner

if TYPE_CHECKING:
    from evtui.scenario.language.loader import Plan

__all__ = ["REAL_TIME", "Options", "StopFlag", "run_headless"]

REAL_TIME = 1.0

VIRTUAL_LOOK, REAL_LOOK = 1.0, 0.05
"""s of lab time between two looks at recording and progress."""

LONG_WAIT = 0.1
"""Real s of waiting before which everything is written, however lately that was done."""

EVENTS_OF_MAKING = 100
"""Room for what a lab publishes while it is put together, before it can be described."""


class StopFlag:
    """Asks a run to end: from a signal handler, or before it has begun.

    Attributes:
        reason: why, for people; empty as long as it goes on.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._end: Callable[[str], None] = _ignored
        self._leave: Callable[[], None] = _ignored

    def request(self, reason: str) -> None:
        """Bring the lab to its safe state and end; the first reason counts."""
        if not self.reason:
            self.reason = reason
            self._end(reason)

    def leave(self) -> None:
        """Somebody will not wait for that: end what would go on without us."""
        self._leave()

    def listen(self, end: Callable[[str], None], leave: Callable[[], None] | None = None) -> None:
        """Call ``end`` with the reason when there is one, be it now; ``leave`` when all fails."""
        self._end = end
        self._leave = leave or _ignored
        if self.reason:
            end(self.reason)

    def forget(self) -> None:
        """Whoever listened has ended."""
        self._end = self._leave = _ignored


def _ignored(*_: object) -> None:
    pass


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a scenario is run.

    Attributes:
        speed: simulated seconds a second; 1 is real time, ``max`` as fast as it goes.
        duration: lab time in s at which the run ends; None for when its steps end.
        folder: to record into; None records nothing.
        redact_id_tags: hide id tags in the recording.
        record_trouble: what a full disk does: stop the run, or let it go on unrecorded.
        events: called with every event.
        narrate: called with every step of the scenario and every alarm.
        progress: called now and then with lab time in s, the longest the run can take in s,
            and the number of alarms so far.
        trouble: called with one line when the recording fails.
        stop: ends the run early.
        label: which run of a matrix this is.
    """

    speed: float | Literal["max"] = "max"
    duration: float | None = None
    folder: Path | None = None
    redact_id_tags: bool = False
    record_trouble: Literal["stop", "continue"] = "stop"
    events: Callable[[Event], None] | None = None
    narrate: Callable[[ScenarioState | Alarm], None] | None = None
    progress: Callable[[float, float, int], None] | None = None
    trouble: Callable[[str], None] | None = None
    stop: StopFlag | None = None
    label: str = ""

    def but(self, **changed: Any) -> Options:
        """The same with some of it changed."""
        return msgspec.structs.replace(self, **changed)


def run_headless(plan: Plan, options: Options) -> RunResult:
    """Run a scenario once; the folder is finished in every case.

    Raises:
        RecordingError: the folder cannot be recorded into; nothing was run.
    """
    return _Run(plan, options).run()


class _Run:
    def __init__(self, plan: Plan, options: Options) -> None:
        self._plan = plan
        self._options = options
        self._real = options.speed == REAL_TIME
        self._duration = options.duration
        self._longest = plan.longest if self._duration is None else self._duration
        self._watch = Stopwatch()
        self._lab: Lab | None = None
        self._counts: Counts | None = None
        self._recorder: Recorder | None = None
        self._runner: Runner | None = None
        self._outcome: RunOutcome | None = None
        self._failure = ""
        self._recording_failure = ""
        self._looking: asyncio.TimerHandle | None = None
        self._hiding = Redactor()  # for what is told; id tags stay
        self._hiding.learn(plan.text, plan.inputs)

    def run(self) -> RunResult:
        speed = self._options.speed
        try:
            if self._real:
                run_real(self._main())
            else:
                pace = None if speed == "max" else float(speed)
                run_virtual(self._main(), pace=pace, before_waiting=self._before_waiting)
        except RecordingError:
            raise
        except Exception as error:
            if self._runner is None:
                raise  # nothing was run
            self._fail(f"{type(error).__name__}: {error}")
        finally:
            self._finish()
        return self._result()

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        early: deque[Event] = deque(maxlen=EVENTS_OF_MAKING)
        lab = self._lab = Lab(
            self._plan.settings,
            LoopClock(loop, None if self._real else self._plan.start_utc),
            readers=(early.append,),
            link="websocket" if self._real else "memory",
            vehicle=self._plan.vehicle_at,
            plugged=self._plan.scenario.lab.plugged,
        )
        self._counts = Counts(lab.stream)
        for reader in self._readers(lab):
            for event in tuple(early):
                reader(event)
            lab.stream.subscribe(reader)
        lab.stream.subscribe(self._on_part, PartState)
        if self._options.narrate is not None:
            lab.stream.subscribe(self._narrate, ScenarioState, Alarm)
        runner = self._runner = Runner(lab, self._plan, duration=self._duration)
        if self._failure:
            runner.interrupt(self._failure)
        stop = asyncio.Event()
        running = loop.create_task(lab.run(stop), name="lab")
        running.add_done_callback(self._lab_has_ended)
        self._look(loop.time())

        def interrupt(reason: str) -> None:
            # A signal handler is called in the middle of anything, the loop calls in between.
            loop.call_soon_threadsafe(runner.interrupt, reason)

        try:
            if self._options.stop is not None:
                self._options.stop.listen(interrupt)
            with logs_as_notes(lab.stream, loop.call_soon_threadsafe):
                self._outcome = await runner.run()
        finally:
            if self._options.stop is not None:
                self._options.stop.forget()
            stop.set()
            await asyncio.wait({running})
            if self._looking is not None:
                self._looking.cancel()

    def _readers(self, lab: Lab) -> Iterator[Callable[[Event], None]]:
        """Who gets every event, also those of the making of the lab."""
        options = self._options
        if options.folder is not None:
            redactor = Redactor(id_tags=options.redact_id_tags)
            self._recorder = Recorder(
                options.folder,
                manifest_of(
                    lab,
                    mode="real" if self._real else "virtual",
                    speed=options.speed,
                    plan=self._plan,
                    duration=self._duration,
                    redact_id_tags=options.redact_id_tags,
                ),
                start_utc=lab.stream.start_utc,
                twins=twins_in(lab.settings),
                scenario_text=self._plan.text,
                vehicle_text=self._plan.curve_text,
                redactor=redactor,
                on_trouble=self._on_recording_trouble,
            )
            yield self._recorder.on_event
        if options.events is not None:
            yield options.events

    # While it runs

    def _look(self, due: float) -> None:
        """Look at recording and progress; publishes nothing, or the run would be another one."""
        loop = asyncio.get_running_loop()
        due += REAL_LOOK if self._real else VIRTUAL_LOOK
        self._looking = loop.call_at(due, self._look, due)
        if self._recorder is not None:
            self._recorder.tick()
        if self._options.progress is not None and self._lab is not None:
            self._options.progress(self._lab.clock.now(), self._longest, self._raised)

    def _before_waiting(self, wait: float) -> None:
        if self._recorder is None:
            return
        if wait > LONG_WAIT:
            self._recorder.flush()
        else:
            self._recorder.tick()

    def _narrate(self, event: Event) -> None:
        assert isinstance(event, ScenarioState | Alarm)
        assert self._options.narrate is not None
        self._options.narrate(self._hiding.event(event))

    def _on_part(self, event: Event) -> None:
        assert isinstance(event, PartState)
        if event.state == "crashed":
            self._fail(f"{event.part} crashed: {event.detail}")

    def _lab_has_ended(self, running: asyncio.Task[None]) -> None:
        if not running.cancelled() and (error := running.exception()) is not None:
            self._fail(f"the lab ended: {type(error).__name__}: {error}")

    def _on_recording_trouble(self, line: str) -> None:
        self._recording_failure = line
        if self._options.trouble is not None:
            self._options.trouble(line)
        if self._options.record_trouble == "stop":
            self._fail(line)

    def _fail(self, reason: str) -> None:
        """The run is over, and not because of the scenario; the first reason counts."""
        if self._failure:
            return
        self._failure = reason
        if self._runner is not None:
            self._runner.interrupt(reason)

    # Afterwards

    def _finish(self) -> None:
        if self._recorder is None:
            return
        interrupted, at = self._interruption()
        self._recorder.close(
            t_end=self._t_end,
            interrupted=interrupted,
            interrupted_at=at,
            wall_s=self._watch.elapsed,
        )

    @property
    def _t_end(self) -> float:
        return 0.0 if self._lab is None else self._lab.clock.now()

    @property
    def _raised(self) -> int:
        return 0 if self._counts is None else self._counts.raised

    def _interruption(self) -> tuple[str, float | None]:
        """Why the run ended early and at which lab time in s; empty when it did not."""
        outcome = self._outcome
        if self._failure:
            at = None if outcome is None else outcome.interrupted_at
            return self._failure, self._t_end if at is None else at
        if outcome is None:
            return "ended from outside", self._t_end
        return outcome.interrupted, outcome.interrupted_at

    def _result(self) -> RunResult:
        assert self._lab is not None
        assert self._counts is not None
        scenario = self._plan.scenario
        interrupted, at = self._interruption()
        stands = self._lab.stands.values()
        result = RunResult(
            scenario=scenario.id,
            title=scenario.title,
            label=self._options.label,
            seed=self._plan.settings.seed,
            inputs=dict(self._plan.inputs),
            verdicts=[
                VerdictLine(
                    expectation=verdict.expectation,
                    path=verdict.path,
                    met=verdict.met,
                    found=verdict.found,
                    station=verdict.station,
                    connector=verdict.connector,
                )
                for verdict in (self._outcome.verdicts if self._outcome is not None else ())
            ],
            interrupted=interrupted,
            interrupted_at_s=at,
            failed=bool(self._failure),
            recording_failure=self._recording_failure,
            t_end_s=round(self._t_end, 6),
            wall_s=round(self._watch.elapsed, 6),
            messages=self._counts.messages,
            frames=sum(stand.bus.frames for stand in stands),
            alarms=self._counts.alarms,
            energy_wh=round(
                sum(
                    outlet.stage.state.energy
                    for stand in stands
                    for outlet in stand.outlets.values()
                ),
                6,
            ),
        )
        shown = self._hiding.struct(result)
        folder = None if self._options.folder is None else str(self._options.folder)
        return msgspec.structs.replace(shown, folder=folder)
