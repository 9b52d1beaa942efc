"""What must not stand in a folder that is published: secrets, and id tags on request.  Pure.

In messages and events id tags and secrets are found as decoded values, by the names of their
fields, of every spelling: a peer need not keep to a schema.  Regular expressions are for what has
no fields: raw text of what is no OCPP, notes, comments, and a scenario, which may be no YAML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from evtui.events import CanFrame, Event, Sample, json_text
from evtui.redaction import (
    HIDDEN,
    IS,
    REFERENCE,
    VALUE,
    hide,
    is_secret_name,
    may_hold_secret,
    named_secrets,
    value_of,
    with_value,
)

__all__ = ["HIDDEN", "ID_TAGS", "Redactor", "secret_inputs"]

if TYPE_CHECKING:
    from evtui.recording.format.yaml_text import Value

E = TypeVar("E", bound=Event)
S = TypeVar("S", bound=msgspec.Struct)

_WHO = frozenset({"source", "station", "uid", "part"})
"""Fields of events by which things find each other; they hold no secret."""

_TAG_NAMES = frozenset({"idtag", "parentidtag"})
_TAG = re.compile(rf"\b(?:parent_?)?id_?tag{IS}{VALUE}", re.IGNORECASE)
_START = re.compile(rf"\bstart:[ \t]+{VALUE}")
_TOKEN = re.compile(r"\w+(?:[-.:]\w+)*")
_WORD = re.compile(r"\w+")

_LEARN_FROM = 4
"""Characters from which a secret, once seen, is looked for in texts too."""

_NOTHING = frozenset({HIDDEN, "none", "null", "true", "false"})
"""What stands in the place of a secret that is not there, and in many other places."""

_SECRETS_KEPT = 64
"""Newest secrets that are looked for."""

ID_TAGS = "id tags"
"""In :attr:`Redactor.hides` and so in a manifest: they are hidden."""

LONGEST = 64 * 1024
"""Characters of a text of a peer that are looked through for secrets.

