"""The line under a link, and whoever sits on it.

A charge point dials through its line.  While nobody sits there, a text costs one look at
:attr:`StationLine.busy`; whoever does sees each message with its action and may let it pass,
change, hold, drop or repeat it.  Both ends tell what they sent and got as always, so what was done
on the way is what the two tell differently.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from evtui.events import Role
from evtui.ocppj import framing
from evtui.ocppj.calls import CallRefused, MessageIds
from evtui.ocppj.passing import Hook, Let, Passing, Way
from evtui.ocppj.tap import SentMessages
from evtui.ocppj.transport import LinkClosed, Transport

__all__ = ["StationLine"]

CALLS_KEPT = 200
"""Calls whose action is remembered for their answers; a peer may leave any number unanswered."""


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
        self._open: dict[Role, str] = {}
        self._forged: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._end: _LineEnd | None = None

    @property
    def connected(self) -> bool:
        """True while there is a connection."""
        return self._end is not None and not self._end.closed

    @property
    def unanswered(self) -> bool:
        """True while a call has gone on, or was to, and its answer has not; see :meth:`sit`."""
        return bool(self._open)

    async def dial(self) -> Transport:
        """Connect.

        Raises:
            LinkClosed: it did not work.
        """
        transport = await self.dial_apart()
        self._forged.clear()
        self._actions.clear()
        self._open.clear()
        self._end = _LineEnd(self, transport)
        self.look()
        return self._end

    def sit(self, hook: Hook) -> Callable[[], None]:
        """Ask ``hook`` about every message from now on, after those who sit there already.

        What is sent while nobody sits there is not known to be unanswered.

        Returns:
            What ends it; what is held stays on its way, see :meth:`flush`.
        """
        if not self.busy:
            self._open.clear()
        self._hooks.append(hook)
        self.look()

        def leave() -> None:
            if hook in self._hooks:
                self._hooks.remove(hook)
                self.look()

        return leave

    async def flush(self) -> None:
        """Let through at once, in their sequence, all that are held, but for copies."""
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
        if message.kind == "call":
            self._open[sender] = message.uid
        elif message.kind != "invalid":
            self._open.setdefault(_other(sender), message.uid)
        lets: tuple[Let, ...] = (Let(text),)
        for hook in tuple(self._hooks):
            lets = tuple(
                Let(
                    each.text,
                    let.after + each.after,
                    let.overtaken or each.overtaken,
                    let.copy or each.copy,
                    let.cause if each.cause is None else each.cause,
                )
                for let in lets
                for each in self._ask(hook, message, let)
            )
        for each in lets:
            if each.cause is not None:
                self.sent.touch(self._station, sender, each.text, each.cause)
        return lets

    def gone_on(self, sender: Role, text: str) -> None:
        """A text arrives."""
        message = self.read(sender, text)
        if message.kind in ("result", "error") and self._open.get(_other(sender)) == message.uid:
            del self._open[_other(sender)]

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
        if frame.kind == "call":
            action = self._actions[sender, frame.uid] = frame.action
            if len(self._actions) > CALLS_KEPT:
                self._actions.popitem(last=False)
        else:
            action = self._actions.get((_other(sender), frame.uid), "")
        seq = self.sent.seq_of(self._station, sender, frame.kind, frame.uid)
        return Passing(sender, frame.kind, frame.uid, action, frame.payload, text, seq)


def _other(role: Role) -> Role:
    return "charge_point" if role == "central_system" else "central_system"


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
        self._waits = self._woken = False
        self._out = Way(self._leave_for, line.look)
        self._in = Way(self._arrive, line.look)

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
            self._reader = asyncio.current_task()
            self._waits = True
            try:
                text = await self._transport.recv()
            except LinkClosed:
                self._leave()
                if self._arrived:
                    break
                raise
            except asyncio.CancelledError:
                reader, woken, self._woken = self._reader, self._woken, False
                # Somebody else may want to end this task at the same time.
                if not woken or reader is None or reader.uncancel() > 0:
                    raise
                continue
            finally:
                self._waits = False
            if not self._line.busy or isinstance(text, bytes):
                return text
            for let in self._line.lets("central_system", text):
                await self._in.put(let)
        return self._arrived.popleft()

    def send(self, text: str) -> Coroutine[Any, Any, None]:
        """Send a text; see :class:`Transport`."""
        return self._handle(text) if self._line.busy else self._transport.send(text)

    async def _handle(self, text: str) -> None:
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
        if self._waits and self._reader is not None and not self._woken:
            # It waits for the transport, of whatever kind: both kinds lose nothing by it.
            self._woken = True
            self._reader.cancel()

    async def _arrive(self, text: str) -> None:
        self._line.gone_on("central_system", text)
        self.arrive(text)

    async def _leave_for(self, text: str) -> None:
        self._line.gone_on("charge_point", text)
        await self._transport.send(text)

    def _leave(self) -> None:
        self.closed = True
        self._out.close()
        self._in.close()
        self._line.look()
