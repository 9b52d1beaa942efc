"""What is a secret in a text, for everything that is drawn, written or said.  Pure.

One rule: user and password of a URL, each value of its query and its fragment, credentials of an
``Authorization`` header, private keys, JSON web tokens, and whatever stands behind a name that says
so, as a setting of OCPP (``AuthorizationKey``) or as a field.  It errs on the side of hiding.

A peer writes these texts: each pattern takes time in proportion to their length.

Most of them are compiled when the first text comes that may hold a secret: they take 3 ms, and
``evtui --help`` has none.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Callable, Iterator
from functools import cache
from typing import Self, SupportsIndex

__all__ = [
    "HIDDEN",
    "IS",
    "REFERENCE",
    "VALUE",
    "SecretUrl",
    "hide",
    "is_secret_name",
    "may_hold_secret",
    "named_secrets",
    "reveal",
    "value_of",
    "with_value",
]

HIDDEN = "***"

_NAME = (
    r"(?:passw(?:or)?d|passphrase|passcode|pwd|psk|secret|credential|(?<!id)(?<!id[_-])token"
    r"|(?:private|api|access|shared|auth|authorization)[-_]?key|authorization[-_]?data)"
)
"""What the name of a secret contains.

AuthorizationKey is the password of a station's HTTP basic authentication (security whitepaper
for OCPP 1.6); AuthorizationData and BasicAuthPassword are other names for it in the field.  An
``idToken`` is the name that OCPP 2 has for an id tag.
"""
_WHOLE_NAMES = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})

_MARKERS = {
    "?": ("?",),
    "/": ("://", "\\/"),
    "k": ("key", "token", "psk", "cookie"),
    " ": ("basic ", "bearer ", "digest "),
    "j": ("eyj",),
    "z": ("authorization",),
    "w": ("pwd",),
    "p": ("pass",),
    "c": ("secret", "credential"),
}
"""A text without any of these, in lower case, holds no secret and is not looked into.

One character is looked for first, which takes a tenth of the time: there are few of most of them
in what is recorded twenty times a second.
"""

_MARKS_OF_NAMES = (
    *("key", "token", "psk", "pass", "pwd", "secret", "credential", "authorization"),
)

_QUOTE = r"\\*[\"']?"
IS = rf"{_QUOTE}\s*[:=]\s*"
"""What stands between a name and its value, in JSON, YAML and prose, escaped or not."""

VALUE = (
    r"(?:\\*\"(?P<double>[^\"\\]+)|'(?P<single>[^']+)"
    r"|(?!\*\*\*)(?P<bare>(?:\$\{\w+\}|[^\s\"'\\,;}\]])+))"
)
"""A value: ``"x"``, ``'x'`` or a word."""

_NAMED = rf"{_NAME}\w{{0,20}}"
_VALUE_BEFORE_KEY = (  # bounded: its key is looked for behind each
    r"(?:\\*\"(?P<double>[^\"\\]{1,600})|'(?P<single>[^']{1,600})|(?P<bare>[^\s\"'\\,;}\]]{1,60}+))"
    rf"(?=\\*[\"']?[\s,]*{_QUOTE}key{IS}{_QUOTE}\w{{0,40}}?{_NAME})"
)
_NAMED_VALUES = (
    # password: x, "authorizationKey": "x", AuthorizationKey=x
    rf"{_NAMED}{IS}{VALUE}",
    # "key": "AuthorizationKey", "value": "x", as JSON or YAML; and the other way round
    rf"{_NAMED}{_QUOTE}[\s,]*{_QUOTE}value{IS}{VALUE}",
    rf"\bvalue{IS}{_VALUE_BEFORE_KEY}",
)
REFERENCE = re.compile(r"\$\{(\w+)\}")

_IN_URL = r"(?:[^ \t\r\n\"\\]|\\(?!\"))"  # escaped or not
_USER = r"(:(?:\\?/){2})[^ \t\r\n/?#]*@"
_URL = rf"(:(?:\\?/){{2}})({_IN_URL}+)"
_QUERY = rf"(?<=\?)[\w.%\[\]~-]+={_IN_URL}*"
_QUERY_VALUE = r"=(?!\{id\}(?:[&;#]|\Z))(?:(?!\\u0026)[^&;])+"

_CREDENTIALS = r"[^\s\"'\\,;]+"
_SCHEMES = r"(?:basic|bearer|token|apikey|negotiate|ntlm|hmac)"
_HEADERS = (
    # Those of several parts end with the line.
    r"(\b(?:set-)?cookie:[ \t]*)[^\r\n]+",
    r"(\b(?:digest|aws4-hmac-sha256)[ \t]+)\w+=[^\r\n]+",
    rf"(\bauthorization{IS}{_QUOTE}(?:{_SCHEMES}[ \t]+)?){_CREDENTIALS}",
    r"(\bbearer[ \t]+)(?=[^\s\d]{0,200}\d)[\w.~+/=-]{8,}",
)
_BASIC = r"(\bbasic[ \t]+)([\w+/-]{4,}={0,2})"
_WEB_TOKEN = r"\beyJ[\w-]{5,}\.[\w-]*(?:\.[\w-]*)?"
_KEY_BLOCK = r"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----).*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)"


def may_hold_secret(text: str) -> bool:
    """False where :func:`hide` would find nothing, told a hundred times as fast."""
    lower = text.lower()
    for character, markers in _MARKERS.items():
        if character in lower:
            for marker in markers:
                if marker in lower:
                    return True
    return False


def is_secret_name(name: str) -> bool:
    """True for the name of a field, or of a setting, whose value is nobody's business."""
    return re.search(_NAME, name, re.IGNORECASE) is not None or name.lower() in _WHOLE_NAMES


