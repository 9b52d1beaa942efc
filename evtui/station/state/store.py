"""What a charge point must not forget: queued messages, transactions, registers, documents.

The store is a set of named rows of JSON.  It works in memory; whoever gives it somewhere to
write gets each change as one piece that is to be kept whole or not at all, so that a process
that dies between two changes leaves a state that makes sense.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

import msgspec

from evtui.runtime import iso
from evtui.station.connector.transaction import Count, RegisterBounds, StationTransaction, UnixTime

__all__ = [
    "Interrupted",
    "QueuedMessage",
    "Register",
    "StateChange",
    "StateError",
    "StateInUse",
    "StateRow",
    "StateStore",
    "next_key",
    "recover",
]

T = TypeVar("T")

StateRow = tuple[str, str]
"""Kind and name of a row."""

StateChange = tuple[StateRow, bytes | None]
"""A row and its new JSON; None removes it."""

MESSAGE, TRANSACTION, REGISTER, DOCUMENT = "message", "transaction", "register", "document"

ACTIONS = frozenset({"StartTransaction", "MeterValues", "StopTransaction"})
"""The transaction-related messages (section 3.7)."""

WAY_OUT = "it stays as it is: put a copy in its place, or name another file"
"""Of a damaged state file."""

LAST_KEY = "last transaction key"


class StateError(Exception):
    """A state cannot be used; the text is one line with the file, the problem, the way out."""


class StateInUse(StateError):
    """Another process uses its file."""


class QueuedMessage(msgspec.Struct, frozen=True):
    """A transaction-related message that waits for its answer.

    Attributes:
        number: place in the queue; later messages have larger ones.
        action: OCPP action.
        payload: as it goes over the wire, but for the transactionId.
        transaction: key of its transaction.
        posted: Unix s.
        attempts: how often the central system has failed to process it.
    """

    number: Count
    action: str
    payload: dict[str, Any]
    transaction: int
    posted: UnixTime
    attempts: Count = 0


class Register(msgspec.Struct, frozen=True):
    """A connector's energy register.

    Attributes:
        energy: Wh.
        at: Unix s of the reading.
    """

    energy: Annotated[float, RegisterBounds]
    at: UnixTime


class StateStore:
    """The state of one charge point.

    Args:
        rows: what was kept of it.
        write: called with the changes that belong together, after they were made here.
        place: file and station, for people.

    Raises:
        StateError: a row cannot be read; the text names the row.
    """

    def __init__(
        self,
        rows: Mapping[StateRow, bytes] | None = None,
        write: Callable[[Sequence[StateChange]], None] = lambda changes: None,
        place: str = "",
    ) -> None:
        self._rows = dict(rows or {})
        self._place = place
        self._write = write
        for kind, name in self._rows:
            problem = self._problem(kind, name)
            if problem:
                raise self.damaged(f"{kind} {name}: {problem}")

    @property
    def rows(self) -> Mapping[StateRow, bytes]:
        """Everything, as it is written."""
        return self._rows

    def damaged(self, problem: str) -> StateError:
        """What to raise for what cannot be used.

        Args:
            problem: the row and what is wrong with it.
        """
        line = " ".join(problem.split())
        return StateError(f"{self._place}: {line}; {WAY_OUT}" if self._place else line)

    # Transactions and their messages

    def messages(self) -> list[QueuedMessage]:
        """Queued messages, oldest first."""
        return sorted(self._all(MESSAGE, QueuedMessage), key=lambda message: message.number)

    def transactions(self) -> list[StationTransaction]:
        """Transactions that run, or whose messages are queued, oldest first."""
        return sorted(self._all(TRANSACTION, StationTransaction), key=lambda each: each.key)

    def add(self, message: QueuedMessage, transaction: StationTransaction) -> None:
        """A message joins the queue; its transaction is kept with it."""
        self._commit(_message(message), _transaction(transaction))

    def update(self, message: QueuedMessage) -> None:
        """A queued message has changed."""
        self._commit(_message(message))

    def settle(self, message: QueuedMessage, transaction: StationTransaction) -> None:
        """A message was answered or given up; after its StopTransaction so is a transaction."""
        over = message.action == "StopTransaction"
        self._commit(
            ((MESSAGE, str(message.number)), None),
            _transaction(transaction, forget=over),
        )

    def save_transaction(self, transaction: StationTransaction) -> None:
        """Something is known of a transaction that was not before."""
        self._commit(_transaction(transaction))

    # Registers

    def register(self, connector: int) -> Register | None:
        """A connector's register as it was kept last."""
        kept: Register | None = self._get(REGISTER, str(connector), Register)
        return kept

    def connectors(self) -> list[int]:
        """Connectors that something is kept of, in order."""
        registers = {int(name) for kind, name in self._rows if kind == REGISTER}
        return sorted(registers | {each.connector for each in self.transactions()})

    def save_register(self, connector: int, energy: float, at: float) -> None:
        """Keep a connector's register.

        A transaction that is cut off ends with this value, so keep it before a message that
        reports it is queued: then no meter value ever lies beyond meterStop.

        Args:
            connector: connectorId, from 1.
            energy: Wh.
            at: Unix s of the reading.
        """
        self._commit(((REGISTER, str(connector)), msgspec.json.encode(Register(energy, at))))

    # Documents

    def load(self, name: str) -> Any:
        """A small document (configuration, local list, ...), None when there is none."""
        return self._get(DOCUMENT, name, Any)

    def save(self, name: str, value: Any) -> None:
        """Keep a document.

        Args:
            value: anything that JSON can say; None removes it.

        Raises:
            TypeError: JSON cannot say it.
        """
        self._commit(((DOCUMENT, name), None if value is None else msgspec.json.encode(value)))

    # Inside

    def _problem(self, kind: str, name: str) -> str:
        """What is wrong with a row that can be read; empty when nothing is.

        Raises:
            StateError: it cannot be read.
        """
        match kind:
            case "message":
                message = self._read(kind, name, QueuedMessage)
                if str(message.number) != name:
                    return f"number {message.number} is in it"
                if message.action not in ACTIONS:
                    return f"{message.action} is no message of a transaction"
                if (TRANSACTION, str(message.transaction)) not in self._rows:
                    return "its transaction is missing"
            case "transaction":
                transaction = self._read(kind, name, StationTransaction)
                if str(transaction.key) != name:
                    return f"key {transaction.key} is in it"
            case "register":
                self._read(kind, name, Register)
                if not name.isdecimal():
                    return "no connector has that name"
            case "document" if name == LAST_KEY:
                self._read(kind, name, Count)
            case "document":
                self.load(name)
            case _:
                return "there is no such kind of row"
        return ""

    def _commit(self, *changes: StateChange) -> None:
        for row, value in changes:
            if value is None:
                self._rows.pop(row, None)
            else:
                self._rows[row] = value
        self._write(changes)

    def _all(self, kind: str, shape: type[T]) -> list[T]:
        return [self._read(*row, shape) for row in self._rows if row[0] == kind]

    def _get(self, kind: str, name: str, shape: Any) -> Any:
        return self._read(kind, name, shape) if (kind, name) in self._rows else None

    def _read(self, kind: str, name: str, shape: Any) -> Any:
        try:
            return msgspec.json.decode(self._rows[kind, name], type=shape)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise self.damaged(f"{kind} {name}: {error}") from None


