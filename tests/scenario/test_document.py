"""YAML as plain data: which line everything stands on, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.scenario.language.document import DEEPEST, child, parse
from evtui.scenario.language.mistakes import ScenarioError


def mistake(text: str) -> str:
    """The one line that ``text`` gives."""
    with pytest.raises(ScenarioError) as caught:
        parse(text, "f.yaml").mistakes.raise_all()
    return str(caught.value)


def test_every_value_has_the_line_of_its_key() -> None:
    document = parse("a: 1\nb:\n\n  - x: 2\n    y:\n      - 3\n", "f.yaml")
    assert document.data == {"a": 1, "b": [{"x": 2, "y": [3]}]}
    lines = {"": 1, "a": 1, "b": 2, "b[0]": 4, "b[0].x": 4, "b[0].y": 5, "b[0].y[0]": 6}
    assert document.lines == lines


def test_an_alias_stands_for_a_copy_with_the_lines_of_its_anchor() -> None:
    document = parse("a: &x {k: [1]}\nb: *x\n", "f.yaml")
    assert document.data == {"a": {"k": [1]}, "b": {"k": [1]}}
    assert document.data["a"] is not document.data["b"]
    assert (document.lines["b"], document.lines["b.k"]) == (2, 1)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1),
        ("-12", -12),
        ("0x210", 0x210),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("text", "text"),
        ("2s", "2s"),
        ("64 00", "64 00"),
        ("0009", "0009"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T08:00:00Z", "2026-01-01T08:00:00Z"),
        ('"1:30"', "1:30"),
        ("'on'", "on"),
        ("|-\n  12", "12"),
    ],
)
def test_a_word_is_what_json_knows(written: str, value: object) -> None:
    read = parse(f"a: {written}", "f.yaml").data["a"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    "word", ["on", "Off", "yes", "NO", "1:30", "1:30:00", "0100", "1_000", "0b1", "-0x1", "00.5"]
)
def test_a_word_that_two_versions_of_yaml_read_differently_is_refused(word: str) -> None:
    assert mistake(f"x: 1\na: {word}").startswith(f"f.yaml:2: a: {word} is ")
    assert "in quotes" in mistake(f"{word}: 1")


@pytest.mark.parametrize(
    ("word", "duration"), [("1:30", "1m30s"), ("1:02:03", "1h02m03s"), ("1:30.5", "1m30.5s")]
)
def test_of_a_time_on_a_clock_it_is_told_how_the_duration_is_written(
    word: str, duration: str
) -> None:
    assert f"write {duration} for a duration, or put it in quotes" in mistake(f"wait: {word}")


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a: 1\nb: 2\na: 3", 3, 'duplicate key "a", first on line 1'),
        ("a:\n  - {x: 1, x: 2}", 2, 'a[0]: duplicate key "x"'),
        ("a: &x\n  - *x", 2, "a[0]: *x contains itself, so it never ends"),
        ("a: &x {b: &y [*x]}", 1, "*x contains itself"),
        ("a: *x", 1, "no &x before it"),
        ("a: !!python/object:os.system x", 1, "tags such as !!python/object:os.system are not"),
        ("a: !!str 5", 1, "tags such as !!str"),
        ("a: !x {}", 1, "tags such as !x"),
        ("---\na: 1\n---\nb: 1", 3, "a second document begins"),
        ("<<: {a: 1}", 1, "merge keys (<<) are not taken"),
        ("a: .inf", 1, "expected a finite number, got .inf"),
        ("a: -.INF", 1, "expected a finite number"),
        ("a: .nan", 1, "expected a finite number"),
        ("a: 1e999", 1, "expected a finite number"),
        ("a: " + "9" * 5000, 1, "at most 64 bits"),
        ("a: 9223372036854775808", 1, "at most 64 bits"),
        ("1: a", 1, "expected text as key, got 1; put it in quotes"),
        ("? [1]\n: a", 1, "expected text as key, got a list or a mapping"),
        ("&x a: 1", 1, "a key takes no tag and no anchor"),
        ("a: &x b\n*x : 1", 2, "expected text as key, got an alias"),
        ('a: "\\e[2J"', 1, "control characters are not taken"),
        ("a: 1\n\x1b", 2, "the character U+001B"),
        ("a: 1\n\x00", 2, "the character U+0000"),
        ("", 1, "the file is empty"),
        ("# nothing\n---\n", 1, "the file is empty"),
        ("- a", 1, "expected a mapping"),
        ("just words", 1, 'expected a mapping such as schema: evtui.scenario/1, got "just words"'),
        ("a: [1", 1, "not valid YAML"),
        ("a: b: c", 1, "not valid YAML: mapping values are not allowed"),
        ("a: b: c", 1, "; put a text with a colon in it in quotes, and look at the indentation"),
        ("a:\n\t- b", 2, "; indent with spaces, not with a tab"),
        ("a:\n\xa0 b: 1", 2, "a no-break space in it, as text copied from a page has"),
        ("a: {b: ${c}}", 1, "put ${...} in quotes inside { } and [ ]"),
        ("a: " + "[" * 500, 1, f"more than {DEEPEST} levels"),
    ],
)
def test_a_document_that_cannot_be_used_says_where_and_why(text: str, line: int, part: str) -> None:
    found = mistake(text)
    assert found.startswith(f"f.yaml:{line}: ")
    assert part in found
    assert found.isprintable()


def test_aliases_that_multiply_are_stopped_before_they_take_memory() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert "more than 50,000 values, aliases expanded" in mistake("\n".join(rows))


def test_aliases_that_nest_are_stopped_at_the_same_depth_as_lists() -> None:
    rows = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 60))]
    assert f"more than {DEEPEST} levels" in mistake("\n".join(rows))


def test_the_place_of_an_endless_key_is_cut() -> None:
    assert child("a", "k" * 1000) == "a." + "k" * 60 + "…"


PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z")), max_size=8)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | PRINTABLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PRINTABLE, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(PRINTABLE, VALUES, min_size=1, max_size=4))
@settings(deadline=None, max_examples=60)
def test_json_is_read_as_json(data: dict[str, Any]) -> None:
    assert parse(json.dumps(data, ensure_ascii=False), "f.yaml").data == data


@given(st.text(st.sampled_from(" \n-:[]{}&*!|>'\"%@#,?abc123.$~\t<=_é\x00\x85"), max_size=60))
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    said = "f.yaml:"
    try:
        parse(text, "f.yaml").mistakes.raise_all()
    except ScenarioError as error:
        said = str(error)
    assert said.isprintable()
    assert said.startswith("f.yaml:")
