"""What a charge point has to say, in order, one call at a time (OCPP-J 1.6 section 4.1.1)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from evtui.events import caused_by, current_cause
from evtui.ocpp16.link import CallRefused, LinkClosed
from evtui.ocpp16.peer import PlainCall

__all__ = ["Outbox"]

CAPACITY = 5_000
"""Messages kept for a central system that is away; beyond it the oldest is given up."""


@dataclass(slots=True)
class _Entry:
    build: Callable[[], Any]
    keep: bool
    cause: int | None
    done: Callable[[Any], None] | None
    attempts: int = 0


class Outbox:
    """A queue between the station and whichever connection it has.

    Transaction-related messages are kept over a reconnect and retried (sections 3.7 and
    3.7.1); the rest is only sent while the station is accepted.

    Args:
        attempts: how often a transaction message is tried.
        retry_interval: s, times the number of attempts so far, before it is tried again.
        lost: told in one line about each message that is given up.
    """

    def __init__(
        self,
        *,
        attempts: Callable[[], int],
        retry_interval: Callable[[], float],
        lost: Callable[[str], None],
    ) -> None:
        self._entries: deque[_Entry] = deque()
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._attempts = attempts
        self._retry_interval = retry_interval
        self._lost = lost
        self.open = False

    def __len__(self) -> int:
        return len(self._entries)

    def post(
        self,
        build: Callable[[], Any],
        *,
        keep: bool = False,
        done: Callable[[Any], None] | None = None,
    ) -> bool:
        """Queue a message.

        Args:
            build: makes the ``ocpp.v16.call`` when its turn has come, so that a
                StopTransaction finds the id that its StartTransaction was given.
            keep: over a reconnect, and retried.
            done: called with the ``call_result``, or with None when the message is given up.

        Returns:
            False when it was not queued because there is no accepted connection.
        """
        if not keep and not self.open:
            return False
        if len(self._entries) >= CAPACITY:
            oldest = self._entries[1]  # [0] may be on its way
            del self._entries[1]
            self._lost(f"outbox full: oldest of {CAPACITY} messages given up")
            _give_up(oldest)
        self._entries.append(_Entry(build, keep, current_cause(), done))
        self._filled.set()
        self._empty.clear()
        return True

    async def run(self, call: Callable[[Any], Awaitable[Any]]) -> None:
        """Send what is queued until the connection goes.

        Raises:
            LinkClosed: the connection is gone; kept messages stay queued.
        """
        self.open = True
        try:
            while True:
                await self._filled.wait()
                await self._send(self._entries[0], call)
        finally:
            self.open = False
            entries = list(self._entries)
            self._set([entry for entry in entries if entry.keep])
            for entry in entries:
                if not entry.keep:
                    _give_up(entry)

    async def flushed(self) -> None:
        """Return when nothing is queued."""
        await self._empty.wait()

    async def _send(self, entry: _Entry, call: Callable[[Any], Awaitable[Any]]) -> None:
        with caused_by(entry.cause):
            message = entry.build()
            name = message.action if isinstance(message, PlainCall) else type(message).__name__
            try:
                answer = await call(message)
            except LinkClosed:
                raise
            except (TimeoutError, CallRefused, ValueError) as error:
                entry.attempts += 1
                again = entry.keep and not isinstance(error, ValueError)
                if again and entry.attempts < self._attempts():
                    await asyncio.sleep(self._retry_interval() * entry.attempts)
                    return
                self._lost(f"{name} given up after {entry.attempts} attempt(s): {error}")
                self._drop(entry)
                _give_up(entry)
            else:
                self._drop(entry)
                if entry.done is not None:
                    entry.done(answer)

    def _drop(self, entry: _Entry) -> None:
        self._set([other for other in self._entries if other is not entry])

    def _set(self, entries: list[_Entry]) -> None:
        self._entries = deque(entries)
        if not entries:
            self._filled.clear()
            self._empty.set()


def _give_up(entry: _Entry) -> None:
    if entry.done is not None:
        entry.done(None)
