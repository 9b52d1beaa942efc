"""Transactions as the central system keeps them: each one once, however often it is told.  Pure.

Transaction-related messages may come twice (OCPP 1.6 section 3.7.1: a station sends again what
was not answered) and without their id (errata 3.18: a station whose StartTransaction was never
answered says -1).  Whatever comes is taken and answered; what does not fit is kept aside and
reported, because an unanswered message would only be sent again (sections 4.7, 4.8, 4.10).

A station tells of its transactions in order (section 3.7.1).  So of those on one connector only
the newest can be running, and only its StartTransaction can come again: for the same
transaction as long as the station has not shown that it is past it.  A StatusNotification may
overtake them: a transaction that is closed for one, without its StopTransaction, is complete
once that has come.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from evtui.central_system.kept import Ledger, Row
from evtui.central_system.transaction import (
    STOP_VALUE,
    UNKNOWN_ID,
    VALUE,
    Transaction,
    ValueKind,
    fits,
    is_stop_of,
    moment_of,
    start_key,
)
from evtui.central_system.transaction_rows import (
    COUNTER,
    NEXT_ID,
    TRANSACTION,
    names_of,
    record_of,
    rows_of,
    transactions_in,
)

__all__ = ["UNKNOWN_ID", "Transaction", "Transactions"]

CLOSED_KEPT = 10_000
OPEN_KEPT = 50
"""Open transactions kept for one station; no station has that many connectors in use."""

OPEN_KEPT_OF_ALL = 20_000

METER_VALUE_BYTES_KEPT = 16 * 1024 * 1024
"""Meter values of all transactions together, as JSON."""

LARGEST_ID = 2**31 - 1
"""Many stations keep a transactionId in 32 bits with a sign; after this one comes 1 again."""

LARGEST_ID_TAKEN = 2**63 - 1
"""A station may name a larger one that it was never given; that is not taken for one."""

NO_ID = frozenset({0, UNKNOWN_ID})
"""What stations say instead of the id that they do not know; never issued here."""


class Transactions:
    """All transactions of a central system, open and closed.

    Args:
        first_id: transaction ids count up from here, or from where the ledger says.
        ledger: what was kept of them before, and where they are kept; default: nowhere.
        closed_kept: closed transactions kept; older ones are forgotten and counted.
        open_kept: open ones kept for one station; the oldest is given up for another.
        bytes_kept: JSON of meter values kept, together.

    Raises:
        StateError: what was kept cannot be read.

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
        self.abandoned = 0
        self.forgotten = 0
        self.values_lost = 0
        self._next_id = first_id
        self._closed_kept = closed_kept
        self._open_kept = open_kept
        self._bytes_kept = bytes_kept
        self._bytes = 0
        self._by_id: dict[int, Transaction] = {}
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
        for _, next_id in self._ledger.read(COUNTER, int):
            self._next_id = next_id

    def __iter__(self) -> Iterator[Transaction]:
        """Every transaction kept, the closed ones first, each group oldest first."""
        yield from tuple(self._closed.values())
        for running in tuple(self._open.values()):
            yield from tuple(running)

    def __len__(self) -> int:
        return len(self._closed) + self._open_count

    def get(self, transaction_id: int) -> Transaction | None:
        """The transaction of that id, None when it is not kept."""
        return self._by_id.get(transaction_id)

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

    def of_id_tag(self, id_tag: str) -> list[Transaction]:
        """Open transactions of any station that ``id_tag`` started."""
        tag = id_tag.casefold()
        return [one for each in self._open.values() for one in each if one.id_tag.casefold() == tag]

    def start(self, station: str, payload: Mapping[str, Any]) -> tuple[Transaction, str]:
        """Take a StartTransaction.req; whatever else is open on its connector is abandoned.

        One that equals the start of the newest transaction of its connector is a retry, and
        gets that one, unless the station is past it: it has stopped, or was abandoned after the
        station had used its id.  One that was abandoned before that is open again.

        Returns:
            The transaction, and what is odd about it in one line, empty when nothing is.
        """
        connector = payload["connectorId"]
        newest = self._newest.get(station, {}).get(connector)
        if newest is not None and newest.started and newest.key == start_key(station, payload):
            if newest.open:
                return newest, ""
            if not newest.answered:
                return newest, self._committed(self._opened_again(newest))
        transaction = Transaction(
            self._new_id(),
            station,
            connector,
            payload["idTag"],
            payload["meterStart"],
            payload["timestamp"],
            payload.get("reservationId"),
        )
        why = f"transaction {transaction.transaction_id} has started on connector {connector}"
        oddities = [self._abandon(one, why) for one in self.open(station, connector)]
        oddities.append(self._opened(transaction))
        return transaction, self._committed(*oddities)

    def available(self, station: str, connector: int, timestamp: str = "") -> str:
        """A connector, from 1, is Available: no transaction can be running there.

        Args:
            timestamp: the station's own, empty where it gave none; one before the start of a
                transaction came too late to be about it.

        Returns:
            What is odd about it in one line, empty when nothing is.
        """
        over = [
            one
            for one in self.open(station, connector)
            if not (timestamp and one.started) or moment_of(timestamp) >= moment_of(one.started)
        ]
        why = f"connector {connector} is Available"
        return self._committed(*[self._abandon(one, why) for one in over])

    def stop(self, station: str, payload: Mapping[str, Any]) -> str:
        """Take a StopTransaction.req.

        Returns:
            What is odd about it in one line, empty when nothing is.
        """
        transaction, oddity = self._find(station, payload["transactionId"], None, payload)
        if transaction is None:
            return oddity
        if transaction.meter_stop is not None:
            if is_stop_of(transaction, payload):
                return ""
            return (
                f"transaction {transaction.transaction_id} stopped again with "
                f"{payload['meterStop']} Wh at {payload['timestamp']}: the first stop is kept"
            )
        transaction.meter_stop = payload["meterStop"]
        transaction.stopped = payload["timestamp"]
        transaction.reason = payload.get("reason", "Local")
        transaction.stop_id_tag = payload.get("idTag", "")
        if transaction.abandoned:
            oddity = oddity or f"{_name(transaction)}, closed as abandoned, has stopped after all"
            self._not_abandoned(transaction)
        elif transaction.open:
            self._close(transaction)
        self._touch(transaction)
        self._not_newest(transaction)
        lost = self._keep(transaction, STOP_VALUE, payload.get("transactionData", ()))
        return self._committed(oddity or lost)

    def meter_values(self, station: str, payload: Mapping[str, Any]) -> str:
        """Take a MeterValues.req.

        Those without a transaction, or with transactionId 0, belong to the one open transaction
        of their connector, but for values measured before it started.  Those of connector 0 do
        not, nor where none or several are open: they are outside of transactions and not kept.

        Returns:
            What is odd about it in one line, empty when nothing is.
        """
        transaction_id = payload.get("transactionId", 0)
        connector, values = payload["connectorId"], payload["meterValue"]
        transaction: Transaction | None
        if transaction_id == 0 or (transaction_id == UNKNOWN_ID and connector == 0):
            running = self.open(station, connector) if connector > 0 else []
            if len(running) != 1:
                return ""
            transaction, oddity = running[0], ""
            if transaction.started:
                start = moment_of(transaction.started)
                values = [each for each in values if moment_of(each["timestamp"]) >= start]
        else:
            transaction, oddity = self._find(station, transaction_id, connector, payload)
        if transaction is None:
            return oddity
        lost = self._keep(transaction, VALUE, values)
        return self._committed(oddity or lost)

    def rows(self) -> Iterator[tuple[Row, bytes]]:
        """Everything, as it is kept."""
        yield (COUNTER, NEXT_ID), msgspec.json.encode(self._next_id)
        for one in self:
            yield from rows_of(one)

    # Whose a message is

    def _find(
        self, station: str, transaction_id: int, connector: int | None, payload: Mapping[str, Any]
    ) -> tuple[Transaction | None, str]:
        if transaction_id in NO_ID:
            return self._find_nameless(station, connector, payload)
        transaction = self._by_id.get(transaction_id)
        if transaction is None:
            return self._adopt(station, transaction_id, connector)
        if transaction.station != station:
            return None, (
                f"transaction {transaction_id} is one of {transaction.station}: "
                "acknowledged, not taken"
            )
        if not transaction.answered:
            transaction.answered = True
            self._touch(transaction)
        if connector is not None and connector != transaction.connector:
            if transaction.connector is None:  # it was adopted, and only now names one
                return transaction, ""
            return transaction, (
                f"transaction {transaction_id} is on connector {transaction.connector}, "
                f"its meter values say {_short(connector)}: taken"
            )
        return transaction, ""

    def _adopt(
        self, station: str, transaction_id: int, connector: int | None
    ) -> tuple[Transaction | None, str]:
        """A transaction that was begun before anything is known here, by its id.

        Meter values say that it runs, a StopTransaction, without a connector, that it has ended.
        """
        unknown = f"transaction {_short(transaction_id)} is not known here"
        if not 0 < transaction_id <= LARGEST_ID_TAKEN:
            return None, f"{unknown}: acknowledged"
        if connector and (running := self.open(station, connector)):
            return None, (
                f"{unknown}, and {_name(running[-1])} runs on connector {_short(connector)}: "
                "acknowledged, not taken"
            )
        adopted = Transaction(transaction_id, station, connector or None, "", None, "")
        adopted.answered = True
        if connector is None:
            adopted.open = False
            self._enter(adopted)
            self._shelve(adopted)
            return adopted, f"{unknown}: its end is kept, its start is missing"
        oddity = self._opened(adopted)
        return adopted, oddity or f"{unknown}: kept from now on, its start is missing"

    def _find_nameless(
        self, station: str, connector: int | None, payload: Mapping[str, Any]
    ) -> tuple[Transaction | None, str]:
        """Which transaction a message with transactionId -1 belongs to.

        It is one whose id the station has never used and whose stop has not come, the newest of
        its connector, since a station tells of its transactions in order; and connector, time
        and meter must fit.  Of several the id tag decides, then which of them such messages went
        to before.  Where none fits, the StartTransaction never arrived: an orphan.
        """
        if (repeated := self._repeated_stop(station, payload)) is not None:
            return repeated, ""
        said = payload["transactionId"]
        candidates = [
            one
            for one in self._newest.get(station, {}).values()
            if not one.answered and fits(one, connector, payload)
        ]
        if not candidates:
            orphan = Transaction(UNKNOWN_ID, station, connector, "", None, "")
            oddity = self._opened(orphan)
            return orphan, oddity or f"transactionId {said} fits no open transaction: an orphan"
        tag = payload.get("idTag", "").casefold()
        found = min(
            candidates, key=lambda one: (one.id_tag.casefold() != tag, not one.values(VALUE))
        )
        if found.values(VALUE) or found.transaction_id == UNKNOWN_ID:
            return found, ""
        return found, f"transactionId {said} is taken for transaction {found.transaction_id}"

    def _repeated_stop(self, station: str, payload: Mapping[str, Any]) -> Transaction | None:
        """The closed transaction whose nameless StopTransaction.req this repeats."""
        if "meterStop" not in payload:
            return None
        tag = payload.get("idTag", "").casefold()
        return next(
            (
                one
                for one in reversed(self._closed.values())
                if one.station == station
                and not one.answered
                and one.stop_id_tag.casefold() == tag
                and is_stop_of(one, payload)
            ),
            None,
        )

    # From open to closed to forgotten

    def _new_id(self) -> int:
        """The next id that no transaction kept here has, also none that was adopted."""
        while self._next_id in self._by_id:
            self._count_on()
        new = self._next_id
        self._count_on()
        return new

    def _count_on(self) -> None:
        self._next_id = 1 if self._next_id == LARGEST_ID else self._next_id + 1

    def _enter(self, transaction: Transaction) -> None:
        self._last_number += 1
        transaction.number = self._last_number
        if transaction.transaction_id != UNKNOWN_ID:
            self._by_id[transaction.transaction_id] = transaction
        self._touch(transaction)

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
            given_up or f"{_name(transaction)}, closed as abandoned, is told of again: it is open"
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
            f"{_name(transaction)} is closed as abandoned: {why}, and no StopTransaction has come"
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
        if len(self._closed) > self._closed_kept:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        number, oldest = self._closed.popitem(last=False)
        self.forgotten += 1
        if oldest.abandoned:
            self.abandoned -= 1
        self._not_newest(oldest)
        if oldest.transaction_id != UNKNOWN_ID:
            del self._by_id[oldest.transaction_id]
        self._bytes -= oldest.size
        self._touched.pop(number, None)
        for kind, name in names_of(oldest):
            self._ledger.remove(kind, name)

    def _keep(self, owner: Transaction, kind: ValueKind, values: Any) -> str:
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
            self._ledger.put(COUNTER, NEXT_ID, self._next_id)
        self._touched.clear()
        self._ledger.commit()
        return "; ".join(filter(None, oddities))

    def _place(self, one: Transaction) -> None:
        """A transaction that was kept has its place again."""
        self._last_number = one.number
        if one.transaction_id != UNKNOWN_ID:
            self._by_id[one.transaction_id] = one
        self._newest.setdefault(one.station, {})[one.connector] = one
        if one.meter_stop is not None:
            self._not_newest(one)
        self.abandoned += bool(one.abandoned)
        self._bytes += one.size
        if one.open:
            self._open.setdefault(one.station, []).append(one)
            self._open_count += 1
        else:
            self._closed[one.number] = one


def _name(one: Transaction) -> str:
    return "an orphan" if one.transaction_id == UNKNOWN_ID else f"transaction {one.transaction_id}"


def _short(number: int) -> str:
    """A number for people; a peer may send one with more digits than anybody wants to read."""
    return str(number) if abs(number) < 1 << 64 else "with a huge number"
