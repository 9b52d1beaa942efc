"""Each transaction is there once, however often and in whatever shape it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.central_system.transactions import Transaction, Transactions

Payload = dict[str, Any]


def at(second: int) -> str:
    """A timestamp of a station."""
    return f"2026-01-01T00:{second // 60:02}:{second % 60:02}.000Z"


def start(connector: int = 1, meter: int = 100, second: int = 0, tag: str = "TAG") -> Payload:
    return {"connectorId": connector, "idTag": tag, "meterStart": meter, "timestamp": at(second)}


def value(second: int, energy: int) -> Payload:
    return {"timestamp": at(second), "sampledValue": [{"value": str(energy)}]}


def values(transaction: int, second: int, energy: int, connector: int = 1) -> Payload:
    return {
        "connectorId": connector,
        "transactionId": transaction,
        "meterValue": [value(second, energy)],
    }


def stop(transaction: int, meter: int = 200, second: int = 50, **more: Any) -> Payload:
    return {"transactionId": transaction, "meterStop": meter, "timestamp": at(second), **more}


def only(transactions: Transactions) -> Transaction:
    [transaction] = transactions
    return transaction


def test_a_transaction_has_what_the_station_told_of_it() -> None:
    kept = Transactions(first_id=7)
    opened, oddity = kept.start("CP1", start() | {"reservationId": 3})
    assert (opened.transaction_id, opened.open, opened.energy, oddity) == (7, True, None, "")
    for second, energy in ((10, 120), (20, 150)):
        assert kept.meter_values("CP1", values(7, second, energy)) == ""
    data = [value(0, 100), value(50, 200)]
    told = stop(7, reason="Remote", idTag="OTHER", transactionData=data)
    assert kept.stop("CP1", told) == ""
    transaction = only(kept)
    assert transaction is opened is kept.get(7)
    assert (transaction.station, transaction.connector, transaction.id_tag) == ("CP1", 1, "TAG")
    assert (transaction.meter_start, transaction.meter_stop, transaction.energy) == (100, 200, 100)
    assert (transaction.started, transaction.stopped) == (at(0), at(50))
    assert (transaction.reason, transaction.stop_id_tag) == ("Remote", "OTHER")
    assert transaction.reservation_id == 3
    assert transaction.meter_values == [value(10, 120), value(20, 150)]
    assert transaction.stop_data == data
    assert not transaction.open


def test_a_stop_without_a_reason_is_local() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    kept.stop("CP1", stop(1))
    assert only(kept).reason == "Local"


@pytest.mark.parametrize(
    "again",
    [
        start(),
        start(tag="tag"),
        start() | {"timestamp": "2026-01-01T00:00:00Z"},
        start() | {"timestamp": "2026-01-01T01:00:00+01:00"},
        start() | {"timestamp": "2026-01-01t00:00:00z"},
        start() | {"timestamp": "2026-01-01T00:00:00"},
    ],
)
def test_a_start_told_again_is_the_same_transaction(again: Payload) -> None:
    kept = Transactions()
    first, _ = kept.start("CP1", start())
    assert kept.start("CP1", again) == (first, "")
    kept.meter_values("CP1", values(1, 10, 120))
    assert kept.start("CP1", again) == (first, "")
    assert only(kept).open


@pytest.mark.parametrize("said", [1, -1, 0])
def test_a_start_that_equals_a_stopped_one_is_a_new_one(said: int) -> None:
    kept = Transactions()
    first, _ = kept.start("CP1", start())
    kept.stop("CP1", stop(said))
    second, oddity = kept.start("CP1", start())
    assert (first.transaction_id, second.transaction_id, oddity) == (1, 2, "")
    assert (first.energy, first.open, second.open) == (100, False, True)
    assert kept.start("CP1", start()) == (second, "")


@pytest.mark.parametrize(
    ("station", "other"),
    [
        ("CP2", start()),
        ("CP1", start(connector=2)),
        ("CP1", start(tag="OTHER")),
        ("CP1", start(second=1)),
        ("CP1", start(meter=101)),
    ],
)
def test_a_start_that_differs_is_another_transaction(station: str, other: Payload) -> None:
    kept = Transactions()
    kept.start("CP1", start())
    assert kept.start(station, other)[0].transaction_id == 2


def test_meter_values_and_a_stop_told_again_change_nothing() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    told = [values(1, 10, 120), values(1, 20, 150), values(1, 10, 120)]
    assert [kept.meter_values("CP1", each) for each in told] == ["", "", ""]
    assert kept.stop("CP1", stop(1)) == ""
    assert kept.stop("CP1", stop(1)) == ""
    assert kept.meter_values("CP1", values(1, 20, 150)) == ""
    assert only(kept).meter_values == [value(10, 120), value(20, 150)]
    assert only(kept).energy == 100


@pytest.mark.parametrize("transaction", [1, -1])
@pytest.mark.parametrize(
    "written", ["2026-01-01T00:00:50Z", "2026-01-01T01:00:50+01:00", "2026-01-01T00:00:50"]
)
def test_a_stop_told_again_may_write_its_time_and_tag_otherwise(
    transaction: int, written: str
) -> None:
    kept = Transactions(first_id=1)
    kept.start("CP1", start())
    kept.stop("CP1", stop(transaction, idTag="TAG"))
    again = stop(transaction, idTag="tag") | {"timestamp": written}
    assert kept.stop("CP1", again) == ""
    assert only(kept).stopped == at(50)


def test_a_second_stop_with_other_values_is_reported_and_the_first_is_kept() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    kept.stop("CP1", stop(1))
    oddity = kept.stop("CP1", stop(1, meter=900))
    assert oddity == f"transaction 1 stopped again with 900 Wh at {at(50)}: the first stop is kept"
    assert only(kept).meter_stop == 200


def test_a_stop_that_says_no_meter_value_ends_it_once_all_the_same() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    told = [kept.stop("CP1", {"transactionId": 1, "timestamp": at(50)}) for _ in range(2)]
    assert told == ["transaction 1 stopped without meterStop: its energy is unknown", ""]
    assert (only(kept).open, only(kept).energy, only(kept).reason) == (False, None, "Local")
    assert kept.start("CP1", start())[0].transaction_id == 2


def test_an_unknown_transaction_is_reported() -> None:
    kept = Transactions()
    acknowledged = "is not known here: acknowledged"
    assert kept.stop("CP1", stop(-7)) == f"transaction -7 {acknowledged}"
    assert kept.stop("CP1", stop(10**400)) == f"transaction with a huge number {acknowledged}"
    main_meter = kept.meter_values("CP1", values(99, 1, 1, connector=0))
    assert main_meter == f"transaction 99 {acknowledged}"
    assert list(kept) == []


def test_an_unknown_transaction_that_runs_is_adopted_and_ends_with_its_stop() -> None:
    kept = Transactions()
    told = [kept.meter_values("CP1", values(99, second, 100 + second)) for second in (10, 20)]
    assert told == ["transaction 99 is not known here: kept from now on, its start is missing", ""]
    adopted = only(kept)
    assert (adopted.transaction_id, adopted.connector, adopted.open) == (99, 1, True)
    assert (adopted.meter_start, adopted.started, adopted.id_tag) == (None, "", "")
    assert kept.get(99) is adopted
    for _ in range(2):
        assert kept.stop("CP1", stop(99)) == ""
    assert (adopted.open, adopted.meter_stop, adopted.energy) == (False, 200, None)
    assert len(only(kept).meter_values) == 2


def test_the_stop_of_an_unknown_transaction_is_kept_and_told_once() -> None:
    kept = Transactions()
    told = [kept.stop("CP1", stop(99)) for _ in range(2)]
    assert told == ["transaction 99 is not known here: its end is kept, its start is missing", ""]
    assert (only(kept).open, only(kept).connector, only(kept).meter_stop) == (False, None, 200)
    assert "stopped again with 900 Wh" in kept.stop("CP1", stop(99, meter=900))


def test_an_unknown_transaction_does_not_take_the_place_of_one_that_is_known() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    assert kept.meter_values("CP1", values(99, 10, 120)) == (
        "transaction 99 is not known here, and transaction 1 runs on connector 1: "
        "acknowledged, not taken"
    )
    assert only(kept).meter_values == []


def test_an_id_that_a_station_has_is_never_given_out() -> None:
    kept = Transactions(first_id=5)
    kept.meter_values("CP1", values(6, 1, 1))
    kept.stop("CP2", stop(7))
    issued = [kept.start(f"CP{number}", start())[0].transaction_id for number in range(3, 6)]
    assert issued == [5, 8, 9]


def test_ids_begin_again_after_the_largest_that_every_station_can_keep() -> None:
    kept = Transactions(first_id=2**31 - 2)
    issued = [kept.start(f"CP{number}", start())[0].transaction_id for number in range(4)]
    assert issued == [2**31 - 2, 2**31 - 1, 1, 2]


def test_a_transaction_of_another_station_is_left_alone() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    oddity = "transaction 1 is one of CP1: acknowledged, not taken"
    assert kept.stop("CP2", stop(1)) == oddity
    assert kept.meter_values("CP2", values(1, 10, 120)) == oddity
    assert only(kept).open
    assert only(kept).meter_values == []


def test_an_id_that_others_have_issued_may_be_one_of_each_station() -> None:
    kept = Transactions(closed_kept=2)
    kept.stop("STRANGER", stop(4711, meter=0))
    kept.meter_values("CP1", values(4711, 10, 120))
    kept.stop("CP1", stop(4711, meter=5000))
    strange, own = kept
    assert (strange.station, strange.meter_stop, strange.meter_values) == ("STRANGER", 0, [])
    assert (own.station, own.meter_stop, own.meter_values) == ("CP1", 5000, [value(10, 120)])
    assert kept.get(4711, "CP1") is own
    assert kept.get(4711, "CP2") is None
    kept.stop("CP2", stop(1))
    assert next(iter(kept)) is kept.get(4711) is own
    assert kept.get(4711, "STRANGER") is None


def test_an_adopted_transaction_is_on_the_connector_that_its_values_name() -> None:
    kept = Transactions()
    kept.stop("CP1", stop(99))
    told = [kept.meter_values("CP1", values(99, 10, 120, connector=at)) for at in (0, 2, 2, 1)]
    other = "transaction 99 is on connector 2, its meter values say 1: taken"
    assert told == ["", "", "", other]
    assert (only(kept).connector, only(kept).open) == (2, False)


def test_values_that_name_another_connector_are_taken_and_reported() -> None:
    kept = Transactions(first_id=1)
    kept.start("CP1", start(connector=1))
    oddity = kept.meter_values("CP1", values(1, 10, 120, connector=2))
    assert oddity == "transaction 1 is on connector 1, its meter values say 2: taken"
    assert len(only(kept).meter_values) == 1


def nameless(second: int, connector: int = 1, **more: int) -> Payload:
    return {"connectorId": connector, "meterValue": [value(second, 150)], **more}


@pytest.mark.parametrize("more", [{}, {"transactionId": 0}], ids=["no id", "id 0"])
def test_values_without_an_id_belong_to_the_open_transaction_of_their_connector(
    more: dict[str, int],
) -> None:
    kept = Transactions()
    kept.start("CP1", start(second=5))
    kept.start("CP1", start(connector=2, second=5))
    assert kept.meter_values("CP1", nameless(5, **more)) == ""
    assert kept.meter_values("CP1", nameless(6, connector=2, **more)) == ""
    one, two = kept
    assert (one.meter_values, two.meter_values) == ([value(5, 150)], [value(6, 150)])


@pytest.mark.parametrize(
    "told",
    [
        nameless(4),
        nameless(9, connector=2),
        nameless(9, connector=0),
        nameless(9, connector=0, transactionId=-1),
        nameless(9, connector=3, transactionId=0),
    ],
    ids=["before its start", "another connector", "main meter", "main meter, -1", "nobody's"],
)
def test_values_outside_a_transaction_are_nobody_s(told: Payload) -> None:
    kept = Transactions()
    kept.start("CP1", start(second=5))
    assert kept.meter_values("CP1", told) == ""
    assert only(kept).meter_values == []
    kept.stop("CP1", stop(1))
    assert kept.meter_values("CP1", nameless(60)) == ""
    assert only(kept).meter_values == []


def test_of_values_without_an_id_only_those_since_the_start_are_taken() -> None:
    kept = Transactions()
    kept.start("CP1", start(second=5))
    both = {"connectorId": 1, "meterValue": [value(0, 90), value(10, 120)]}
    kept.meter_values("CP1", both)
    assert only(kept).meter_values == [value(10, 120)]


@pytest.mark.parametrize(
    ("early", "connection", "taken"),
    [(30, 1, True), (30, 2, False), (86_401, 1, True), (86_401, 2, True), (86_400, 0, False)],
)
def test_a_message_without_an_id_is_of_a_transaction_although_the_clock_was_set_back(
    early: int, connection: int, taken: bool
) -> None:
    begun = datetime(2036, 1, 1, tzinfo=UTC)
    earlier = (begun - timedelta(seconds=early)).isoformat()
    kept = Transactions()
    kept.start("CP1", start() | {"timestamp": begun.isoformat()}, 1)
    late = value(0, 120) | {"timestamp": earlier}
    kept.meter_values("CP1", {"connectorId": 1, "meterValue": [late]}, connection)
    kept.stop("CP1", stop(-1) | {"timestamp": earlier}, connection)
    first = kept.get(1)
    assert first is not None
    assert (first.meter_values, first.open) == (([late], False) if taken else ([], True))
    assert len(kept) == (1 if taken else 2)


def test_of_values_measured_before_and_since_the_start_those_since_are_taken() -> None:
    kept = Transactions()
    kept.start("CP1", start(second=20), 1)
    told = nameless(10) | {"meterValue": [value(10, 100), value(30, 120)]}
    kept.meter_values("CP1", told, 1)
    assert only(kept).meter_values == [value(30, 120)]


def test_a_station_that_never_got_its_id_says_minus_one_and_is_understood() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    taken = "transactionId -1 is taken for transaction 1"
    assert kept.meter_values("CP1", values(-1, 10, 120)) == taken
    assert kept.meter_values("CP1", values(-1, 20, 150)) == ""
    assert kept.stop("CP1", stop(-1)) == ""
    assert kept.stop("CP1", stop(-1)) == ""
    assert only(kept).meter_values == [value(10, 120), value(20, 150)]
    assert only(kept).energy == 100


def test_a_stop_without_an_id_brings_its_data_along() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    data = [value(0, 100), value(50, 200)]
    told = kept.stop("CP1", stop(-1, transactionData=data))
    assert told == "transactionId -1 is taken for transaction 1"
    assert only(kept).stop_data == data


def test_minus_one_is_never_a_transaction_whose_id_the_station_has_used() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    kept.meter_values("CP1", values(1, 10, 120))
    assert kept.stop("CP1", stop(-1)).endswith("an orphan")
    [orphan, running] = kept
    assert (orphan.transaction_id, running.transaction_id, running.open) == (-1, 1, True)


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (stop(-1, idTag="two"), 2),
        (stop(-1, idTag="ONE"), 1),
        (stop(-1, meter=150), 1),
        (stop(-1, second=5), 1),
        (stop(-1), 1),
    ],
    ids=["id tag", "other id tag", "meter", "time", "nothing else: the older"],
)
def test_of_several_the_one_is_meant_that_fits(told: Payload, meant: int) -> None:
    kept = Transactions()
    kept.start("CP1", start(tag="ONE"))
    kept.start("CP1", start(connector=2, meter=180, second=10, tag="TWO"))
    kept.stop("CP1", told)
    [closed] = [one for one in kept if not one.open]
    assert closed.transaction_id == meant


def test_meter_values_go_by_their_connector() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    kept.start("CP1", start(connector=2))
    kept.meter_values("CP1", values(-1, 10, 120, connector=2))
    kept.stop("CP1", stop(-1))
    second = kept.get(2)
    assert second is not None
    assert (second.meter_values, second.energy) == ([value(10, 120)], 100)


def test_an_older_transaction_on_a_connector_is_not_meant_when_a_newer_is_there() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    kept.start("CP1", start(second=20))
    kept.stop("CP1", stop(-1))
    older, newer = kept
    assert (older.transaction_id, older.energy) == (1, None)
    assert (newer.transaction_id, newer.energy) == (2, 100)


def test_what_belongs_to_no_start_is_kept_as_one_orphan() -> None:
    kept = Transactions()
    assert kept.meter_values("CP1", values(-1, 10, 120)).endswith("an orphan")
    assert kept.meter_values("CP1", values(-1, 20, 150)) == ""
    assert kept.stop("CP1", stop(-1, idTag="TAG")) == ""
    assert kept.stop("CP1", stop(-1, idTag="TAG")) == ""
    orphan = only(kept)
    assert (orphan.transaction_id, orphan.connector, orphan.meter_stop) == (-1, 1, 200)
    assert orphan.energy is None
    assert orphan.meter_values == [value(10, 120), value(20, 150)]


def test_closed_transactions_are_bounded_and_the_forgotten_counted() -> None:
    kept = Transactions(closed_kept=3)
    for number in range(1, 6):
        kept.start("CP1", start(second=number))
        kept.stop("CP1", stop(number))
    assert [one.transaction_id for one in kept] == [3, 4, 5]
    assert (len(kept), kept.forgotten, kept.get(2)) == (3, 2, None)
    assert kept.start("CP1", start(second=1))[0].transaction_id == 6


def test_open_transactions_of_a_station_are_bounded_and_the_oldest_is_given_up() -> None:
    kept = Transactions(open_kept=2)
    told = [kept.start("CP1", start(connector=number))[1] for number in (1, 2, 3)]
    assert told == [
        "",
        "",
        "too many open transactions: 1 of CP1 is given up as never stopped",
    ]
    assert [one.transaction_id for one in kept.open("CP1")] == [2, 3]
    given_up = kept.get(1)
    assert given_up is not None
    assert (given_up.open, given_up.energy) == (False, None)
    assert (given_up.abandoned, kept.abandoned) == ("too many are open", 1)
    kept.stop("CP1", stop(1))
    assert (given_up.energy, given_up.abandoned, kept.abandoned) == (100, "", 0)


def test_meter_values_are_bounded_and_closed_transactions_make_room_first() -> None:
    kept = Transactions(bytes_kept=1_000)
    kept.start("CP1", start())
    kept.meter_values("CP1", values(1, 1, 101))
    kept.stop("CP1", stop(1))
    kept.start("CP1", start(second=1))
    told = [kept.meter_values("CP1", values(2, second, 100 + second)) for second in range(2, 40)]
    assert [text for text in told if text] == [
        "meter values are not kept any more: there are 1000 bytes of them"
    ]
    running = only(kept)
    assert kept.forgotten == 1
    assert kept.values_lost > 0
    assert len(running.meter_values) == 38 - kept.values_lost
    kept.stop("CP1", stop(2, transactionData=[value(50, 200)]))
    assert only(kept).energy == 100


def test_open_transactions_are_found_by_connector_and_by_tag() -> None:
    kept = Transactions()
    kept.start("CP1", start())
    kept.start("CP1", start(connector=2, tag="tag"))
    kept.start("CP2", start(tag="OTHER"))
    assert [one.connector for one in kept.open("CP1")] == [1, 2]
    assert [one.connector for one in kept.open("CP1", 2)] == [2]
    assert [one.transaction_id for one in kept.of_id_tag("TAG")] == [1, 2]
    assert [one.transaction_id for one in kept.of("CP2")] == [3]


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Transactions of one connector: values told, times each message is told, answers lost."""
    return draw(
        st.lists(
            st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(0, 1)),
            min_size=1,
            max_size=6,
        )
    )


@given(stories())
def test_however_messages_repeat_each_transaction_is_there_once_with_its_energy(
    story: list[tuple[int, int, int]],
) -> None:
    kept = Transactions()
    clock = iter(range(1, 3600))
    register = 0
    expected = []
    for told, times, lost in story:
        begin = start(meter=register, second=next(clock))
        [(transaction, _), *_] = [kept.start("CP1", begin) for _ in range(times)]
        known = -1 if lost else transaction.transaction_id
        shown = [value(next(clock), register + 10 * number) for number in range(told)]
        for each in shown:
            for _ in range(times):
                kept.meter_values(
                    "CP1", {"connectorId": 1, "transactionId": known, "meterValue": [each]}
                )
        end = stop(known, meter=register + 10 * told, second=next(clock))
        for _ in range(times):
            kept.stop("CP1", end)
        expected.append((register, register + 10 * told, shown))
        register += 10 * told
    assert [(one.meter_start, one.meter_stop, one.meter_values) for one in kept] == expected
    assert not any(one.open for one in kept)
