"""A lab on a thread of its own, as the terminal uses it."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import Future
from typing import TYPE_CHECKING

from evtui.config import Settings
from evtui.events import EventReader, PartState
from evtui.runtime.clock import LoopClock
from evtui.runtime.thread import LoopThread

if TYPE_CHECKING:
    from evtui.lab import Lab

__all__ = ["LiveLab"]

MAILBOX = 20_000
"""Events kept for a terminal that does not read: ten minutes of the fluctuation."""


class LiveLab:
    """Starts a :class:`~evtui.lab.Lab` beside the terminal and hands orders over.

    The engine's imports happen on its thread, while the terminal draws its first frame.

    Args:
        settings: checked settings.
        listener: socket the central system takes over.
    """

    def __init__(self, settings: Settings, listener: socket.socket | None = None) -> None:
        self._settings = settings
        self._listener = listener
        self._events = EventReader(MAILBOX)
        self._thread = LoopThread(self._main, name="evtui-engine")
        self._lab: Lab | None = None
        self._built = asyncio.Event()

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

    def now(self) -> float:
        """Lab time in seconds."""
        return self._thread.clock.now()

    def submit(self, command: str, **arguments: object) -> Future[str]:
        """Give an order; see :meth:`evtui.lab.Lab.execute`."""
        return self._thread.submit(self._execute(command, arguments))

    def stop(self, timeout: float) -> bool:
        """Bring the lab to its safe state and end it; False when it took longer (s)."""
        return self._thread.stop(timeout)

    async def _execute(self, command: str, arguments: dict[str, object]) -> str:
        await self._built.wait()
        assert self._lab is not None
        return await self._lab.execute(command, **arguments)

    async def _main(self, clock: LoopClock, stop: asyncio.Event) -> None:
        try:
            from evtui.lab import Lab
            from evtui.runtime.logs import logs_as_notes

            self._lab = Lab(self._settings, clock, listener=self._listener, readers=(self._events,))
            self._built.set()
            with logs_as_notes(self._lab.stream, self._thread.call_soon):
                await self._lab.run(stop)
        except Exception as error:  # the terminal must hear of it, whatever it is
            text = f"{type(error).__name__}: {error}"
            self._events.append(
                PartState(source="lab", part="lab", state="crashed", detail=text, t=clock.now())
            )
            raise
