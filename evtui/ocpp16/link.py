"""One end of an OCPP-J link: calls and answers over anything that can send and receive text.

The link is where rigour lives.  It parses, holds every payload against its schema in both
directions, answers what is broken with the CALLERROR the standard asks for, pairs answers with
calls, keeps one call in flight per direction (OCPP-J 1.6 section 4.1.1) and publishes every
message.  What reaches the handlers behind it is well-formed and valid.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, Literal, Protocol

from evtui.events import EventStream, OcppMessage, Role, current_cause
from evtui.ocpp16 import framing
from evtui.ocpp16.framing import Frame, MalformedFrame, UnknownMessageType
from evtui.ocpp16.validation import check, is_known_action

__all__ = [
    "CallRefused",
    "IncomingCall",
    "Link",
    "LinkClosed",
    "MessageIds",
    "MessageTooBig",
    "SentMessages",
    "Transport",
]

RAW_TEXT_KEPT = 2_000
"""Characters of a broken text that are kept in its event."""

LATE_CALLS_KEPT = 100
"""Calls given up whose late answers can still be told from answers to nothing."""


class Transport(Protocol):
    """What a link needs below it: a WebSocket, or an in-memory pipe.

    ``recv`` and ``send`` raise :class:`LinkClosed` when the connection is gone.
    """

    async def recv(self) -> str | bytes: ...

    async def send(self, text: str) -> None: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...


class LinkClosed(Exception):
    """The connection is gone; the text says why, for people."""


class MessageTooBig(LinkClosed):
    """We closed the connection over a message that was too long.

    Attributes:
        limit: longest message taken, bytes.
    """

    def __init__(self, reason: str, limit: int) -> None:
        super().__init__(reason)
        self.limit = limit


class CallRefused(Exception):
    """The peer answered a call with a CALLERROR, or with an answer that breaks the schema.

    Attributes:
        code: errorCode.
    """

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code


class MessageIds:
    """Message ids, unique over all connections of a run (OCPP-J errata 3.1 and 3.7).

    Args:
        nonce: tells runs apart; in virtual time derived from the seed.
    """

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce
        self._count = 0

    def next(self) -> str:
        """The next id, at most 36 characters."""
        self._count += 1
        return f"{self._nonce}-{self._count}"


class SentMessages:
    """Tells a *delivered* message which *sent* event it comes from, when both ends are ours."""

    def __init__(self, capacity: int = 2_000) -> None:
        self._seqs: OrderedDict[tuple[str, Role, str, str], int] = OrderedDict()
        self._capacity = capacity

    def note(self, message: OcppMessage) -> None:
        """Remember a sent message until its twin asks."""
        self._seqs[message.station, message.sender, message.kind, message.uid] = message.seq
        if len(self._seqs) > self._capacity:
            self._seqs.popitem(last=False)

    def claim(self, station: str, sender: Role, kind: str, uid: str) -> int | None:
        """Sequence number of the sent twin, once."""
        return self._seqs.pop((station, sender, kind, uid), None)


class IncomingCall:
    """A valid call that waits for its answer.

    Attributes:
        uid: message id.
        action: OCPP action.
        payload: decoded, valid payload.
        seq: sequence number of its *delivered* event; what handling it causes, it caused.
    """

    __slots__ = ("action", "payload", "received", "seq", "uid")

    def __init__(self, frame: Frame, seq: int, received: float) -> None:
        self.uid = frame.uid
        self.action = frame.action
        self.payload: dict[str, Any] = frame.payload
        self.seq = seq
        self.received = received


class _PendingCall:
    __slots__ = ("action", "answer", "answered", "sent_at", "seq", "uid")

    def __init__(self, uid: str, action: str, seq: int, sent_at: float) -> None:
        self.uid = uid
        self.action = action
        self.seq = seq
        self.sent_at = sent_at
        self.answered = False
        self.answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()


class Link:
    """One end of a connection.

    Args:
        transport: what carries the text.
        station: identity of the charge point on this connection.
        role: which end this is.
        stream: where messages are published.
        source: name of this end on the stream.
        ids: source of message ids.
        sent: shared by both ends when both are ours.
        supports: actions this end handles; a known one outside it gets ``NotSupported``.
        number: count of this station's connections at this end, from 1.
        timeout: s to wait for an answer.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        station: str,
        role: Role,
        stream: EventStream,
        source: str,
        ids: MessageIds,
        sent: SentMessages,
        supports: frozenset[str],
        number: int = 1,
        timeout: float = 30.0,
    ) -> None:
        self.station = station
        self.timeout = timeout
        self._transport = transport
        self._role: Role = role
        self._other: Role = "charge_point" if role == "central_system" else "central_system"
        self._stream = stream
        self._source = source
        self._ids = ids
        self._sent = sent
        self._supports = supports
        self._number = number
        self._turn = asyncio.Lock()
        self._pending: _PendingCall | None = None
        self._late: OrderedDict[str, _PendingCall] = OrderedDict()
        self._closed: str | None = None

    @property
    def closed(self) -> str | None:
        """Why the connection is gone, or None while it is there."""
        return self._closed

    # Calls of ours

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send a CALL and wait for its answer.

        Raises:
            CallRefused: the peer answered with a CALLERROR or with an invalid result.
            TimeoutError: no answer within ``timeout`` seconds.
            LinkClosed: the connection is gone, now or while waiting.
            ValueError: the payload breaks its schema; nothing was sent.
        """
        violation = check(action, "call", payload)
        if violation is not None:
            raise ValueError(f"{action}.req breaks its schema: {violation.detail}")
        async with self._turn:
            if self._closed is not None:
                raise LinkClosed(self._closed)
            uid = self._ids.next()
            event = self._publish_sent("call", uid, action, payload)
            pending = self._pending = _PendingCall(uid, action, event.seq, event.t)
            try:
                async with asyncio.timeout(self.timeout):
                    await self._transport.send(framing.encode_call(uid, action, payload))
                    return await pending.answer
            except TimeoutError:
                raise TimeoutError(f"{action} got no answer in {self.timeout:g} s") from None
            finally:
                self._pending = None
                # Giving up cancels the future that is being waited for.
                if pending.answer.cancelled() or not pending.answer.done():
                    if not pending.answered:
                        self._late[uid] = pending
                    if len(self._late) > LATE_CALLS_KEPT:
                        self._late.popitem(last=False)
                else:
                    pending.answer.exception()  # retrieved, even when send() failed first

    # Calls of theirs

    async def receive(self) -> IncomingCall:
        """The next valid call; answers and broken messages are dealt with on the way.

        Raises:
            LinkClosed: the connection is gone.
        """
        while True:
            try:
                text = await self._transport.recv()
            except LinkClosed as closed:
                self.fail(str(closed))
                raise
            if isinstance(text, bytes):
                self._publish_invalid("", "binary frame", "OCPP-J messages are text", text)
                await self._transport.close(1003, "OCPP-J messages are text")
                continue
            call = await self._accept(text)
            if call is not None:
                return call

    async def answer(self, call: IncomingCall, payload: dict[str, Any]) -> bool:
        """Send the CALLRESULT of ``call``.

        Returns:
            False when ``payload`` breaks its schema: an InternalError went out instead.

        Raises:
            LinkClosed: the connection is gone.
        """
        violation = check(call.action, "result", payload)
        if violation is not None:
            detail = f"own answer breaks its schema: {violation.detail}"
            await self.refuse(call, "InternalError", detail)
            return False
        self._publish_sent("result", call.uid, call.action, payload, cause=call.seq, since=call)
        await self._transport.send(framing.encode_result(call.uid, payload))
        return True

    async def refuse(self, call: IncomingCall, code: str, description: str) -> None:
        """Send a CALLERROR as answer to ``call``.

        Raises:
            LinkClosed: the connection is gone.
        """
        await self._send_error(call.uid, call.action, code, description, call.seq, since=call)

    def fail(self, reason: str) -> None:
        """The connection is gone: whoever waits for an answer is told at once."""
        if self._closed is None:
            self._closed = reason
        if self._pending is not None and not self._pending.answer.done():
            self._pending.answer.set_exception(LinkClosed(self._closed))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; calls still waiting fail with :class:`LinkClosed`."""
        self.fail(reason or f"closed with {code}")
        await self._transport.close(code, reason)

    # Inside

    async def _accept(self, text: str) -> IncomingCall | None:
        try:
            frame = framing.parse(text)
        except UnknownMessageType as error:
            self._publish_invalid("", "unknown message type", f"{error}: ignored", text)
            return None
        except MalformedFrame as error:
            seq = self._publish_invalid(error.uid, "FormationViolation", str(error), text)
            if error.answerable:
                await self._send_error(
                    error.uid, error.action, "FormationViolation", str(error), seq
                )
            elif self._pending is not None and self._pending.uid == error.uid:
                self._reject_pending(CallRefused("FormationViolation", str(error)))
            return None
        if frame.kind == "call":
            return await self._accept_call(frame)
        self._accept_answer(frame, text)
        # Messages take effect in their order: who waited for this one acts before the next does.
        await asyncio.sleep(0)
        return None

    async def _accept_call(self, frame: Frame) -> IncomingCall | None:
        event = self._publish_delivered(frame, frame.action)
        call = IncomingCall(frame, event.seq, event.t)
        if not is_known_action(frame.action):
            await self.refuse(call, "NotImplemented", f"{frame.action[:50]} is no OCPP 1.6 action")
        elif frame.action not in self._supports:
            await self.refuse(call, "NotSupported", f"{frame.action} is not supported here")
        elif (violation := check(frame.action, "call", frame.payload)) is not None:
            await self.refuse(call, violation.code, violation.detail)
        else:
            return call
        return None

    def _accept_answer(self, frame: Frame, text: str) -> None:
        late = self._late.pop(frame.uid, None)
        if late is not None:
            self._publish_delivered(frame, late.action, late)
            return
        pending = self._pending
        if pending is not None and pending.uid == frame.uid and pending.answer.cancelled():
            # Given up a moment ago, and its caller has not been told yet.
            pending.answered = True
            self._publish_delivered(frame, pending.action, pending)
            return
        if pending is None or pending.uid != frame.uid or pending.answer.done():
            self._publish_invalid(
                frame.uid, "answer to nothing", f"no call waits for {frame.uid}", text
            )
            return
        event = self._publish_delivered(frame, pending.action, pending)
        if event.error:
            self._reject_pending(CallRefused(event.error, event.detail))
        else:
            pending.answer.set_result(frame.payload)

    def _reject_pending(self, error: CallRefused) -> None:
        assert self._pending is not None
        if not self._pending.answer.done():
            self._pending.answer.set_exception(error)

    async def _send_error(
        self,
        uid: str,
        action: str,
        code: str,
        description: str,
        cause: int,
        since: IncomingCall | None = None,
    ) -> None:
        description = description[:255]
        self._publish_sent(
            "error", uid, action, {}, cause=cause, since=since, error=code, detail=description
        )
        await self._transport.send(framing.encode_error(uid, code, description))

    def _publish_sent(
        self,
        kind: Literal["call", "result", "error"],
        uid: str,
        action: str,
        payload: Any,
        *,
        cause: int | None = None,
        since: IncomingCall | None = None,
        error: str = "",
        detail: str = "",
    ) -> OcppMessage:
        latency = None if since is None else self._stream.now() - since.received
        event = self._stream.publish(
            OcppMessage(
                source=self._source,
                station=self.station,
                sender=self._role,
                phase="sent",
                kind=kind,
                uid=uid,
                action=action,
                payload=payload,
                connector=connector_of(payload),
                latency=latency,
                error=error,
                detail=detail,
                cause=current_cause() if cause is None else cause,
                link=self._number,
            )
        )
        self._sent.note(event)
        return event

    def _publish_delivered(
        self, frame: Frame, action: str, answers: _PendingCall | None = None
    ) -> OcppMessage:
        twin = self._sent.claim(self.station, self._other, frame.kind, frame.uid)
        violation = None
        if answers is not None and frame.kind == "result":
            violation = check(action, "result", frame.payload)
        return self._stream.publish(
            OcppMessage(
                source=self._source,
                station=self.station,
                sender=self._other,
                phase="delivered",
                kind=frame.kind,
                uid=frame.uid,
                action=action,
                payload=frame.payload,
                connector=connector_of(frame.payload),
                latency=None if answers is None else self._stream.now() - answers.sent_at,
                error=frame.code if violation is None else violation.code,
                detail=frame.description if violation is None else violation.detail,
                cause=twin if twin is not None else answers.seq if answers else None,
                link=self._number,
            )
        )

    def _publish_invalid(self, uid: str, error: str, detail: str, text: str | bytes) -> int:
        shown = text if isinstance(text, str) else text[:RAW_TEXT_KEPT].hex(" ")
        return self._stream.publish(
            OcppMessage(
                source=self._source,
                station=self.station,
                sender=self._other,
                phase="delivered",
                kind="invalid",
                uid=uid,
                action="",
                error=error,
                detail=detail,
                text=shown[:RAW_TEXT_KEPT],
                link=self._number,
            )
        ).seq


def connector_of(payload: Any) -> int | None:
    """The connector a payload names, or None."""
    connector = payload.get("connectorId") if isinstance(payload, dict) else None
    return connector if isinstance(connector, int) and not isinstance(connector, bool) else None
