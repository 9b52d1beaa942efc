"""Moments as OCPP writes them and as Unix time (OCPP 1.6 section 3.15): the one reader of dates.

Pure.  What :func:`unix_time` reads, :func:`date_time` writes, and reads again as the same moment.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["date_time", "earliest", "unix_time", "utc"]

_FORM = re.compile(
    r"([0-9]{4}-?(?:[0-9]{2}-?[0-9]{2}|W[0-9]{2}-?[0-9]))[Tt]"
    r"([01][0-9]|2[0-4])(:?)([0-5][0-9])(?:\3([0-5][0-9]|60)(?:[.,]([0-9]+))?)?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9])(?::?([0-5][0-9]))?)?)?"
)
"""Calendar or week date and time as ISO 8601 has them, with a fraction of any length, and small
letters as RFC 3339 section 5.6.  The zone may be absent, as XML Schema's dateTime allows."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_DAY = 86_400

LAST = 253402300799.99997
"""Unix s: the last float before the year 10000."""


def utc(text: str) -> datetime:
    """The moment that an ISO 8601 text means; without a zone it is taken as UTC (section 3.14).

    A leap second, 23:59:60 in UTC, and 24:00:00 are the first instant of the next day.  A moment
    that its zone carries out of the years 1 to 9999 is taken as the first or the last of them,
    since "for ever" is what its writer means.  Digits behind the microsecond are dropped.

    Raises:
        ValueError: it is no date and time.
    """
    if _is_usual(text):
        try:  # ten times as fast, and nearly every message has such a one
            return datetime.fromisoformat(text)
        except ValueError:
            return _read(text)
    return _read(text)


def unix_time(text: str) -> float:
    """Unix time in s of what :func:`utc` reads.

    Raises:
        ValueError: it is no date and time.
    """
    return min(utc(text).timestamp(), LAST)


def date_time(unix: float) -> str:
    """ISO 8601 text in UTC, with a fraction only where there is one.

    Args:
        unix: s; what no year from 1 to 9999 holds is written as the first or last moment that
            one does.
    """
    try:
        moment = _EPOCH + timedelta(seconds=unix)
    except OverflowError:
        moment = _LAST if unix > 0 else _FIRST
    return moment.isoformat().replace("+00:00", "Z")


def earliest(*moments: float | None) -> float | None:
    """The first of those that come at all."""
    return min((moment for moment in moments if moment is not None), default=None)


def _is_usual(text: str) -> bool:
    """True for what looks like 2026-01-01T00:00:00Z, with a fraction or without."""
    if text[10:11] != "T" or text[16:17] != ":" or text[-1:] != "Z":
        return False
    return len(text) == 20 or (text[19:20] == "." and text[-2].isdigit())


def _read(text: str) -> datetime:
    """What :func:`utc` returns, in any of its forms."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise _unreadable(text)
    day, hours, _, minutes, seconds, fraction, sign, *zone = found.groups("")
    try:
        midnight = datetime.fromisoformat(f"{day}T00Z")
    except ValueError:
        raise _unreadable(text) from None
    micros = int(fraction[:6].ljust(6, "0")) if fraction else 0
    since = _seconds(hours, minutes, seconds)
    if since + (micros > 0) > _DAY and seconds != "60":
        raise _unreadable(text)  # 24:00:01
    if sign:
        since += _seconds(*zone) if sign == "-" else -_seconds(*zone)
    if seconds == "60" and since % _DAY:
        raise _unreadable(text)
    try:
        return midnight + timedelta(0, since, micros)
    except OverflowError:
        return _LAST if since > 0 else _FIRST


def _seconds(hours: str, minutes: str, seconds: str) -> int:
    return int(hours) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)


def _unreadable(text: str) -> ValueError:
    shown = text if len(text) <= 60 else f"{text[:60]}…"
    return ValueError(f"{shown!r} is no ISO 8601 date and time")
