"""Rows of a central system that cannot be: one line that names the row, and nothing else."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from evtui.central_system.admission import Admission
from evtui.central_system.id_tags import IdTag, IdTags
from evtui.central_system.kept import Ledger, LedgerChange, LedgerRow
from evtui.central_system.state_check import check_state
from evtui.central_system.stations import Stations
from evtui.central_system.transactions import Transactions
from evtui.station.state.file import CentralSystemRows
from evtui.station.state.store import WAY_OUT, StateError
from tests.central_system.test_transactions import start, stop, value, values
from tests.ocpp16.rig import BOOT

PLACE = "state.db: central system"

MUTATIONS = 3_000
"""By chance; each takes a fifth of a millisecond."""


class Kept:
    """What a state file holds of a central system."""

    def __init__(self, rows: Mapping[LedgerRow, bytes] | None = None) -> None:
        self.rows = dict(rows or {})

    def central_system(self) -> CentralSystemRows:
        """The rows; writing to them changes them here."""
        return CentralSystemRows(PLACE, dict(self.rows), self._write)

    def _write(self, changes: Sequence[LedgerChange]) -> None:
        for row, new in changes:
            if new is None:
                self.rows.pop(row, None)
            else:
                self.rows[row] = new


def everything() -> dict[LedgerRow, bytes]:
    """Rows of every kind, as they are written."""
    kept = Kept()
    ledger = Ledger(kept.central_system())
    admission = Admission(ledger=ledger)
    admission.admit("IN")
    admission.turn_away("OUT")
    admission.answer("WAIT", "Pending", interval=5)
    tags = IdTags([IdTag("FIRST", parent="P")])
    tags.keep(ledger)
    tags.remove("FIRST")
    tags.set("TAG", "Blocked")
    stations = Stations(frozenset(), keep=admission.knows, ledger=ledger)
    record = stations.arrive("CP1")
    record.boot = BOOT
    stations.accepted(record)
    book = Transactions(ledger=ledger)
    book.start("CP1", start(second=1))
    book.meter_values("CP1", values(1, 10, 120))
    book.meter_values("CP1", values(1, 20, 130))
    book.stop("CP1", stop(1, transactionData=[value(50, 200)]))
    book.start("CP1", start(second=60))  # open
    book.start("CP2", start(second=1))
    book.available("CP2", 1)  # abandoned
    book.meter_values("CP3", values(77, 1, 101))  # adopted while it runs
    book.stop("CP4", stop(78))  # adopted at its end
    book.meter_values("CP5", values(-1, 1, 101))  # orphans
    book.stop("CP6", stop(-1))
    book.meter_values("CP6", values(-1, 90, 101))
    return kept.rows


def said(rows: Mapping[LedgerRow, bytes]) -> str:
    """What is said of rows that cannot be used, without their place and the way out."""
    try:
        check_state(Kept(rows))
    except StateError as error:
        text = str(error)
        assert text.isprintable()
        assert len(text) < 600
        assert text.startswith(f"{PLACE}: ")
        assert text.endswith(f"; {WAY_OUT}")
        return text.removeprefix(f"{PLACE}: ").removesuffix(f"; {WAY_OUT}")
    return ""


def test_whatever_is_written_can_be_read() -> None:
    rows = everything()
    assert said(rows) == ""
    assert {kind for kind, _ in rows} == {
        "accepted",
        "admission",
        "counter",
        "id tag",
        "stop value",
        "transaction",
        "value",
    }


DEEP = 100_000
"""Levels that no Python follows; one is at most some thousand, or ten thousand from 3.12 on."""


@pytest.mark.parametrize(
    ("row", "json_text", "reason"),
    [
        (("accepted", "CP1"), b'{"a":' * DEEP + b"1" + b"}" * DEEP, "maximum recursion depth"),
        (("accepted", "CP1"), b'{"chargePointVendor": 5}', "chargePointVendor is no text"),
        (("accepted", "CP1"), b'{"firmwareVersion": null}', "firmwareVersion is no text"),
        (("admission", "IN"), b'{"known":true,"answer":{"status":"Accepted","interval":-1}}', ">="),
        (("counter", "next transactionId"), b"-3", "Expected `int` >= 1"),
        (("counter", "next transactionId"), b"0", "Expected `int` >= 1"),
        (("counter", "next transactionId"), b"1099511627776", "Expected `int` <= 2147483647"),
        (("counter", "next"), b"1", "there is no such counter"),
        (("id tag", "other"), b'{"entry":{"id_tag":"TAG"},"first":null}', "TAG is in it"),
        (("value", "1" * 5_000 + "/0"), b"{}", "its transaction is missing"),
        (("value", "1/" + "1" * 5_000), b"{}", "its transaction is missing"),
        (("value", "\u0661/2"), b"{}", "its transaction is missing"),
        (("value", "01/2"), b"{}", "its transaction is missing"),
        (("value", "1/2\n"), b"{}", "its transaction is missing"),
        (("value", "1/2"), b"5", "Expected `object`, got `int`"),
        (("value", "1/2"), b"[" * DEEP + b"]" * DEEP, "maximum recursion depth"),
        (("value", "1/7"), b"{}", "the one before it is missing, or equal"),
        (("transactions", "1"), b"{}", "there is no such kind of row"),
    ],
)
def test_a_row_that_cannot_be_is_named(row: LedgerRow, json_text: bytes, reason: str) -> None:
    text = said({**everything(), row: json_text})
    assert text.startswith(f"{row[0]} ")
    assert reason in text


@pytest.mark.parametrize(
    ("name", "changed", "reason"),
    [
        ("2", {"transaction_id": 1}, "another transaction 1 of CP1 is kept"),
        ("1", {"transaction_id": 0}, "there is no transactionId 0"),
        ("1", {"transaction_id": -2}, "there is no transactionId -2"),
        ("1", {"connector": 0}, "there is no connector 0"),
        ("2", {"connector": None}, "it is open, and has no connector"),
        ("2", {"reason": "Local"}, "it is open, and has ended"),
        ("2", {"abandoned": "why"}, "it is open, and has ended"),
        ("2", {"open": False}, "it is closed, and has not ended"),
        ("2", {"station": ""}, "it has no station"),
        ("2", {"started": ""}, "its start is there in part"),
        ("2", {"meter_start": None}, "its start is there in part"),
        ("2", {"_meter_values": {"YQ==": None}}, "meter values are in it"),
        ("2", {"number": 1}, "number 1 is in it"),
    ],
)
def test_a_transaction_that_cannot_be_is_named(
    name: str, changed: dict[str, Any], reason: str
) -> None:
    rows = everything()
    row = ("transaction", name)
    rows[row] = json.dumps(json.loads(rows[row]) | changed).encode()
    assert said(rows) == f"transaction {name}: {reason}"


def test_two_orphans_of_one_station_are_two() -> None:
    kept = Kept(everything())
    orphans = [one for one in Transactions(ledger=Ledger(kept.central_system())) if one.station]
    assert [one.transaction_id for one in orphans if one.station == "CP6"] == [-1, -1]


ABSURD: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 10**30, 1e300, "", "\n", "x" * 300, "\u0661", "9999-12-31", [], {},
)  # fmt: skip


def absurd(found: Any) -> Iterator[Any]:
    """Copies of a JSON value, each with something absurd in one place."""
    yield from ABSURD
    for key in found if isinstance(found, dict) else ():
        for other in absurd(found[key]):
            yield found | {key: other}


def mutated(chance: random.Random, row: LedgerRow, found: bytes) -> tuple[LedgerRow, bytes]:
    """A row with something else in one place of its value, its name or its kind."""
    kind, name = row
    match chance.randrange(4):
        case 0:
            return row, json.dumps(chance.choice(list(absurd(json.loads(found))))).encode()
        case 1:
            broken = bytearray(found)
            broken[chance.randrange(len(broken))] ^= chance.randrange(1, 256)
            return row, bytes(broken)
        case 2:
            place = chance.randrange(len(name) + 1)
            odd = chance.choice(("", "/", "\n", "-", "\u0663", "\x1b[2J", "9" * 5_000, "x"))
            return (kind, name[:place] + odd + name[place + chance.randrange(2) :]), found
        case _:
            return (chance.choice(("value", "transaction", "accepted", "x\n")), name), found


def test_whatever_is_changed_in_a_row_it_is_read_or_refused_in_one_line() -> None:
    chance = random.Random(1)
    rows = everything()
    outcomes = {True: 0, False: 0}
    for _ in range(MUTATIONS):
        row = chance.choice(list(rows))
        changed = dict(rows)
        new, found = mutated(chance, row, changed.pop(row))
        text = said(changed | {new: found})
        outcomes[bool(text)] += 1
        if not text:  # what is read can be asked for, and written again
            used(changed | {new: found})
    assert min(outcomes.values()) > MUTATIONS / 10


def used(rows: Mapping[LedgerRow, bytes]) -> None:
    """Ask for everything there is in rows, and read what is written of it."""
    ledger = Ledger(Kept(rows).central_system())
    admission = Admission(ledger=ledger)
    IdTags().keep(ledger)
    stations = Stations(frozenset(), keep=admission.knows, ledger=ledger)
    assert len(list(stations.values())) == len(stations)
    book = Transactions(ledger=ledger)
    for one in book:
        assert one.size >= 0
        assert isinstance(one.meter_values + one.stop_data, list)
    book.start("CP1", start(second=1_000))
    book.stop("CP1", stop(-1, second=2_000))
    assert said(dict(book.rows())) == ""
