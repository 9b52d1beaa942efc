"""Transactions open and closed: found by id, station and connector, bounded, kept.  Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from evtui.central_system.kept import Ledger, LedgerRow
from evtui.central_system.transaction import UNKNOWN_ID, MeterValueKind, Transaction
from evtui.central_system.transaction_rows import (
    COUNTER,
    NEXT_ID,
    TRANSACTION,
    names_of,
    record_of,
    rows_of,
    transactions_in,
)

__all__ = ["TransactionBook", "name_of"]

CLOSED_KEPT = 10_000
OPEN_KEPT = 50
"""Open transactions kept for one station; no station has that many connectors in use."""

OPEN_KEPT_OF_ALL = 20_000

METER_VALUE_BYTES_KEPT = 16 * 1024 * 1024
"""Meter values of all transactions together, as JSON."""

LARGEST_ID = 2**31 - 1
"""Many stations keep a transactionId in 32 bits with a sign; after this one comes 1 again."""

NextId = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)]


class TransactionBook:
    """All transactions of a central system, and what becomes of them.

    Args:
        first_id: transaction ids count up from here, or from where the ledger says.
        ledger: what was kept of them before, and where they are kept; default: nowhere.
        closed_kept: closed transactions kept; older ones are forgotten and counted.
        open_kept: open ones kept for one station; the oldest is given up for another.
        bytes_kept: JSON of meter values kept, together.

    Raises:
        StateError: what was kept cannot be read.
        ValueError: no transaction can have the first id.

    Attributes:
        abandoned: transactions closed without their StopTransaction that are kept; one whose
            stop comes after all is no longer among them.
        forgotten: closed transactions no longer kept.
        values_lost: MeterValue elements not kept for want of room.
    """

    def __init__(
        self,
        first_id: int = 1,
        ledger: Ledger | None = None,
        *,
        closed_kept: int = CLOSED_KEPT,
        open_kept: int = OPEN_KEPT,
        bytes_kept: int = METER_VALUE_BYTES_KEPT,
    ) -> None:
        if not 1 <= first_id <= LARGEST_ID:
            raise ValueError(f"first transactionId {first_id}: expected 1 to {LARGEST_ID}")
        self.abandoned = 0
        self.forgotten = 0
        self.values_lost = 0
        self._next_id = first_id
        self._closed_kept = closed_kept
        self._open_kept = open_kept
        self._bytes_kept = bytes_kept
        self._bytes = 0
        # By station: the same id may have been issued to several by others, never here.
        self._by_id: dict[int, dict[str, Transaction]] = {}
        # The newest of each connector, while its StopTransaction has not come.
        self._newest: dict[str, dict[int | None, Transaction]] = {}
        self._open: dict[str, list[Transaction]] = {}
        self._open_count = 0
        self._closed: OrderedDict[int, Transaction] = OrderedDict()  # by number
        self._last_number = 0
        self._ledger = Ledger() if ledger is None else ledger
        self._touched: dict[int, Transaction] = {}
        for one in transactions_in(self._ledger):
            self._place(one)
        for name, next_id in self._ledger.read(COUNTER, NextId):
            if name != NEXT_ID:
                raise self._ledger.damaged(COUNTER, name, "there is no such counter")
            self._next_id = next_id

    def __iter__(self) -> Iterator[Transaction]:
        """Every transaction kept, the closed ones first, each group oldest first."""
        yield from tuple(self._closed.values())
        for running in tuple(self._open.values()):
            yield from tuple(running)

    def __len__(self) -> int:
        return len(self._closed) + self._open_count

    def get(self, transaction_id: int, station: str | None = None) -> Transaction | None:
        """The transaction of that id, None when it is not kept.

        Args:
            station: whose it must be; default: anybody's, the first that came to be known of
                several that were not begun here.
        """
        known = self._by_id.get(transaction_id, {})
        return next(iter(known.values()), None) if station is None else known.get(station)

    def of(self, station: str) -> list[Transaction]:
        """A station's transactions, oldest first."""
        return [one for one in self if one.station == station]

    def open(self, station: str, connector: int | None = None) -> list[Transaction]:
        """A station's open transactions, oldest first; of one connector, or of all."""
        return [
            one
            for one in self._open.get(station, ())
            if connector is None or one.connector == connector
        ]

    def unended(self, station: str, connector: int) -> Transaction | None:
        """The newest of a connector whose stop was not told: open, or closed as abandoned."""
        return self._newest.get(station, {}).get(connector)

    def of_id_tag(self, id_tag: str) -> list[Transaction]:
        """Open transactions of any station that ``id_tag`` started."""
        tag = id_tag.casefold()
        return [one for each in self._open.values() for one in each if one.id_tag.casefold() == tag]

    def rows(self) -> Iterator[tuple[LedgerRow, bytes]]:
        """Everything, as it is kept."""
        yield (COUNTER, NEXT_ID), msgspec.json.encode(self._next_id)
        for one in self:
            yield from rows_of(one)

    # From open to closed to forgotten

    def _new_id(self) -> int:
        """The next id that no transaction kept here has, also none that was adopted."""
        while self._next_id in self._by_id:
            self._count_on()
        new = self._next_id
        self._count_on()
        self._ledger.put(COUNTER, NEXT_ID, self._next_id)
        return new

    def _count_on(self) -> None:
        self._next_id = 1 if self._next_id == LARGEST_ID else self._next_id + 1

    def _enter(self, transaction: Transaction) -> None:
        self._last_number += 1
        transaction.number = self._last_number
        self._index(transaction)
        self._touch(transaction)

    def _index(self, one: Transaction) -> None:
        if one.transaction_id != UNKNOWN_ID:
            self._by_id.setdefault(one.transaction_id, {})[one.station] = one

    def _opened(self, transaction: Transaction) -> str:
        self._enter(transaction)
        newest = self._newest.setdefault(transaction.station, {})
        newest[transaction.connector] = transaction
        return self._count_open(transaction)

    def _opened_again(self, transaction: Transaction) -> str:
        self._not_abandoned(transaction)
        del self._closed[transaction.number]
        transaction.open = True
        self._touch(transaction)
        given_up = self._count_open(transaction)
        return (
            given_up or f"{name_of(transaction)}, closed as abandoned, is told of again: it is open"
        )

    def _count_open(self, transaction: Transaction) -> str:
        running = self._open.setdefault(transaction.station, [])
        running.append(transaction)
        self._open_count += 1
        if len(running) > self._open_kept:
            given_up = running[0]
        elif self._open_count > OPEN_KEPT_OF_ALL:
            given_up = next(iter(self._open.values()))[0]
        else:
            return ""
        self._abandon(given_up, "too many are open")
        return (
            f"too many open transactions: {given_up.transaction_id} of {given_up.station} "
            "is given up as never stopped"
        )

    def _abandon(self, transaction: Transaction, why: str) -> str:
        transaction.abandoned = why
        self.abandoned += 1
        self._close(transaction)
        return (
            f"{name_of(transaction)} is closed as abandoned: {why}, and no StopTransaction has come"
        )

    def _not_abandoned(self, transaction: Transaction) -> None:
        transaction.abandoned = ""
        self.abandoned -= 1

    def _not_newest(self, transaction: Transaction) -> None:
        """No StartTransaction and no message without an id can be about it any more."""
        newest = self._newest.get(transaction.station, {})
        if newest.get(transaction.connector) is transaction:
            del newest[transaction.connector]
            if not newest:
                del self._newest[transaction.station]

    def _close(self, transaction: Transaction) -> None:
        transaction.open = False
        running = self._open[transaction.station]
        running.remove(transaction)
        self._open_count -= 1
        if not running:
            del self._open[transaction.station]
        self._touch(transaction)
        self._shelve(transaction)

    def _shelve(self, transaction: Transaction) -> None:
        self._closed[transaction.number] = transaction
        while len(self._closed) > self._closed_kept:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        number, oldest = self._closed.popitem(last=False)
        self.forgotten += 1
        if oldest.abandoned:
            self.abandoned -= 1
        self._not_newest(oldest)
        if oldest.transaction_id != UNKNOWN_ID:
            known = self._by_id[oldest.transaction_id]
            del known[oldest.station]
            if not known:
                del self._by_id[oldest.transaction_id]
        self._bytes -= oldest.size
        self._touched.pop(number, None)
        for kind, name in names_of(oldest):
            self._ledger.remove(kind, name)

    def _keep(self, owner: Transaction, kind: MeterValueKind, values: Any) -> str:
        """Keep what is new and fits; says when something did not for the first time."""
        kept = owner.values(kind)
        lost_before = self.values_lost
        for value in values:
            encoded = msgspec.json.encode(value)
            if encoded in kept:
                continue
            while self._bytes + len(encoded) > self._bytes_kept and self._closed:
                if next(iter(self._closed.values())) is owner:
                    break
                self._forget_oldest()
            if self._bytes + len(encoded) > self._bytes_kept:
                self.values_lost += 1
                continue
            self._ledger.put(kind, f"{owner.number}/{len(kept)}", encoded)
            kept[encoded] = None
            self._bytes += len(encoded)
        if self.values_lost and not lost_before:
            return f"meter values are not kept any more: there are {self._bytes_kept} bytes of them"
        return ""

    # Over the end of the process

    def _touch(self, transaction: Transaction) -> None:
        self._touched[transaction.number] = transaction

    def _committed(self, *oddities: str) -> str:
        """Keep what has changed before anybody is answered; the oddities as one line."""
        if self._ledger.keeps:
            for number, transaction in self._touched.items():
                self._ledger.put(TRANSACTION, str(number), record_of(transaction))
        self._touched.clear()
        self._ledger.commit()
        return "; ".join(filter(None, oddities))

    def _place(self, one: Transaction) -> None:
        """A transaction that was kept has its place again."""
        self._last_number = one.number
        self._index(one)
        self._newest.setdefault(one.station, {})[one.connector] = one
        if one.reason:
            self._not_newest(one)
        self.abandoned += bool(one.abandoned)
        self._bytes += one.size
        if one.open:
            self._open.setdefault(one.station, []).append(one)
            self._open_count += 1
        else:
            self._closed[one.number] = one


def name_of(one: Transaction) -> str:
    """A transaction for people."""
    return "an orphan" if one.transaction_id == UNKNOWN_ID else f"transaction {one.transaction_id}"
