"""Transactions as rows of a state file, and back.

A row for each transaction, and one for each of its meter values, so that a message costs what it
brings and not what came before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import msgspec

from evtui.central_system.kept import Ledger, LedgerRow
from evtui.central_system.transaction import (
    STOP_VALUE,
    UNKNOWN_ID,
    VALUE,
    MeterValueKind,
    Transaction,
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

KINDS: tuple[MeterValueKind, ...] = (VALUE, STOP_VALUE)
"""Kinds of the rows of meter values, whose names are NUMBER/PLACE."""

VALUE_NAME = re.compile(r"([1-9][0-9]{0,18})/(0|[1-9][0-9]{0,18})")

FIELDS = tuple(each.name for each in fields(Transaction) if not each.name.startswith("_"))


def record_of(one: Transaction) -> bytes:
    """A transaction without its meter values."""
    return msgspec.json.encode({name: getattr(one, name) for name in FIELDS})


def rows_of(one: Transaction) -> Iterator[tuple[LedgerRow, bytes]]:
    """Everything of a transaction."""
    yield (TRANSACTION, str(one.number)), record_of(one)
    for kind in KINDS:
        for place, value in enumerate(one.values(kind)):
            yield (kind, f"{one.number}/{place}"), value


def names_of(one: Transaction) -> Iterator[LedgerRow]:
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
        problem = _problem(name, one)
        identity = one.station, one.transaction_id
        if not problem and identity in ids:
            problem = f"another transaction {one.transaction_id} of {one.station} is kept"
        if problem:
            raise ledger.damaged(TRANSACTION, name, problem)
        if one.transaction_id != UNKNOWN_ID:
            ids.add(identity)
        found[one.number] = one
    for kind in KINDS:
        _add_values(ledger, kind, found)
    return [found[number] for number in sorted(found)]


def _problem(name: str, one: Transaction) -> str:
    """Why there cannot be such a transaction in a row of that name; empty when there can."""
    try:
        for timestamp in filter(None, (one.started, one.stopped)):
            unix_time(timestamp)
    except ValueError as error:
        return str(error)
    checks = {
        f"number {one.number} is in it": name != str(one.number),
        "numbers count from 1": one.number < 1,
        f"there is no transactionId {one.transaction_id}": (
            one.transaction_id != UNKNOWN_ID and one.transaction_id < 1
        ),
        "it has no station": not one.station,
        f"there is no connector {one.connector}": one.connector is not None and one.connector < 1,
        "it is open, and has no connector": one.open and one.connector is None,
        "it is open, and has ended": one.open and bool(one.reason or one.abandoned),
        "it is closed, and has not ended": not (one.open or one.reason or one.abandoned),
        "its start is there in part": bool(one.started) != (one.meter_start is not None),
        "meter values are in it": one.size > 0,
    }
    return next((problem for problem, found in checks.items() if found), "")


def _add_values(ledger: Ledger, kind: MeterValueKind, found: dict[int, Transaction]) -> None:
    values: list[tuple[int, int, bytes]] = []
    rows = ledger.read(kind, msgspec.Raw)
    objects = ledger.read(kind, dict[str, Any])  # only to see that they are: the text is kept
    for (name, value), _ in zip(rows, objects, strict=True):
        numbers = VALUE_NAME.fullmatch(name)
        if numbers is None or int(numbers[1]) not in found:
            raise ledger.damaged(kind, name, "its transaction is missing")
        values.append((int(numbers[1]), int(numbers[2]), bytes(value)))
    for owner, place, encoded in sorted(values):
        kept = found[owner].values(kind)
        if place != len(kept) or encoded in kept:  # where the next one would overwrite another
            raise ledger.damaged(kind, f"{owner}/{place}", "the one before it is missing, or equal")
        kept[encoded] = None
