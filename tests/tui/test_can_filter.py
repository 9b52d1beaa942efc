"""Filters for CAN: what each term holds for, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.events import CanFrame
from evtui.tui.models.can_filter import CanFilter
from evtui.tui.models.filter import FilterError
from evtui.tui.models.frames import FrameLine


def line(
    arbitration_id: int = 0x300, data: bytes = b"\x64\0", *, injected: str = "", **more: Any
) -> FrameLine:
    facts: dict[str, Any] = {"station": "CP1", "bus": "CP1/can", "node": "module"}
    return FrameLine(CanFrame(arbitration_id=arbitration_id, data=data, **facts | more), injected)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("300", True),
        ("301", False),
        ("id=300", True),
        ("id=0x300", True),
        ("id=210,300", True),
        ("300:7F0", True),
        ("30F:7F0", True),
        ("310:7F0", False),
        ("id=310:7F0,200:600", True),
        ("00000300", False),
        ("name=curr", True),
        ("name=limit", False),
        ("node=MOD", True),
        ("bus=cp2", False),
        ("injected", False),
        ("!injected", True),
        ("!300", False),
        ("!node=charge", True),
        ("300 node=mod", True),
        ("300 node=charge", False),
        ("100 A", True),
        ("64 00", True),
        ("current", True),
        ("/^CP1 300 .* 100 A$", True),
        ("/node=/", False),
        ("node=mod 100 A", True),
        ("node=mod 99 A", False),
    ],
)
def test_a_term_holds_for_what_it_says(text: str, holds: bool) -> None:
    assert CanFilter(text).matches(line()) is holds


def test_an_identifier_of_eight_digits_has_29_bits() -> None:
    row = line(0x18FF50E5, extended=True)
    assert CanFilter("18FF50E5").matches(row)
    assert CanFilter("18FF0000:1FFF0000").matches(row)
    assert not CanFilter("0E5").matches(row)


def test_what_an_anomaly_has_sent_is_found() -> None:
    assert CanFilter("injected").matches(line(injected="forged-1"))
    assert not CanFilter("!injected").matches(line(injected="forged-1"))


def test_an_error_frame_has_no_identifier() -> None:
    row = line(0x040, error=True)
    assert not CanFilter("040").matches(row)
    assert CanFilter("bus off").matches(row)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id=xyz", "hexadecimal"),
        ("id=", "hexadecimal"),
        ("id=300:", "hexadecimal"),
        ("800", "more than 7FF"),
        ("id=20000000", "more than 1FFFFFFF"),
        ("/(a+)+b", "for ever"),
    ],
)
def test_what_is_no_filter_says_why(text: str, said: str) -> None:
    with pytest.raises(FilterError, match=said):
        CanFilter(text)


@given(st.text(min_size=1, max_size=30))
def test_any_text_is_a_filter_or_says_why_not(text: str) -> None:
    try:
        wanted = CanFilter(text)
    except FilterError:
        return
    assert wanted.matches(line()) in (True, False)


@given(st.integers(0, 0x7FF), st.integers(0, 0x7FF), st.integers(0, 0x7FF))
def test_a_mask_says_which_bits_count(number: int, value: int, mask: int) -> None:
    wanted = CanFilter(f"{value:X}:{mask:X}")
    assert wanted.matches(line(number)) is (number & mask == value & mask)


@given(st.text("0123456789abcdefin!=:, ", min_size=1, max_size=12))
def test_turning_round_a_single_word_turns_the_answer(text: str) -> None:
    word = "".join(text.split())
    try:
        plain, turned = CanFilter(word), CanFilter(f"!{word}")
    except (FilterError, IndexError):
        return
    assert plain.matches(line()) is not turned.matches(line())
