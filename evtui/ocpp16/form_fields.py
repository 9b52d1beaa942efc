"""One field of an operation's form: what is typed, and the value it stands for.  Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from evtui.durations import read_duration
from evtui.escaping import for_terminal
from evtui.ocpp16.validation import is_date_time

__all__ = ["FieldKind", "FormError", "FormField", "FormReading", "Path", "read", "write"]

Path = tuple[str, ...]
"""Where a value stands: ``("csChargingProfiles", "stackLevel")``; empty for the whole."""

FieldKind = Literal["text", "URL", "whole number", "number", "choice", "time", "words", "rows"]

EMPTY_TEXT = '""'
"""Typed for a text that is there and empty; a field with nothing in it is left out."""

EMPTY_LIST = ";"
"""Typed for a list that is there and empty."""

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}([.,][0-9]{1,12})?")
_IN_SECONDS = frozenset({"duration", "retryInterval", "startPeriod"})
"""Whole numbers that are seconds, and may be typed as a duration."""


class FormError(ValueError):
    """What was typed cannot be sent, or a payload cannot be typed; the text is one line."""


@dataclass(frozen=True, slots=True)
class ObjectForm:
    """How one object of an array is typed.

    Attributes:
        words: paths of the values that are told by their place.
        named: those told as ``name=value``.
        example: of a whole array.
    """

    words: tuple[Path, ...]
    named: Mapping[str, Path]
    example: str


_ROWS: Mapping[str, ObjectForm] = {
    "chargingSchedulePeriod": ObjectForm(
        (("startPeriod",), ("limit",), ("numberPhases",)), {}, "0 16; 3600 32 3"
    ),
    "localAuthorizationList": ObjectForm(
        (("idTag",), ("idTagInfo", "status")),
        {"parent": ("idTagInfo", "parentIdTag"), "expiry": ("idTagInfo", "expiryDate")},
        "TAG Accepted; TAG2 Blocked parent=GROUP; GONE",
    ),
}

_MEANINGS: Mapping[str, str] = {
    "chargingSchedulePeriod": "each: start in s or as in 1h30m, limit, phases",
    "connectorId": "0 is the whole station, where the operation allows it",
    "duration": "s, or as in 1h30m",
    "expiryDate": "the reservation ends then",
    "localAuthorizationList": "each: id tag, status, parent=, expiry=; a tag alone is removed",
    "minChargingRate": "in the unit of the schedule",
    "retrieveDate": "not fetched before",
    "retryInterval": "s, or as in 1h30m",
    "stackLevel": "the highest one counts",
    "transactionId": "as the central system issued it",
}
"""What a field is about where its name does not say it; units."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One value of a payload.

    Attributes:
        path: where it stands in the payload.
        kind: what it is; ``words`` is a list of texts, ``rows`` one of objects.
        required: it must be given; inside an optional object once anything of that is given.
        group: path of the innermost optional object around it, empty where there is none.
        choices: of a ``choice``.
        longest: most characters of a text, or of each word; None without a bound.
        step: what a number must be a multiple of.
        items: fields of one object of ``rows``.
    """

    path: Path
    kind: FieldKind
    required: bool
    group: Path = ()
    choices: tuple[str, ...] = ()
    longest: int | None = None
    step: float | None = None
    items: tuple[FormField, ...] = ()

    @property
    def name(self) -> str:
        """As OCPP calls it."""
        return self.path[-1]

    @property
    def meaning(self) -> str:
        """What it is about, and its unit; empty where the name says it all."""
        return _MEANINGS.get(self.name, "")

    @property
    def expected(self) -> str:
        """What is to be typed, in a few words."""
        match self.kind:
            case "choice":
                return " or ".join(self.choices)
            case "number":
                return "number" if self.step is None else f"number, steps of {self.step:g}"
            case "text":
                return "text" if self.longest is None else f"text, up to {self.longest}"
            case "time":
                return "now, +1h, ISO 8601"
            case "words":
                return "words with blanks between"
            case "rows":
                return f"entries such as {_ROWS[self.name].example}"
            case _:
                return self.kind

    def read(self, text: str, now: float) -> Any:
        """The value of what was typed.

        Args:
            text: not empty.
            now: Unix time in s, for times relative to it.

        Raises:
            FormError: it is not what is expected.
        """
        return _READERS[self.kind](self, text if self.kind == "text" else text.strip(), now)

    def write(self, value: Any) -> str:
        """What is to be typed for ``value``; what cannot be read is its own text.

        Raises:
            FormError: nothing that can be typed gives ``value``.
        """
        text = self._text(value)
        back: Any = None
        if text and text.isprintable():
            try:
                back = self.read(text, 0.0)
            except FormError:
                back = text
        if back != value or type(back) is bool or type(value) is bool:
            raise FormError(f"{json.dumps(value)[:40]} can be sent as JSON only")
        return text

    def _text(self, value: Any) -> str:
        if isinstance(value, str):
            return value or EMPTY_TEXT
        if not isinstance(value, list):
            return json.dumps(value)
        if self.kind == "words":
            return " ".join(map(str, value)) or EMPTY_LIST
        if self.kind == "rows":
            return "; ".join(self._row_text(each) for each in value) or EMPTY_LIST
        return json.dumps(value)

    def _row_text(self, value: Any) -> str:
        texts = write(self.items, value)
        row = _ROWS[self.name]
        words = [texts.pop(path, "") for path in row.words]
        named = [f"{name}={texts[path]}" for name, path in row.named.items() if path in texts]
        return " ".join(filter(None, (*words, *named)))


# Reading one field


def _text(field: FormField, text: str, now: float) -> str:
    text = "" if text == EMPTY_TEXT else text
    if field.longest is not None and len(text) > field.longest:
        raise FormError(f"{len(text)} characters; at most {field.longest} are allowed")
    return text


def _whole_number(field: FormField, text: str, now: float) -> int:
    if _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if field.name in _IN_SECONDS:
        return _whole_seconds(text)
    raise FormError(f"{_shown(text)} is no whole number")


def _whole_seconds(text: str) -> int:
    try:
        seconds = read_duration(text)
    except ValueError as error:
        raise FormError(for_terminal(str(error))) from None
    if not seconds.is_integer() or abs(seconds) > 10**18:
        raise FormError(f"{_shown(text)} is no whole number of seconds")
    return int(seconds)


def _number(field: FormField, text: str, now: float) -> float:
    if not _NUMBER.fullmatch(text):
        raise FormError(f"{_shown(text)} is no number")
    exact = Decimal(text.replace(",", "."))
    if field.step is not None and exact % Decimal(str(field.step)):
        raise FormError(f"{_shown(text)} is no multiple of {field.step:g}")
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _choice(field: FormField, text: str, now: float) -> str:
    for choice in field.choices:
        if choice.casefold() == text.casefold():
            return choice
    raise FormError(f"{_shown(text)} is none of {', '.join(field.choices)}")


def _time(field: FormField, text: str, now: float) -> str:
    if text.casefold() == "now":
        return _iso(now)
    if text[0] in "+-" and (seconds := _seconds(text)) is not None:
        return _iso(now + seconds)
    if not is_date_time(text):
        example = _iso(now + 3600)
        raise FormError(f"{_shown(text)} is no time; it may be now, +1h30m, -5m or {example}")
    return text


def _seconds(text: str) -> float | None:
    try:
        return read_duration(text)
    except ValueError:
        return None


def _words(field: FormField, text: str, now: float) -> list[str]:
    return [_text(field, word, now) for word in re.split(r"[\s,;]+", text) if word]


def _rows(field: FormField, text: str, now: float) -> list[dict[str, Any]]:
    rows = [row for row in map(str.split, text.split(";")) if row]
    return [_row(field, number, row, now) for number, row in enumerate(rows, 1)]


def _row(field: FormField, number: int, words: list[str], now: float) -> dict[str, Any]:
    row = _ROWS[field.name]
    texts: dict[Path, str] = {}
    places = iter(row.words)
    for word in words:
        name, sign, rest = word.partition("=")
        path: Path | None
        if sign and row.named:
            path, word = row.named.get(name), rest
            if path is None or not rest:
                known = " and ".join(f"{each}=…" for each in row.named)
                raise FormError(f"entry {number}: {_shown(name + sign + rest)} is none of {known}")
        else:
            path = next(places, None)
            if path is None:
                raise FormError(f"entry {number}: {_shown(word)} is too much; as in {row.example}")
        texts[path] = word
    reading = read(field.items, texts, now)
    for problem in reading.problems.values():
        raise FormError(f"entry {number}: {problem}")
    return reading.payload


_READERS: Mapping[FieldKind, Callable[[FormField, str, float], Any]] = {
    "text": _text,
    "URL": _text,
    "whole number": _whole_number,
    "number": _number,
    "choice": _choice,
    "time": _time,
    "words": _words,
    "rows": _rows,
}


def _shown(text: str) -> str:
    text = for_terminal(text)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _iso(unix: float) -> str:
    """As OCPP 1.6 section 3.14 recommends: UTC, with a Z."""
    try:
        moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(unix))
    except OverflowError:
        raise FormError("that is too far from now") from None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# Many fields


@dataclass(frozen=True, slots=True)
class FormReading:
    """What was made of what was typed.

    Attributes:
        payload: in camel case; what could not be read stands in it as it was typed.
        problems: one line for each field that is wrong, at the empty path for the whole; when
            there are none, the payload conforms to the schema.
    """

    payload: dict[str, Any]
    problems: Mapping[Path, str]


def read(wanted: tuple[FormField, ...], texts: Mapping[Path, str], now: float) -> FormReading:
    payload: dict[str, Any] = {}
    problems: dict[Path, str] = {}
    given = [field for field in wanted if _is_given(field, texts)]
    for field in wanted:
        if field in given:
            text = texts[field.path]
            try:
                value = field.read(text, now)
            except FormError as error:
                value = text
                problems[field.path] = f"{field.name}: {error}"
            _put(payload, field.path, value)
        elif field.required and (not field.group or any(_within(field, each) for each in given)):
            problems[field.path] = f"{field.name}: missing; expected {field.expected}"
    return FormReading(payload, problems)


def _is_given(field: FormField, texts: Mapping[Path, str]) -> bool:
    text = texts.get(field.path, "")
    return bool(text if field.kind == "text" else text.strip())


def _within(field: FormField, other: FormField) -> bool:
    """True where ``other`` stands in the optional object around ``field``."""
    return other.path[: len(field.group)] == field.group


def _put(payload: dict[str, Any], path: Path, value: Any) -> None:
    *around, name = path
    for step in around:
        payload = payload.setdefault(step, {})
    payload[name] = value


def write(known: tuple[FormField, ...], value: Any, at: Path = ()) -> dict[Path, str]:
    place = ".".join(at)
    field = next((each for each in known if each.path == at), None)
    if field is not None:
        try:
            return {at: field.write(value)}
        except FormError as error:
            raise FormError(f"{place}: {error}") from None
    if at and not any(each.path[: len(at)] == at for each in known):
        raise FormError(f"{place}: the form has no such field")
    if not isinstance(value, dict) or (at and not value):
        raise FormError(f"{place or 'an entry'}: the form has no such object")
    texts: dict[Path, str] = {}
    for name, part in value.items():
        texts |= write(known, part, (*at, name))
    return texts
