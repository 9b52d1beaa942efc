"""Inputs: what they may be, and where they are put."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.scenario.language.inputs import read, substitute
from evtui.scenario.language.mistakes import Mistakes, ScenarioError
from evtui.scenario.language.model import Duration, Input

AMPERES = Input(type="float", unit="A", min=0, max="500 A")
WHOLE = Input(type="int", unit="A")
TIME = Input(type="duration", min="1s", max="2min")
TAG = Input(type="string", choices=["TAG1", "TAG2"])
FLAG = Input(type="bool")


@pytest.mark.parametrize(
    ("spec", "given_value", "value"),
    [
        (AMPERES, "100", 100.0),
        (AMPERES, "100A", 100.0),
        (AMPERES, " 100 A ", 100.0),
        (AMPERES, 100, 100.0),
        (AMPERES, "1e2", 100.0),
        (WHOLE, "16", 16),
        (WHOLE, "16 A", 16),
        (WHOLE, "0x10", 16),
        (WHOLE, -3, -3),
        (TIME, "1500ms", 1.5),
        (TIME, Duration(90), 90.0),
        (TAG, "TAG2", "TAG2"),
        (FLAG, "true", True),
        (FLAG, False, False),
    ],
)
def test_a_value_takes_the_type_of_its_input(
    spec: Input, given_value: object, value: object
) -> None:
    typed = read(spec, given_value)
    assert typed == value
    assert isinstance(typed, type(value))


@pytest.mark.parametrize(
    ("spec", "given_value", "message"),
    [
        (AMPERES, "100 kW", 'expected a number in A, at least 0, at most 500, got "100 kW"'),
        (AMPERES, "501", 'expected a number in A, at least 0, at most 500, got "501"'),
        (AMPERES, "-1", 'expected a number in A, at least 0, at most 500, got "-1"'),
        (AMPERES, "inf", 'expected a number in A, at least 0, at most 500, got "inf"'),
        (AMPERES, True, "expected a number in A, at least 0, at most 500, got true"),
        (WHOLE, "1.5", 'expected a whole number in A, got "1.5"'),
        (WHOLE, 1.5, "expected a whole number in A, got 1.5"),
        (TIME, "5 A", 'expected a duration such as 90, 500ms, 1m or 1h30m, got "5 A"'),
        (TIME, "3min", 'at least 1s, at most 120s, got "3min"'),
        (TAG, "TAG3", 'expected TAG1 or TAG2, got "TAG3"'),
        (TAG, 5, "expected TAG1 or TAG2, got 5"),
        (Input(type="string"), "a\x1b[2J", "expected text, got"),
        (FLAG, "yes", 'expected true or false, got "yes"'),
        (FLAG, None, "expected true or false, got nothing"),
    ],
)
def test_a_value_that_does_not_fit_says_what_would(
    spec: Input, given_value: object, message: str
) -> None:
    with pytest.raises(ValueError, match=r"^expected ") as caught:
        read(spec, given_value)
    assert message in str(caught.value)


VALUES: dict[str, Any] = {
    "n": 2,
    "amperes": 100.0,
    "share": 0.25,
    "time": Duration(1.5),
    "tag": "TAG1",
    "flag": True,
}


def put_in(data: Any) -> Any:
    """``data`` with the values in; a mistake is raised."""
    mistakes = Mistakes("f.yaml", {"": 1, "a": 7})
    result = substitute(data, VALUES, "", mistakes)
    mistakes.raise_all()
    return result


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${n}", 2),
        ("${amperes}", 100.0),
        ("${time}", Duration(1.5)),
        ("${tag}", "TAG1"),
        ("${flag}", True),
        ("${n}s", "2s"),
        ("from ${amperes} A for ${time}", "from 100 A for 1.5s"),
        ("${flag} ${share} ${tag}", "true 0.25 TAG1"),
        ("$${n}", "${n}"),
        ("a $${ and $ and {n}", "a ${ and $ and {n}"),
        ("$n", "$n"),
    ],
)
def test_a_reference_becomes_its_value(text: str, value: object) -> None:
    result = put_in({"a": [text]})["a"][0]
    assert (result, type(result)) == (value, type(value))


def test_below_with_a_duration_is_a_plain_number_of_seconds() -> None:
    result = put_in({"with": {"wait_1_s": ["${time}"]}})["with"]["wait_1_s"][0]
    assert (result, type(result)) == (1.5, float)


def test_a_note_of_nothing_but_a_number_is_text() -> None:
    assert put_in({"note": "${n}", "mark": "${time}"}) == {"note": "2", "mark": "1.5s"}


@pytest.mark.parametrize(
    ("data", "part"),
    [
        ({"a": "${amprs}"}, "a: ${amprs}: no such input; did you mean amperes?"),
        ({"a": "x ${} y"}, "a: ${}: no such input; known: n, amperes"),
        ({"a": "${ n }"}, "no such input; did you mean n?"),
        ({"a": "${n"}, "${ without }; for the text itself write $${"),
        ({"a": {"${n}": 1}}, "${...} cannot stand in a key"),
    ],
)
def test_a_reference_to_nothing_is_a_mistake_with_its_line(data: Any, part: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        put_in(data)
    assert str(caught.value).startswith("f.yaml:7: ")
    assert part in str(caught.value)


WITHOUT_DOLLAR = st.text(st.characters(exclude_characters="$", exclude_categories=["C"]))


@given(WITHOUT_DOLLAR, st.sampled_from(sorted(VALUES)), WITHOUT_DOLLAR)
def test_only_the_reference_changes(before: str, name: str, after: str) -> None:
    alone = put_in([f" ${{{name}}}"])[0].removeprefix(" ")
    if before or after:
        assert put_in([f"{before}${{{name}}}{after}"]) == [f"{before}{alone}{after}"]


@given(WITHOUT_DOLLAR)
def test_an_escaped_reference_is_never_replaced(text: str) -> None:
    assert put_in([f"{text}$${{n}}{text}"]) == [f"{text}${{n}}{text}"]


@given(st.recursive(st.integers() | WITHOUT_DOLLAR, lambda inner: st.lists(inner, max_size=3)))
def test_what_contains_no_reference_stays(data: Any) -> None:
    assert put_in(data) == data
