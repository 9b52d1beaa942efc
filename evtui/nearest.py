"""The way out for a name that nobody knows.  Pure."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["choice", "did_you_mean", "nearest", "nearest_name"]

_MOST_LISTED = 20


def choice(names: Iterable[str]) -> str:
    """``a, b or c``."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that is nearest; None where none is near."""
    from difflib import get_close_matches  # only a mistake pays for the import

    lower = {each.lower(): each for each in known}
    wanted = name.strip().lower()[:200]
    found = [each for each in lower if len(wanted) > 2 and each.startswith(wanted)]
    if not found:
        found = [each for each in lower if len(wanted) > 2 and wanted in each]
    if len(found) != 1:
        found = get_close_matches(wanted, lower, n=1, cutoff=0.5)
    return lower[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean x?`` for the known name that is nearest; empty where none is near."""
    found = nearest_name(name, known)
    return "" if found is None else f"; did you mean {found}?"


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is nearest, else what there is."""
    names = list(known)
    if suggestion := did_you_mean(name, names):
        return suggestion
    more = ", …" if len(names) > _MOST_LISTED else ""
    listed = ", ".join(names[:_MOST_LISTED])
    return f"; known: {listed}{more}" if names else "; there is none"
