"""A scenario as it is recorded: the same document, but for the values that are hidden."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from evtui.recording.format.yaml_text import rewritten, values_in
from evtui.recording.write.redaction import Redactor
from evtui.redaction import is_secret_name

KNOWN = "s3cret: #1"
NAMES = ["password", "api_key", "note", "key", "value", "default", "ümlaut", "a#b", "inputs"]
TEXTS = st.one_of(
    st.sampled_from([KNOWN, f"it is {KNOWN}!", "AuthorizationKey", "${password}", "x: y", "#", ""]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20),
    st.lists(st.sampled_from(["one", "  two", "# no comment", ""]), max_size=4).map("\n".join),
)
LEAVES = st.one_of(TEXTS, st.integers(-99, 99), st.booleans(), st.none())
DOCUMENTS = st.dictionaries(
    st.sampled_from(NAMES),
    st.recursive(
        LEAVES,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
        ),
        max_leaves=12,
    ),
    min_size=1,
)
STYLES = st.fixed_dictionaries(
    {
        "sort_keys": st.just(False),
        "default_style": st.sampled_from([None, '"', "'", "|", ">"]),
        "default_flow_style": st.sampled_from([True, False, None]),
        "allow_unicode": st.booleans(),
        "width": st.sampled_from([8, 80]),
    }
)


def leaves(data: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves(value, (*place, key))
    else:
        yield place, data


def commented(text: str) -> str:
    """With a comment in front of and behind it."""
    return f"# password: {KNOWN}\n{text}# the end: password=\n# x\n"


@given(DOCUMENTS, STYLES, st.booleans())
def test_what_is_recorded_is_the_same_document_but_for_hidden_values(
    data: dict[str, Any], style: dict[str, Any], mark: bool
) -> None:
    text = "\ufeff" * mark + commented(yaml.safe_dump(data, **style))
    shown = Redactor(secrets=[KNOWN]).scenario(text)
    assert KNOWN not in shown
    before, after = (list(leaves(yaml.safe_load(each))) for each in (text, shown))
    assert [place for place, _ in before] == [place for place, _ in after]
    secrets = {KNOWN} | {old for place, old in before if _is_secret(place) and old}
    for (place, old), (_, new) in zip(before, after, strict=True):
        if new != old:
            assert "***" in new
            assert _is_secret(place) or any(secret in old for secret in map(str, secrets))
        elif any(map(is_secret_name, filter(_is_text, place))) and place[0] != "inputs":
            assert old in (None, "", True, False) or "${" in str(old)


def _is_secret(place: tuple[Any, ...]) -> bool:
    return any(is_secret_name(name) or name == "value" for name in filter(_is_text, place))


def _is_text(name: object) -> bool:
    return isinstance(name, str)


@given(DOCUMENTS, STYLES)
def test_where_nothing_is_hidden_no_character_changes(
    data: dict[str, Any], style: dict[str, Any]
) -> None:
    text = commented(yaml.safe_dump(data, **style))
    assert rewritten(text, lambda value: None, lambda comment: comment) == text


@given(DOCUMENTS, STYLES)
def test_every_value_stands_where_it_is_said_to_stand(
    data: dict[str, Any], style: dict[str, Any]
) -> None:
    text = yaml.safe_dump(data, **style)
    new = rewritten(text, lambda value: "n:\u2028\x85\U0001f600\n", lambda comment: comment)
    assert {value for _, value in leaves(yaml.safe_load(new))} <= {"n:\u2028\x85\U0001f600\n"}
    assert len(values_in(text)) == len(list(leaves(data)))


SPECS = [
    "inputs: {api_key: {type: string, default: hunter22, description: of the CSMS}}",
    "inputs:\n  api_key:\n    type: string\n    default: hunter22 # no hunter22\n"
    "    description: of the CSMS\n",
    "inputs:\n  api_key:\n    type: string\n    default: |\n      hunter22\n"
    "    description: of the CSMS\n",
    "inputs:\n  api_key:\n    type: string\n    default: &it 'hunter22'\n"
    "    description: of the CSMS\nnote: *it\n",
]


@pytest.mark.parametrize("text", SPECS)
def test_of_an_input_only_its_value_is_hidden(text: str) -> None:
    shown = Redactor().scenario(text)
    assert "hunter22" not in shown
    spec = yaml.safe_load(shown)["inputs"]["api_key"]
    assert spec == {"type": "string", "default": "***", "description": "of the CSMS"}


def test_what_an_alias_brings_to_the_place_of_a_secret_is_hidden_where_it_stands() -> None:
    shown = Redactor().scenario("a: &it hunter22\nwith: {password: *it}\n")
    assert yaml.safe_load(shown) == {"a": "***", "with": {"password": "***"}}


def test_no_key_of_a_comment_is_recorded() -> None:
    text = "# -----BEGIN PRIVATE KEY-----\n# MIIEow\n# -----END PRIVATE KEY-----\na: 1\n"
    assert Redactor().scenario(text) == "# ***\na: 1\n"


def test_what_is_no_yaml_is_a_text() -> None:
    assert Redactor().scenario("a: [password: x") == "a: [password: ***"


def test_aliases_that_multiply_are_no_yaml_to_us() -> None:
    lines = ["a0: &a0 [x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)
    ]
    with pytest.raises(yaml.YAMLError):
        values_in("\n".join(lines))
    with pytest.raises(yaml.YAMLError):
        values_in("a: &a [*a]")