A megabyte takes half a second of everybody's time, so what stands behind them is left out.
"""


class Redactor:
    """Hides secrets in everything that is recorded: by the rule, and those that it has met.

    Args:
        id_tags: replace id tags also, by ``tag-1``, ``tag-2``, ... in order of appearance.
        secrets: what else is never shown, wherever it stands.

    Attributes:
        hides: what it hides, in words, for the manifest.
    """

    def __init__(self, *, id_tags: bool = False, secrets: Iterable[str] = ()) -> None:
        self._id_tags = id_tags
        self._pseudonyms: dict[str, str] = {}
        self._secrets: dict[str, str] = {}  # as text, and as JSON writes it
        self._longest_first: list[str] = []  # both; one may stand in another
        self.hides = [
            "users, passwords and queries in URLs",
            "credentials of HTTP headers",
            "private keys",
            "passwords and secrets by name",
        ]
        for secret in secrets:
            self._learn_secret(secret)
        if id_tags:
            self.hides.append(ID_TAGS)

    def learn(self, scenario: str, inputs: Mapping[str, Any]) -> None:
        """Take note of the secrets and id tags that a scenario gets as inputs."""
        for secret in secret_inputs(scenario, inputs):
            self._learn_secret(secret)
        for pattern in (_TAG, _START) if self._id_tags else ():
            for match in pattern.finditer(scenario):
                if not REFERENCE.search(value_of(match)):
                    self._pseudonym(value_of(match))
                for given in _inputs(value_of(match), inputs):
                    self._pseudonym(given)

    def scenario(self, text: str) -> str:
        """The text of a scenario, in which the values that are to be hidden are others.

        It is the same document but for them.  What is no YAML is a text like any other.
        """
        import yaml

        from evtui.recording.format.yaml_text import rewritten, values_in

        try:
            for value in values_in(text):
                if _is_secret(value) and value.type is str and not REFERENCE.search(value.text):
                    self._learn_secret(value.text)
            return rewritten(text, self._in_scenario, self._comment)
        except yaml.YAMLError:
            return self.text(text)

    def _in_scenario(self, value: Value) -> str | None:
        """What stands in the place of a value of a scenario; None for itself."""
        is_reference = REFERENCE.search(value.text) is not None
        if _is_secret(value) and not is_reference:
            return HIDDEN if value.text and value.type is not type(None) else None
        if value.type is not str:
            return None
        name = value.names[-1] if value.names else ""
        shown = self.text(value.text) if is_reference else self.value(value.text, name)
        return shown if shown != value.text else None

    def _comment(self, comment: str) -> str:
        """Lines that begin with # and still do; what is hidden must not join two of them."""
        if "PRIVATE KEY" in comment:
            return f"# {HIDDEN}"
        return "\n".join(map(self.text, comment.split("\n")))

    def json(self, value: Any) -> str:
        """``value`` as JSON on one line, without what is to be hidden.

        Args:
            value: JSON data, as it is or encoded, or a struct.
        """
        text = json_text(value)
        return json_text(self.value(json.loads(text))) if self._may_hide_in(text) else text

    def event(self, event: E) -> E:
        """``event`` without what is to be hidden; who it is about stays, and so do id tags."""
        if isinstance(event, CanFrame | Sample):
            return event
        text = json_text(event)
        if not may_hold_secret(text) and not self._holds_known(text):
            return event
        shown = {
            name: hidden
            for name in event.__struct_fields__
            if name not in _WHO and (hidden := self._member(event, name)) != getattr(event, name)
        }
        return msgspec.structs.replace(event, **shown) if shown else event

    def struct(self, struct: S) -> S:
        """``struct`` without what is to be hidden, whose fields can hold a text then.

        Itself where there is nothing.
        """
        told = msgspec.to_builtins(struct)
        shown = self.value(told)
        return struct if shown == told else msgspec.convert(shown, type(struct))

    def _member(self, event: Event, name: str) -> Any:
        value = getattr(event, name)
        if isinstance(value, msgspec.Raw):
            return msgspec.Raw(self.json(value).encode())
        if isinstance(value, msgspec.Struct):
            return self.struct(value)
        return self.value(value, name) if isinstance(value, str | dict | list) else value

    def _may_hide_in(self, text: str) -> bool:
        """True where something in a JSON text may have to be hidden."""
        return self._id_tags or may_hold_secret(text) or self._holds_known(text)

    def _holds_known(self, text: str) -> bool:
        """True where a secret that was met stands in a JSON text."""
        return bool(self._secrets) and any(map(text.__contains__, self._secrets.values()))

    def value(self, value: Any, name: str = "") -> Any:
        """``value``, a piece of JSON data called ``name``, without what is to be hidden."""
        if isinstance(value, str):
            if self._id_tags and _plain(name) in _TAG_NAMES:
                return self._pseudonym(value)
            value = self._bounded(value)
            # What is called "value" is a measurement or a setting: no word of it is a tag.
            return self._setting(value) if name == "value" else self.text(value)
        if isinstance(value, dict):
            return self._fields(value)
        if isinstance(value, list | tuple):
            return [self.value(item, name) for item in value]
        return value

    def _bounded(self, text: str) -> str:
        """``text``, the beginning of one that takes too long to be looked through."""
        more = len(text) - LONGEST
        if more <= 0 or not (self._id_tags or may_hold_secret(text)):
            return text
        return f"{text[:LONGEST]}… ({more:,} more characters, which may hold secrets, left out)"

    def text(self, text: str) -> str:
        """``text``, for people or raw, without what is to be hidden."""
        if not text:
            return text
        text = self._hide(text)
        if self._id_tags:
            text = _TAG.sub(self._rename_value, text)
        if self._pseudonyms:
            text = _TOKEN.sub(self._rename_token, text)
        return text

    def _setting(self, value: str) -> str:
        try:
            float(value)
        except ValueError:
            return self._hide(value)
        return value  # a measurement, even if somebody's password is 1000

    def _hide(self, text: str) -> str:
        # What is known goes first: the rule ends at a blank or a quote, where a secret may go on.
        for secret in self._longest_first:
            text = text.replace(secret, HIDDEN)
        return hide(text)

    def _fields(self, fields: dict[Any, Any]) -> dict[str, Any]:
        named = fields.get("key")
        is_secret_setting = isinstance(named, str) and is_secret_name(named)
        shown: dict[str, Any] = {}
        for key, value in fields.items():
            name = str(key)
            if is_secret_name(name) or (is_secret_setting and name == "value"):
                shown[name] = self._secret(value)
            else:
                shown[name] = self.value(value, name)
        return shown

    def _secret(self, value: Any) -> Any:
        if value is None or value == "" or isinstance(value, bool):
            return value  # that there is none is no secret
        if isinstance(value, str):
            self._learn_secret(value)
        return HIDDEN

    def _learn_secret(self, value: str) -> None:
        if len(value) < _LEARN_FROM or value in self._secrets or value.lower() in _NOTHING:
            return
        self._secrets[value] = json_text(value)[1:-1]
        if len(self._secrets) > _SECRETS_KEPT:
            del self._secrets[next(iter(self._secrets))]
        both = {*self._secrets, *self._secrets.values()}
        self._longest_first = sorted(both, key=len, reverse=True)

    def _pseudonym(self, tag: str) -> str:
        # An IdToken is case-insensitive: OCPP 1.6 ed. 2 section 7.28.
        return self._pseudonyms.setdefault(tag.casefold(), f"tag-{len(self._pseudonyms) + 1}")

    def _rename_value(self, match: re.Match[str]) -> str:
        value = value_of(match)
        return match[0] if REFERENCE.search(value) else with_value(match, self._pseudonym(value))

    def _rename_token(self, match: re.Match[str]) -> str:
        whole = self._pseudonyms.get(match[0].casefold())
        return whole or _WORD.sub(self._rename_word, match[0])

    def _rename_word(self, match: re.Match[str]) -> str:
        return self._pseudonyms.get(match[0].casefold(), match[0])


def _is_secret(value: Value) -> bool:
    """Whether it stands in a scenario where a secret does.

    Under the name of an input there is what the input is; only some of that is a value of it.
    """
    names = value.names
    if names[:1] == ("inputs",) and len(names) > 1:
        return is_secret_name(names[1]) and names[2:3] in (("default",), ("choices",))
    if names and names[-1].lower() == "value" and is_secret_name(value.beside):
        return True
    return any(map(is_secret_name, names))


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def secret_inputs(scenario: str, inputs: Mapping[str, Any]) -> list[str]:
    """Values of the inputs whose name says so, and of those that stand where a secret does."""
    named = [
        str(value)
        for name, value in inputs.items()
        if is_secret_name(name) and isinstance(value, str | int) and not isinstance(value, bool)
    ]
    placed = [given for value in named_secrets(scenario) for given in _inputs(value, inputs)]
    return named + placed


def _inputs(value: str, inputs: Mapping[str, Any]) -> list[str]:
    """Values of the inputs that ``value`` refers to."""
    return [str(inputs[name]) for name in REFERENCE.findall(value) if name in inputs]
