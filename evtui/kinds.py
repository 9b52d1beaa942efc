"""What the value of a setting may be, and how it is written on a command line.

A kind describes itself, so that help and error messages cannot disagree with the check.
"""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from evtui.can_addresses import parse_can_address
from evtui.escaping import for_terminal
from evtui.nearest import did_you_mean
from evtui.origins import normal_origin
from evtui.redaction import SecretUrl, hide

__all__ = [
    "CanIdentifier",
    "Choice",
    "CiString",
    "EndpointUrl",
    "HexBytes",
    "HostPort",
    "Identities",
    "IdentityText",
    "Integer",
    "Name",
    "NameList",
    "Number",
    "OriginNames",
    "PathText",
    "Payload",
    "Switch",
    "Text",
    "Unfit",
    "ValueKind",
    "Words",
    "is_loopback",
    "number",
    "quoted",
    "split_host_port",
]

LARGEST_INTEGER = 2**63 - 1  # what TOML promises to hold

T_co = TypeVar("T_co", covariant=True)


class Unfit(ValueError):
    """Why a value is none of its kind: the value as it may be shown, the reason, the way out."""


def quoted(text: str) -> str:
    """A text as an error line shows it: shortened, and before that without secrets."""
    text = hide(text)
    return f'"{text}"' if len(text) <= 60 else f'"{text[:60]}…" ({len(text)} characters)'


def number(value: float) -> str:
    """Digits of a number: ``100`` for 100.0, no exponent where none is needed."""
    if isinstance(value, int):
        return str(value)
    rounded = f"{value:.9f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else ""
    return rounded if rounded and float(rounded) == value else float.__repr__(value)


class ValueKind(ABC, Generic[T_co]):
    """What a value may be.

    Attributes:
        metavar: stands for the value in the help.
        expected: completes "expected ...".
        limits: short form of the constraint for the help, empty where metavar says it all.
        unit: unit of the value, empty for none.
        several: True for several values with ``separator`` between them; such an option may be
            used several times.
        separator: stands between them in one text.
    """

    metavar = "TEXT"
    limits = ""
    unit = ""
    several = False
    separator = ","
    expected: str

    def read(self, text: str) -> object:
        """The value that TOML would have given; raises ValueError for text that is none."""
        return text

    @abstractmethod
    def check(self, value: object) -> T_co:
        """``value`` in its final type.

        Raises:
            ValueError: it is not what is expected; :class:`Unfit` where that says too little.
        """

    def schema(self) -> dict[str, Any]:
        """A JSON Schema to which everything conforms that :meth:`check` takes.

        Its patterns mean the same in Python and in ECMA 262, where ``\\w`` is ASCII alone.
        """
        return {}


