"""Calls of ours on one connection: one at a time, each with its answer or the reason for none."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

import msgspec

from evtui.ocppj import framing
from evtui.ocppj.framing import OcppFrame
from evtui.ocppj.limits import CALLS_WAITING_MAX, LinkCounters
from evtui.ocppj.tap import Tap
from evtui.ocppj.transport import LinkClosed, Transport
from evtui.ocppj.version import PayloadReading, Version
from evtui.violations import BreaksSchema, Violation

__all__ = ["CallRefused", "MessageIds", "OutgoingCalls"]

LATE_CALLS_KEPT = 100
"""Calls timed out whose late answers can still be told from answers to nothing."""


class CallRefused(Exception):
    """A call was not done: refused by the peer, answered against the schema, or not sent.

    Attributes:
        code: errorCode; ``TooManyCalls`` when it was not sent because too many wait.
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


class _PendingCall:
    __slots__ = ("action", "answer", "expiry", "sent_at", "seq", "uid")

    def __init__(self, uid: str, action: str, seq: int, sent_at: float) -> None:
        self.uid = uid
        self.action = action
        self.seq = seq
        self.sent_at = sent_at
        self.expiry: asyncio.TimerHandle | None = None
        self.answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    def leave(self) -> None:
        """Nobody waits for the answer any more, whatever it is."""
        if not self.answer.cancel() and not self.answer.cancelled():
            self.answer.exception()  # retrieved, even when sending failed first


class OutgoingCalls:
    """Sends calls in their turn and pairs the peer's answers with them.

    The turn is taken from sending to answer or timeout (OCPP-J 1.6 section 4.1.1), also when
    the caller has gone meanwhile: the peer may still be working on the call.

    Args:
        version: whose messages they are.
        transport: what carries the text.
        tap: told of what goes out and comes in.
        ids: source of message ids.
        counters: what has been sent.
        tolerant: answers that break their schema only slightly are used.
    """

    def __init__(
        self,
        version: Version,
        transport: Transport,
        tap: Tap,
        ids: MessageIds,
        counters: LinkCounters,
        *,
        tolerant: bool = False,
    ) -> None:
        self._version = version
        self._malformed = version.codes.malformed
        self._transport = transport
        self._tap = tap
        self._ids = ids
        self._counters = counters
        self._tolerant = tolerant
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._pending: _PendingCall | None = None
        self._late: OrderedDict[str, _PendingCall] = OrderedDict()
        self._closed: LinkClosed | None = None

    async def call(self, action: str, payload: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Send a valid CALL when its turn comes and wait for its answer, ``timeout`` s at most.

        Raises:
            CallRefused, TimeoutError, LinkClosed, BreaksSchema: see :meth:`Link.call`.
        """
        await self._take_turn()
        uid = self._ids.next()
        try:
            body = msgspec.Raw(msgspec.json.encode(payload))
            text = framing.encode_call(uid, action, body)
        except ValueError as error:  # half of a surrogate pair, where the schema sets no bound
            self._turn.release()
            text = f"{action}.req cannot be written as JSON: {error}"
            raise BreaksSchema(text, Violation(self._malformed, text)) from None
        event = self._tap.sent("call", uid, action, payload, body=body)
        pending = self._pending = _PendingCall(uid, action, event.seq, event.t)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        try:
            async with asyncio.timeout_at(deadline):
                self._counters.sent += 1
                await self._transport.send(text)
                return await pending.answer
        except TimeoutError:
            self._expire(pending)
            raise TimeoutError(f"{action} got no answer in {timeout:g} s") from None
        except asyncio.CancelledError:
            if self._pending is pending:
                pending.expiry = loop.call_at(deadline, self._expire, pending)
            raise
        except Exception:
            self._end_turn(pending)
            raise
        finally:
            pending.leave()

    def accept_answer(self, frame: OcppFrame, text: str) -> bool:
        """Take a CALLRESULT or CALLERROR that came as ``text``; False for an answer to nothing."""
        late = self._late.pop(frame.uid, None)
        answers = late or self._pending
        if answers is None or answers.uid != frame.uid:
            return False
        if frame.kind == "result":
            reading = self._version.read_result(frame, answers.action, tolerant=self._tolerant)
        else:  # code and details are for people, whatever they are
            doubt = Violation(self._malformed, frame.doubt) if frame.doubt else None
            reading = PayloadReading(frame.payload, doubt)
        used = reading.payload is not None or frame.kind == "error"
        event = self._tap.delivered(
            frame,
            answers.action,
            cause=answers.seq,
            since=answers.sent_at,
            violation=reading.violation,
            acted_on=used,
            refused="" if used else text,
        )
        if not used:
            self._counters.count_invalid()
        if late is None:
            refused = CallRefused(event.error, event.detail) if event.error else None
            self._settle(answers, reading.payload if refused is None else refused)
        return True

    def accept_broken_answer(self, uid: str, detail: str) -> None:
        """Take an answer that is no OCPP-J message but has an id."""
        if self._pending is not None and self._pending.uid == uid:
            self._settle(self._pending, CallRefused(self._malformed, detail))

    def fail(self, closed: LinkClosed) -> None:
        """The connection is gone: whoever waits is told at once."""
        self._closed = self._closed or closed
        if self._pending is not None:
            self._settle(self._pending, self._closed.anew())

    async def _take_turn(self) -> None:
        if self._waiting >= CALLS_WAITING_MAX:
            raise CallRefused("TooManyCalls", f"{self._waiting} calls wait already; not sent")
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        if self._closed is not None:
            self._turn.release()
            raise self._closed.anew()

    def _settle(self, pending: _PendingCall, outcome: Any) -> None:
        if not pending.answer.done():
            if isinstance(outcome, Exception):
                pending.answer.set_exception(outcome)
            else:
                pending.answer.set_result(outcome)
        self._end_turn(pending)

    def _expire(self, pending: _PendingCall) -> None:
        if self._pending is pending:
            self._late[pending.uid] = pending
            if len(self._late) > LATE_CALLS_KEPT:
                self._late.popitem(last=False)
        self._end_turn(pending)

    def _end_turn(self, pending: _PendingCall) -> None:
        if self._pending is pending:
            self._pending = None
            self._turn.release()
        if pending.expiry is not None:
            pending.expiry.cancel()
