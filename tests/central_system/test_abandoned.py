"""A transaction that cannot be running any more is closed, and complete when its stop comes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.central_system.id_tags import IdTags
from evtui.central_system.kept import Ledger
from evtui.central_system.transactions import Transaction, Transactions
from evtui.station.state.file import CentralSystemRows
from tests.central_system.rig import START, LinkKind, open_house
from tests.central_system.test_transactions import at, only, start, stop, value, values

AVAILABLE = "transaction 1 is closed as abandoned: connector 1 is Available, and no StopTransaction"
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


def test_a_connector_that_is_available_has_no_transaction() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    kept.start("CP1", start(connector=2))
    kept.start("CP2", start())
    assert kept.available("CP1", 1, at(30)).startswith(AVAILABLE)
    assert kept.available("CP1", 1, at(31)) == ""
    gone = kept.get(1)
    assert gone is not None
    assert (gone.open, gone.abandoned) == (False, "connector 1 is Available")
    assert (gone.reason, gone.stopped, gone.meter_stop, gone.energy) == ("", "", None, None)
    assert [one.transaction_id for one in kept.open("CP1") + kept.open("CP2")] == [2, 3]
    assert (kept.abandoned, kept.of_id_tag("TAG")) == (1, [*kept.open("CP1"), *kept.open("CP2")])


@pytest.mark.parametrize(
    ("told", "over"),
    [("", True), (at(9), False), (at(10), True), ("2026-01-01T01:00:09+01:00", False)],
    ids=["no time", "before the start", "at the start", "before, in another zone"],
)
def test_a_status_that_is_older_than_the_transaction_says_nothing_of_it(
    told: str, over: bool
) -> None:
    kept = Transactions()
    kept.start("CP1", start(second=10))
    assert bool(kept.available("CP1", 1, told)) is over
    assert only(kept).open is not over


@pytest.mark.parametrize(
    ("told", "connection", "over"),
    [
        (at(9), 1, True),
        (at(9), 2, False),
        ("2025-12-31T00:00:09Z", 2, True),
        ("2025-12-31T00:00:10Z", 2, False),
    ],
    ids=["same connection", "another", "more than a day before", "a day before"],
)
def test_a_clock_that_was_set_back_leaves_no_transaction_open(
    told: str, connection: int, over: bool
) -> None:
    kept = Transactions()
    kept.start("CP1", start(second=10), 1)
    kept.available("CP1", 1, told, connection)
    assert only(kept).open is not over


def test_the_order_counts_on_the_connection_on_which_the_start_was_told_last() -> None:
    kept = Transactions()
    for connection in (1, 2):
        kept.start("CP1", start(second=10), connection)
    kept.available("CP1", 1, at(9), 1)
    assert only(kept).open
    kept.available("CP1", 1, at(9), 2)
    assert not only(kept).open
    assert kept.start("CP1", start(second=10), 2)[0].transaction_id == 2


def test_a_transaction_is_over_when_another_starts_on_its_connector() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    second, oddity = kept.start("CP1", start(meter=500, second=60))
    assert oddity == (
        "transaction 1 is closed as abandoned: transaction 2 has started on connector 1, "
        "and no StopTransaction has come"
    )
    assert kept.open("CP1", 1) == [second]


@pytest.mark.parametrize("said", [1, -1])
def test_a_stop_that_a_status_has_overtaken_makes_the_transaction_complete(said: int) -> None:
    kept = Transactions()
    kept.start("CP1", start())
    kept.available("CP1", 1, at(60))
    kept.meter_values("CP1", values(said, 10, 120))
    kept.stop("CP1", stop(said, reason="EVDisconnected", transactionData=[value(50, 200)]))
    whole = only(kept)
    assert (whole.transaction_id, whole.energy, whole.reason) == (1, 100, "EVDisconnected")
    assert (whole.abandoned, whole.open, kept.abandoned) == ("", False, 0)
    assert (whole.meter_values, whole.stop_data) == ([value(10, 120)], [value(50, 200)])
    assert kept.stop("CP1", stop(said)) == ""
    assert len(kept) == 1


def test_a_stop_after_all_is_told_and_so_is_one_of_a_transaction_before_the_newest() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    kept.start("CP1", start(second=20))
    after_all = "transaction 1, closed as abandoned, has stopped after all"
    assert kept.stop("CP1", stop(1)) == after_all
    assert [one.transaction_id for one in kept.open("CP1")] == [2]
    assert kept.abandoned == 0


def test_a_start_whose_answer_was_lost_is_the_same_also_when_a_status_came_between() -> None:
    kept = Transactions()
    first, _ = kept.start("CP1", start())
    kept.available("CP1", 1, at(60))
    again, oddity = kept.start("CP1", start())
    assert again is first
    assert oddity == "transaction 1, closed as abandoned, is told of again: it is open"
    assert (first.open, first.abandoned, kept.abandoned) == (True, "", 0)
    kept.stop("CP1", stop(1))
    assert only(kept).energy == 100


def test_a_start_is_no_retry_once_the_station_has_used_the_id_of_an_abandoned_one() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    kept.meter_values("CP1", values(1, 10, 120))
    kept.available("CP1", 1)
    assert kept.start("CP1", start())[0].transaction_id == 2


@pytest.mark.parametrize(("later", "same"), [(1, False), (2, True), (0, True)])
def test_a_status_on_the_connection_of_the_start_shows_that_its_answer_arrived(
    later: int, same: bool
) -> None:
    kept = Transactions()
    kept.start("CP1", start(), 1)
    kept.available("CP1", 1, at(60), later)
    kept.start("CP1", start(), later)
    assert [one.transaction_id for one in kept] == ([1] if same else [1, 2])
    kept.stop("CP1", stop(1))
    completed = kept.get(1)
    assert completed is not None
    assert completed.energy == 100


async def test_a_station_that_starts_the_same_again_without_a_stop_has_two_transactions(
    link: LinkKind,
) -> None:
    async with open_house(link) as house:
        async with house.station() as station:
            first = (await station.call("StartTransaction", START))["transactionId"]
            await station.call("StatusNotification", STATUS)
            second = (await station.call("StartTransaction", START))["transactionId"]
            assert second == first + 1
        async with house.connected() as station:  # did the answer arrive?
            await station.call("StatusNotification", STATUS)
            again = (await station.call("StartTransaction", START))["transactionId"]
            assert again == second
            assert len(house.central.transactions) == 2


def test_a_start_is_no_retry_once_another_has_come() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    kept.start("CP1", start(second=20))
    assert kept.start("CP1", start())[0].transaction_id == 3


def test_an_orphan_ends_with_its_connector_and_keeps_what_still_comes_of_it() -> None:
    kept = Transactions()
    kept.meter_values("CP1", values(-1, 10, 120))
    told = kept.available("CP1", 1)
    assert told.startswith("an orphan is closed as abandoned: connector 1 is Available")
    kept.meter_values("CP1", values(-1, 20, 150))
    kept.stop("CP1", stop(-1))
    assert (len(only(kept).meter_values), only(kept).meter_stop) == (2, 200)

    kept.meter_values("CP1", values(-1, 70, 220))
    _, told = kept.start("CP1", start(second=90))
    assert told.startswith("an orphan is closed as abandoned: transaction 1 has started")
    assert [one.transaction_id for one in kept.open("CP1")] == [1]


def test_what_is_forgotten_is_not_among_the_abandoned() -> None:
    kept = Transactions(closed_kept=1)
    for number in range(3):
        kept.start("CP1", start(second=number))
    assert (kept.abandoned, kept.forgotten, len(kept)) == (1, 1, 2)


async def test_stations_say_so_with_a_status_and_the_tag_is_free(link: LinkKind) -> None:
    tags = IdTags(concurrent=False)
    async with (
        open_house(link, id_tags=tags, first_transaction_id=1) as house,
        house.station("CP1") as station,
        house.station("CP2") as other,
    ):
        await station.call("StartTransaction", START)
        await station.call("StatusNotification", STATUS | {"connectorId": 0})
        await station.call("StatusNotification", STATUS | {"connectorId": 2})
        await station.call("StatusNotification", STATUS | {"status": "Finishing"})
        assert house.central.open_transaction("CP1", 1) is not None
        assert house.notes == []
        await station.call("StatusNotification", STATUS)
        assert house.central.open_transaction("CP1", 1) is None
        assert house.notes == [f"{AVAILABLE} has come"]
        started = await other.call("StartTransaction", START)
        assert started["idTagInfo"] == {"status": "Accepted"}


def reopened(kept: Transactions, rows: dict[tuple[str, str], bytes]) -> Transactions:
    """The same over a crash; everything that is kept is what was written."""
    assert dict(kept.rows()) == rows
    return filed(rows)


def filed(rows: dict[tuple[str, str], bytes]) -> Transactions:
    """Transactions that keep themselves in ``rows``."""

    def write(changes: Any) -> None:
        for row, new in changes:
            if new is None:
                rows.pop(row, None)
            else:
                rows[row] = new

    return Transactions(1, Ledger(CentralSystemRows("file", dict(rows), write)), closed_kept=50)


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[int, int, str, bool]]:
    """Transactions of two connectors: connector, values, what overtakes, its answer was lost."""
    overtakes = st.sampled_from(["", "start", "values", "stop"])
    story = st.tuples(st.integers(1, 2), st.integers(0, 2), overtakes, st.booleans())
    return draw(st.lists(story, min_size=1, max_size=5))


@given(stories(), st.randoms(use_true_random=False))
def test_whatever_overtakes_and_whenever_it_crashes_each_transaction_is_there_once(
    story: list[tuple[int, int, str, bool]], chance: Any
) -> None:
    rows: dict[tuple[str, str], bytes] = {}
    kept = filed(rows)
    clock = iter(range(1, 3600))
    expected = []

    def crash_or_not() -> None:
        nonlocal kept
        if chance.random() < 0.4:
            kept = reopened(kept, rows)

    def available(connector: int) -> None:
        kept.available("CP1", connector, at(3599))
        crash_or_not()

    kept.start("CP1", start(connector=9))  # the first id begins the counter
    for connector, told, overtaken, lost in story:
        begin = start(connector, second=next(clock))
        transaction, _ = kept.start("CP1", begin)
        crash_or_not()
        if lost or overtaken == "start":
            if overtaken == "start":
                available(connector)
            assert kept.start("CP1", begin)[0].transaction_id == transaction.transaction_id
            crash_or_not()
        shown = [value(next(clock), 110 + number) for number in range(told)]
        for each in shown:
            kept.meter_values(
                "CP1",
                {
                    "connectorId": connector,
                    "transactionId": transaction.transaction_id,
                    "meterValue": [each],
                },
            )
            crash_or_not()
            if overtaken == "values":
                available(connector)
        if overtaken == "stop":
            available(connector)
        end = stop(transaction.transaction_id, second=next(clock), transactionData=shown)
        for _ in range(2):
            kept.stop("CP1", end)
            crash_or_not()
        expected.append((transaction.transaction_id, connector, 100, shown, shown))
    told_of = [_account(one) for one in kept if one.connector != 9]
    assert sorted(told_of, key=lambda one: one[0]) == expected
    assert kept.abandoned == 0


def _account(one: Transaction) -> tuple[Any, ...]:
    return one.transaction_id, one.connector, one.energy, one.meter_values, one.stop_data
