"""What is typed and what is pasted, told apart by how much comes at once, and how fast."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.tui.keyboard import (
    DIFFERENT,
    END,
    ESCAPE,
    HELD,
    LINE,
    RATE,
    START,
    TYPED,
    WAIT,
    Typing,
)

TEXT = "the quick brown fox, q y\r and on"
MOUSE = "\x1b[<35;10;10M"


def sorted_out(text: str, *, in_field: bool = False) -> list[str]:
    """What comes of one read, after which nothing comes."""
    typing = Typing()
    first = typing.sort_out(text, 1.0, in_field=in_field)
    return first + typing.sort_out("", 1.0 + WAIT, in_field=in_field)


def dripped(text: str, size: int, every: float, *, in_field: bool = False) -> str:
    """What comes of a text in pieces of ``size`` characters, one each ``every`` s."""
    typing, now, out = Typing(), 1.0, []
    for place in range(0, len(text), size):
        out += typing.sort_out(text[place : place + size], now, in_field=in_field)
        now += every
    return "".join(out + typing.sort_out("", now + WAIT, in_field=in_field))


def keys_of(out: str) -> str:
    """What stands outside the brackets."""
    return "".join(part.rpartition(END)[2] for part in out.split(START))


@pytest.mark.parametrize(
    "keys",
    [
        "q",
        "\r\r",
        ":help\r",
        "g1:55\r",
        "]]] ",
        "[" * (TYPED + 1),
        "\x1b[A" * 40,
        "\x1b[1;2C" * 40,
        "\x1bOP" * 40,
        "\x1b[P\x1b[[A\x1b[Z\x1b[I\x1b[O",
        MOUSE * 100,
        "\x1b[97;;97u" * 40,
        "\x1b[M !a\x1b[M !a" * 10,
        f"{START}{TEXT}{END}q",
        "\x1b[?2026;2$y\x1b[?2048;0$y",
    ],
    ids=repr,
)
def test_what_a_person_or_the_terminal_sends_stays_as_it_is(keys: str) -> None:
    assert "".join(sorted_out(keys)) == keys


@pytest.mark.parametrize(
    ("keys", "pieces"),
    [
        ("\x1b", [ESCAPE]),
        ("\x1b\r", [ESCAPE, "\r"]),
        ("\x1bb", [ESCAPE, "b"]),
        ("\x1b\x1b", [ESCAPE, ESCAPE]),
        ("\x1b\x1b[A", [ESCAPE, "\x1b[A"]),
        ("\x1b[A\x1bq", ["\x1b[A", ESCAPE, "q"]),
        ("\x1b[", [ESCAPE, "["]),
        ("\x1b[[", [ESCAPE, "[["]),
        ("\x1b[]", [ESCAPE, "[]"]),
        ("\x1b]", [ESCAPE, "]"]),
        ("\x1bO", [ESCAPE, "O"]),
        ("\x1bO0", [ESCAPE, "O0"]),
        ("\x1b\x7f", [ESCAPE, "\x7f"]),
    ],
    ids=repr,
)
def test_escape_and_a_key_that_come_together_are_two_keys(keys: str, pieces: list[str]) -> None:
    assert sorted_out(keys) == pieces


def test_alt_and_backspace_delete_a_word_in_a_field() -> None:
    assert sorted_out("a\x1b\x7fb", in_field=True) == ["a", "\x1b\x7f", "b"]


def test_escape_waits_for_no_more_than_the_next_key() -> None:
    typing = Typing()
    assert typing.sort_out("\x1b", 1.0) == []
    assert typing.sort_out("\r", 1.0 + WAIT / 2) == [ESCAPE, "\r"]
    assert typing.sort_out("\x1b", 2.0) == []
    assert typing.sort_out("", 2.0 + WAIT) == [ESCAPE]
    assert typing.sort_out("\x1b", 3.0) == []
    assert typing.sort_out("[A", 3.0 + WAIT * 2) == [ESCAPE, "[A"]


@pytest.mark.parametrize("whole", ["\x1b[1;2C", "\x1bOP", MOUSE, "\x1b[M !a"], ids=repr)
def test_a_sequence_in_pieces_is_one(whole: str) -> None:
    for cut in range(1, len(whole)):
        typing = Typing()
        assert typing.sort_out(whole[:cut], 1.0) == []
        assert typing.sort_out(whole[cut:], 1.05) == [whole]


@pytest.mark.parametrize(
    "answer", ["\x1b]11;rgb:00/00/00\x07", "\x1bP>|a 1\x1b\\", "\x1b_Gi=1;OK\x1b\\", "\x1b[<0;1"]
)
def test_what_the_terminal_says_unasked_or_by_halves_presses_nothing(answer: str) -> None:
    assert sorted_out(answer) == []


@pytest.mark.parametrize(("size", "every"), [(12, 0.03), (1, 0.03), (3, 0.02), (8, 0.05)])
def test_text_that_drips_presses_a_few_keys_at_most(size: int, every: float) -> None:
    out = dripped(TEXT, size, every)
    assert len({*keys_of(out)}) <= (DIFFERENT if size < 3 else 0)
    assert out.replace(START, "").replace(END, "") == TEXT


def test_text_may_drip_into_a_field_at_any_speed() -> None:
    assert dripped(TEXT, 1, 0.001, in_field=True) == TEXT


def test_fast_hands_and_a_key_that_is_held_press_keys() -> None:
    assert dripped("quick fox jumps", 1, RATE / DIFFERENT * 1.01) == "quick fox jumps"
    assert dripped("]" * 200, 1, 0.01) == "]" * 200
    assert dripped("]-" * 100, 2, 0.02) == "]-" * 100


@pytest.mark.parametrize("text", [TEXT, "q" * (HELD + 1), "\r\n" * 20, "ü\x03\x11" * 9], ids=repr)
def test_text_that_comes_at_once_is_pasted(text: str) -> None:
    assert sorted_out(text) == [f"{START}{text}{END}"]


def test_a_key_held_in_a_field_deletes_and_does_not_enter() -> None:
    assert sorted_out("\x7f" * 30, in_field=True) == ["\x7f" * 30]
    assert sorted_out("a" * 30, in_field=True) == [f"{START}{'a' * 30}{END}"]


def test_the_rest_of_a_text_is_pasted_however_short_and_keys_after_it_are_keys() -> None:
    typing = Typing()
    typing.sort_out(TEXT, 1.0)
    assert typing.sort_out("q", 1.05) == [f"{START}q{END}"]
    assert typing.sort_out("q", 1.05 + WAIT + 0.01) == ["q"]


@pytest.mark.parametrize("pieces", [["a" * 30 + "\r"], ["a" * 30, "\r"], ["a" * 30, "b", "c\r"]])
def test_a_line_typed_into_a_field_by_a_program_ends_with_enter(pieces: list[str]) -> None:
    typing = Typing()
    sent = "".join("".join(typing.sort_out(piece, 1.0, in_field=True)) for piece in pieces)
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
        assert typing.sort_out(piece, 1.05, in_field=True) == [f"{START}{piece}{END}"]
    assert sorted_out("".join(pieces), in_field=True)[-1] != "\r"


def test_a_line_with_something_of_the_terminal_behind_it_stays_as_it_is() -> None:
    out = sorted_out(f"{'a' * 30}\r{MOUSE}", in_field=True)
    assert out == [f"{START}{'a' * 30}\r{END}", MOUSE]


def test_a_line_where_no_field_has_the_focus_presses_nothing() -> None:
    assert sorted_out("a" * 30 + "\r") == [f"{START}{'a' * 30}\r{END}"]


def test_keys_between_pasted_text_stay_keys() -> None:
    out = sorted_out(f"{TEXT}\x1b[A{TEXT}{MOUSE}")
    assert out == [f"{START}{TEXT}{END}", "\x1b[A", f"{START}{TEXT}{END}", MOUSE]


@pytest.mark.parametrize("cut", [*range(1, len(TEXT), 5), *range(len(TEXT), len(TEXT + END))])
def test_a_paste_in_brackets_that_comes_in_pieces_stays_as_it_is(cut: int) -> None:
    typing, whole = Typing(), f"{START}{TEXT}{END}"
    cut += len(START)
    pieces = [*typing.sort_out(whole[:cut], 1.0), *typing.sort_out(whole[cut:], 1.0)]
    assert "".join(pieces) == whole
    assert typing.sort_out("q", 1.0) == ["q"]


@given(
    st.lists(st.text(st.sampled_from("aqs\r\x1b[MO~\u00e9"), max_size=40), max_size=4),
    st.floats(0, 0.3),
    st.booleans(),
)
def test_nothing_is_lost_and_nothing_is_made_up(
    reads: list[str], every: float, in_field: bool
) -> None:
    typing, now, out = Typing(), 1.0, []
    for text in reads:
        out += typing.sort_out(text, now, in_field=in_field)
        now += every
    out += typing.sort_out("", now + WAIT, in_field=in_field)
    assert "".join(out).replace(START, "").replace(END, "") == "".join(reads)
