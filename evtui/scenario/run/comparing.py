"""Two recordings of one run, line by line: the first thing that is different.

Files of the same build are compared byte by byte.  Where one of the two has columns or fields that
the other does not have, since it is of another version, rows are compared in the columns that both
have, and objects as they are read: a field that is missing means its default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from math import inf
from pathlib import Path
from typing import Any

import msgspec

from evtui.events import Event, Verdict
from evtui.recording.format import MESSAGES, TABLES, TRUTH, Manifest, Table, layout, split_csv
from evtui.recording.read import LONGEST_LINE, event, message_row
from evtui.regular import open_regular, reason
from evtui.scenario.run.headless import StopFlag

__all__ = ["COMPARED", "Comparison", "Difference", "VerifyError", "compare"]

COMPARED = (
    layout.SIGNALS,
    layout.OCPP,
    layout.CAN_LOG,
    layout.CAN_LABELS,
    layout.TRUTH,
    layout.ALARMS,
    layout.EVENTS,
)

ROUNDING = 1e-6
"""s, of the times in the files."""

SHOWN = 100
"""Characters of a line that are shown, from shortly before the first different one."""

_CANDUMP_TIME = re.compile(rb"\((\d+\.\d+)\)")


class VerifyError(Exception):
    """A run cannot be made again, or not compared; the text is one line."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two folders part.

    Attributes:
        file: name in the folder.
        line: from 1.
        t: lab time in s of that line, None where it has none.
        recorded: the line; None when there is none.
        again: the same of the run that was made again.
    """

    file: str
    line: int
    t: float | None
    recorded: str | None
    again: str | None

    def __str__(self) -> str:
        at = "" if self.t is None else f" at {self.t:.6f} s"
        start = _first_difference(self.recorded or "", self.again or "")
        return (
            f"{self.file} line {self.line}{at}: recorded {_shown(self.recorded, start)}, "
            f"again {_shown(self.again, start)}"
        )


@dataclass(frozen=True)
class Comparison:
    """What came of it.

    Attributes:
        difference: the first in time, None where there is none but in the numbers of events.
        renumbered: the first line in time that differs in the numbers of events and in nothing
            else, None where there is none: what happened at one moment is numbered in another
            order, as it may be by another version.
        apart: columns or fields by file that stand in one of the two recordings only.
    """

    difference: Difference | None
    renumbered: Difference | None
    apart: Mapping[str, Sequence[str]]


def compare(folder: Path, again: Path, stop: StopFlag | None = None) -> Comparison:
    """Find the first difference in time between a recording and the same run made again.

    Of a run that was interrupted only what was before that counts; of one that was killed, or
    whose recording failed, the whole lines that are there.

    Args:
        folder: with the recording.
        again: with that of the run made again.
        stop: ends it early, with nothing found in what was not compared.

    Raises:
        VerifyError: a manifest or a file cannot be read.
    """
    stop = stop or StopFlag()
    try:
        manifest = Manifest.load(folder / layout.MANIFEST)
        pairs = [_Pair(manifest, name, folder, again, stop) for name in COMPARED]
        found = [difference for pair in pairs if (difference := _compare(pair))]
        renumbered = [pair.renumbered for pair in pairs if pair.renumbered]
    except OSError as error:
        raise VerifyError(f"{error.filename or folder}: {reason(error)}") from None
    except ValueError as error:
        raise VerifyError(f"{folder / layout.MANIFEST}: {error}") from None
    return Comparison(
        min(found, key=_moment, default=None),
        min(renumbered, key=_moment, default=None),
        {pair.name: tuple(pair.apart) for pair in pairs if pair.apart},
    )


def _moment(each: Difference) -> float:
    return inf if each.t is None else each.t


class _Side:
    """One file of one of the two recordings.

    Attributes:
        columns: names in the header of a table, empty for other files.
    """

    def __init__(self, path: Path, start_utc: float) -> None:
        self.path = path
        self.columns: list[str] = []
        self._start = start_utc
        self._table = _TABLES.get(path.name)
        if self._table is not None:
            with open_regular(path) as file:
                header = file.readline(LONGEST_LINE)
            with suppress(ValueError):
                self.columns = self.cells(header)

    def time(self, line: bytes) -> float | None:
        """Lab time in s of a line; None where it has none."""
        try:
            if self._table is not None:
                return float(self.cells(line)[self.columns.index(self._table.time)])
            if self.path.name == layout.CAN_LOG:
                found = _CANDUMP_TIME.match(line)
                return None if found is None else float(found[1]) - self._start
            return float(msgspec.json.decode(line)["t"])
        except (LookupError, TypeError, ValueError, RecursionError):
            return None

    def cells(self, line: bytes) -> list[str]:
        """Those of a line of a table, or ValueError."""
        return split_csv(line.rstrip(b"\r\n"))

    def row(self, line: bytes) -> dict[str, str]:
        """Cells by column; empty for what is no row."""
        try:
            return dict(zip(self.columns, self.cells(line), strict=False))
        except ValueError:
            return {}


_TABLES: dict[str, Table[Any]] = {table.file: table for table in TABLES if table is not MESSAGES}
"""Those in CSV."""

_OBJECTS: dict[str, Callable[[bytes], Any]] = {layout.OCPP: message_row, layout.EVENTS: event}
"""How the lines of the other files are read."""


_NUMBERS = ("seq", "cause")
"""Columns and keys that number events, or refer to one by its number."""


class _Pair:
    """One file in both recordings.

    Attributes:
        until: lab time in s before which lines must be the same; inf for all.
        torn: True when the recorded file may end anywhere.
        apart: names that stand in one of the two only, in the order in which they were met.
        renumbered: the first line that differs in nothing but numbers of events.
    """

    def __init__(
        self, manifest: Manifest, name: str, folder: Path, again: Path, stop: StopFlag
    ) -> None:
        start = datetime.fromisoformat(manifest.clock.start_utc).timestamp()
        self.name = name
        self.recorded = _Side(folder / name, start)
        self.again = _Side(again / name, start)
        self._stop = stop
        interrupted = manifest.interrupted_at_s
        self.torn = manifest.ragged
        self.until = inf if self.torn or interrupted is None else interrupted - ROUNDING
        self.apart: dict[str, None] = {}
        self.renumbered: Difference | None = None

    def lines(self, side: _Side) -> Iterator[bytes]:
        """Whole lines, as far as they are compared."""
        with open_regular(side.path) as file:
            for line in iter(lambda: file.readline(LONGEST_LINE), b""):
                if self._stop.reason:
                    return
                if self.torn and not line.endswith(b"\n"):
                    return
                if self.until < inf and (side.time(line) or 0.0) > self.until:
                    return
                yield line

    def read_alike(self, old: bytes | None, new: bytes | None) -> bool:
        """Whether two lines that differ only do so since one of them has more columns or keys."""
        if old is None or new is None:
            return False
        try:
            names, again = self._names(old, new)
            if self.name == layout.EVENTS and _reworded(event(old), event(new)):
                return True
            if names == again or not self._say_the_same(old, new):
                return False
        except (ValueError, RecursionError):
            return False
        common = set(names) & set(again)
        self.apart |= dict.fromkeys(name for name in [*names, *again] if name not in common)
        return True

    def differs_beyond_numbers(self, old: bytes | None, new: bytes | None) -> bool:
        """Whether two lines that differ do so in more than numbers of events."""
        if old is None or new is None or self.name == layout.CAN_LOG:
            return True
        with suppress(ValueError, RecursionError):
            if self.name in _TABLES:
                return not self._say_the_same(old, new, _NUMBERS)
            said, again = (msgspec.json.decode(each, type=dict[str, Any]) for each in (old, new))
            again |= {name: said[name] for name in _NUMBERS if name in said}
            match said, again:
                case {"delivered": {"seq": number}}, {"delivered": {"seq": _, **rest}}:
                    again["delivered"] = rest | {"seq": number}
            return said != again and not self.read_alike(old, msgspec.json.encode(again))
        return True

    def _names(self, old: bytes, new: bytes) -> tuple[list[str], list[str]]:
        if self.name in _OBJECTS:
            keys = dict[str, msgspec.Raw]
            return (
                list(msgspec.json.decode(old, type=keys)),
                list(msgspec.json.decode(new, type=keys)),
            )
        return self.recorded.columns, self.again.columns

    def _say_the_same(self, old: bytes, new: bytes, apart_from: Sequence[str] = ()) -> bool:
        read = _OBJECTS.get(self.name)
        if read is not None:
            return bool(read(old) == read(new))
        recorded, again = self.recorded.row(old), self.again.row(new)
        known = set(self.recorded.columns) & set(self.again.columns)
        has_all = known >= _TABLES[self.name].required
        return has_all and all(
            recorded.get(name) == again.get(name) for name in known.difference(apart_from)
        )

    def difference(self, number: int, old: bytes | None, new: bytes | None) -> Difference:
        """Of two lines; the time is that of the one that has one."""
        sides = ((self.recorded, old), (self.again, new))
        times = [side.time(line) for side, line in sides if line is not None]
        t = next((each for each in times if each is not None), None)
        return Difference(self.name, number, t, _text(old), _text(new))


def _reworded(old: Event, new: Event) -> bool:
    """Whether both are the verdict on steps that were cut short.

    Earlier builds called every step done all the same, and did not count those not begun.
    """
    match old, new:
        case Verdict(path="steps", found=found), Verdict(found=now) if now.startswith(found):
            said = msgspec.structs.replace(old, expectation=new.expectation, found=now)
            return said == new
    return False


def _compare(pair: _Pair) -> Difference | None:
    if pair.name == layout.TRUTH and (pair.torn or pair.until < inf):
        return _compare_truth(pair)
    recorded, again = pair.lines(pair.recorded), pair.lines(pair.again)
    for number in count(1):
        old, new = next(recorded, None), next(again, None)
        if old is None and (new is None or pair.torn):
            return None
        if old == new or pair.read_alike(old, new):
            continue
        different = pair.difference(number, old, new)
        if pair.differs_beyond_numbers(old, new):
            return different
        pair.renumbered = pair.renumbered or different
    return None


def _compare_truth(pair: _Pair) -> Difference | None:
    """What a run that ended early had to leave open need not have ended like that."""
    recorded, again = pair.lines(pair.recorded), pair.lines(pair.again)
    for number in count(1):
        old, new = next(recorded, None), next(again, None)
        if old is None:
            return None
        if new is None or not _agree(pair.recorded.row(old), pair.again.row(new), pair.until):
            return pair.difference(number, old, new)
    return None


def _agree(old: dict[str, str], new: dict[str, str], until: float) -> bool:
    """Whether what was settled before lab time ``until`` in s is the same."""
    open_ends = {"t_end", "t_effect_end", "outcome", "parameters", "changes"}
    settled = (old.keys() & new.keys() | TRUTH.required) - open_ends
    for name, also in (("t_end", set()), ("t_effect_end", {"outcome"})):
        if old.get(name) and _number(old[name]) < until:
            settled |= {name} | also
    if old.get("changes") == new.get("changes"):
        settled.add("parameters")
    return all(old.get(name) == new.get(name) for name in settled)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _text(line: bytes | None) -> str | None:
    return None if line is None else line.decode("utf-8", "backslashreplace").rstrip("\n")


def _first_difference(one: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _shown(line: str | None, start: int) -> str:
    if line is None:
        return "nothing"
    begin = max(0, start - SHOWN // 4)
    part = line[begin : begin + SHOWN]
    return f"{'…' if begin else ''}{part!r}{'…' if begin + SHOWN < len(line) else ''}"
