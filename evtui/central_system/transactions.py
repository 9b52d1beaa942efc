"""Transactions as the central system keeps them: each one once, however often it is told.  Pure.

Transaction-related messages may come twice (OCPP 1.6 section 3.7.1: a station sends again what
was not answered) and without their id (errata 3.18: a station whose StartTransaction was never
answered says -1).  Whatever comes is taken and answered; what does not fit is kept aside and
reported, because an unanswered message would only be sent again (sections 4.7, 4.8, 4.10).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from evtui.moments import unix_time

__all__ = ["UNKNOWN_ID", "Transaction", "Transactions"]

UNKNOWN_ID = -1
"""transactionId of a station that was never told the right one (errata 3.18)."""

CLOSED_KEPT = 10_000
OPEN_KEPT = 50
"""Open transactions kept for one station; no station has that many connectors in use."""

OPEN_KEPT_OF_ALL = 20_000

METER_VALUE_BYTES_KEPT = 16 * 1024 * 1024
"""Meter values of all transactions together, as JSON."""


@dataclass(slots=True, eq=False)
class Transaction:
    """One transaction.

    Attributes:
        transaction_id: as issued; -1 for an orphan, whose StartTransaction never arrived.
        connector: connectorId; None for an orphan that never named it.
        id_tag: that started it; empty for an orphan.
        meter_start: Wh; None for an orphan.
        started: the station's own timestamp; empty for an orphan.
        reservation_id: the reservation it ended, if any.
        open: False once it has stopped, and when it was given up.
        meter_stop: Wh, once stopped; None where the station gave none that can be read.
        stopped: the station's own timestamp; empty before, and where it gave none.
        reason: OCPP 1.6 Reason, ``Local`` where the station gave none (section 4.10); empty
            before.
        stop_id_tag: presented to stop it, if any.
        answered: the station has used the id, so it knows it.
    """

    transaction_id: int
    station: str
    connector: int | None
    id_tag: str
    meter_start: int | None
    started: str
    reservation_id: int | None = None
    open: bool = True
    meter_stop: int | None = None
    stopped: str = ""
    reason: str = ""
    stop_id_tag: str = ""
    answered: bool = False
    # As JSON: small, out of the garbage collector's way, and their size is known.
    _meter_values: dict[bytes, None] = field(default_factory=dict, repr=False)
    _stop_data: dict[bytes, None] = field(default_factory=dict, repr=False)

    @property
    def energy(self) -> int | None:
        """Wh charged, None while start or stop is not known."""
        if self.meter_stop is None or self.meter_start is None:
            return None
        return self.meter_stop - self.meter_start

    @property
    def meter_values(self) -> list[dict[str, Any]]:
        """MeterValue elements of its MeterValues.req, in the order they came, each once."""
        return [msgspec.json.decode(each) for each in self._meter_values]

    @property
    def stop_data(self) -> list[dict[str, Any]]:
        """MeterValue elements of its StopTransaction.req (transactionData)."""
        return [msgspec.json.decode(each) for each in self._stop_data]


class Transactions:
    """All transactions of a central system, open and closed.

    Args:
        first_id: transaction ids count up from here.
        closed_kept: closed transactions kept; older ones are forgotten and counted.
        open_kept: open ones kept for one station; the oldest is given up for another.
        bytes_kept: JSON of meter values kept, together.

    Attributes:
        forgotten: closed transactions no longer kept.
        values_lost: MeterValue elements not kept for want of room.
    """

    def __init__(
        self,
        first_id: int = 1,
        *,
        closed_kept: int = CLOSED_KEPT,
        open_kept: int = OPEN_KEPT,
        bytes_kept: int = METER_VALUE_BYTES_KEPT,
    ) -> None:
        self.forgotten = 0
        self.values_lost = 0
        self._next_id = first_id
        self._closed_kept = closed_kept
        self._open_kept = open_kept
        self._bytes_kept = bytes_kept
        self._bytes = 0
        self._by_id: dict[int, Transaction] = {}
        self._by_start: dict[tuple[Any, ...], Transaction] = {}
        self._open: dict[str, list[Transaction]] = {}
        self._open_count = 0
        self._closed: OrderedDict[int, Transaction] = OrderedDict()  # by identity: orphans share -1

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
        """Take a StartTransaction.req.

        A retry is told by station, connector, id tag, timestamp and meterStart, and gets the
        transaction that is there already.

        Returns:
            The transaction, and what is odd about it in one line, empty when nothing is.
        """
        key = _start_key(station, payload)
        known = self._by_start.get(key)
        if known is not None:
            return known, ""
        transaction = Transaction(
            self._next_id,
            station,
            payload["connectorId"],
            payload["idTag"],
            payload["meterStart"],
            payload["timestamp"],
            payload.get("reservationId"),
        )
        self._next_id += 1
        self._by_id[transaction.transaction_id] = transaction
        self._by_start[key] = transaction
        return transaction, self._opened(transaction)

    def stop(self, station: str, payload: Mapping[str, Any]) -> str:
        """Take a StopTransaction.req; meterStop and timestamp may be missing.

        Returns:
            What is odd about it in one line, empty when nothing is.
        """
        transaction, oddity = self._find(station, payload["transactionId"], None, payload)
        if transaction is None:
            return oddity
        meter_stop, stopped = payload.get("meterStop"), payload.get("timestamp", "")
        if transaction.reason:
            if _is_stop_of(transaction, payload):
                return ""
            return (
                f"transaction {transaction.transaction_id} stopped again with "
                f"{meter_stop} Wh at {stopped}: the first stop is kept"
            )
        if meter_stop is None or not stopped:
            what = "meterStop: its energy" if meter_stop is None else "timestamp: when it ended"
            gap = f"transaction {transaction.transaction_id} stopped without {what} is unknown"
            oddity = oddity or gap
        transaction.meter_stop = meter_stop
        transaction.stopped = stopped
        transaction.reason = payload.get("reason") or "Local"
        transaction.stop_id_tag = payload.get("idTag", "")
        if transaction.open:
            self._close(transaction)
        lost = self._keep(transaction, transaction._stop_data, payload.get("transactionData", ()))
        return oddity or lost

    def meter_values(self, station: str, payload: Mapping[str, Any]) -> str:
        """Take a MeterValues.req; values outside a transaction are not kept.

        Returns:
            What is odd about it in one line, empty when nothing is.
        """
        transaction_id = payload.get("transactionId")
        if transaction_id is None:
            return ""
        transaction, oddity = self._find(station, transaction_id, payload["connectorId"], payload)
        if transaction is None:
            return oddity
        lost = self._keep(transaction, transaction._meter_values, payload["meterValue"])
        return oddity or lost

    # Inside

    def _find(
        self, station: str, transaction_id: int, connector: int | None, payload: Mapping[str, Any]
    ) -> tuple[Transaction | None, str]:
        if transaction_id == UNKNOWN_ID:
            return self._find_nameless(station, connector, payload)
        transaction = self._by_id.get(transaction_id)
        if transaction is None:
            return None, f"transaction {_short(transaction_id)} is not known here: acknowledged"
        if transaction.station != station:
            return None, (
                f"transaction {transaction_id} is one of {transaction.station}: "
                "acknowledged, not taken"
            )
        transaction.answered = True
        if connector is not None and connector != transaction.connector:
            return transaction, (
                f"transaction {transaction_id} is on connector {transaction.connector}, "
                f"its meter values say {_short(connector)}: taken"
            )
        return transaction, ""

    def _find_nameless(
        self, station: str, connector: int | None, payload: Mapping[str, Any]
    ) -> tuple[Transaction | None, str]:
        """Which transaction a message with transactionId -1 belongs to.

        It is an open one whose id the station has never used, the newest of its connector, since
        a station tells of its transactions in order; and connector, time and meter must fit.  Of
        several the id tag decides, then which of them such messages went to before.  Where none
        fits, the StartTransaction never arrived: an orphan.
        """
        if (repeated := self._repeated_stop(station, payload)) is not None:
            return repeated, ""
        newest = {one.connector: one for one in self._open.get(station, ())}
        candidates = [
            one for one in newest.values() if not one.answered and _fits(one, connector, payload)
        ]
        if not candidates:
            orphan = Transaction(UNKNOWN_ID, station, connector, "", None, "")
            oddity = self._opened(orphan)
            return orphan, oddity or "transactionId -1 fits no open transaction: an orphan"
        tag = payload.get("idTag", "").casefold()
        found = min(
            candidates, key=lambda one: (one.id_tag.casefold() != tag, not one._meter_values)
        )
        if found._meter_values or found.transaction_id == UNKNOWN_ID:
            return found, ""
        return found, f"transactionId -1 is taken for transaction {found.transaction_id}"

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
                and _is_stop_of(one, payload)
            ),
            None,
        )

    def _opened(self, transaction: Transaction) -> str:
        running = self._open.setdefault(transaction.station, [])
        running.append(transaction)
        self._open_count += 1
        if len(running) > self._open_kept:
            given_up = running[0]
        elif self._open_count > OPEN_KEPT_OF_ALL:
            given_up = next(iter(self._open.values()))[0]
        else:
            return ""
        self._close(given_up)
        return (
            f"too many open transactions: {given_up.transaction_id} of {given_up.station} "
            "is given up as never stopped"
        )

    def _close(self, transaction: Transaction) -> None:
        transaction.open = False
        running = self._open[transaction.station]
        running.remove(transaction)
        self._open_count -= 1
        if not running:
            del self._open[transaction.station]
        self._closed[id(transaction)] = transaction
        if len(self._closed) > self._closed_kept:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, oldest = self._closed.popitem(last=False)
        self.forgotten += 1
        self._bytes -= sum(map(len, oldest._meter_values)) + sum(map(len, oldest._stop_data))
        if oldest.transaction_id != UNKNOWN_ID:
            del self._by_id[oldest.transaction_id]
            start = {
                "connectorId": oldest.connector,
                "idTag": oldest.id_tag,
                "timestamp": oldest.started,
                "meterStart": oldest.meter_start,
            }
            del self._by_start[_start_key(oldest.station, start)]

    def _keep(self, owner: Transaction, kept: dict[bytes, None], values: Any) -> str:
        """Keep what is new and fits; says when something did not for the first time."""
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
            kept[encoded] = None
            self._bytes += len(encoded)
        if self.values_lost and not lost_before:
            return f"meter values are not kept any more: there are {self._bytes_kept} bytes of them"
        return ""


def _start_key(station: str, payload: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells one StartTransaction.req from another; a retry may write its time otherwise."""
    return (
        station,
        payload["connectorId"],
        payload["idTag"].casefold(),
        unix_time(payload["timestamp"]),
        payload["meterStart"],
    )


def _fits(one: Transaction, connector: int | None, payload: Mapping[str, Any]) -> bool:
    """True when a message without a transaction id can be about ``one``."""
    if connector is not None and one.connector not in (None, connector):
        return False
    if "meterStop" not in payload:
        first = unix_time(payload["meterValue"][0]["timestamp"])
        return not one.started or first >= unix_time(one.started)
    if one.started and unix_time(payload["timestamp"]) < unix_time(one.started):
        return False
    return one.meter_start is None or payload["meterStop"] >= one.meter_start


def _is_stop_of(one: Transaction, payload: Mapping[str, Any]) -> bool:
    """True for the StopTransaction.req that closed ``one``, told again."""
    if not one.reason or one.meter_stop != payload.get("meterStop"):
        return False
    told = payload.get("timestamp", "")
    if not one.stopped or not told:
        return not one.stopped and not told
    return unix_time(one.stopped) == unix_time(told)


def _short(number: int) -> str:
    """A number for people; a peer may send one with more digits than anybody wants to read."""
    return str(number) if abs(number) < 1 << 64 else "with a huge number"
