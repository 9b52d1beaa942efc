"""CAN databases that somebody brings: DBC, KCD and SYM, read by cantools behind checks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from evtui.nearest import did_you_mean
from evtui.regular import read_regular, reason

if TYPE_CHECKING:
    from cantools.database.can import Message

__all__ = ["LARGEST", "CanDatabase", "DatabaseError", "FoundSignal", "load_database"]

LARGEST = 32 << 20
"""Bytes of a database; the DBC of a whole vehicle has some 5 MiB."""

_FORMATS = {".dbc": ("dbc", "cp1252"), ".kcd": ("kcd", "utf-8"), ".sym": ("sym", "cp1252")}
"""Of each suffix, cantools' name of the format and the encoding of its files."""


_OF_NO_MESSAGE = re.compile(r"(?m)^[ \t]*VAL_\s+3221225472\s[^;]*;")
"""Names of values of signals that stand in no message (VECTOR__INDEPENDENT_SIG_MSG), as editors
leave them behind; cantools drops those signals, and then refuses the file for their values."""


class DatabaseError(Exception):
    """A database cannot be read, or has not what is asked for; the text is one line."""


class FoundSignal(NamedTuple):
    """A signal of a database.

    Attributes:
        message: that it stands in.
        unit: of its values; may be empty.
    """

    message: str
    name: str
    arbitration_id: int
    extended: bool
    unit: str


class CanDatabase:
    """Messages by identifier; of two with the same one, the first counts.

    Args:
        name: of the file, for people.
        messages: in the order of the file.
    """

    def __init__(self, name: str, messages: Iterable[Message]) -> None:
        self.name = name
        self._messages: dict[tuple[int, bool], Message] = {}
        for message in messages:
            self._messages.setdefault((message.frame_id, message.is_extended_frame), message)

    def __len__(self) -> int:
        """Number of messages."""
        return len(self._messages)

    def message(self, arbitration_id: int, *, extended: bool) -> Message | None:
        """The message with this identifier, or None."""
        return self._messages.get((arbitration_id, extended))

    def signals(self, wanted: str) -> list[FoundSignal]:
        """Signals by name.

        Args:
            wanted: ``Message.signal``, ``signal``, or for all of a message ``Message`` or its
                identifier as ``0x300``.

        Raises:
            DatabaseError: there is none, or several messages have one of that name.
        """
        name, _, part = wanted.partition(".")
        messages = [each for each in self._messages.values() if name == each.name]
        if not messages and name[:2].lower() == "0x" and not part:
            messages = [each for each in self._messages.values() if _is_id(name, each.frame_id)]
        if messages:
            found = [
                _found(each, signal.name, signal.unit)
                for each in messages
                for signal in each.signals
                if part in ("", signal.name)
            ]
        else:
            found = [
                _found(each, signal.name, signal.unit)
                for each in self._messages.values()
                for signal in each.signals
                if signal.name == wanted
            ]
            if len({each.message for each in found}) > 1:
                named = ", ".join(f"{each.message}.{wanted}" for each in found[:4])
                raise DatabaseError(f"{wanted}: several messages have it: {named}")
        if not found:
            known = [
                text
                for each in self._messages.values()
                for text in (each.name, *(f"{each.name}.{one.name}" for one in each.signals))
            ]
            raise DatabaseError(
                f"{wanted}: no signal or message of {self.name}{did_you_mean(wanted, known)}"
            )
        return found


def _is_id(text: str, arbitration_id: int) -> bool:
    try:
        return int(text, 16) == arbitration_id
    except ValueError:
        return False


def _found(message: Message, name: str, unit: str | None) -> FoundSignal:
    return FoundSignal(message.name, name, message.frame_id, message.is_extended_frame, unit or "")


def load_database(path: Path) -> CanDatabase:
    """Read a database; signals that overlap, which strict readers refuse, are taken.

    Raises:
        DatabaseError: it is not there, is none, is too large or has no message.
    """
    known = _FORMATS.get(path.suffix.lower())
    if known is None:
        raise DatabaseError(f"{path}: expected a file called .dbc, .kcd or .sym")
    name, encoding = known
    try:
        text = read_regular(path, LARGEST, follow=True).decode(encoding, "replace")
    except OSError as error:
        raise DatabaseError(f"{path}: {reason(error)}") from None
    from cantools.database import load_string

    if name == "dbc":
        text = _OF_NO_MESSAGE.sub("", text)
    try:
        database = load_string(text, database_format=name, strict=False)
        messages: list[Message] = getattr(database, "messages", [])  # none of diagnostics
    except Exception as error:  # cantools raises what its parsers do, RecursionError among it
        why = " ".join(str(error).split()).removeprefix(f"{name.upper()}: ")
        why = why or type(error).__name__
        raise DatabaseError(f"{path}: no {name.upper()} file: {why[:200]}") from None
    if not messages:
        raise DatabaseError(f"{path}: no message in it")
    return CanDatabase(path.name, messages)
