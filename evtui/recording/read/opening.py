"""Opens what is there of a run folder, and says what is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from evtui.moments import unix_time
from evtui.recording.format import (
    ALARMS,
    FRAMES,
    SIGNALS,
    TRUTH,
    Table,
    layout,
)
from evtui.recording.format.cell import split_csv
from evtui.recording.format.manifest import Manifest
from evtui.recording.format.table import names_shown
from evtui.recording.read import parsing
from evtui.recording.read.found import FolderError, Problem, Sources, file_of, open_can_log, rows_of
from evtui.recording.read.log_alone import open_log
from evtui.recording.read.ordering import OnLines
from evtui.recording.read.sources import Rows
from evtui.recording.read.timefile import TimeFile, candump_stamp, csv_stamp, json_stamp
from evtui.regular import reason

__all__ = ["FolderError", "Problem", "Sources", "open_sources"]

R = TypeVar("R")
T = TypeVar("T", bound=tuple[Any, ...])

_LATER = re.compile(re.escape(layout.SCHEMA) + r"\.\d{1,9}")
"""A schema that has only more in it than this one."""

LARGEST_HELD = 64 << 20
"""Bytes of what is read as a whole: some 300,000 alarms."""


def open_sources(path: Path, *, decode: bool = False, on_lines: OnLines | None = None) -> Sources:
    """Open a run folder or a CAN log.

    Args:
        decode: take the frames of a log for ours.
        on_lines: told now and then how many lines have been read of a log that is put in order
            first, which takes some 10 s per million.

    Raises:
        FolderError: it is not there, cannot be read, or is something else.
    """
    sources = Sources(path, decode=decode)
    if on_lines is not None:
        sources.on_lines = on_lines
    try:
        if path.is_dir():
            _open_folder(sources)
        else:
            open_log(sources)
    except OSError as error:
        raise FolderError(f"{path}: {reason(error)}") from None
    return sources


def _open_folder(sources: Sources) -> None:
    names = {found.name for found in sources.path.iterdir()}
    if not names:
        sources.trouble("the folder is empty: nothing was recorded")
        return
    if names.isdisjoint(layout.FILES):
        raise FolderError(
            f"{sources.path}: not a run folder, there is no {layout.MANIFEST}, {layout.SIGNALS}, "
            f"{layout.OCPP} or {layout.CAN_LOG} in it"
        )
    _open_manifest(sources)
    _open_timed(sources)
    sources.start_utc = next(filter(_can_be, _starts(sources)), 0.0)
    open_can_log(sources, layout.CAN_LOG)


def _open_manifest(sources: Sources) -> None:
    name = layout.MANIFEST
    try:
        sources.manifest = manifest = Manifest.load(sources.path / name)
    except FileNotFoundError:
        sources.trouble("missing", name)
    except OSError as error:
        sources.trouble(f"cannot be read: {reason(error)}", name)
    except ValueError as error:
        sources.trouble(f"broken: {error}", name)
    else:
        if _LATER.fullmatch(manifest.schema):
            text = f"schema {manifest.schema!r} is later than {layout.SCHEMA!r}: what came with it"
            sources.trouble(f"{text} is left out", name, "note")
        elif manifest.schema != layout.SCHEMA:
            sources.trouble(
                f"schema {manifest.schema!r} is not known here, only {layout.SCHEMA!r}: "
                "what is read may be wrong",
                name,
            )
        if manifest.start_unix is None:
            sources.trouble(f"clock.start_utc {manifest.clock.start_utc!r} is no time", name)


def _open_timed(sources: Sources) -> None:
    t = attrgetter("t")
    sources.labels = _table(sources, FRAMES)
    sources.signals = _table(sources, SIGNALS)
    sources.alarms = _held(sources, _table(sources, ALARMS))
    sources.truth = _held(sources, _table(sources, TRUTH))
    sources.messages = rows_of(sources, layout.OCPP, json_stamp, parsing.message_row, t)
    sources.others = rows_of(sources, layout.EVENTS, json_stamp, parsing.event, t)


def _table(sources: Sources, table: Table[T]) -> Rows[T] | None:
    """The rows of a CSV file, whose columns are found by their names."""
    file = file_of(sources, table.file, csv_stamp(), header=True)
    if file is None:
        return None
    try:
        reader = table.reader(split_csv(file.header) if file.header else table.names)
    except ValueError as error:
        sources.trouble(f"left out, {error}", table.file)
        return None
    if reader.unknown:
        text = f"columns that are not known here are left out: {names_shown(reader.unknown)}"
        sources.trouble(text, table.file, "note")
    file.stamp = csv_stamp(reader.time)
    parse = reader.parse
    return Rows(file, lambda line: parse(split_csv(line)), attrgetter(table.time), sources.skipped)


def _held(sources: Sources, rows: Rows[R] | None) -> Rows[R] | None:
    """The rows of a file that is held in memory as a whole, unless that is too much."""
    if rows is None or rows.file.size <= LARGEST_HELD:
        return rows
    sources.trouble(f"cannot be read: is larger than {LARGEST_HELD >> 20} MiB", rows.file.path.name)
    return None


def _first_stamp(log: Path) -> float | None:
    try:
        return TimeFile(log, candump_stamp).first()
    except OSError:
        return None  # that is told where its rows are opened


def _starts(sources: Sources) -> Iterator[float]:
    """Unix times of lab time 0 as the files say, the most exact first."""
    for frame in _all(sources.labels):
        yield round(frame.timestamp - frame.t_s, 6)
    if sources.manifest is not None and sources.manifest.start_unix is not None:
        yield sources.manifest.start_unix
    told = chain(
        ((row.t_utc, row.t_s) for row in _all(sources.signals)),
        ((row.t_utc, row.t) for row in _all(sources.messages)),
    )
    for utc, t in told:
        with suppress(ValueError):
            yield round(unix_time(utc) - t, 3)
    first = _first_stamp(sources.path / layout.CAN_LOG)
    if first is not None:
        sources.trouble("when the run began is not known: its first CAN frame is at 0 s")
        yield first


def _can_be(start_utc: float) -> bool:
    return 0 <= start_utc < layout.LATEST_START


def _all(rows: Rows[R] | None) -> Iterator[R]:
    return (row for _, row in rows.located()) if rows else iter(())
