"""The line under a link, and whoever sits on it.

A charge point dials through its line.  While nobody sits there, a text costs one look at
:attr:`StationLine.busy`; whoever does sees each message with its action and may let it pass,
change, hold, drop or repeat it.  Both ends tell what they sent and got as always, so what was done
on the way is what the two tell differently.
"""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from math import isfinite
from typing import Any, Literal, NamedTuple

from evtui.events import Role, caused_by
from evtui.ocppj import framing
from evtui.ocppj.calls import CallRefused, MessageIds
from evtui.ocppj.tap import SentMessages
from evtui.ocppj.transport import LinkClosed, Transport

__all__ = ["Hook", "Let", "Passing", "StationLine"]

CALLS_KEPT = 200
"""Calls whose action is remembered for their answers; a peer may leave any number unanswered."""


class Passing(NamedTuple):
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


class Let(NamedTuple):
    """A text that is let through.

    Attributes:
        text: what goes on.
        after: s for which it is held; infinity holds it until :meth:`StationLine.flush`.
        overtaken: what comes later may pass it meanwhile; else the sequence is kept.
        cause: number of the event that tells why it is not as it was sent, or not sent at all.
    """

    text: str
    after: float = 0.0
    overtaken: bool = False
    cause: int | None = None


Hook = Callable[[Passing], "tuple[Let, ...] | None"]
"""What becomes of a message: None lets it pass, and an empty tuple drops it."""


class StationLine:
    """A charge point's line to its central system.

    Args:
        station: identity of the charge point.
        dial: opens a transport, or raises :class:`LinkClosed`.
        sent: twins of messages, shared by both ends.
        ids: message ids, for what is forged.

    Attributes:
        busy: True while somebody sits on it, or something that was held is still on its way.
        dial_apart: opens a transport that is not this line: for a second connection.
        sent, ids: see above.
    """

    def __init__(
        self,
        station: str,
        dial: Callable[[], Awaitable[Transport]],
        sent: SentMessages,
        ids: MessageIds,
    ) -> None:
        self.busy = False
        self.dial_apart = dial
        self.sent = sent
        self.ids = ids
        self._station = station
        self._hooks: list[Hook] = []
        self._actions: OrderedDict[tuple[Role, str], str] = OrderedDict()
        self._forged: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._end: _LineEnd | None = None

    @property
    def connected(self) -> bool:
        """True while there is a connection."""
        return self._end is not None and not self._end.closed

    async def dial(self) -> Transport:
        """Connect.

        Raises:
            LinkClosed: it did not work.
        """
        transport = await self.dial_apart()
        self._forged.clear()
        self._actions.clear()
        self._end = _LineEnd(self, transport)
        self.look()
        return self._end

    def sit(self, hook: Hook) -> Callable[[], None]:
        """Ask ``hook`` about every message from now on, after those who sit there already.

        Returns:
            What ends it; what is held stays on its way, see :meth:`flush`.
        """
        self._hooks.append(hook)
        self.look()

        def leave() -> None:
            if hook in self._hooks:
                self._hooks.remove(hook)
                self.look()

        return leave

    async def flush(self) -> None:
        """Let through at once, in their sequence, all that are held."""
        if self._end is not None:
            await self._end.flush()

    async def cut(self) -> None:
        """End the connection, as it ends when whoever relays it goes away."""
        if self._end is not None:
            await self._end.close(1001, "line cut")

    async def call_charge_point(
        self, action: str, payload: dict[str, Any], *, cause: int | None, within: float
    ) -> dict[str, Any]:
        """Call the charge point in the name of its central system, which does not see the answer.

        Args:
            cause: number of the event that caused it.
            within: s to wait for the answer.

        Raises:
            LinkClosed: there is no connection.
            CallRefused: the answer was a CALLERROR.
            TimeoutError: there was none.
        """
        end = self._end
        if end is None or end.closed:
            raise LinkClosed(f"{self._station} is not connected")
        uid = self.ids.next()
        text = framing.encode_call(uid, action, payload)
        answer = self._forged[uid] = asyncio.get_running_loop().create_future()
        self.look()
        self.sent.touch(self._station, "central_system", text, cause)
        end.arrive(text)
        try:
            async with asyncio.timeout(within):
                result: dict[str, Any] = await answer
                return result
        except TimeoutError:
            raise TimeoutError(f"forged {action} got no answer in {within:g} s") from None

    # For the end that the charge point has in hand

    def look(self) -> None:
        """Work out whether there is anything to be done for a message."""
        held = self._end is not None and self._end.holds
        self.busy = bool(self._hooks or self._forged or held)

    def lets(self, sender: Role, text: str) -> tuple[Let, ...]:
        """What becomes of a text."""
        message = self.read(sender, text)
        if sender == "charge_point" and message.kind in ("result", "error"):
            if (answer := self._forged.pop(message.uid, None)) is not None:
                _settle(answer, message)
                self.look()
                return ()
        lets: tuple[Let, ...] = (Let(text),)
        for hook in tuple(self._hooks):
            lets = tuple(
                Let(
                    each.text,
                    let.after + each.after,
                    let.overtaken or each.overtaken,
                    let.cause if each.cause is None else each.cause,
                )
                for let in lets
                for each in self._ask(hook, message, let)
            )
        for each in lets:
            if each.cause is not None:
                self.sent.touch(self._station, sender, each.text, each.cause)
        return lets

    def _ask(self, hook: Hook, message: Passing, let: Let) -> tuple[Let, ...]:
        if let.text is not message.text:  # as those before have left it
            message = self.read(message.sender, let.text)
        said = hook(message)
        return (Let(let.text),) if said is None else said

    def read(self, sender: Role, text: str) -> Passing:
        """A text as a message on its way."""
        try:
            frame = framing.parse(text)
        except (framing.MalformedMessage, framing.UnknownMessageType):
            return Passing(sender, "invalid", "", "", None, text)
        other: Role = "charge_point" if sender == "central_system" else "central_system"
        if frame.kind == "call":
            action = self._actions[sender, frame.uid] = frame.action
            if len(self._actions) > CALLS_KEPT:
                self._actions.popitem(last=False)
        else:
            action = self._actions.get((other, frame.uid), "")
        seq = self.sent.seq_of(self._station, sender, frame.kind, frame.uid)
        return Passing(sender, frame.kind, frame.uid, action, frame.payload, text, seq)


