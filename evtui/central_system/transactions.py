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

from collections.abc import Mapping
from typing import Any

from evtui.central_system.transaction import (
    STOP_VALUE,
    UNKNOWN_ID,
    VALUE,
    Transaction,
    came_after,
    fits,
    is_stop_of,
    start_key,
)
from evtui.central_system.transaction_book import TransactionBook, name_of

__all__ = ["UNKNOWN_ID", "Transaction", "Transactions"]

LARGEST_ID_TAKEN = 2**63 - 1
"""A station may name a larger one that it was never given; that is not taken for one."""

NO_ID = frozenset({0, UNKNOWN_ID})
"""What stations say instead of the id that they do not know; never issued here."""


class Transactions(TransactionBook):
    """All transactions of a central system, as their stations tell of them.

    Payloads hold their schemas; an integer may be written as 100.0.
    """

    def start(
        self,
        station: str,
        payload: Mapping[str, Any],
        connection: int = 0,
        *,
        alone: bool = False,
    ) -> tuple[Transaction, str]:
        """Take a StartTransaction.req; whatever else is open on its connector is abandoned.

        One that equals the start of the newest transaction of its connector is a retry, and
        gets that one, unless the station is past it: it has stopped, or was abandoned after the
        station had used its id, or because of a status on the connection of its start.  One
        that was abandoned otherwise is open again: its answer may have been lost.

        Args:
            connection: which of the station's it came on, from 1; 0 is like no other.
            alone: it is concurrent while its tag charges elsewhere.  One that was not when it
                started is not for a retry either: the tag was let in here.

        Returns:
            The transaction, and what is odd about it in one line, empty when nothing is.
        """
        connector = int(payload["connectorId"])
        newest = self._newest.get(station, {}).get(connector)
        if newest is not None and newest.started and newest.key == start_key(station, payload):
            if newest.open:
                newest._connection = connection
                return newest, ""
            if not (newest.answered or newest.passed):
                newest._connection = connection
                return newest, self._committed(self._opened_again(newest))
        transaction = Transaction(
            self._new_id(),
            station,
            connector,
            payload["idTag"],
            int(payload["meterStart"]),
            payload["timestamp"],
            None if payload.get("reservationId") is None else int(payload["reservationId"]),
        )
        transaction._connection = connection
        transaction.concurrent = alone and any(
            (one.station, one.connector) != (station, connector) and not one.concurrent
            for one in self.of_id_tag(payload["idTag"])
        )
        why = f"transaction {transaction.transaction_id} has started on connector {connector}"
        oddities = [self._abandon(one, why) for one in self.open(station, connector)]
        oddities.append(self._opened(transaction))
        return transaction, self._committed(*oddities)

    def available(
        self, station: str, connector: int, timestamp: str = "", connection: int = 0
    ) -> str:
        """A connector, from 1, is Available: no transaction can be running there.

        Args:
            timestamp: the station's own, empty where it gave none; one before the start of a
                transaction, on another connection, came too late to be about it.
            connection: which of the station's it came on; see :meth:`start`.

        Returns:
            What is odd about it in one line, empty when nothing is.
        """
        running = self.open(station, connector)
        over = [one for one in running if came_after(one, timestamp, connection)]
        for one in over:
            one.passed = connection != 0 and one._connection == connection
        why = f"connector {connector} is Available"
        return self._committed(*[self._abandon(one, why) for one in over])

    def stop(self, station: str, payload: Mapping[str, Any], connection: int = 0) -> str:
        """Take a StopTransaction.req; meterStop and timestamp may be missing.

        Args:
            connection: which of the station's it came on; see :meth:`start`.

        Returns:
            What is odd about it in one line, empty when nothing is.
        """
        transaction, oddity = self._find(
            station, int(payload["transactionId"]), None, payload, connection
        )
        if transaction is None:
            return oddity
        meter_stop, stopped = payload.get("meterStop"), payload.get("timestamp", "")
        if transaction.reason:
            if is_stop_of(transaction, payload):
                return ""
            return (
                f"transaction {transaction.transaction_id} stopped again with "
                f"{meter_stop} Wh at {stopped}: the first stop is kept"
            )
        if meter_stop is None or not stopped:
            what = "meterStop: its energy" if meter_stop is None else "timestamp: when it ended"
            gap = f"transaction {transaction.transaction_id} stopped without {what} is unknown"
            oddity = oddity or gap
        transaction.meter_stop = None if meter_stop is None else int(meter_stop)
        transaction.stopped = stopped
        transaction.reason = payload.get("reason") or "Local"
        transaction.stop_id_tag = payload.get("idTag", "")
        if transaction.abandoned:
            oddity = oddity or f"{name_of(transaction)}, closed as abandoned, has stopped after all"
            self._not_abandoned(transaction)
        elif transaction.open:
            self._close(transaction)
        self._touch(transaction)
        self._not_newest(transaction)
        lost = self._keep(transaction, STOP_VALUE, payload.get("transactionData", ()))
        return self._committed(oddity or lost)

    def meter_values(self, station: str, payload: Mapping[str, Any], connection: int = 0) -> str:
        """Take a MeterValues.req.

        Those without a transaction, or with transactionId 0, belong to the one open transaction
        of their connector, but for values measured before it started.  Those of connector 0 do
        not, nor where none or several are open: they are outside of transactions and not kept.

        Args:
            connection: which of the station's it came on; see :meth:`start`.

        Returns:
            What is odd about it in one line, empty when nothing is.
        """
        transaction_id = int(payload.get("transactionId", 0))
        connector, values = int(payload["connectorId"]), payload["meterValue"]
        transaction: Transaction | None
        if transaction_id == 0 or (transaction_id == UNKNOWN_ID and connector == 0):
            running = self.open(station, connector) if connector > 0 else []
            if len(running) != 1:
                return ""
            transaction, oddity = running[0], ""
            since = [each for each in values if came_after(transaction, each["timestamp"], 0)]
            if since or not came_after(transaction, values[0]["timestamp"], connection):
                values = since  # else the clock was set back, and all were measured since
        else:
            transaction, oddity = self._find(
                station, transaction_id, connector, payload, connection
            )
        if transaction is None:
            return oddity
        lost = self._keep(transaction, VALUE, values)
        return self._committed(oddity or lost)

    # Whose a message is

    def _find(
        self,
        station: str,
        transaction_id: int,
        connector: int | None,
        payload: Mapping[str, Any],
        connection: int,
    ) -> tuple[Transaction | None, str]:
        if transaction_id in NO_ID:
            return self._find_nameless(station, transaction_id, connector, payload, connection)
        transaction = self.get(transaction_id, station)
        if transaction is None:
            other = self.get(transaction_id)
            if other is not None and other.started:  # issued here: nobody else can have it
                return None, (
                    f"transaction {transaction_id} is one of {other.station}: "
                    "acknowledged, not taken"
                )
            return self._adopt(station, transaction_id, connector)
        if not transaction.answered:
            transaction.answered = True
            self._touch(transaction)
        if transaction.connector is None:  # adopted from its StopTransaction
            if connector:
                transaction.connector = connector
                self._touch(transaction)
        elif connector is not None and connector != transaction.connector:
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
        if connector == 0 or not 0 < transaction_id <= LARGEST_ID_TAKEN:
            return None, f"{unknown}: acknowledged"
        if connector is not None and (running := self.open(station, connector)):
            return None, (
                f"{unknown}, and {name_of(running[-1])} runs on connector {_short(connector)}: "
                "acknowledged, not taken"
            )
        what = "its end is kept" if connector is None else "kept from now on"
        return self._begun_before(
            station, transaction_id, connector, f"{unknown}: {what}, its start is missing"
        )

    def _begun_before(
        self, station: str, transaction_id: int, connector: int | None, oddity: str
    ) -> tuple[Transaction, str]:
        """A transaction whose StartTransaction has not arrived, from what came of it first."""
        begun = Transaction(transaction_id, station, connector, "", None, "")
        begun.answered = transaction_id != UNKNOWN_ID
        if connector is None:  # a StopTransaction: nothing more will come
            begun.open = False
            self._enter(begun)
            self._shelve(begun)
            return begun, oddity
        return begun, self._opened(begun) or oddity

    def _find_nameless(
        self,
        station: str,
        said: int,
        connector: int | None,
        payload: Mapping[str, Any],
        connection: int,
    ) -> tuple[Transaction | None, str]:
        """Which transaction a message with transactionId -1, or 0, belongs to.

        It is one whose id the station has never used and whose stop has not come, the newest of
        its connector, since a station tells of its transactions in order; and connector, time
        and meter must fit.  Of several the id tag decides, then which of them such messages went
        to before.  Where none fits, the StartTransaction never arrived: an orphan.
        """
        if (repeated := self._repeated_stop(station, payload)) is not None:
            return repeated, ""
        candidates = [
            one
            for one in self._newest.get(station, {}).values()
            if not one.answered and fits(one, connector, payload, connection)
        ]
        if not candidates:
            oddity = f"transactionId {said} fits no open transaction: an orphan"
            return self._begun_before(station, UNKNOWN_ID, connector, oddity)
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


def _short(number: int) -> str:
    """A number for people; a peer may send one with more digits than anybody wants to read."""
    return str(number) if abs(number) < 1 << 64 else "with a huge number"
