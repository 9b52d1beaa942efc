"""Names that an object has twice."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.ocppj.duplicates import names_given_twice
from evtui.ocppj.framing import parse


def twice(payload: str) -> str:
    """What is told of a call with that payload."""
    return parse(f'[2,"q","Heartbeat",{payload}]').twice


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ('{"a":1,"a":2}', '"a": 1, then "a": 2: twice in one object'),
        ('{"a" : 1 , "a" : 2}', '"a": 1, then "a": 2: twice in one object'),
        ('{"a"\n:1,"b":2,"a"\t:3}', '"a": 1, then "a": 3: twice in one object'),
        ('{"\\u0061":1,"a":"x"}', '"a": 1, then "a": "x": twice in one object'),
        ('{"b":[{"a":1,"a":1}]}', '"a": 1, then "a": 1: twice in one object'),
        ('{"a":1,"a":2,"a":3}', '"a": 1, then "a": 3: 3 times in one object'),
        ('{"a":{"b":":"},"a":null}', '"a": {"b": ":"}, then "a": null: twice in one object'),
        ('{"a":1,"a":2,"b":"\\u0022:"}', '"a": 1, then "a": 2: twice in one object'),
        ('{"":1,"":2}', '"": 1, then "": 2: twice in one object'),
    ],
)
def test_a_name_given_twice_is_told_with_its_values(payload: str, told: str) -> None:
    assert twice(payload) == told


@pytest.mark.parametrize(
    "payload",
    [
        "{}",
        '{"a":1,"b":{"a":1}}',
        '{"a":[{"a":1},{"a":1}]}',
        '{"a":"\\"a\\":1","b":":","c":" :"}',
        '{"a" :1,"A":2}',
        '{"a\\\\":1,"a":2}',
    ],
)
def test_names_given_once_are_not_told(payload: str) -> None:
    assert twice(payload) == ""


@pytest.mark.parametrize("kind", ['[3,"q",{p}]', '[4,"q","GenericError","",{p}]'])
def test_answers_and_errors_are_looked_at_too(kind: str) -> None:
    assert parse(kind.replace("{p}", '{"a":1,"a":2}')).twice


def test_of_many_names_and_long_values_only_the_beginning_is_told() -> None:
    names = ",".join(f'"n{n}":1,"n{n}":"{"x" * 1000}"' for n in range(5_000))
    told = names_given_twice(f"{{{names}}}")
    assert told.endswith("; and 4997 more")
    assert len(told) < 500


Pairs = st.recursive(
    st.none() | st.text(alphabet='a": \\', max_size=4) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(st.sampled_from(["a", "b", ":", 'q"']), inner), max_size=3).map(tuple)
    ),
    max_leaves=8,
)
"""JSON in which an object is a tuple of pairs, so that it can have a name twice."""


def written(value: Any, gap: str) -> str:
    if isinstance(value, tuple):
        fields = (f"{json.dumps(name)}{gap}:{gap}{written(part, gap)}" for name, part in value)
        return "{" + ",".join(fields) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(part, gap) for part in value) + "]"
    return json.dumps(value)


def repeats(value: Any) -> bool:
    if isinstance(value, tuple):
        names = [name for name, _ in value]
        return len(set(names)) < len(names) or any(repeats(part) for _, part in value)
    return isinstance(value, list) and any(map(repeats, value))


@given(Pairs, st.sampled_from(["", " ", "\n"]))
def test_a_repeated_name_is_found_wherever_it_is_and_however_it_is_written(
    value: Any, gap: str
) -> None:
    text = f'[3,"q",{written(value, gap)}]'
    assert bool(parse(text).twice) == repeats(value)
    assert bool(parse(text.encode()).twice) == repeats(value)
    assert parse(text).payload == (msgspec.json.decode(text)[2] or {}) or not value
