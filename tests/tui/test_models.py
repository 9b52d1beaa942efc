"""Rows, filters, exchanges and frames, without a terminal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from evtui.events import CanFrame, OcppMessage, as_json
from evtui.tui.models.detail import exchange_blocks
from evtui.tui.models.exchanges import BYTES_MAX, OcppLog
from evtui.tui.models.facts import answer_status, fact
from evtui.tui.models.filter import FilterError, RowFilter
from evtui.tui.models.frames import FrameLog
from evtui.tui.models.identifiers import IdTable
from evtui.tui.models.store import RowStore
from evtui.tui.models.text import clean, cut, fit, number
from evtui.violations import Violation
from tests.tui.fake_lab import FakeLab

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


class Line:
    """The least a store takes."""

    def __init__(self, text: str) -> None:
        self.key = -1
        self.text = text


def store_of(*texts: str, capacity: int = 100) -> RowStore[Line]:
    store: RowStore[Line] = RowStore(capacity)
    for text in texts:
        store.append(Line(text))
    store.publish()
    return store


def visible(store: RowStore[Line]) -> list[str]:
    return [store.row(position).text for position in range(len(store))]


def ocpp_log(lab: FakeLab) -> OcppLog:
    log = OcppLog()
    log.feed(event for event in lab.events.take() if isinstance(event, OcppMessage))
    log.store.publish()
    return log


def message(**fields: Any) -> OcppMessage:
    defaults: dict[str, Any] = {
        "seq": 1,
        "station": "CP1",
        "sender": "charge_point",
        "phase": "delivered",
        "kind": "call",
        "uid": "1",
        "action": "Heartbeat",
        "body": as_json(fields.pop("payload", {})),
    }
    return OcppMessage(**(defaults | fields))


# Text


@given(st.text(st.characters(codec=None, categories=("Cc", "Cf", "Cs", "Lu"))))
def test_nothing_a_terminal_obeys_survives_cleaning(text: str) -> None:
    cleaned = clean(text)
    assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in cleaned)
    cleaned.encode("utf-8")


@given(st.text(), st.integers(0, 40))
def test_fitted_text_is_exactly_as_wide_as_asked(text: str, width: int) -> None:
    assert cell_len(fit(clean(text), width)) == width


def test_a_cut_text_says_so() -> None:
    assert cut("SetChargingProfile", 8) == "SetChar…"
    assert cut("電流電流", 4) == "電…"


def test_numbers_lose_an_idle_decimal() -> None:
    assert (number(98.84), number(100.0)) == ("98.8", "100")


# Filter


def test_plain_text_is_found_anywhere_without_regard_to_case() -> None:
    assert RowFilter("setch")("→ SetChargingProfile")
    assert not RowFilter("a.c")("abc")


def test_a_regex_stands_between_slashes_and_the_last_may_be_missing() -> None:
    assert RowFilter("/^a.c$/")("abc")
    assert RowFilter("/^a.c$")("abc")


@pytest.mark.parametrize(
    "text",
    ["/(a+)+$/", "/(?:a|b)*c/", "/(x{2}){3}/", "/.*.*.*.*x/", "/[/", "/(/", "/a{99999999999}/"],
)
def test_a_regex_that_is_malformed_or_may_never_end_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        RowFilter(text)


@pytest.mark.parametrize("text", ["/[(+*)]+ A/", r"/\(x\)+/", "/(?i:set|meter)/", "/tx \\d+$/"])
def test_an_ordinary_regex_is_taken(text: str) -> None:
    RowFilter(text)


@given(st.text(min_size=1), st.text())
def test_no_filter_breaks_on_any_text(text: str, row: str) -> None:
    try:
        row_filter = RowFilter(text)
    except FilterError:
        return
    row_filter(row)


# Store


def test_rows_appended_become_visible_when_published() -> None:
    store = store_of("a")
    store.append(Line("b"))
    assert (visible(store), store.pending) == (["a"], 1)
    store.publish()
    assert (visible(store), store.pending) == (["a", "b"], 0)


def test_a_full_store_drops_the_oldest_and_counts_it() -> None:
    store = store_of("a", "b", "c", capacity=2)
    assert (visible(store), store.dropped) == (["b", "c"], 1)


def test_a_key_keeps_its_row_when_the_oldest_leave() -> None:
    store = store_of("a", "b", "c", capacity=3)
    key = store.row(2).key
    store.append(Line("d"))
    store.publish()
    assert store.row(store.position(key)).text == "c"


@given(st.lists(st.sampled_from(["x", "y"]), max_size=30), st.integers(1, 10))
def test_a_filtered_store_shows_exactly_the_rows_that_match(texts: list[str], size: int) -> None:
    store: RowStore[Line] = RowStore(size)
    store.set_filter(RowFilter("x"))
    for text in texts:
        store.append(Line(text))
        store.publish()
    assert visible(store) == [text for text in texts[-size:] if text == "x"]
    for position in range(len(store)):
        assert store.position(store.row(position).key) == position


def test_a_row_that_changes_enters_and_leaves_a_filtered_list() -> None:
    store = store_of("a", "b", "c")
    row = store.row(1)
    store.set_filter(RowFilter("rejected"))
    row.text = "b rejected"
    store.touch(row)
    store.publish()
    assert visible(store) == ["b rejected"]
    row.text = "b"
    store.touch(row)
    store.publish()
    assert visible(store) == []


# Facts and exchanges


@given(st.sampled_from(["SetChargingProfile", "MeterValues", "GetConfiguration"]), JSON, JSON)
def test_no_payload_breaks_the_fact(action: str, call: Any, answer: Any) -> None:
    assert isinstance(fact(action, call, answer), str)
    assert isinstance(answer_status(answer), str)


@pytest.mark.parametrize(
    ("action", "call", "answer", "expected"),
    [
        ("RemoteStopTransaction", {"transactionId": 7}, None, "tx 7"),
        ("StatusNotification", {"connectorId": 1, "status": "Charging"}, {}, "1 Charging"),
        (
            "StatusNotification",
            {"connectorId": 1, "status": "Faulted", "errorCode": "GroundFailure"},
            {},
            "1 Faulted GroundFailure",
        ),
        ("StopTransaction", {"meterStop": 22, "reason": "Remote"}, {}, "Remote 22 Wh"),
        ("StopTransaction", {"meterStop": 0}, {}, "Local 0 Wh"),
        ("BootNotification", {}, {"status": "Accepted", "interval": 10}, "Accepted 10 s"),
        ("ChangeConfiguration", {"key": "A", "value": "1"}, None, "A 1"),
        (
            "MeterValues",
            {
                "meterValue": [
                    {
                        "sampledValue": [
                            {"value": "400", "measurand": "Voltage", "unit": "V"},
                            {"value": "98.84", "measurand": "Current.Import"},
                        ]
                    }
                ]
            },
            {},
            "98.8 A",
        ),
    ],
)
def test_the_fact_is_the_one_that_matters(
    action: str, call: Any, answer: Any, expected: str
) -> None:
    assert fact(action, call, answer) == expected


def test_both_ends_views_and_the_answer_are_one_exchange() -> None:
    lab = FakeLab()
    lab.call("central_system", "Reset", {"type": "Hard"}, {"status": "Accepted"}, latency=0.002)
    log = ocpp_log(lab)
    assert len(log.store) == 1
    exchange = log.store.row(0)
    assert (exchange.arrow, exchange.fact, exchange.glyph) == ("→", "Hard", "✓")
    assert exchange.latency_text == "2 ms"
    assert len(exchange.seqs) == 4


def test_a_refusal_carries_its_word_and_its_glyph() -> None:
    lab = FakeLab()
    lab.call("central_system", "Reset", {"type": "Hard"}, {"status": "Rejected"})
    exchange = ocpp_log(lab).store.row(0)
    assert (exchange.glyph, exchange.fact) == ("✗", "Hard Rejected")


def test_an_unanswered_request_is_pending() -> None:
    lab = FakeLab()
    lab.call("charge_point", "Heartbeat", {})
    exchange = ocpp_log(lab).store.row(0)
    assert (exchange.arrow, exchange.glyph, exchange.latency_text) == ("←", "…", "")


def test_a_request_whose_connection_goes_is_no_longer_waited_for() -> None:
    log = OcppLog()
    log.feed([message(uid="a"), message(uid="b", seq=2, station="CP2")])
    log.lose("CP1")
    log.store.publish()
    first, second = log.store.row(0), log.store.row(1)
    assert (first.glyph, first.fact) == ("!", "no answer: connection lost")
    assert second.glyph == "…"


def test_a_peer_that_uses_an_id_again_gets_a_new_row() -> None:
    log = OcppLog()
    log.feed([message(), message(sender="central_system", kind="result"), message()])
    log.store.publish()
    assert [log.store.row(i).glyph for i in range(2)] == ["✓", "…"]


def test_both_ends_may_use_the_same_id_at_once() -> None:
    log = OcppLog()
    log.feed([message(), message(sender="central_system", action="Reset")])
    log.store.publish()
    assert [log.store.row(i).arrow for i in range(2)] == ["←", "→"]


def test_a_callerror_says_its_code() -> None:
    log = OcppLog()
    log.feed([message(), message(sender="central_system", kind="error", error="NotImplemented")])
    log.store.publish()
    exchange = log.store.row(0)
    assert (exchange.glyph, exchange.fact) == ("!", "NotImplemented")


def test_texts_that_are_no_ocpp_are_one_row_each() -> None:
    log = OcppLog()
    wrong = message(kind="invalid", uid="", action="", error="not JSON", detail="\x1b[2J")
    log.feed([wrong, wrong])
    log.store.publish()
    assert len(log.store) == 2
    assert log.store.row(0).fact == r"not JSON: \x1b[2J"
    assert log.store.row(0).title == "not OCPP"


def test_a_broken_text_and_the_callerror_that_answers_it_are_one_row_every_time() -> None:
    log = OcppLog()
    for seq in (7, 9):  # both unreadable: their answers have the same id
        log.feed(
            [
                message(seq=seq, kind="invalid", uid="-1", action="", error="FormationViolation"),
                message(
                    seq=seq + 1,
                    sender="central_system",
                    phase="sent",
                    kind="error",
                    uid="-1",
                    action="",
                    cause=seq,
                ),
            ]
        )
    log.store.publish()
    assert [len(log.store.row(n).messages) for n in range(len(log.store))] == [2, 2]


def test_a_message_altered_on_the_way_is_marked() -> None:
    log = OcppLog()
    log.feed(
        [
            message(phase="sent", action="Reset", payload={"type": "Soft"}),
            message(action="Reset", payload={"type": "Hard"}),
        ]
    )
    log.store.publish()
    assert log.store.row(0).fact == "≠ Soft → Hard"


def test_a_violation_that_was_tolerated_is_marked_and_told_in_the_detail() -> None:
    log = OcppLog()
    told = "x: a field too many\x1b[2J (left out)"
    log.feed(
        [
            message(action="Reset", sender="central_system", payload={"type": "Soft"}),
            message(seq=2, action="Reset", kind="result", payload={"status": "Accepted"}),
            message(seq=3, uid="2", violation=Violation("", told, kind="tolerated")),
            message(seq=4, uid="2", kind="result", sender="central_system"),
        ]
    )
    log.store.publish()
    assert [log.store.row(n).glyph for n in (0, 1)] == ["✓", "✓"]
    assert log.store.row(0).fact == "Soft"
    assert log.store.row(1).fact.startswith("§")
    blocks = exchange_blocks(log.store.row(1), log, FrameLog(), lambda t: t)
    assert "violation   § x: a field too many" in blocks[0].text
    assert "\x1b" not in blocks[0].text


def test_a_full_log_forgets_dropped_exchanges_wholly() -> None:
    log = OcppLog(capacity=1)
    log.feed([message(seq=1), message(seq=2, uid="2")])
    log.store.publish()
    assert log.exchange_of(1) is None
    assert log.exchange_of(2) is log.store.row(0)


def test_a_log_of_huge_messages_is_bounded_in_bytes_too() -> None:
    log = OcppLog()
    payload = {"vendorId": "x", "data": "x" * 1_000_000}
    for seq in range(1, 201):
        log.feed([message(seq=seq, uid=str(seq), action="DataTransfer", payload=payload)])
    log.store.publish()
    assert len(log.store) == BYTES_MAX // 1_000_000
    assert log.exchange_of(200) is log.store.row(len(log.store) - 1)
    assert log.exchange_of(100) is None
    log.feed([message(seq=n, uid=str(n)) for n in range(201, 401)])  # small ones fit beside them
    log.store.publish()
    assert 200 < len(log.store) <= 216


# Frames


def frame(t: float, arbitration_id: int = 0x300, data: bytes = b"\0\0", **more: Any) -> CanFrame:
    return CanFrame(
        seq=round(t * 1000) + 1,
        t=t,
        station="CP1",
        bus="CP1/can",
        node="module",
        arbitration_id=arbitration_id,
        data=data,
        **more,
    )


def test_counters_move_once_a_second_and_data_at_once() -> None:
    table = IdTable()
    table.feed([frame(0.0)])
    table.publish(0.0)
    table.feed([frame(0.1, data=b"\5\0")])
    table.publish(0.1)
    assert (table.row(0).count, table.row(0).data_text) == (1, "05 00")
    table.publish(1.0)
    assert table.row(0).count == 2


def test_a_changed_byte_is_marked_for_a_second() -> None:
    table = IdTable()
    table.feed([frame(0.0), frame(0.1, data=b"\5\0")])
    table.publish(0.1)
    assert table.row(0).changed(0.5) == {0}
    assert table.row(0).changed(1.2) == frozenset()


def test_known_frames_are_decoded_and_unknown_ones_are_called_so() -> None:
    log = FrameLog()
    log.feed([frame(0.0, data=b"\x62\0"), frame(0.1, 0x18FF50E5, extended=True)])
    log.store.publish()
    assert log.store.row(0).text == "CP1 300 Current module 62 00 98 A"
    assert log.store.row(1).text == "CP1 18FF50E5 unknown module 00 00"


def test_the_frames_a_message_caused_are_found() -> None:
    lab = FakeLab()
    cause = lab.call("central_system", "Reset", {"type": "Hard"}, {"status": "Accepted"})
    seq = lab.frame(0x200, cause=cause)
    log = FrameLog()
    log.feed(event for event in lab.events.take() if isinstance(event, CanFrame))
    log.store.publish()
    assert [row.frame.seq for row in log.caused_by(frozenset((cause,)))] == [seq]
    assert log.frame_of(cause) is None
