"""A lab on a thread of its own, as the terminal uses it."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from evtui.commands import FIRST_CONTACT, Outcome, anomaly, by_name
from evtui.config import SETTINGS, Settings
from evtui.events import Event, EventReader, LinkState, Note, PartState
from evtui.runtime import LoopClock, LoopThread

if TYPE_CHECKING:
    from evtui.lab import Lab
    from evtui.recording.format import Manifest
    from evtui.scenario.language import Plan
    from evtui.station import StateFile

__all__ = ["LiveFeed", "LiveLab", "settings_for"]

CALLS_OFF = frozenset({anomaly.STOP.name, anomaly.ALL_CLEAR.name})
"""Orders after which none that waits is carried out any more."""

MAILBOX = 20_000
"""Events kept for a terminal that does not read: ten minutes of the fluctuation."""

FEED_END = 0.5
"""s that readers of the feed get for what is left when the lab has ended."""

SCENARIO_END = 3.0
"""s that a scenario gets to clean up when the lab is told to end."""

ORDERED_BY = "terminal"
"""Source of the orders that come through a :class:`LiveLab`."""


class LiveFeed(Protocol):
    """Where every event goes as well; see :func:`evtui.feed.feed.open_feed`."""

    def on_event(self, event: Event) -> None: ...

    def close(self, within: float = ...) -> None: ...


def settings_for(plan: Plan, settings: Settings) -> Settings:
    """The settings with which a scenario runs in the terminal.

    What the plan has counts for the lab, and ``settings`` for the port, the terminal and the
    recording.
    """
    ours = [each.name for each in SETTINGS if each.group in ("Terminal", "Recording")]
    return replace(plan.settings, **{name: getattr(settings, name) for name in ("port", *ours)})


class LiveLab:
    """Starts a :class:`~evtui.lab.Lab` beside the terminal and hands orders over.

    The engine's imports happen on its thread, while the terminal draws its first frame.

    Args:
        settings: checked settings.
        listener: socket the central system takes over.
        plan: a scenario that runs in the lab; ``settings`` are then of :func:`settings_for`.
        feed: gets every event, and is closed when the lab has ended.
        state: what the charge points must not forget; closed when the lab has ended.
    """

    def __init__(
        self,
        settings: Settings,
        listener: socket.socket | None = None,
        *,
        plan: Plan | None = None,
        feed: LiveFeed | None = None,
        state: StateFile | None = None,
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._plan = plan
        self._feed = feed
        self._state = state
        self._events = EventReader(MAILBOX)
        self._thread = LoopThread(self._main, name="evtui-engine")
        self._lab: Lab | None = None
        self._built = asyncio.Event()
        self._met: dict[str, asyncio.Event] = {}  # charge points of ours
        self._called_off = 0
        self._seq = 0  # of the newest event
        self._interrupted = ""
        self._interrupted_at: float | None = None
        self.trouble = ""
        """Why the lab ended although nobody told it to, in one line."""
        self.feed_trouble = ""
        """Why the feed got no more events while the lab went on."""
        self.recording_troubles: list[str] = []
        """Which recordings ended before anybody wanted them to, or never began, one line each."""

    def start(self) -> None:
        """Start the engine; returns at once."""
        self._thread.start()

    @property
    def start_utc(self) -> float:
        """Unix time in seconds of lab time 0."""
        return self._thread.clock.start_utc

    @property
    def events(self) -> EventReader:
        """Every event since the start, taken once."""
        return self._events

    @property
    def failure(self) -> BaseException | None:
        """What the engine died of, if it did."""
        return self._thread.failure

    @property
    def state_trouble(self) -> str:
        """What the state file misses now that the lab has ended, in one line; empty for nothing."""
        return "" if self._state is None else self._state.trouble_left

    def now(self) -> float:
        """Lab time in seconds."""
        return self._thread.clock.now()

    def unix(self) -> float:
        """Unix time in seconds, as messages bear it."""
        return self._thread.clock.unix()

    def submit(self, command: str, **arguments: object) -> Future[Outcome[Any]]:
        """Give an order; see :meth:`evtui.lab.Lab.execute`."""
        return self._thread.submit(self._execute(command, arguments))

    def stop(self, timeout: float, interrupted: str = "") -> bool:
        """Bring the lab to its safe state and end it; False when it took longer (s).

        Args:
            interrupted: why, where nobody wanted it to end, for what is being recorded; the
                first call counts.
        """
        if self._interrupted_at is None:
            self._interrupted, self._interrupted_at = interrupted, self.now()
        return self._thread.stop(timeout)

    async def _execute(self, command: str, arguments: dict[str, object]) -> Outcome[Any]:
        await self._built.wait()
        lab = self._lab
        assert lab is not None
        return await lab.orders.execute(
            command,
            arguments,
            source=ORDERED_BY,
            ready=partial(self._first_contact, lab, command, arguments),
        )

    async def _first_contact(self, lab: Lab, command: str, arguments: dict[str, object]) -> None:
        """Wait for a charge point that is still on its way, if the order goes to one.

        Raises:
            ValueError: something has been ordered meanwhile that calls the order off.
        """
        self._called_off += command in CALLS_OFF
        station = arguments.get("station", next(iter(lab.stands), ""))
        declared = by_name.get(command)
        waits = declared is not None and declared.over_the_link
        refused = declared is anomaly.START and self._settings.csms is not None
        met = self._met.get(str(station))
        if refused or not waits or met is None:
            return
        called_off = self._called_off
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, FIRST_CONTACT - self.now())):
                await met.wait()
        if self._called_off != called_off:
            raise ValueError(f"{command} was called off before {station} was there")

    async def _main(self, clock: LoopClock, stop: asyncio.Event) -> None:
        try:
            await self._run(clock, stop)
        except Exception as error:  # the terminal must hear of it, whatever it is
            self.trouble = _one_line(error)
            self._tell_end("crashed", self.trouble)
            raise
        finally:
            if self._feed is not None:
                self._feed.close(FEED_END)

    async def _run(self, clock: LoopClock, stop: asyncio.Event) -> None:
        from evtui.lab import Lab, Recordings
        from evtui.runtime import logs_as_notes

        def stop_lab(line: str) -> None:
            self.trouble = line
            stop.set()

        plan = self._plan
        recordings = Recordings(
            self._settings,
            self._manifest,
            scenario_text=None if plan is None else plan.text,
            vehicle_text=None if plan is None else plan.curve_text,
            stop_lab=stop_lab,
            on_failure=self.recording_troubles.append,
        )
        lab = self._lab = Lab(
            self._settings,
            clock,
            listener=self._listener,
            readers=(
                self._on_event,
                recordings.on_event,
                *(() if self._feed is None else (self._pass_on,)),
            ),
            vehicle=None if plan is None else plan.vehicle_at,
            plugged=plan is None or plan.scenario.lab.plugged,
            recordings=recordings,
            state=self._state,
        )
        recordings.attach(lab.stream, clock)
        self._met = {station: asyncio.Event() for station in lab.stands}
        self._built.set()
        try:
            with logs_as_notes(lab.stream, self._thread.call_soon):
                if plan is None:
                    await lab.run(stop)
                else:
                    await self._run_scenario(lab, plan, stop)
        except Exception as error:
            self._interrupted = f"the lab crashed: {_one_line(error)}"
            raise
        finally:
            recordings.end(self._interrupted, self._interrupted_at)
        if self.trouble:
            self._tell_end("stopped", self.trouble)

    def _on_event(self, event: Event) -> None:
        self._seq = event.seq
        self._events.append(event)
        if isinstance(event, LinkState) and event.state == "accepted":
            if met := self._met.get(event.station):
                met.set()

    def _pass_on(self, event: Event) -> None:
        """Pass an event on to the feed, until that fails: no reason for the lab to end."""
        if self._feed is None or self.feed_trouble:
            return
        try:
            self._feed.on_event(event)
        except Exception as error:  # whatever it is, the rest of the lab does not depend on it
            self.feed_trouble = f"{error}; it gets no more events"
            # Later: the lab may only just be coming up.
            asyncio.get_running_loop().call_soon(self._tell_feed_trouble)

    def _tell_feed_trouble(self) -> None:
        if self._lab is not None:
            self._lab.stream.publish(Note(source="lab", level="error", text=self.feed_trouble))

    async def _run_scenario(self, lab: Lab, plan: Plan, stop: asyncio.Event) -> None:
        """Run the lab with a scenario in it, which cleans up before the lab is told to stop."""
        from evtui.scenario.run import Runner

        loop = asyncio.get_running_loop()
        leave = asyncio.Event()
        running = loop.create_task(lab.run(leave))
        runner = Runner(lab, plan)
        scenario = loop.create_task(runner.run())
        scenario.add_done_callback(partial(self._scenario_has_ended, lab))
        told = loop.create_task(stop.wait())
        try:
            await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
            runner.interrupt(self._interrupted or "left")
            await asyncio.wait({scenario}, timeout=SCENARIO_END)
        finally:
            leave.set()
            for task in (told, scenario):
                task.cancel()
            await running

    def _scenario_has_ended(self, lab: Lab, scenario: asyncio.Task[object]) -> None:
        if not scenario.cancelled() and (error := scenario.exception()) is not None:
            text = f"the scenario ended: {type(error).__name__}: {error}"
            lab.stream.publish(Note(source="lab", level="error", text=text))

    def _manifest(self) -> Manifest:
        from evtui.scenario.run import manifest_of

        assert self._lab is not None
        return manifest_of(self._lab, mode="real", speed=1.0, plan=self._plan)

    def _tell_end(self, state: Literal["crashed", "stopped"], detail: str) -> None:
        """Tell the terminal and the feed, also when there is no lab that could."""
        event = PartState(source="lab", part="lab", state=state, detail=detail)
        if self._lab is not None:
            self._lab.stream.publish(event)
            return
        numbered = msgspec.structs.replace(event, seq=self._seq + 1, t=self.now())
        self._events.append(numbered)
        self._pass_on(numbered)


def _one_line(error: Exception) -> str:
    """What an error says; what was written for people needs no name before it."""
    from evtui.central_system import IdTagError
    from evtui.station import StateError

    text = " ".join(str(error).split())
    written = isinstance(error, StateError | IdTagError)
    return text if written else f"{type(error).__name__}: {text}"
