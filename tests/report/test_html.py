from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.report.html import Html, table, tag
from evtui.report.numbers import ampere, energy, moment, plain, span
from tests.report.page_reader import Page


@given(st.text())
def test_text_never_becomes_markup(text: str) -> None:
    page = Page(tag("p", text, title=text))
    assert page.tags == {"p": 1}
    assert page.open == []


def test_markup_made_here_stays_markup() -> None:
    assert tag("p", tag("b", "1 < 2"), None, Html("<br>")) == "<p><b>1 &lt; 2</b><br></p>"


def test_attributes_may_be_words_of_python_and_may_be_missing() -> None:
    assert tag("a", "x", class_="y", aria_label='"', id=None) == (
        '<a class="y" aria-label="&quot;">x</a>'
    )


def test_what_no_page_may_contain_is_shown_as_an_escape() -> None:
    assert tag("p", "a\0\x1b\ud800b\tc") == r"<p>a\x00\x1b\ud800b c</p>"


def test_a_table_has_headings_for_columns_and_rows() -> None:
    page = Page(table("what", ("name", "n"), [("a", 1), ("b", 2)], "en"))
    assert page.values("scope") == ["col", "col", "row", "row"]
    assert page.rows == [["name", "n"], ["a", "1"], ["b", "2"]]
    assert page.values("class").count("number") == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (moment(12.34), "12.3 s"),
        (moment(4520.0), "4,520.0 s (1:15:20)"),
        (moment(None, "still on"), "still on"),
        (span(16.08), "16.1 s"),
        (span(725), "12 min 5 s"),
        (span(600), "10 min"),
        (span(86400), "24 h"),
        (span(None), "–"),
        (energy(223.4), "223 Wh"),
        (energy(12_345), "12.3 kWh"),
        (energy(None), "–"),
        (ampere(98.76), "98.8 A"),
        (ampere(None), "–"),
        (plain(True), "yes"),
        (plain(0.448), "0.448"),
        (plain(100.0), "100"),
        (plain(["can", "ocpp"]), "can, ocpp"),
        (plain({"count": 4, "window_s": 60.0}), "count 4, window_s 60"),
        (plain([]), "–"),
        (plain(""), "–"),
        (plain(None), "–"),
    ],
)
def test_numbers_have_units_and_no_more_digits_than_needed(text: str, expected: str) -> None:
    assert text == expected
