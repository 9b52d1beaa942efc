"""What is typed and what is pasted, told apart by how much comes at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.tui.keyboard import END, LINE, START, STILL_PASTING, TYPED, Typing

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


@pytest.mark.parametrize("pieces", [["a" * 30 + "\r"], ["a" * 30, "\r"], ["a" * 30, "b", "c\r"]])
def test_a_line_typed_into_a_field_by_a_program_ends_with_enter(pieces: list[str]) -> None:
    typing = Typing()
    sent = "".join(typing.sort_out(piece, 1.0, in_field=True) for piece in pieces)
    assert sent.endswith(f"{END}\r")
    assert sent.replace(START, "").replace(END, "") == "".join(pieces)


@pytest.mark.parametrize(
    "pieces",
    [
        ["a" * 30 + "\rb\r"],
        ["a" * 30 + "\r", "b" * 30 + "\r"],
        ["a" * (LINE + 1) + "\r"],
        ["a" * 4096, "a" * 100 + "\r"],
        ["\r" * 30],
        ["a" * 30 + "\n\r"],
    ],
)
def test_text_of_several_lines_or_a_long_one_ends_with_none(pieces: list[str]) -> None:
    typing = Typing()
    typing.sort_out(pieces[0], 1.0, in_field=True)
    for piece in pieces[1:]:
        assert typing.sort_out(piece, 1.05, in_field=True) == f"{START}{piece}{END}"
    assert not Typing().sort_out("".join(pieces), 1.0, in_field=True).endswith("\r")


def test_a_line_with_something_of_the_terminal_behind_it_stays_as_it_is() -> None:
    sorted_out = Typing().sort_out(f"{'a' * 30}\r{MOUSE}", 1.0, in_field=True)
    assert sorted_out == f"{START}{'a' * 30}\r{END}{MOUSE}"


def test_a_line_where_no_field_has_the_focus_presses_nothing() -> None:
    assert Typing().sort_out("a" * 30 + "\r", 1.0) == f"{START}{'a' * 30}\r{END}"


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


@given(
    st.text(st.sampled_from("aq\r\x1b[M<0;~O \u00e9"), max_size=60), st.booleans(), st.booleans()
)
def test_nothing_is_lost_and_nothing_is_made_up(text: str, after: bool, in_field: bool) -> None:
    typing = Typing()
    if after:
        typing.sort_out(TEXT, 0.95)
    sorted_out = typing.sort_out(text, 1.0, in_field=in_field)
    assert sorted_out.replace(START, "").replace(END, "") == text