class Switch(ValueKind[bool]):
    """On or off; a setting has two options on the command line, and no text."""

    expected = "true or false"

    def read(self, text: str) -> object:
        return {"true": True, "false": False}.get(text.strip().lower(), text)

    def check(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class Integer(ValueKind[int]):
    """A whole number from ``low`` to ``high``, both included."""

    metavar = "N"

    def __init__(self, low: int, high: int = LARGEST_INTEGER, unit: str = "") -> None:
        self.low, self.high, self.unit = low, high, unit
        top = "2^63-1" if high == LARGEST_INTEGER else high
        self.limits = f"{low} to {top} {unit}".rstrip()
        self.expected = f"an integer from {self.limits}"

    def read(self, text: str) -> object:
        return int(text)

    def check(self, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError
        if not self.low <= value <= self.high:
            raise ValueError
        return value

    def schema(self) -> dict[str, Any]:
        high = {} if self.high == LARGEST_INTEGER else {"maximum": self.high}
        return {"type": "integer", "minimum": self.low, **high}


class CanIdentifier(Integer):
    """An arbitration identifier; written as people do, 0x210, or as a number."""

    metavar = "ID"

    def __init__(self, bits: int = 11) -> None:
        super().__init__(0, (1 << bits) - 1)
        self.limits = f"0 to {self.high:#x}"
        self.expected = f"a CAN identifier from {self.limits}"

    def read(self, text: str) -> object:
        return int(text, 0)


class HexBytes(ValueKind[str]):
    """Bytes as hexadecimal text, with or without blanks between them."""

    metavar = "HEX"

    def __init__(self, most: int) -> None:
        self._most = most
        self.limits = f"at most {most} bytes"
        self.expected = f'{self.limits} in hexadecimal, such as "64 00"'

    def check(self, value: object) -> str:
        """See :class:`ValueKind`; returns it without blanks."""
        if not isinstance(value, str):
            raise ValueError
        data = bytes.fromhex(value)
        if len(data) > self._most:
            raise ValueError
        return data.hex()

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": rf"^\s*([0-9A-Fa-f]{{2}}\s*){{0,{self._most}}}$"}


class Number(ValueKind[float]):
    """A finite number from ``low`` to ``high``, both included; TOML may write it as integer."""

    metavar = "N"
    noun = "a number"

    def __init__(self, low: float, high: float, unit: str = "") -> None:
        self.low, self.high, self.unit = low, high, unit
        self.limits = f"{low:g} to {high:g} {unit}".rstrip()
        self.expected = f"{self.noun} from {self.limits}"

    def read(self, text: str) -> object:
        return float(text)

    def check(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError
        if not self.low <= value <= self.high:  # not-a-number fails this too
            raise ValueError
        return float(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.low, "maximum": self.high}


class Choice(ValueKind[Any]):
    """One of several names, such as the strings of a ``Literal`` type."""

    metavar = "NAME"

    def __init__(self, *names: str) -> None:
        self.names = names
        self.limits = ", ".join(names)
        self.expected = f"one of {self.limits}"

    def check(self, value: object) -> Any:
        """See :class:`ValueKind`; a name that is none gets the nearest one.

        A name of digits may be given as a number, as it stands in a file.
        """
        if type(value) is int and str(value) in self.names:
            return str(value)
        if not isinstance(value, str):
            raise ValueError
        if value not in self.names:
            raise Unfit(f"{quoted(value)}{did_you_mean(value, self.names)}")
        return value

    def schema(self) -> dict[str, Any]:
        return {"enum": [*self.names]}


class Text(ValueKind[str]):
    """Printable characters, so that no value can move the cursor of a terminal or a log."""

    alphabet = "printable"

    def __init__(self, low: int, high: int) -> None:
        self._low, self._high = low, high
        self.limits = f"{low} to {high}" if low else f"at most {high}"
        self.expected = f"{self.limits} {self.alphabet} characters"

    def check(self, value: object) -> str:
        if not isinstance(value, str) or not value.isprintable():
            raise ValueError
        if not self._low <= len(value) <= self._high:
            raise ValueError
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": self._low, "maxLength": self._high}


class IdentityText(Text):
    """A charge point identity: the last segment of a path, so it must not be blank.

    OCPP-J 1.6 section 3.1.1 gives it no length; 48 is that of OCPP 2.0.1 part 4 section 3.1.1.
    """

    def __init__(self) -> None:
        super().__init__(1, 48)
        self.expected = f"{self.limits} printable characters, not blank"

    def check(self, value: object) -> str:
        """See :class:`Text`; refuses blanks."""
        text = super().check(value)
        if not text.strip():
            raise ValueError
        return text


class Identities(ValueKind[tuple[str, ...]]):
    """Charge point identities: a list, or one text with commas between them."""

    metavar = "NAME,NAME"
    several = True
    expected = "charge point identities such as CP1,CP2, each 1 to 48 printable characters"

    def read(self, text: str) -> object:
        return [name.strip() for name in text.split(",")]

    def check(self, value: object) -> tuple[str, ...]:
        names = self.read(value) if isinstance(value, str) else value
        if not isinstance(names, list | tuple):
            raise ValueError
        return tuple(map(IdentityText().check, names))


class CanInterfaces(ValueKind[tuple[str, ...]]):
    """CAN interfaces of python-can's: a list, or one text with blanks between them."""

    metavar = "[NAME=]INTERFACE:CHANNEL"
    several = True
    separator = " "
    expected = "CAN interfaces such as slcan:/dev/ttyACM0@500000 or CP2=socketcan:can1"

    def read(self, text: str) -> object:
        return text.split()

    def check(self, value: object) -> tuple[str, ...]:
        """See :class:`ValueKind`; refuses with the reason, and two for one charge point."""
        texts = self.read(value) if isinstance(value, str) else value
        if not isinstance(texts, list | tuple) or not texts:
            raise ValueError
        found: dict[str, str] = {}
        for text in texts:
            if not isinstance(text, str):
                raise ValueError
            try:
                address = parse_can_address(text)
            except ValueError as error:
                raise Unfit(f"{quoted(text)}: {error}") from None
            if address.station in found:
                whose = address.station or "the charge point"
                raise Unfit(f"{quoted(text)}: {whose} has an interface already")
            found[address.station] = str(address)
        return tuple(found.values())


class OriginNames(ValueKind[tuple[str, ...]]):
    """Origins of web pages (RFC 6454): a list, or one text with commas between them."""

    metavar = "ORIGIN,ORIGIN"
    several = True
    expected = "origins such as http://localhost:3000,https://example.org, without a path, or null"

    def read(self, text: str) -> object:
        return [origin.strip() for origin in text.split(",")]

    def check(self, value: object) -> tuple[str, ...]:
        origins = self.read(value) if isinstance(value, str) else value
        if not isinstance(origins, list | tuple) or not all(
            isinstance(each, str) for each in origins
        ):
            raise ValueError
        return tuple(map(normal_origin, origins))


class HostPort(ValueKind[str]):
    """An address to listen on, ``127.0.0.1:9000`` or ``[::1]:9000``; a port alone is loopback's."""

    metavar = "HOST:PORT"
    expected = "HOST:PORT such as 127.0.0.1:9000 or [::1]:9000, the port from 0 to 65535"

    def check(self, value: object) -> str:
        """See :class:`ValueKind`; the value has both parts."""
        if not isinstance(value, str) or not value.isprintable() or len(value) > 300:
            raise ValueError
        host, port = split_host_port(value)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split_host_port(value: str) -> tuple[str, int]:
    """Host, without brackets, and port of an address; without a host that is 127.0.0.1.

    Raises:
        ValueError: it is none.
    """
    host, colon, port = value.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if bracketed:
        host = host[1:-1]
    if not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise ValueError
    if (":" in host) != bracketed or (colon and not host) or any(map(str.isspace, host)):
        raise ValueError
    return host or "127.0.0.1", int(port)


def is_loopback(host: str) -> bool:
    """True for an address that only this machine reaches, and the name it has there."""
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class PathText(Text):
    """Where something is written: a file, a folder, or another place by its name."""

    def __init__(self, metavar: str, noun: str) -> None:
        super().__init__(1, 4096)
        self.metavar, self.limits = metavar, ""
        self.folder = metavar == "DIR"
        self.expected = f"{noun}, printable and at most 4096 characters long"

    def check(self, value: object) -> str:
        """See :class:`Text`; takes a path as well."""
        return super().check(os.fspath(value) if isinstance(value, os.PathLike) else value)


class CiString(Text):
    """OCPP 1.6 ed. 2 section 2.2: printable ASCII only; lengths in sections 7.15 to 7.17."""

    alphabet = "printable ASCII"

    def check(self, value: object) -> str:
        text = super().check(value)
        if not text.isascii():
            raise ValueError
        return text

    def schema(self) -> dict[str, Any]:
        return super().schema() | {"pattern": "^[ -~]*$"}


class Name(ValueKind[str]):
    """A name as files and labels have it: no blanks, and a letter or digit first."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self._form = re.compile(rf"\w[\w.-]{{0,{longest - 1}}}")
        self.limits = f"at most {longest}"
        self.expected = f"{self.limits} letters, digits, dots, _ and -"

    def check(self, value: object) -> str:
        if not isinstance(value, str) or not self._form.fullmatch(value):
            raise ValueError
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest, "pattern": r"^[^\s.-]\S*$"}


class NameList(ValueKind[tuple[str, ...]]):
    """A few names in their order: a list, or one text with commas between them."""

    metavar = "NAME,NAME"
    several = True

    def __init__(self, most: int, longest: int) -> None:
        self._most, self._each = most, Name(longest)
        self.limits = f"at most {most}"
        self.expected = f"{self.limits} names with commas between them"

    def read(self, text: str) -> object:
        return [name.strip() for name in text.split(",")]

    def check(self, value: object) -> tuple[str, ...]:
        names = self.read(value) if isinstance(value, str) else value
        if not isinstance(names, list | tuple) or len(names) > self._most:
            raise ValueError
        return tuple(map(self._each.check, names))


class Words(ValueKind[str]):
    """Any text; what separates its words becomes one blank."""

    expected = "a text"

    def check(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError
        return " ".join(value.split())

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


class Payload(ValueKind[dict[str, Any]]):
    """Fields of an OCPP message by their names."""

    metavar = "JSON"
    expected = "a mapping of names to values"

    def check(self, value: object) -> dict[str, Any]:
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise ValueError
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "object"}


class EndpointUrl(ValueKind[str]):
    """An OCPP-J endpoint URL (OCPP-J 1.6 section 3.1.1), whatever of it can ever work.

    ``{id}`` in path or query, as often as it stands there, is the charge point identity; without
    it ``/<identity>`` is appended, which needs a URL that ends with its path.
    """

    metavar = "URL"
    expected = "a URL such as ws://host:9000/path or wss://host/{id}/path"

    def check(self, value: object) -> str:
        """See :class:`ValueKind`; refuses with the reason and the way out."""
        if not isinstance(value, str):
            raise ValueError
        url = value.given if isinstance(value, SecretUrl) else value
        if reason := _why_no_endpoint(url):
            raise Unfit(f'"{_without_credentials(url)}": {reason}')
        return value


def _why_no_endpoint(value: str) -> str:
    """Why no station can ever connect to ``value``, and what to do; empty where one can."""
    from urllib.parse import unquote, urlsplit

    if not value.isprintable() or any(map(str.isspace, value)):
        return "blanks and control characters must be percent-encoded, as in %20"
    try:
        url = urlsplit(value)
        host = url.hostname or ""
        host.encode("idna")
    except ValueError:
        return "its host is no host name and no address"
    if url.scheme not in ("ws", "wss"):
        return "it must begin with ws:// or wss://"
    if not host:
        return "it has no host"
    try:
        if url.port == 0:
            raise ValueError
    except ValueError:
        return "its port must be a number from 1 to 65535; / ? # in a password are %2F %3F %23"
    if "#" in value:
        return "a fragment (#) is never sent; leave it out, a # that is meant is %23"
    place = value.replace("{id}", "")
    if "{" in place or "}" in place or "{id}" in url.netloc:
        return "{id} is for path and query, and the only thing in braces"
    if "?" in value and place == value:
        return "nothing can be appended behind a query; put {id} where the identity belongs"
    if url.username is not None:
        try:
            user = unquote(url.username, errors="strict")
            unquote(url.password or "", errors="strict")
        except UnicodeDecodeError:
            return "what is percent-encoded in user and password must be UTF-8"
        if ":" in user:
            return "a user must not contain a colon (RFC 7617 section 2)"
    return ""


def _without_credentials(value: str) -> str:
    """``value`` for an error line, short, harmless and without what may be a password.

    Whoever forgot to percent-encode one has / ? # in it, so all up to the last @ is hidden; and
    a query may hold a token.
    """
    before, at, after = value.rpartition("@")
    scheme, sign, _ = before.partition("//")
    shown = f"{scheme}{sign}***@{after}" if at and sign else f"***@{after}" if at else value
    address, mark, query = shown.partition("?")
    shown = f"{address}?***" if query else address + mark
    shown = for_terminal(shown)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"
