"""``evtui run --upstream``: between other people's ends without a terminal, recorded."""

from __future__ import annotations

import gc
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from evtui.cli.errors import BadInput
from evtui.cli.live import listener_for, open_feed_of
from evtui.cli.signals import stopped_by_signals
from evtui.config import Settings

if TYPE_CHECKING:
    from evtui.events import Event
    from evtui.scenario.run import StopFlag

__all__ = ["relay"]

LOOK_EVERY = 0.1
"""s between two looks at what has happened."""

STOP_WITHIN = 8.0
"""s for the lab to reach its safe state."""

LAB_FAILED = 3


def relay(settings: Settings, *, duration: float | None, quiet: bool) -> int:
    """Relay until the time is up or somebody says so; tell of connections on standard error.

    Args:
        settings: with ``upstream`` and ``record``.
        duration: s; None for no end.

    Returns:
        Exit code: 0, 3 where the lab failed or the recording could not be written, 130 where it
        was interrupted before its time was up.

    Raises:
        BadInput: the address or the folder cannot be had; nothing has started.
    """
    from evtui.live import LiveLab
    from evtui.recording.write import RecordingError, prepare_folder
    from evtui.runtime import Stopwatch
    from evtui.scenario.judge import INTERRUPTED

    assert settings.record is not None
    with ExitStack() as stack:
        stop = stack.enter_context(stopped_by_signals())
        listener = listener_for(settings)
        feed = None
        try:
            prepare_folder(Path(settings.record))
            if settings.events is not None:
                feed = open_feed_of(settings.events, settings, None)
        except (RecordingError, BadInput) as error:
            listener.close()
            raise BadInput(str(error)) from None
        lab = LiveLab(settings, listener, feed=feed)
        told = _Told(quiet=quiet)
        watch = Stopwatch()
        lab.start()
        gc.disable()
        while not stop.reason and not lab.trouble and lab.failure is None:
            told.tell(lab.events.take(10_000))
            if told.listens and not gc.isenabled():
                # What is imported by now never becomes garbage: looking through it would hold up
                # what passes for a tenth of a second, again and again.
                gc.freeze()
                gc.enable()
            if duration is not None and watch.elapsed >= duration:
                break
            _pause(stop)
        early = bool(stop.reason) and duration is not None
        safe = lab.stop(STOP_WITHIN, stop.reason if early else "")
        told.tell(lab.events.take(1_000_000))
    for trouble in filter(None, (*lab.recording_troubles, lab.feed_trouble, lab.trouble)):
        told.say(f"evtui: {trouble}", always=True)
    told.sum_up(settings.record)
    if lab.trouble or lab.failure is not None or lab.recording_troubles or not safe:
        return LAB_FAILED
    return INTERRUPTED if early else 0


def _pause(stop: StopFlag) -> None:
    import threading

    woken = threading.Event()
    stop.listen(lambda _: woken.set())
    woken.wait(LOOK_EVERY)
    stop.forget()


class _Told:
    """What people are told while it runs, and at its end."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self.listens = False
        self._stations: set[str] = set()
        self._messages = 0
        self._injected = 0

    def tell(self, events: list[Event]) -> None:
        """Count messages, and tell of connections, warnings and alarms."""
        from evtui.events import Alarm, CentralSystemState, LinkState, Note, OcppMessage

        for event in events:
            match event:
                case OcppMessage():
                    self._messages += event.phase == "sent"
                case CentralSystemState():
                    self.listens = True
                    self.say(f"passes on to {event.url} {event.detail}")
                case LinkState():
                    self._stations.add(event.station)
                    detail = f" ({event.detail})" if event.detail else ""
                    self.say(f"{event.t:9.3f} s  {event.station} {event.state}{detail}")
                case Note() if event.level != "info":
                    about = f"{event.station}: " if event.station else ""
                    self.say(f"{event.t:9.3f} s  {event.level}: {about}{event.text}")
                case Alarm(raised=True):
                    place = f"{event.station}/{event.connector}"
                    self.say(f"{event.t:9.3f} s  alarm {place} {event.detector}: {event.evidence}")

    def sum_up(self, folder: str) -> None:
        """Tell how much there was, and where it is."""
        stations, messages = len(self._stations), self._messages
        self.say(
            f"{messages:,} message{'' if messages == 1 else 's'} of {stations:,} charge "
            f"point{'' if stations == 1 else 's'}; recorded in {folder}"
        )

    def say(self, line: str, *, always: bool = False) -> None:
        """A line on standard error."""
        from evtui.cli.progress import say

        if always or not self._quiet:
            say(line)
