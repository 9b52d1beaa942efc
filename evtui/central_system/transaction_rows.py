"""Transactions as rows of a state file, and back.

A row for each transaction, and one for each of its meter values, so that a message costs what it
brings and not what came before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import msgspec

from evtui.central_system.kept import Ledger, Row
from evtui.central_system.transaction import (
    STOP_VALUE,
    UNKNOWN_ID,
    VALUE,
    Transaction,
    ValueKind,
)
from evtui.moments import unix_time

__all__ = [
    "COUNTER",
    "NEXT_ID",
    "TRANSACTION",
    "names_of",
    "record_of",
    "rows_of",
    "transactions_in",
]

TRANSACTION = "transaction"
"""Kind of a transaction's row; its name is the transaction's number."""

COUNTER, NEXT_ID = "counter", "next transactionId"

KINDS: tuple[ValueKind, ...] = (VALUE, STOP_VALUE)
"""Kinds of the rows of meter values, whose names are NUMBER/PLACE."""

FIELDS = tuple(each.name for each in fields(Transaction) if not each.name.startswith("_"))


def record_of(one: Transaction) -> bytes:
    """A transaction without its meter values."""
    return msgspec.json.encode({name: getattr(one, name) for name in FIELDS})


def rows_of(one: Transaction) -> Iterator[tuple[Row, bytes]]:
    """Everything of a transaction."""
    yield (TRANSACTION, str(one.number)), record_of(one)
    for kind in KINDS:
        for place, value in enumerate(one.values(kind)):
            yield (kind, f"{one.number}/{place}"), value


def names_of(one: Transaction) -> Iterator[Row]:
    """The rows of a transaction."""
    yield TRANSACTION, str(one.number)
    for kind in KINDS:
        yield from ((kind, f"{one.number}/{place}") for place in range(len(one.values(kind))))


def transactions_in(ledger: Ledger) -> list[Transaction]:
    """What was kept, in the order in which it came to be known.

    Raises:
        StateError: a row is not what it must be.
    """
    found: dict[int, Transaction] = {}
    ids: set[tuple[str, int]] = set()
    for name, one in ledger.read(TRANSACTION, Transaction):
        try:
            for timestamp in filter(None, (one.started, one.stopped)):
                unix_time(timestamp)
        except ValueError as error:
            raise ledger.damaged(TRANSACTION, name, str(error)) from None
        if name != str(one.number):
            raise ledger.damaged(TRANSACTION, name, f"number {one.number} is in it")
        if one.transaction_id != UNKNOWN_ID:
            if (one.station, one.transaction_id) in ids:
                twice = f"{one.station} has transaction {one.transaction_id} twice"
                raise ledger.damaged(TRANSACTION, name, twice)
            ids.add((one.station, one.transaction_id))
        found[one.number] = one
    for kind in KINDS:
        _add_values(ledger, kind, found)
    return [found[number] for number in sorted(found)]


def _add_values(ledger: Ledger, kind: ValueKind, found: dict[int, Transaction]) -> None:
    values: list[tuple[int, int, bytes]] = []
    for name, value in ledger.read(kind, msgspec.Raw):
        number, _, place = name.partition("/")
        if not (number.isdecimal() and place.isdecimal() and int(number) in found):
            raise ledger.damaged(kind, name, "its transaction is missing")
        values.append((int(number), int(place), bytes(value)))
    for owner, _, encoded in sorted(values):
        found[owner].values(kind)[encoded] = None
