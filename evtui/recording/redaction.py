"""What must not stand in a folder that is published: secrets, and id tags on request.  Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from evtui.events import json_text

__all__ = ["HIDDEN", "Redactor"]

HIDDEN = "***"

_NAME = r"(?:passw(?:or)?d|passphrase|secret|private_?key|authorization_?(?:key|data))"
"""What the name of a secret contains.

AuthorizationKey is the password of a station's HTTP basic authentication (security whitepaper
for OCPP 1.6); AuthorizationData and BasicAuthPassword are other names for it in the field.
"""
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_TAG_NAMES = frozenset({"idtag", "parentidtag"})

_MARKERS = ("passw", "passphrase", "secret", "private", "authorization", "://")
"""A JSON text without any of these, in lower case, holds no secret and is not looked into."""

_URL = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@\"']*):[^\s/\"']*@", re.IGNORECASE)
_KEY_BLOCK = re.compile(
    r"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----).*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL
)

_QUOTE = r"\\?[\"']?"
_IS = rf"{_QUOTE}\s*[:=]\s*"
_VALUE = (
    r"(?:\\?\"(?P<double>[^\"\\]+)|'(?P<single>[^']+)|(?P<bare>(?:\$\{\w+\}|[^\s\"'\\,;}\]])+))"
)
_TO_VALUE = rf"{_QUOTE}[\s,]*{_QUOTE}value{_IS}"
_TO_KEY = rf"\\?[\"']?[\s,]*{_QUOTE}key{_IS}{_QUOTE}\w*{_NAME}"

_SECRETS = (
    # password: x, "authorizationKey": "x", AuthorizationKey=x
    re.compile(rf"{_NAME}\w*{_IS}{_VALUE}", re.IGNORECASE),
    # "key": "AuthorizationKey", "value": "x", as JSON or YAML; and the other way round
    re.compile(rf"{_NAME}\w*{_TO_VALUE}{_VALUE}", re.IGNORECASE),
    re.compile(rf"\bvalue{_IS}{_VALUE}(?={_TO_KEY})", re.IGNORECASE),
)
_TAG = re.compile(rf"\b(?:parent_?)?id_?tag{_IS}{_VALUE}", re.IGNORECASE)
_START = re.compile(rf"\bstart:[ \t]+{_VALUE}")
_REFERENCE = re.compile(r"\$\{(\w+)\}")
_TOKEN = re.compile(r"\w+(?:[-.:]\w+)*")
_WORD = re.compile(r"\w+")

_BARE_STARS = re.compile(r"([:\-][ \t]+|[\[,][ \t]*)\*\*\*(?=[\s,\]}]|\Z)")

_LEARN_FROM = 4
"""Characters from which a secret, once seen, is looked for in texts too."""

_SECRETS_KEPT = 256
"""Newest secrets that are looked for."""


class Redactor:
    """Hides secrets in everything that is recorded.

    Args:
        id_tags: replace id tags also, by ``tag-1``, ``tag-2``, ... in order of appearance.

    Attributes:
        hides: what it hides, in words, for the manifest.
    """

    def __init__(self, *, id_tags: bool = False) -> None:
        self._id_tags = id_tags
        self._pseudonyms: dict[str, str] = {}
        self._secrets: dict[str, None] = {}
        self.hides = ["passwords in URLs", "private keys", "passwords and secrets by name"]
        if id_tags:
            self.hides.append("id tags")

    def learn(self, scenario: str, inputs: Mapping[str, Any]) -> None:
        """Take note of the secrets and id tags that a scenario gets as inputs."""
        for pattern in _SECRETS:
            for match in pattern.finditer(scenario):
                for value in _inputs(match, inputs):
                    self._learn_secret(value)
        for pattern in (_TAG, _START) if self._id_tags else ():
            for match in pattern.finditer(scenario):
                if not _REFERENCE.search(_value(match)):
                    self._pseudonym(_value(match))
                for value in _inputs(match, inputs):
                    self._pseudonym(value)

    def scenario(self, text: str) -> str:
        """The text of a scenario without what is to be hidden; it still is YAML."""
        return _BARE_STARS.sub(rf'\1"{HIDDEN}"', self.text(text))

    def json(self, value: Any) -> str:
        """``value`` as JSON on one line, without what is to be hidden.

        Args:
            value: JSON data, as it is or encoded, or a struct.
        """
        text = json_text(value)
        if not self._id_tags:
            lower = text.lower()
            if not any(marker in lower for marker in _MARKERS):
                return text
        return json_text(self.value(json.loads(text)))

    def value(self, value: Any, name: str = "") -> Any:
        """``value``, a piece of JSON data called ``name``, without what is to be hidden."""
        if isinstance(value, str):
            if self._id_tags and _plain(name) in _TAG_NAMES:
                return self._pseudonym(value)
            # What is called "value" is a measurement or a setting: no word of it is a tag.
            return self._hide(value) if name == "value" else self.text(value)
        if isinstance(value, dict):
            return self._fields(value)
        if isinstance(value, list | tuple):
            return [self.value(item, name) for item in value]
        return value

    def text(self, text: str) -> str:
        """``text``, for people or raw, without what is to be hidden."""
        if not text:
            return text
        text = self._hide(text)
        for pattern in _SECRETS:
            text = pattern.sub(_hide_value, text)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        if self._id_tags:
            text = _TAG.sub(self._rename_value, text)
        if self._pseudonyms:
            text = _TOKEN.sub(self._rename_token, text)
        return text

    def _hide(self, text: str) -> str:
        if "://" in text:
            text = _URL.sub(rf"\1:{HIDDEN}@", text)
        if "PRIVATE KEY" in text:
            text = _KEY_BLOCK.sub(rf"\1{HIDDEN}\2", text)
        return text

    def _fields(self, fields: dict[Any, Any]) -> dict[str, Any]:
        named = fields.get("key")
        is_secret_setting = isinstance(named, str) and _SECRET_NAME.search(named)
        shown: dict[str, Any] = {}
        for key, value in fields.items():
            name = str(key)
            if _SECRET_NAME.search(name) or (is_secret_setting and name == "value"):
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
        if len(value) >= _LEARN_FROM and value != HIDDEN:
            self._secrets[value] = None
            if len(self._secrets) > _SECRETS_KEPT:
                del self._secrets[next(iter(self._secrets))]

    def _pseudonym(self, tag: str) -> str:
        # An IdToken is case-insensitive: OCPP 1.6 ed. 2 section 7.28.
        return self._pseudonyms.setdefault(tag.casefold(), f"tag-{len(self._pseudonyms) + 1}")

    def _rename_value(self, match: re.Match[str]) -> str:
        if _REFERENCE.search(_value(match)):
            return match[0]
        return _with_value(match, self._pseudonym(_value(match)))

    def _rename_token(self, match: re.Match[str]) -> str:
        whole = self._pseudonyms.get(match[0].casefold())
        return whole or _WORD.sub(self._rename_word, match[0])

    def _rename_word(self, match: re.Match[str]) -> str:
        return self._pseudonyms.get(match[0].casefold(), match[0])


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _value(match: re.Match[str]) -> str:
    return match["double"] or match["single"] or match["bare"]


def _with_value(match: re.Match[str], value: str) -> str:
    start, end = match.span(
        "double" if match["double"] else "single" if match["single"] else "bare"
    )
    return match[0][: start - match.start()] + value + match[0][end - match.start() :]


def _hide_value(match: re.Match[str]) -> str:
    return match[0] if _REFERENCE.search(_value(match)) else _with_value(match, HIDDEN)


def _inputs(match: re.Match[str], inputs: Mapping[str, Any]) -> list[str]:
    """Values of the inputs that the matched value refers to."""
    names = _REFERENCE.findall(_value(match))
    return [str(inputs[name]) for name in names if name in inputs]