def _settle(answer: asyncio.Future[dict[str, Any]], message: Passing) -> None:
    if answer.done():
        return
    if message.kind == "result":
        answer.set_result(message.payload)
    else:
        frame = framing.parse(message.text)
        answer.set_exception(CallRefused(frame.code, frame.description))


class _LineEnd:
    """The end of a line at its charge point: a transport like the one it is made from."""

    def __init__(self, line: StationLine, transport: Transport) -> None:
        self.closed = False
        self._line = line
        self._transport = transport
        self._arrived: deque[str | bytes] = deque()
        self._reader: asyncio.Task[Any] | None = None
        self._woken = False
        self._out = _Way(transport.send, line.look)
        self._in = _Way(self._arrive, line.look)

    @property
    def holds(self) -> bool:
        """True while something is held."""
        return bool(self._out.held or self._in.held)

    def ping_every(self, interval: float) -> None:
        """See :meth:`evtui.ocppj.websocket.WebSocketTransport.ping_every`."""
        if (ping_every := getattr(self._transport, "ping_every", None)) is not None:
            ping_every(interval)

    async def recv(self) -> str | bytes:
        """The next text; see :class:`Transport`."""
        while not self._arrived:
            task = self._reader = asyncio.current_task()
            try:
                text = await self._transport.recv()
            except LinkClosed:
                self._leave()
                if self._arrived:
                    break
                raise
            except asyncio.CancelledError:
                # Somebody else may want to end this task at the same time.
                if not self._woken or task is None or task.uncancel() > 0:
                    raise
                continue
            finally:
                self._reader, self._woken = None, False
            if not self._line.busy or isinstance(text, bytes):
                return text
            for let in self._line.lets("central_system", text):
                await self._in.put(let)
        return self._arrived.popleft()

    async def send(self, text: str) -> None:
        """Send a text; see :class:`Transport`."""
        if not self._line.busy:
            await self._transport.send(text)
            return
        if self.closed:
            await self._transport.send(text)  # says why it cannot
        for let in self._line.lets("charge_point", text):
            await self._out.put(let)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; see :class:`Transport`."""
        self._leave()
        await self._transport.close(code, reason)

    async def flush(self) -> None:
        """Let through at once all that is held."""
        await self._in.flush()
        await self._out.flush()

    def arrive(self, text: str) -> None:
        """Hand the charge point a text that nobody has sent."""
        self._arrived.append(text)
        if self._reader is not None and not self._woken:
            # It waits for the transport, of whatever kind: both kinds lose nothing by it.
            self._woken = True
            self._reader.cancel()

    async def _arrive(self, text: str) -> None:
        self.arrive(text)

    def _leave(self) -> None:
        self.closed = True
        self._out.close()
        self._in.close()
        self._line.look()


class _Way:
    """One direction of a connection: what is held there, in the sequence in which it goes on.

    Args:
        deliver: takes a text whose time has come.
        changed: called when something is held, or nothing any more.
    """

    def __init__(
        self, deliver: Callable[[str], Awaitable[None]], changed: Callable[[], None]
    ) -> None:
        self.held: list[tuple[float, int, str]] = []
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
        insort(self.held, (due, next(self._numbers), let.text))
        self._moved.set()
        if self._pump is None:
            with caused_by(None):
                self._pump = asyncio.get_running_loop().create_task(self._go_on(), name="held")
            self._changed()

    async def flush(self) -> None:
        """Let through at once all that is held."""
        now = asyncio.get_running_loop().time()
        self._last_due = min(self._last_due, now)
        self.held = [(min(due, now), number, text) for due, number, text in self.held]
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
                await self._deliver(self.held.pop(0)[2])
        self._pump = None
        self._changed()
