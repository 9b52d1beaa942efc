"""A value held against its kind, and what is said of one that does not fit."""

from __future__ import annotations

from typing import Any, TypeVar

from evtui.kinds import Unfit, ValueKind, quoted
from evtui.redaction import hide

__all__ = ["SettingsError", "checked", "shown"]

T = TypeVar("T")

_LONGEST_SHOWN = 60


class SettingsError(ValueError):
    """Bad settings; its text is one line for each mistake.

    Attributes:
        mistakes: the lines; each names the place, the value and what was expected.
    """

    def __init__(self, *mistakes: str) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def checked(kind: ValueKind[T], value: Any, place: str, *, from_text: bool = False) -> T:
    """``value`` as its kind wants it.

    Args:
        place: where it stands, for the message.
        from_text: it is text of a command line.

    Raises:
        SettingsError: it does not fit.
    """
    try:
        return kind.check(kind.read(value) if from_text else value)
    except Unfit as unfit:
        raise SettingsError(f"{place}: expected {kind.expected}, got {unfit}") from None
    except ValueError:
        raise SettingsError(f"{place}: expected {kind.expected}, got {shown(value)}") from None


def shown(value: object) -> str:
    match value:
        case str():
            return quoted(value)
        case list() | tuple():
            return f"a list of {len(value)}"
        case dict():
            return "a table"
        case None:
            return "nothing"
        case int() if abs(value) >= 1 << 64:
            return "a huge number"  # whose digits Python may refuse to write
        case _:
            return hide(str(value).lower())[:_LONGEST_SHOWN]
