"""What a charge point has to say, one call at a time (OCPP-J 1.6 section 4.1.1), in two lanes.

Transaction-related messages are kept until they are answered, strictly in order (section
3.7); everything else is said while the central system listens, or not at all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any

import msgspec
from msgspec import UNSET

from evtui.events import EventStream, Note, caused_by, current_cause
from evtui.ocppj import CallRefused
from evtui.station.connector.transaction import StationTransaction
from evtui.station.link.queue_report import QueueReport
from evtui.station.link.unwanted import Unwanted
from evtui.station.state.store import QueuedMessage, StateStore
from evtui.violations import BreaksSchema

__all__ = ["Gate", "Outbox"]

CAPACITY = 5_000
"""Messages kept in each lane."""

SendCall = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
"""Sends action and payload and returns the payload of the answer, as :meth:`Link.call` does."""

Done = Callable[[dict[str, Any] | None], None]
"""Told the payload of the answer, or None when there is none."""


class Gate(Enum):
    """What may go out (section 4.2)."""

    CLOSED = "nothing"
    TRIGGERED = "what was triggered"
    OPEN = "everything"


class _Entry(msgspec.Struct, eq=False):
    number: int
    action: str
    payload: dict[str, Any]
    cause: int | None
    done: Done | None

    def content(self) -> dict[str, Any]:
        """The payload, now that its turn has come."""
        return self.payload


class _Kept(_Entry, eq=False):
    transaction: StationTransaction
    posted: float
    attempts: int = 0

    def content(self) -> dict[str, Any]:
        if self.action == "StartTransaction":
            return self.payload
        return {**self.payload, "transactionId": self.transaction.id_for_messages}

    @property
    def message(self) -> QueuedMessage:
        return QueuedMessage(
            self.number,
            self.action,
            self.payload,
            self.transaction.key,
            self.posted,
            self.attempts,
        )


class Outbox:
    """The queue between a station and whichever connection it has.

    What was posted first goes first, but a transaction-related message never goes directly
    after another while something else waits: whoever wants to be authorised waits for one
    call, not for the queue (section 3.7).

    A transaction-related message that the central system fails to process, with a CALLERROR
    or without an answer in time, is sent again after a wait that grows, and given up after
    TransactionMessageAttempts (section 3.7.1, OCPP-J errata 3.3); a connection that goes
    says nothing about the message and does not count.  The wait holds up no message but those
    behind it in the transactions; so meter values that are refused for good are let go at once,
    as are those behind one that all its attempts could not save, and no StopTransaction waits
    for them.

    Args:
        stream: where :class:`QueueState` goes, and a note about each message given up.
        station: the charge point's identity.
        store: where kept messages are; those already there are sent first.
        attempts: TransactionMessageAttempts.
        retry_interval: TransactionMessageRetryInterval in s.
        capacity: most messages kept.

    Attributes:
        withheld: actions that are not said.
        mute: nothing is said, whatever the gate lets out.
    """

    def __init__(
        self,
        stream: EventStream,
        station: str,
        store: StateStore,
        *,
        attempts: Callable[[], float],
        retry_interval: Callable[[], float],
        capacity: int = CAPACITY,
    ) -> None:
        self._stream = stream
        self._station = station
        self._store = store
        self._attempts = attempts
        self._retry_interval = retry_interval
        self._capacity = capacity
        transactions = {each.key: each for each in store.transactions()}
        self._kept = deque(
            _Kept(
                each.number,
                each.action,
                each.payload,
                None,
                None,
                transactions[each.transaction],
                each.posted,
                each.attempts,
            )
            for each in store.messages()
        )
        self._others: deque[_Entry] = deque()
        self._on_its_way: _Entry | None = None
        self._boot_again: Callable[[], bool] = lambda: False
        self._number = self._kept[-1].number if self._kept else 0
        self._gate = Gate.CLOSED
        self._others_turn = False
        self._retry: asyncio.TimerHandle | None = None
        self._full = False
        self.withheld: frozenset[str] = frozenset()
        self.mute = False
        self._unwanted = Unwanted()
        self._report = QueueReport(stream, station, capacity)
        self._changed = asyncio.Event()
        self._empty = asyncio.Event()
        self._update()

    def __len__(self) -> int:
        """Messages queued, one on its way included."""
        return len(self._kept) + len(self._others)

    @property
    def open(self) -> bool:
        """True while the central system has accepted us."""
        return self._gate is Gate.OPEN

    @property
    def closed(self) -> bool:
        """True while nothing may go out, not even what is triggered (section 4.2)."""
        return self._gate is Gate.CLOSED

    def set_gate(self, gate: Gate) -> None:
        """Let out more or less; what only waited for an open gate is given up when it closes."""
        self._gate = gate
        self._others_turn = True  # where we stand is told before what has happened
        if gate is Gate.CLOSED:
            given_up = [entry for entry in self._others if entry is not self._on_its_way]
            for entry in given_up:
                self._others.remove(entry)
                _tell(entry, None)
        self._update()

    def post(
        self,
        action: str,
        payload: dict[str, Any],
        *,
        done: Done | None = None,
        triggered: bool = False,
    ) -> bool:
        """Queue a message that is not transaction-related; it is tried once.

        Args:
            payload: plain JSON, as it goes over the wire.
            done: called with the answer, or with None when there is none: refused, late, or
                the connection went.
            triggered: asked for by TriggerMessage, so goes out even while Pending.

        Returns:
            False when it was not queued: the central system does not listen, or so slowly
            that the lane is full.
        """
        heard = self.open or (triggered and self._gate is Gate.TRIGGERED)
        silent = self.mute or action in self.withheld
        if not heard or silent or len(self._others) >= self._capacity:
            return False
        self._others.append(_Entry(self._next_number(), action, payload, current_cause(), done))
        self._update()
        return True

    def post_transaction(
        self,
        action: str,
        payload: dict[str, Any],
        transaction: StationTransaction,
        *,
        done: Done | None = None,
    ) -> None:
        """Queue a transaction-related message; it is kept until answered, over a crash too.

        Beyond the capacity the oldest MeterValues is given up, and never a StartTransaction
        or a StopTransaction: no transaction is torn.

        Args:
            action: StartTransaction, MeterValues or StopTransaction, the last one of its
                transaction.
            payload: plain JSON, as it goes over the wire; the transactionId is filled in when
                its turn has come, because then it is known.
            transaction: whose message it is.
            done: called with the answer, or with None when the message is given up.
        """
        if action in self.withheld:
            return
        entry = _Kept(
            self._next_number(),
            action,
            payload,
            current_cause(),
            done,
            transaction,
            self._now(),
        )
        self._kept.append(entry)
        self._store.add(entry.message, transaction)
        if len(self._kept) > self._capacity:
            self._make_room()
        self._update()

    async def run(self, call: SendCall, boot_again: Callable[[], bool] = lambda: False) -> None:
        """Send what the gate lets out until the connection goes; the gate is closed then.

        Args:
            boot_again: called when the answer is a SecurityError; True when the station boots
                because of it, which closes the gate until then.

        Raises:
            LinkClosed: the connection is gone; kept messages stay queued.
        """
        self._boot_again = boot_again
        try:
            while True:
                entry = self._next()
                if entry is not None:
                    await self._send(entry, call)
                    continue
                self._others_turn = self._others_turn and not self.open
                self._changed.clear()
                await self._changed.wait()
        finally:
            self.set_gate(Gate.CLOSED)

    async def flushed(self) -> None:
        """Return when nothing is queued."""
        await self._empty.wait()

    def close(self) -> None:
        """Stop the timers; call when the station is not run any more."""
        if self._retry is not None:
            self._retry.cancel()
        self._report.close()

    # What goes next

    def _next(self) -> _Entry | None:
        if self.mute:
            return None
        other = self._others[0] if self._others else None
        kept = self._kept[0] if self._kept and self.open and self._retry is None else None
        if other is None or kept is None:
            return other or kept
        return other if self._others_turn or other.number < kept.number else kept

    async def _send(self, entry: _Entry, call: SendCall) -> None:
        self._others_turn = isinstance(entry, _Kept)
        self._on_its_way = entry
        with caused_by(entry.cause):
            try:
                answer = await call(entry.action, entry.content())
            except (TimeoutError, CallRefused, ValueError) as error:
                self._failed(entry, error)
            else:
                self._settled(entry, answer)
            finally:
                self._on_its_way = None

    def _failed(self, entry: _Entry, error: Exception) -> None:
        attempts = 1
        if isinstance(error, CallRefused) and error.code == "SecurityError" and self._boot_again():
            if not isinstance(entry, _Kept):  # what is kept waits for the boot
                self._settled(entry, None)
            return
        if isinstance(entry, _Kept):
            if entry.action == "MeterValues" and self._unwanted.is_final(error):
                self._report.lost += 1
                if told := self._unwanted.let_go(error, self._now()):
                    self._note(told, error)
                self._settled(entry, None)
                return
            entry.attempts = attempts = entry.attempts + 1
            hopeless = isinstance(error, ValueError)  # it breaks its schema, and always will
            if attempts < self._attempts() and not hopeless:
                self._store.update(entry.message)
                loop = asyncio.get_running_loop()
                with caused_by(None):
                    self._retry = loop.call_later(self._retry_interval() * attempts, self.go_on)
                return
            if entry.action == "MeterValues":
                self._unwanted.exhausted()
            self._report.lost += 1
        self._note(f"{entry.action} given up after {attempts} attempt(s): {error}", error)
        self._settled(entry, None)

    def go_on(self) -> None:
        """Send what may go out; what has failed waits no longer."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._changed.set()

    def _settled(self, entry: _Entry, answer: dict[str, Any] | None) -> None:
        """Forget a message that was answered or given up, then tell who waits for it."""
        if isinstance(entry, _Kept):
            if entry.action == "MeterValues" and answer is not None:
                self._unwanted.answered()
            if entry.action == "StartTransaction" and answer is not None:
                entry.transaction.transaction_id = answer["transactionId"]
            self._kept.popleft()
            self._store.settle(entry.message, entry.transaction)
        else:
            self._others.popleft()
        _tell(entry, answer)
        self._update()

    def _make_room(self) -> None:
        """Give up the oldest MeterValues, but not the first message: it may be on its way."""
        for index in range(1, len(self._kept)):
            entry = self._kept[index]
            if entry.action == "MeterValues":
                break
        else:
            return
        del self._kept[index]
        self._store.settle(entry.message, entry.transaction)
        self._report.lost += 1
        if not self._full:
            self._full = True
            self._note(
                f"queue full with {self._capacity} messages: the oldest meter values are given up"
            )
        _tell(entry, None)

    # Reports

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _now(self) -> float:
        """Unix s."""
        return self._stream.start_utc + self._stream.now()

    def _note(self, text: str, error: Exception | None = None) -> None:
        name = self._station
        violation = error.violation if isinstance(error, BreaksSchema) else UNSET
        self._stream.publish(
            Note(source=name, station=name, level="warning", text=text, violation=violation)
        )

    def _update(self) -> None:
        """Something was queued or has gone, or may go now."""
        self._changed.set()
        if len(self):
            self._empty.clear()
        else:
            self._empty.set()
        if not self._kept:
            self._full = False
        oldest = self._kept[0].posted if self._kept else None
        self._report.update(len(self._kept), oldest, is_open=self.open)


def _tell(entry: _Entry, answer: dict[str, Any] | None) -> None:
    if entry.done is not None:
        entry.done(answer)
