"""What is typed and what is pasted, told apart by how much comes at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.tui.keyboard import END, START, STILL_PASTING, TYPED, Typing

TEXT = "the quick brown fox, q y\r and on"
MOUSE = "\x1b[<35;10;10M"


@pytest.mark.parametrize(
    "keys",
    [
        "q",
        "\r\r",
        ":help\r",
        "g1:55\r",
        "]]] ",
        "x" * TYPED,
        "\x1b",
        "\x1b[A" * 40,
        "\x1b[1;2C" * 40,
        "\x1bOP" * 40,
        MOUSE * 100,
        "\x1b[97;;97u" * 40,
        "\x1b[M !a\x1b[M !a" * 10,
        f"{START}{TEXT}{END}q",
        "\x1b[?2026;2$y\x1b[?2048;0$y",
    ],
    ids=repr,
)
def test_what_a_person_or_the_terminal_sends_stays_as_it_is(keys: str) -> None:
    assert Typing().sort_out(keys, 1.0) == keys


@pytest.mark.parametrize("text", [TEXT, "q" * (TYPED + 1), "\r\n" * 20, "ü\x03\x11" * 9], ids=repr)
def test_text_that_comes_at_once_is_pasted(text: str) -> None:
    assert Typing().sort_out(text, 1.0) == f"{START}{text}{END}"


def test_the_rest_of_a_text_is_pasted_however_short_and_keys_after_it_are_keys() -> None:
    typing = Typing()
    typing.sort_out(TEXT, 1.0)
    assert typing.sort_out("q", 1.05) == f"{START}q{END}"
    assert typing.sort_out("q", 1.05 + STILL_PASTING + 0.01) == "q"


def test_keys_between_pasted_text_stay_keys() -> None:
    sorted_out = Typing().sort_out(f"{TEXT}\x1b[A{TEXT}{MOUSE}", 1.0)
    assert sorted_out == f"{START}{TEXT}{END}\x1b[A{START}{TEXT}{END}{MOUSE}"


@pytest.mark.parametrize("cut", range(1, len(TEXT), 5))
def test_a_paste_in_brackets_that_comes_in_pieces_stays_as_it_is(cut: int) -> None:
    typing, whole = Typing(), f"{START}{TEXT}{END}"
    cut += len(START)
    pieces = [typing.sort_out(piece, 1.0) for piece in (whole[:cut], whole[cut:])]
    assert "".join(pieces) == whole
    assert typing.sort_out("q", 1.0) == "q"


@given(st.text(st.sampled_from("aq\r\x1b[M<0;~O \u00e9"), max_size=60), st.booleans())
def test_nothing_is_lost_and_nothing_is_made_up(text: str, after: bool) -> None:
    typing = Typing()
    if after:
        typing.sort_out(TEXT, 0.95)
    assert typing.sort_out(text, 1.0).replace(START, "").replace(END, "") == text
