"""A message on its way, what becomes of it, and what is held on the way."""

from __future__ import annotations

import asyncio
from bisect import insort
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from math import isfinite
from typing import Any, Literal

import msgspec

from evtui.events import Role, caused_by
from evtui.ocppj import framing
from evtui.ocppj.transport import LinkClosed

__all__ = ["Hook", "Let", "Passing", "Way"]


class Passing(msgspec.Struct, frozen=True):
    """A message on its way.

    Attributes:
        sender: who sent it.
        kind: ``call``, ``result`` or ``error``; ``invalid`` for what is no OCPP-J message.
        uid: message id.
        action: of the call; for an answer that of the call it answers, empty where that was
            not seen.
        payload: decoded; errorDetails of an error.
        text: as it goes over the wire.
        seq: of its *sent* event, None where its sender is not ours.
    """

    sender: Role
    kind: Literal["call", "result", "error", "invalid"]
    uid: str
    action: str
    payload: Any
    text: str
    seq: int | None = None

    def saying(self, payload: Any) -> str:
        """The text of this call or result with another payload."""
        if self.kind == "call":
            return framing.encode_call(self.uid, self.action, payload)
        return framing.encode_result(self.uid, payload)


class Let(msgspec.Struct, frozen=True):
    """A text that is let through.

    Attributes:
        text: what goes on.
        after: s for which it is held; infinity holds it until :meth:`StationLine.flush`.
        overtaken: what comes later may pass it meanwhile; else the sequence is kept.
        copy: nobody has sent it: it does not go on any more when whoever holds it goes away.
        cause: number of the event that tells why it is not as it was sent, or not sent at all.
    """

    text: str
    after: float = 0.0
    overtaken: bool = False
    copy: bool = False
    cause: int | None = None


Hook = Callable[[Passing], "tuple[Let, ...] | None"]
"""What becomes of a message: None lets it pass, and an empty tuple drops it."""


class Way:
    """One direction of a connection: what is held there, in the sequence in which it goes on.

    Args:
        deliver: takes a text whose time has come.
        changed: called when something is held, or nothing any more.
    """

    def __init__(
        self, deliver: Callable[[str], Awaitable[None]], changed: Callable[[], None]
    ) -> None:
        self.held: list[tuple[float, int, Let]] = []
        self._deliver = deliver
        self._changed = changed
        self._numbers = count()
        self._last_due = 0.0
        self._moved = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    async def put(self, let: Let) -> None:
        """Send a text on its way."""
        now = asyncio.get_running_loop().time()
        due = now + let.after
        if not let.overtaken:
            due = self._last_due = max(due, self._last_due)
        if due <= now and not self.held:
            await self._deliver(let.text)
            return
        insort(self.held, (due, next(self._numbers), let))
        self._moved.set()
        if self._pump is None:
            with caused_by(None):
                self._pump = asyncio.get_running_loop().create_task(self._go_on(), name="held")
            self._changed()

    async def flush(self) -> None:
        """Let through at once all that is held."""
        now = asyncio.get_running_loop().time()
        self._last_due = min(self._last_due, now)
        self.held = [(min(due, now), n, let) for due, n, let in self.held if not let.copy]
        self.held.sort(key=lambda each: each[1])
        self._moved.set()
        if self._pump is not None:
            await asyncio.wait({self._pump})

    def close(self) -> None:
        """The connection is gone, and what is held with it."""
        self.held.clear()
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None

    async def _go_on(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(LinkClosed):
            while self.held:
                self._moved.clear()
                due = self.held[0][0]
                if due > loop.time():
                    with suppress(TimeoutError):
                        async with asyncio.timeout_at(due if isfinite(due) else None):
                            await self._moved.wait()
                    continue
                await self._deliver(self.held.pop(0)[2].text)
        self._pump = None
        self._changed()
