"""The parts of the check that are pure: numbers without gaps, answers with their calls."""

from __future__ import annotations

from typing import Any, Literal

from hypothesis import given
from hypothesis import strategies as st

from evtui.recording.check.numbering import Numbers
from evtui.recording.check.pairing import Pairing
from evtui.recording.format import MessageRow


@given(st.sets(st.integers(1, 300)))
def test_gaps_are_what_is_missing_between_the_first_and_the_last(seen: set[int]) -> None:
    numbers = Numbers(largest=300)
    assert all(numbers.add(number) for number in seen)
    missing = [number for gap in numbers.gaps() for number in gap]
    assert missing == [
        n for n in range(min(seen, default=1), max(seen, default=0)) if n not in seen
    ]
    assert numbers.missing == len(missing)
    assert all(number in numbers for number in seen)
    assert not any(number in numbers for number in missing)


def test_a_number_that_is_there_or_cannot_be_is_not_taken() -> None:
    numbers = Numbers(largest=10)
    assert numbers.add(10)
    assert [numbers.add(number) for number in (10, 11, 0, -3, 10**30)] == [False] * 5
    assert (numbers.count, numbers.first, numbers.last) == (1, 10, 10)


def row(
    seq: int,
    kind: Literal[2, 3, 4] | None,
    direction: Literal["csms->cp", "cp->csms"] = "csms->cp",
    **fields: Any,
) -> MessageRow:
    values: dict[str, Any] = {
        "t": float(seq),
        "t_utc": "",
        "seq": seq,
        "station": "CP1",
        "connector": None,
        "direction": direction,
        "type": kind,
        "id": "m1",
        "action": "Reset",
        "payload": {},
        "latency": None,
        "error": "",
        "detail": "",
        "cause": None,
        "injected": False,
        "attack_ids": (),
        "seen": "both",
        "link": 1,
        "delivered": None,
    }
    return MessageRow(**(values | fields))


def test_an_answer_comes_from_the_other_side() -> None:
    pairing = Pairing()
    assert pairing.take(1, row(1, 2))
    assert not pairing.take(2, row(2, 3, "csms->cp"))
    assert pairing.take(3, row(3, 3, "cp->csms"))
    assert pairing.open == []


def test_a_second_answer_has_no_call_unless_it_was_injected() -> None:
    pairing = Pairing()
    pairing.take(1, row(1, 2))
    assert pairing.take(2, row(2, 3, "cp->csms"))
    assert not pairing.take(3, row(3, 3, "cp->csms"))
    assert pairing.take(4, row(4, 3, "cp->csms", injected=True))


def test_a_message_that_arrives_late_is_the_same_message() -> None:
    pairing = Pairing()
    pairing.take(1, row(1, 2, seen="sent"))
    assert [call.arrived for call in pairing.open] == [False]
    assert pairing.take(2, row(2, 2, seen="delivered", cause=1))
    assert [call.arrived for call in pairing.open] == [True]
    assert pairing.take(3, row(3, 3, "cp->csms", seen="sent", cause=2))
    assert pairing.take(4, row(4, 3, "cp->csms", seen="delivered", cause=3))
    assert pairing.open == []


def test_a_text_that_is_no_ocpp_may_be_refused() -> None:
    pairing = Pairing()
    assert pairing.take(1, row(1, None, "cp->csms", id="x", action=""))
    assert pairing.take(2, row(2, 4, "csms->cp", id="x"))
    assert pairing.take(3, row(3, None, "cp->csms", id="", action=""))
    assert pairing.take(4, row(4, 4, "csms->cp", id="-1"))


def test_a_lost_link_takes_the_calls_on_it_along() -> None:
    pairing = Pairing()
    pairing.take(1, row(1, 2))
    pairing.take(2, row(2, 2, station="CP2"))
    pairing.lose("CP1", 3.0)
    pairing.take(4, row(4, 2, id="m2"))
    assert [(call.uid, call.lost) for call in pairing.open] == [
        ("m1", True),
        ("m1", False),
        ("m2", False),
    ]


def test_a_call_whose_id_is_used_again_was_given_up() -> None:
    pairing = Pairing()
    pairing.take(1, row(1, 2))
    pairing.take(2, row(2, 2))
    assert [call.line for call in pairing.given_up] == [1]
    assert [call.line for call in pairing.open] == [2]
