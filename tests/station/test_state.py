"""What a charge point must not forget, and what it makes of it after a crash."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from evtui.runtime.clock import LoopClock
from evtui.station.connector.transaction import StationTransaction
from evtui.station.state.store import (
    QueuedMessage,
    Register,
    StateChange,
    StateError,
    StateStore,
    next_key,
    recover,
)
from tests.station.rig import START_UTC
from tests.virtual_loop import VirtualTimeLoop

ONE = b'{"key":1,"connector":1,"id_tag":"TAG","meter_start":5,"started":1}'


def message(number: int, action: str = "MeterValues", transaction: int = 1) -> QueuedMessage:
    return QueuedMessage(number, action, {"number": number}, transaction, START_UTC + number)


def running(key: int = 1, connector: int = 1) -> StationTransaction:
    return StationTransaction(key, connector, "TAG", 1_000, START_UTC)


def clock() -> LoopClock:
    loop = VirtualTimeLoop()
    loop.close()
    return LoopClock(loop, START_UTC)


def test_messages_come_back_in_their_order_with_their_attempts() -> None:
    store = StateStore()
    for number in (9, 10, 11):
        store.add(message(number), running())
    tried = QueuedMessage(9, "MeterValues", {"number": 9}, 1, START_UTC + 9, attempts=2)
    store.update(tried)
    assert StateStore(store.rows).messages() == [tried, message(10), message(11)]


def test_a_transaction_is_kept_until_its_last_message_has_gone() -> None:
    store = StateStore()
    transaction = running()
    for number, action in enumerate(("StartTransaction", "MeterValues", "StopTransaction"), 1):
        store.add(message(number, action), transaction)
    transaction.transaction_id = 77
    for each in store.messages()[:-1]:
        store.settle(each, transaction)
    assert StateStore(store.rows).transactions() == [transaction]
    store.settle(store.messages()[0], transaction)
    assert store.transactions() == []
    assert store.rows == {}


def test_what_belongs_together_is_written_together() -> None:
    written: list[Sequence[StateChange]] = []
    store = StateStore(write=written.append)
    store.add(message(1, "StopTransaction"), running())
    store.settle(message(1, "StopTransaction"), running())
    rows = [("message", "1"), ("transaction", "1")]
    assert [[row for row, _ in changes] for changes in written] == [rows, rows]
    assert [value for _, value in written[1]] == [None, None]


def test_a_document_is_a_copy_of_what_was_saved() -> None:
    store = StateStore()
    tags = ["A"]
    store.save("local list", {"version": 3, "tags": tags})
    tags.append("B")
    assert store.load("local list") == {"version": 3, "tags": ["A"]}
    store.save("local list", None)
    assert store.load("local list") is None


def test_registers_are_kept_by_connector() -> None:
    store = StateStore()
    store.save_register(1, 12.5, START_UTC)
    store.save_register(2, 7.0, START_UTC)
    store.save_register(1, 13.5, START_UTC + 1)
    assert StateStore(store.rows).register(1) == Register(13.5, START_UTC + 1)
    assert store.register(3) is None


def test_a_key_is_never_given_out_twice() -> None:
    store = StateStore()
    assert [next_key(store), next_key(store), next_key(StateStore(store.rows))] == [1, 2, 3]


@pytest.mark.parametrize(
    ("row", "value", "said"),
    [
        (("message", "1"), b'{"number": "one"}', "message 1: Expected `int`"),
        (("transaction", "1"), b"{", "transaction 1: Input data was truncated"),
        (("register", "1"), b"{}", "register 1: Object missing required field `energy`"),
        (("document", "local list"), b"\xff", "document local list: "),
        (("document", "local list"), b"[" * 100_000, "document local list: "),
        (("document", "last transaction key"), b'"1"', "document last transaction key: Expected"),
        (("document", "last transaction key"), b"-1", "document last transaction key: Expected"),
        (("register", "1"), b'{"energy":-1,"at":1}', "register 1: Expected `float` >= 0"),
        (("register", "1"), b'{"energy":1e300,"at":1}', "register 1: Expected `float` <= "),
        (("register", "1"), b'{"energy":1,"at":1e12}', "register 1: Expected `float` < 25340230"),
        (("register", "one"), b'{"energy":1,"at":1}', "register one: no connector has that name"),
        (("transaction", "1"), ONE.replace(b'"connector":1', b'"connector":0'), "transaction 1: "),
        (("transaction", "1"), ONE.replace(b'"meter_start":5', b'"meter_start":-5'), "transaction"),
        (("transaction", "1"), ONE.replace(b'"started":1', b'"started":1e300'), "transaction 1: "),
        (("transaction", "2"), ONE, "transaction 2: key 1 is in it"),
        (("messagf", "1"), b"{}", "messagf 1: there is no such kind of row"),
        (
            ("message", "5"),
            b'{"number":4,"action":"MeterValues","payload":{},"transaction":8,"posted":0.0}',
            "message 5: number 4 is in it",
        ),
        (
            ("message", "4"),
            b'{"number":4,"action":"Heartbeat","payload":{},"transaction":8,"posted":0.0}',
            "message 4: Heartbeat is no message of a transaction",
        ),
        (
            ("message", "4"),
            b'{"number":4,"action":"MeterValues","payload":{},"transaction":8,"posted":0.0}',
            "message 4: its transaction is missing",
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_named(row: tuple[str, str], value: bytes, said: str) -> None:
    with pytest.raises(StateError) as error:
        StateStore({row: value})
    assert str(error.value).startswith(said)


def test_a_key_is_not_given_out_again_when_the_last_one_was_forgotten() -> None:
    store = StateStore({("transaction", "1"): ONE})
    assert next_key(store) == 2


def test_an_interrupted_transaction_ends_with_the_register_that_was_kept_last() -> None:
    store = StateStore()
    store.add(message(1, "StartTransaction"), running())
    store.add(message(2), running())
    store.save_register(1, 1_234.9, START_UTC + 61.5)
    (interrupted,) = recover(store, "PowerLoss")
    assert (interrupted.transaction.key, interrupted.meter_stop) == (1, 1_234)
    assert [each.action for each in store.messages()] == [
        "StartTransaction",
        "MeterValues",
        "StopTransaction",
    ]
    assert store.messages()[-1].payload == {
        "meterStop": 1_234,
        "timestamp": "2026-01-01T12:01:01.500Z",
        "reason": "PowerLoss",
    }


def test_a_transaction_whose_start_was_answered_long_ago_is_ended_too() -> None:
    store = StateStore()
    transaction = running()
    transaction.transaction_id = 77
    store.save_transaction(transaction)
    store.save_register(1, 1_500.0, START_UTC + 5)
    assert [each.transaction for each in recover(store, "Reboot")] == [transaction]
    assert [each.action for each in store.messages()] == ["StopTransaction"]


def test_a_register_from_before_the_start_does_not_end_a_transaction_in_the_past() -> None:
    store = StateStore()
    store.save_register(1, 900.0, START_UTC - 60)
    store.add(message(1, "StartTransaction"), running())
    (interrupted,) = recover(store, "Reboot")
    assert (interrupted.meter_stop, interrupted.at) == (1_000, START_UTC)


def test_a_transaction_that_has_ended_is_left_alone() -> None:
    store = StateStore()
    store.add(message(1, "StartTransaction"), running())
    store.add(message(2, "StopTransaction"), running())
    before = dict(store.rows)
    assert recover(store, "Reboot") == []
    assert store.rows == before


def test_dying_during_the_recovery_does_no_harm() -> None:
    store = StateStore()
    for key, connector in ((1, 1), (2, 2), (3, 3)):
        store.add(message(key, "StartTransaction", key), running(key, connector))
    moments: list[dict[tuple[str, str], bytes]] = [dict(store.rows)]
    dying = StateStore(store.rows, lambda changes: moments.append(dict(dying.rows)))
    recover(dying, "Reboot")
    assert len(moments) == 4
    for moment in moments:
        again = StateStore(moment)
        recover(again, "Reboot")
        stops = [each for each in again.messages() if each.action == "StopTransaction"]
        assert sorted(each.transaction for each in stops) == [1, 2, 3]
        assert len({each.number for each in again.messages()}) == 6