def hide(text: str) -> str:
    """``text``, for people or raw, with ``***`` in place of each secret.

    >>> hide("ftp://bob:secret@127.0.0.1/a?key=1 is away")
    'ftp://***@127.0.0.1/a?key=*** is away'
    """
    if not may_hold_secret(text):
        return text
    lower = text.lower()
    for markers, pattern, shown in _rules():
        if any(marker in lower for marker in markers):
            text = pattern.sub(shown, text)
    return text


def named_secrets(text: str) -> Iterator[str]:
    """What stands in ``text`` behind the names of secrets."""
    for pattern in _named_values():
        yield from map(value_of, pattern.finditer(text))


def value_of(found: re.Match[str]) -> str:
    """The value that a pattern made with :data:`VALUE` found."""
    return found["double"] or found["single"] or found["bare"]


def with_value(found: re.Match[str], value: str) -> str:
    """What was found, with another value."""
    kind = "double" if found["double"] else "single" if found["single"] else "bare"
    start, end = (place - found.start() for place in found.span(kind))
    return found[0][:start] + value + found[0][end:]


def _hide_value(found: re.Match[str]) -> str:
    """A reference to an input says nothing, and a scenario needs it."""
    return found[0] if REFERENCE.search(value_of(found)) else with_value(found, HIDDEN)


def _hide_in_url(url: str) -> str:
    """What stands behind ``://``, without user, fragment and a query that is one word.

    A token may have slashes, and whoever forgot to percent-encode a password has even ? and # in
    it, which shows where its colon should stand before a port.
    """
    place, _, _ = re.split("([?#]|$)", url, maxsplit=1)
    port = re.split(r"\\?/", place, maxsplit=1)[0].partition(":")[2]
    user_end = (place if port.isdecimal() or not port else url).rfind("@") + 1
    shown = f"{HIDDEN}@{url[user_end:]}" if user_end else url
    place, mark, rest = re.split("([?#]|$)", shown, maxsplit=1)
    return f"{place}{mark}{HIDDEN}" if mark == "#" or (rest and "=" not in rest) else shown


def _hide_basic(found: re.Match[str]) -> str:
    """Credentials in base64 have a colon in them, and words behind "basic" have not."""
    try:
        credentials = a2b_base64(found[2] + "===")
    except ValueError:  # as binascii.Error is
        return found[0]
    return f"{found[1]}{HIDDEN}" if b":" in credentials else found[0]


class SecretUrl(str):
    """A URL that can be shown anywhere: as a text it is what :func:`hide` leaves of it.

    Whoever connects to it asks :func:`reveal`.  It is equal to what it was made of.

    Args:
        url: the whole of it.
        given: the same before a password from elsewhere was put in, to be shown instead.
    """

    __slots__ = ("_given", "_url")
    _given: str
    _url: str

    def __new__(cls, url: str, given: str = "") -> Self:
        if isinstance(url, cls):
            return url
        made = super().__new__(cls, hide(given or url))
        made._url = url
        made._given = given or url
        return made

    @property
    def given(self) -> str:
        """The whole of it as it was given, before a password from elsewhere was put in."""
        return self._given

    @property
    def may_be_written(self) -> bool:
        """True when nothing of what was given is a secret."""
        return self._given == str(self)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Passwords and tokens in it, as a peer may echo them."""
        from urllib.parse import parse_qsl, unquote, urlsplit

        parts = urlsplit(self._url)
        found = [parts.password or "", unquote(parts.password or "")]
        found += [value for name, value in parse_qsl(parts.query) if is_secret_name(name)]
        return tuple(filter(None, found))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self._url == reveal(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._url)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce_ex__(self, _protocol: SupportsIndex) -> tuple[type[str], tuple[str]]:
        if not self.may_be_written or self._url != self._given:
            raise TypeError("a URL with a secret in it is not pickled")
        return type(self), (self._url,)


def reveal(url: str) -> str:
    """The whole of a URL, to connect to it and for nothing else."""
    return url._url if isinstance(url, SecretUrl) else url


_Rule = tuple[tuple[str, ...], re.Pattern[str], str | Callable[[re.Match[str]], str]]


@cache
def _named_values() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(each, re.IGNORECASE) for each in _NAMED_VALUES)


@cache
def _rules() -> tuple[_Rule, ...]:
    """What is looked for where one of some marks stands in the text, and what is shown instead."""
    query_value = re.compile(_QUERY_VALUE)
    in_headers = ("cookie:", "digest ", "aws4-", "authorization", "bearer ")
    headers = [re.compile(each, re.IGNORECASE) for each in _HEADERS]
    return (
        (("://", "\\/"), re.compile(_USER), rf"\1{HIDDEN}@"),
        (("://", "\\/"), re.compile(_URL), lambda found: found[1] + _hide_in_url(found[2])),
        (("?",), re.compile(_QUERY), lambda found: query_value.sub(f"={HIDDEN}", found[0])),
        *((in_headers, each, rf"\1{HIDDEN}") for each in headers),
        (("basic ",), re.compile(_BASIC, re.IGNORECASE), _hide_basic),
        (("eyj",), re.compile(_WEB_TOKEN), HIDDEN),
        (("private key",), re.compile(_KEY_BLOCK, re.DOTALL), rf"\1{HIDDEN}\2"),
        *((_MARKS_OF_NAMES, each, _hide_value) for each in _named_values()),
    )
