"""Foreign text on its way to a terminal, a page, a sheet and a Markdown file."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.escaping import for_html, for_json, for_markdown, for_sheet, for_terminal

HOSTILE = {
    "a control sequence": ("\x1b[2J", r"\x1b[2J"),
    "OSC 52": ("\x1b]52;c;AAAA\x07", r"\x1b]52;c;AAAA\x07"),
    "C1": ("\x9b2J", r"\x9b2J"),
    "a line end": ("a\r\nb\tc", r"a\r\nb\tc"),
    "a line separator": ("\u2028\u2029", r"\u2028\u2029"),
    "right to left": ("abc\u202etxt.exe", r"abc\u202etxt.exe"),
    "an isolate": ("\u2066a\u2069", r"\u2066a\u2069"),
    "Arabic letter mark": ("\u061c", r"\u061c"),
    "no width": ("C\u200bP\u200c\u200d1\ufeff", r"C\u200bP\u200c\u200d1\ufeff"),
    "a soft hyphen": ("C\u00adP", r"C\xadP"),
    "a filler": ("\u3164\u115f\uffa0\u2800", r"\u3164\u115f\uffa0\u2800"),
    "a joiner": ("a\u034fb", r"a\u034fb"),
    "a variation": ("a\ufe0f\U000e0101", r"a\ufe0f\U000e0101"),
    "tags": ("\U000e0041", r"\U000e0041"),
    "half a pair": ("\ud83d", r"\ud83d"),
    "a blank that is another": ("a\u00a0b\u3000", r"a\xa0b\u3000"),
    "no character": ("\uffff", r"\uffff"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_terminal_shows_an_escape_for_what_it_would_obey_or_hide(what: str) -> None:
    text, shown = HOSTILE[what]
    assert for_terminal(text) == shown


@pytest.mark.parametrize(
    "text", ["CP1", "Ladesäule 3 · 充電", "zażółć", "e\u0301", "😀", "a  b", ""]
)
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    assert for_terminal(text) == text
    assert for_html(text) == text
    assert for_sheet(text) == text


@given(st.text(st.characters(), max_size=8))
def test_nothing_invisible_is_left_and_a_second_time_changes_nothing(text: str) -> None:
    shown = for_terminal(text)
    kinds = {unicodedata.category(char) for char in shown}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert for_terminal(shown) == shown
    shown.encode()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


@given(st.text(st.characters(), max_size=20))
def test_a_page_shows_the_text_and_no_markup(text: str) -> None:
    page = _Text()
    page.feed(f"<p>{for_html(text)}</p>")
    page.close()
    assert page.tags == ["p"]
    assert page.text == for_terminal(re.sub("[\t\n\r]", " ", text))
    assert not set("<>\"'") & set(for_html(text))


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|' /C calc'!A0",
        "+1+cmd|'x'!A0",
        "-2+3",
        "@SUM(1)",
        " =1+1",
        "\uff1d1+1",
        "\uff20x",
        "-",
        "=",
    ],
)
def test_a_sheet_takes_no_text_for_a_formula(text: str) -> None:
    assert for_sheet(text) == f"'{text}"


@pytest.mark.parametrize("text", ["\t=1", "\r=1", "\n=1", "\u200b=1", "\xa0=1"])
def test_what_stands_in_front_of_a_formula_is_an_escape(text: str) -> None:
    assert for_sheet(text).startswith("\\")


@pytest.mark.parametrize("text", ["-5", "+5", "-1.5e-3", "0", "a=b", "CP-1", "1-2"])
def test_numbers_stay_numbers_in_a_sheet(text: str) -> None:
    assert for_sheet(text) == text


@given(st.text(st.characters(), max_size=20))
def test_a_cell_stays_one_line_of_a_sheet(text: str) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([for_sheet(text), "end"])
    assert out.getvalue().count("\n") == 1
    assert next(csv.reader([out.getvalue()]))[1] == "end"


@given(st.recursive(st.text(st.characters()), lambda each: st.lists(each, max_size=3)))
def test_json_means_the_same_and_hides_nothing(value: object) -> None:
    for text in (json.dumps(value, ensure_ascii=False), json.dumps(value, indent=2)):
        shown = for_json(text)
        assert json.loads(shown) == json.loads(text)
        assert for_terminal(shown.replace("\n", "")) == shown.replace("\n", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("![x](http://a) [b](c)", r"!\[x\](http://a) \[b\](c)"),
        ("a | b", r"a \| b"),
        ("`code` *bold* _it_ ~~no~~", r"\`code\` \*bold\* \_it\_ \~\~no\~\~"),
        ("snake_case-name.yaml", "snake_case-name.yaml"),
        ("# no heading", r"\# no heading"),
        ("- no item", r"\- no item"),
        ("1. no item", r"1\. no item"),
        ("2) no item", r"2\) no item"),
        ("---", r"\---"),
        ("=", r"\="),
        ("3.11.7", "3.11.7"),
        ("-5", "-5"),
        ("2026-11-30", "2026-11-30"),
        ("a\n\n# b\n```\nc", r"a # b \`\`\` c"),
        ("&lt; $x$", r"\&lt; \$x\$"),
        ("\\[", r"\\\["),
        ("\x1b[2J\u202e", r"\\x1b\[2J\\u202e"),
    ],
)
def test_markdown_shows_the_text_and_no_markup(text: str, expected: str) -> None:
    assert for_markdown(text) == expected
