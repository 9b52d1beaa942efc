"""Moments as OCPP writes them and as Unix time (OCPP 1.6 section 3.15).  Pure."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["date_time", "earliest", "unix_time"]


def unix_time(text: str) -> float:
    """Unix time in s of an ISO 8601 text; without a zone it is taken as UTC (section 3.14).

    Raises:
        ValueError: it is no date and time, or outside the years 1 to 9999 in UTC.
    """
    try:
        moment = datetime.fromisoformat(text)
        return (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no ISO 8601 date and time") from None


def date_time(unix: float) -> str:
    """ISO 8601 text in UTC, with a fraction only where there is one."""
    return datetime.fromtimestamp(unix, UTC).isoformat().replace("+00:00", "Z")


def earliest(*moments: float | None) -> float | None:
    """The first of those that come at all."""
    return min((moment for moment in moments if moment is not None), default=None)