def _message(message: QueuedMessage) -> StateChange:
    return (MESSAGE, str(message.number)), msgspec.json.encode(message)


def _transaction(transaction: StationTransaction, *, forget: bool = False) -> StateChange:
    row = TRANSACTION, str(transaction.key)
    return row, None if forget else msgspec.json.encode(transaction)


def next_key(store: StateStore) -> int:
    """A key for a new transaction, never given out before in the life of this state."""
    key = 1 + max(store.load(LAST_KEY) or 0, *(each.key for each in store.transactions()), 0)
    store.save(LAST_KEY, key)
    return key


class Interrupted(msgspec.Struct, frozen=True):
    """A transaction that ran when the charge point died, and how it was ended.

    Attributes:
        meter_stop: Wh.
        at: Unix s of its end.
        reason: why it ended, ``Reboot`` or ``PowerLoss`` (section 7.36).
    """

    transaction: StationTransaction
    meter_stop: int
    at: float
    reason: str


def recover(store: StateStore, reason: str) -> list[Interrupted]:
    """End the transactions that ran when the charge point died.

    For each of them a StopTransaction (section 4.10) joins the end of the queue, with the
    register and the moment that were kept last.  A transaction is over once its
    StopTransaction is queued, so to die in here and to be recovered again does no harm.
    To be called before there is an outbox on the store.

    Args:
        store: as it was left.
        reason: ``Reboot`` or ``PowerLoss`` (section 7.36).
    """
    messages = store.messages()
    stopped = {each.transaction for each in messages if each.action == "StopTransaction"}
    number = messages[-1].number if messages else 0
    interrupted = []
    for transaction in store.transactions():
        if transaction.key in stopped:
            continue
        end = _end_of(transaction, store.register(transaction.connector), reason)
        number += 1
        payload = {
            "meterStop": end.meter_stop,
            "timestamp": iso(end.at),
            "reason": reason,
        }
        message = QueuedMessage(number, "StopTransaction", payload, transaction.key, end.at)
        store.add(message, transaction)
        interrupted.append(end)
    return interrupted


def _end_of(transaction: StationTransaction, register: Register | None, reason: str) -> Interrupted:
    start = transaction.meter_start
    # Energy tells too whether it was kept since the start: the clock may have been set back.
    if register is None or (register.at < transaction.started and register.energy < start + 1):
        return Interrupted(transaction, start, transaction.started, reason)
    return Interrupted(transaction, max(int(register.energy), start), register.at, reason)
