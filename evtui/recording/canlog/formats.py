"""Which format a log is in: by what it begins with, and by its name where that does not tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from evtui.recording.canlog import asc, blf, mf4, tables, trc
from evtui.recording.canlog.reading import FileReader, LogReading
from evtui.recording.read.candump import LoggedFrame
from evtui.regular import open_regular

__all__ = ["LOG_FORMATS", "LogFormat", "format_by_name", "format_of"]

_BY_NAME = (".asc", ".trc")

_HEAD = 1 << 16
"""Bytes that are looked at; 16 KiB of comments stand above some traces."""


class LogFormat(NamedTuple):
    """A format.

    Attributes:
        name: for people.
        suffix: of its files, for those that begin with nothing known.
        begins: whether bytes are the beginning of such a file.
        read: its reader.
    """

    name: str
    suffix: str
    begins: Callable[[bytes], bool]
    read: FileReader

    def frames(self, path: Path, reading: LogReading) -> Iterator[tuple[int, LoggedFrame]]:
        """Place and frame, one after the other, in the order of the file.

        Raises:
            OSError: it cannot be read.
        """
        with open_regular(path, follow=True) as file:
            yield from self.read(file, reading)


def _text(begins: Callable[[str], bool]) -> Callable[[bytes], bool]:
    return lambda head: b"\0" not in head and begins(head.decode("utf-8", "replace"))


LOG_FORMATS = (
    LogFormat("a BLF log", ".blf", lambda head: head.startswith(blf.MAGIC), blf.read_blf),
    LogFormat("an MDF file", ".mf4", lambda head: head.startswith(mf4.MAGICS), mf4.read_mf4),
    LogFormat("SavvyCAN's CSV", "", _text(tables.is_savvycan), tables.read_savvycan),
    LogFormat("python-can's CSV", "", _text(tables.is_python_can), tables.read_python_can),
    LogFormat("a PEAK trace", ".trc", _text(trc.is_trc), trc.read_trc),
    LogFormat("an ASC log", ".asc", _text(asc.is_asc), asc.read_asc),
)


def format_of(path: Path) -> LogFormat | None:
    """The format that a file begins with; None for candump's, and for what is no log at all.

    Raises:
        OSError: it cannot be read.
    """
    with open_regular(path, follow=True) as file:
        head = file.read(_HEAD)
    return next((kind for kind in LOG_FORMATS if kind.begins(head)), None)


def format_by_name(name: str) -> LogFormat | None:
    """The format of text that has no head: an ASC log, or a PEAK trace."""
    suffix = Path(name).suffix.lower()
    named = (each for each in LOG_FORMATS if each.suffix == suffix)
    return next(named, None) if suffix in _BY_NAME else None
