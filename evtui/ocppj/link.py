"""One end of an OCPP-J link: calls and answers over anything that can send and receive text.

The link is where rigour lives.  It parses, holds every payload against its schema in both
directions, answers what is broken with the CALLERROR the standard asks for, pairs answers with
calls, keeps one call in flight per direction (OCPP-J 1.6 section 4.1.1), answers a retry without
acting on it (errata 3.1), holds back a peer that floods it and publishes every message.  What
reaches the handlers behind it is well-formed, new, and valid but for what is tolerated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from evtui.events import EventStream, Role
from evtui.ocppj import framing
from evtui.ocppj.calls import CallRefused, MessageIds, OutgoingCalls
from evtui.ocppj.framing import MalformedMessage, OcppFrame, UnknownMessageType
from evtui.ocppj.limits import LinkCounters, MessageRate, Pace, size_of
from evtui.ocppj.repeats import AnsweredCall, AnsweredCalls
from evtui.ocppj.tap import SentMessages, Tap
from evtui.ocppj.transport import ConnectionFailed, LinkClosed, Transport
from evtui.ocppj.turns import Turns
from evtui.ocppj.version import MessageKind, PayloadReading, Version
from evtui.violations import BLAMING, BreaksSchema, Violation

__all__ = [
    "CallRefused",
    "IncomingCall",
    "Link",
    "LinkClosed",
    "MessageIds",
    "SentMessages",
    "Transport",
]

DESCRIPTION_MAX = 255
"""Longest errorDescription we send, characters (OCPP 2.0.1 part 4 section 4.2.3; 1.6 sets none)."""


THROTTLED_SAID_EVERY = 60.0
"""s between two notes that a peer is held back."""


class IncomingCall:
    """A call that is to be acted on and waits for its answer.

    Attributes:
        uid: message id.
        action: OCPP action.
        payload: decoded, and valid but for values that are tolerated; empty once the call is
            answered.
        asked: decoded as it came, until then.
        seq: sequence number of its *delivered* event; what handling it causes, it caused.
        received: lab time in s when it came.
    """

    __slots__ = ("action", "asked", "payload", "received", "seq", "uid")

    def __init__(self, frame: OcppFrame, payload: Any, seq: int, received: float) -> None:
        self.uid = frame.uid
        self.action = frame.action
        self.payload: dict[str, Any] = payload
        self.asked: Any = frame.payload
        self.seq = seq
        self.received = received

    def release(self) -> None:
        """It is dealt with: whoever still has it at hand keeps no 10 MiB of payload alive."""
        self.payload = {}
        self.asked = None


class Link:
    """One end of a connection.

    Args:
        transport: what carries the text.
        version: whose schemas the messages are held against.
        station: identity of the charge point on this connection.
        role: which end this is.
        stream: where messages are published.
        source: name of this end on the stream.
        ids: source of message ids.
        sent: shared by both ends when both are ours.
        supports: actions this end handles; a known one outside it gets ``NotSupported``.
        number: count of this station's connections at this end, from 1.
        timeout: s to wait for an answer.
        rate: what the peer may send before it is held back; None sets no limit.
        counters: to be counted on, when several links share them.
        tolerant: what breaks its schema only slightly is acted on, see
            :meth:`Version.read_call`.
        owes: True for action and payload of a call that must be acted on if it can be read.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        version: Version,
        station: str,
        role: Role,
        stream: EventStream,
        source: str,
        ids: MessageIds,
        sent: SentMessages,
        supports: frozenset[str],
        number: int = 1,
        timeout: float = 30.0,
        rate: MessageRate | None = MessageRate(),  # noqa: B008 - frozen
        counters: LinkCounters | None = None,
        tolerant: bool = False,
        owes: Callable[[str, Any], bool] = lambda action, payload: False,
    ) -> None:
        self.station = station
        self.timeout = timeout
        self.counters = LinkCounters() if counters is None else counters
        self._version = version
        self._codes = version.codes
        self._transport = transport
        self._supports = supports
        self._tolerant = tolerant
        self._owes = owes
        self._sent = sent
        self._tap = Tap(version.connector_of, stream, source, station, role, sent, number)
        self._calls = OutgoingCalls(
            version, transport, self._tap, ids, self.counters, tolerant=tolerant
        )
        self._answered = AnsweredCalls()
        self._loop = asyncio.get_running_loop()
        self._turns = Turns.of(self._loop)
        self._rate = rate
        self._throttled_said = -THROTTLED_SAID_EVERY
        self._pace = None if rate is None else Pace(rate, self._loop.time())
        self._closed: LinkClosed | None = None

    @property
    def closed(self) -> str | None:
        """Why the connection is gone, or None while it is there."""
        return None if self._closed is None else str(self._closed)

    # Calls of ours

    async def call(
        self, action: str, payload: dict[str, Any], *, timeout: float | None = None
    ) -> dict[str, Any]:
        """Send a CALL and wait for its answer.

        Args:
            timeout: s; default: the link's.

        Raises:
            CallRefused: the peer answered with a CALLERROR or with an invalid result, or too
                many calls wait for their turn already.
            TimeoutError: no answer within ``timeout`` seconds.
            LinkClosed: the connection is gone, now or while waiting.
            BreaksSchema: the payload breaks its schema, or is no JSON; nothing was sent.
        """
        violation = self._check_own(action, "call", payload)
        if violation is not None:
            text = f"{action}.req breaks its schema: {violation.detail}"
            raise BreaksSchema(text, violation)
        return await self._calls.call(action, payload, self.timeout if timeout is None else timeout)

    # Calls of theirs

    async def receive(self) -> IncomingCall:
        """The next valid call; answers and broken messages are dealt with on the way.

        Raises:
            LinkClosed: the connection is gone.
        """
        while True:
            text = await self._read()
            if isinstance(text, bytes):
                self._reject("", "binary frame", "OCPP-J messages are text", text)
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
        violation = self._check_own(call.action, "result", payload)
        if violation is not None:
            detail = f"own answer breaks its schema: {violation.detail}"
            withheld = Violation(violation.code, detail, violation.path, "withheld")
            await self._refuse(call, self._codes.failed, detail, withheld)
            return False
        self._answered.remember(call.uid, AnsweredCall(call.action, call.asked, payload))
        call.release()
        await self._send_result(call.uid, call.action, payload, call.seq, call.received)
        return True

    async def refuse(self, call: IncomingCall, code: str, description: str) -> None:
        """Send a CALLERROR as answer to ``call``.

        Raises:
            LinkClosed: the connection is gone.
        """
        await self._refuse(call, code, description)

    def fail(self, reason: str) -> None:
        """The connection is gone: whoever waits for an answer is told at once."""
        self._fail(LinkClosed(reason))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; calls still waiting fail with :class:`LinkClosed`."""
        self.fail(reason or f"closed with {code}")
        await self._transport.close(code, reason)

    # Inside

    def _fail(self, closed: LinkClosed) -> None:
        if self._closed is None:
            self._closed = closed
        self._calls.fail(self._closed)

    async def _read(self) -> str | bytes:
        try:
            text = await self._transport.recv()
        except LinkClosed as closed:
            if isinstance(closed, ConnectionFailed):
                self.counters.count_invalid(oversize=closed.oversize)
                self._tap.invalid("", closed.error, str(closed), "")
            self._fail(closed.anew())
            raise
        self.counters.received += 1
        if self._pace is not None:
            wait = self._pace.take(self._loop.time(), size_of(text))
            if wait > 0:
                # Not reading fills the transport's buffers, and then the peer has to wait.
                self.counters.count_throttled()
                self._say_throttled()
                await asyncio.sleep(wait)
        if not self._turns.take():
            await self._turns.turn()
        if self._sent.tampered:
            self._tap.hears(text)
        return text

    def _say_throttled(self) -> None:
        now = self._loop.time()
        if now >= self._throttled_said + THROTTLED_SAID_EVERY:
            self._throttled_said = now
            self._tap.warn(f"sends more than {self._rate}: held back")

    async def _accept(self, text: str) -> IncomingCall | None:
        try:
            frame = framing.parse(text)
        except UnknownMessageType as error:
            self._reject("", "unknown message type", f"{error}: ignored", text)
            return None
        except MalformedMessage as error:
            malformed = self._codes.malformed
            seq = self._reject(error.uid, malformed, str(error), text)
            if error.answerable:
                await self._send_error(error.uid, error.action, malformed, str(error), seq)
            else:
                self._calls.accept_broken_answer(error.uid, str(error))
            return None
        if frame.kind == "call":
            answered = self._answered.find(frame.uid)
            if answered is None:
                return await self._accept_call(frame, text)
            await self._accept_repeat(frame, answered, text)
            return None
        if not self._calls.accept_answer(frame, text):
            detail = f"no call waits for {frame.uid}"
            self._reject(frame.uid, "answer to nothing", detail, text)
        # Messages take effect in their order: who waited for this one acts before the next does.
        await asyncio.sleep(0)
        return None

    async def _accept_call(self, frame: OcppFrame, text: str) -> IncomingCall | None:
        reading = self._read_call(frame)
        objection = reading.violation
        if reading.payload is None and objection is not None:
            if frame.doubt:  # decoded, it would not show what it said
                seq = self._reject(frame.uid, objection.code, objection.detail, text)
                await self._send_error(
                    frame.uid, frame.action, objection.code, objection.detail, seq
                )
                return None
            event = self._tap.delivered(frame, frame.action, refused=text)
            self.counters.count_invalid()
            refused = IncomingCall(frame, frame.payload, event.seq, event.t)
            blamed = objection if objection.code in BLAMING else None
            await self._refuse(refused, objection.code, objection.detail, blamed)
            return None
        event = self._tap.delivered(frame, frame.action, violation=objection)
        return IncomingCall(frame, reading.payload, event.seq, event.t)

    def _read_call(self, frame: OcppFrame) -> PayloadReading:
        """What is to be acted on, or the objection to it."""
        action = frame.action
        if not self._version.is_known_action(action):
            detail = f"{action[:50]} is no {self._version.name} action"
            return PayloadReading(None, Violation(self._codes.unknown_action, detail))
        if action not in self._supports:
            detail = f"{action} is not supported here"
            return PayloadReading(None, Violation(self._codes.unsupported_action, detail))
        return self._version.read_call(frame, tolerant=self._tolerant, owes=self._owes)

    def _check_own(self, action: str, kind: MessageKind, payload: Any) -> Violation | None:
        """What is wrong with a message of ours so that it must not go out."""
        violation = self._version.check(action, kind, payload)
        if violation is not None and self._tolerant:
            return None if self._version.can_go_out(action, kind, payload) else violation
        return violation

    async def _accept_repeat(self, frame: OcppFrame, answered: AnsweredCall, text: str) -> None:
        # No "call" event: whoever counts calls must not count this one.
        if answered.is_asked_again_by(frame):
            self.counters.repeated += 1
            detail = f"{frame.action} came before: answered again, not acted on"
            row = self._tap.invalid(frame.uid, "repeated message id", detail, text)
            await self._send_result(frame.uid, frame.action, answered.payload, row.seq, row.t)
        else:
            detail = f"message id {frame.uid} was used before, for {answered.action}"
            seq = self._reject(frame.uid, "message id used twice", detail, text)
            code = self._codes.id_used_twice
            await self._send_error(frame.uid, frame.action, code, detail, seq)

    def _reject(self, uid: str, error: str, detail: str, text: str | bytes) -> int:
        self.counters.count_invalid()
        return self._tap.invalid(uid, error, detail, text).seq

    async def _refuse(
        self, call: IncomingCall, code: str, description: str, violation: Violation | None = None
    ) -> None:
        call.release()
        await self._send_error(
            call.uid, call.action, code, description, call.seq, call.received, violation
        )

    async def _send_result(
        self, uid: str, action: str, payload: Any, cause: int, since: float
    ) -> None:
        body = msgspec.Raw(msgspec.json.encode(payload))
        text = framing.encode_result(uid, body)
        self._tap.sent("result", uid, action, payload, body=body, cause=cause, since=since)
        self.counters.sent += 1
        await self._transport.send(text)

    async def _send_error(
        self,
        uid: str,
        action: str,
        code: str,
        description: str,
        cause: int,
        since: float | None = None,
        violation: Violation | None = None,
    ) -> None:
        description = description[:DESCRIPTION_MAX]
        self._tap.sent(
            "error",
            uid,
            action,
            {},
            cause=cause,
            since=since,
            error=code,
            detail=description,
            violation=violation,
        )
        self.counters.sent += 1
        await self._transport.send(framing.encode_error(uid, code, description))
