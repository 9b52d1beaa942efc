"""Opens what is there of a run folder, and says what is not."""

from __future__ import annotations

import re
import shutil
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple, TypeVar

from evtui.canbus import CHARGE_POINT, Frame
from evtui.canbus.packs.seed import SEED
from evtui.events import Event
from evtui.moments import unix_time
from evtui.recording.format import (
    ALARMS,
    FRAMES,
    SIGNALS,
    TRUTH,
    AlarmRow,
    FrameRow,
    MessageRow,
    SignalRow,
    Table,
    TruthRow,
    layout,
)
from evtui.recording.format.cell import split_csv
from evtui.recording.format.manifest import Manifest
from evtui.recording.format.table import names_shown
from evtui.recording.read import parsing
from evtui.recording.read.candump import (
    FD_FRAMES,
    LoggedFrame,
    LogStyle,
    channel_of,
    fd_frames_in,
    log_style,
    logged_frame,
    other_kind,
    stamp_of,
)
from evtui.recording.read.findings import Severity
from evtui.recording.read.ordering import put_in_order, survey, timed_stamp, untimed
from evtui.recording.read.sources import Rows, Skipped
from evtui.recording.read.timefile import Stamp, TimeFile, candump_stamp, csv_stamp, json_stamp
from evtui.regular import reason

__all__ = ["FolderError", "Problem", "Sources", "open_sources"]

R = TypeVar("R")
T = TypeVar("T", bound=tuple[Any, ...])

_LATER = re.compile(re.escape(layout.SCHEMA) + r"\.\d{1,9}")
"""A schema that has only more in it than this one."""

LARGEST_HELD = 64 << 20
"""Bytes of what is read as a whole: some 300,000 alarms."""


class FolderError(Exception):
    """There is nothing here that could be read; the text is one line."""


class Problem(NamedTuple):
    """What is not as it should be with a file, or with the whole folder where ``file`` is empty.

    Attributes:
        severity: ``incomplete`` where only the end of a line is missing, as after a kill; a
            ``note`` where nothing is wrong.
    """

    file: str
    text: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.file}: {self.text}" if self.file else self.text


@dataclass
class Sources:
    """What was found; a file that is missing or of another kind is None.

    Attributes:
        path: of the folder, or of a candump log that is all there is.
        start_utc: Unix time in s of lab time 0.
        decode: the frames of a candump log alone are ours, as far as they have our lengths.
        problems: what is not there.
        skipped: what could not be read, counted while it is read.
    """

    path: Path
    manifest: Manifest | None = None
    start_utc: float = 0.0
    decode: bool = False
    signals: Rows[SignalRow] | None = None
    messages: Rows[MessageRow] | None = None
    labels: Rows[FrameRow] | None = None
    log: Rows[FrameRow] | None = None
    alarms: Rows[AlarmRow] | None = None
    truth: Rows[TruthRow] | None = None
    others: Rows[Event] | None = None
    problems: list[Problem] = field(default_factory=list)
    skipped: Skipped = field(default_factory=Skipped)

    def trouble(self, text: str, file: str = "", severity: Severity = "error") -> None:
        """Note a problem."""
        self.problems.append(Problem(file, text, severity))

    def in_time(self) -> tuple[Rows[Any] | None, ...]:
        """Every file that stands in order of time; truth.csv is replaced as a whole instead."""
        return self.signals, self.messages, self.labels, self.log, self.alarms, self.others

    def lab_time(self, unix: float) -> float:
        """Lab time in s of a time stamp of can.log."""
        return round(unix - self.start_utc, 6)


def open_sources(path: Path, *, decode: bool = False) -> Sources:
    """Open a run folder or a candump log.

    Args:
        decode: take the frames of a log for ours.

    Raises:
        FolderError: it is not there, cannot be read, or is something else.
    """
    sources = Sources(path, decode=decode)
    try:
        if path.is_dir():
            _open_folder(sources)
        else:
            _open_log(sources)
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
    _open_can_log(sources, sources.path / layout.CAN_LOG)


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
    sources.messages = _rows(sources, layout.OCPP, json_stamp, parsing.message_row, t)
    sources.others = _rows(sources, layout.EVENTS, json_stamp, parsing.event, t)


def _table(sources: Sources, table: Table[T]) -> Rows[T] | None:
    """The rows of a CSV file, whose columns are found by their names."""
    file = _file(sources, table.file, csv_stamp(), header=True)
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


def _open_log(sources: Sources) -> None:
    """A candump log and nothing else: lab time begins with its first frame."""
    path = sources.path
    style = log_style(path)
    if style is None:
        if kind := other_kind(path):
            raise FolderError(f"{path}: {kind}")
        raise FolderError(f"{path}: not a run folder, and not a log in candump's format either")
    sources.trouble("a CAN log alone: no OCPP messages, no current, no labels")
    told = _TIMES[style.times]
    if told:
        sources.trouble(told)
    stamp = stamp_of(style)
    seen = survey(path, stamp, fd_frames_in(style))
    if seen.counted:
        sources.skipped.count(f"{path.name}: {FD_FRAMES}", seen.counted)
    if seen.in_order and style.times != "delta":
        sources.start_utc = TimeFile(path, stamp, keep_torn=True, follow=True).first() or 0.0
        _open_can_log(sources, path, stamp)
    else:
        _open_in_order(sources, style)


_TIMES = {
    "absolute": "",
    "date": "its dates have no time zone (candump -tA): they are taken as UTC",
    "zero": "its times have no date (candump -tz): they count from its first frame",
    "delta": "its times are those between frames (candump -td): they are added up",
    "none": "it has no times (candump without -t): every frame is at 0 s, in the order of the "
    "file; candump -L writes them",
}


def _open_in_order(sources: Sources, style: LogStyle) -> None:
    """Sort a log into a file of its own, which goes when nobody reads it any more."""
    path = sources.path
    place = Path(mkdtemp(prefix="evtui-log-"))
    weakref.finalize(sources, shutil.rmtree, place, ignore_errors=True)
    whole, delta = place / path.name, style.times == "delta"
    order = put_in_order(path, whole, stamp_of(style), channel_of, delta=delta)
    sources.start_utc = order.start
    for text in order.told():
        sources.trouble(text, path.name)

    def parse(line: bytes) -> FrameRow:
        t = timed_stamp(line)
        row = _unlabelled(untimed(line), sources)
        return row._replace(t_s=t, timestamp=t + order.start if delta else row.timestamp)

    sources.log = _rows(sources, path.name, timed_stamp, parse, attrgetter("t_s"), place=whole)


def _open_can_log(sources: Sources, path: Path, unix_stamp: Stamp = candump_stamp) -> None:
    def stamp(line: bytes) -> float | None:
        unix = unix_stamp(line)
        return None if unix is None else sources.lab_time(unix)

    def parse(line: bytes) -> FrameRow:
        return _unlabelled(line, sources)

    sources.log = _rows(sources, path.name, stamp, parse, attrgetter("t_s"))


def _first_stamp(log: Path) -> float | None:
    try:
        return TimeFile(log, candump_stamp).first()
    except OSError:
        return None  # that is told where its rows are opened


def _rows(
    sources: Sources,
    name: str,
    stamp: Stamp,
    parse: Callable[[bytes], R],
    time: Callable[[R], float],
    place: Path | None = None,
) -> Rows[R] | None:
    """The rows of a file, or None after saying why there are none.

    Args:
        place: where the file is; by default in the folder, or the log itself.
    """
    file = _file(sources, name, stamp, place)
    return Rows(file, parse, time, sources.skipped) if file else None


def _file(
    sources: Sources, name: str, stamp: Stamp, place: Path | None = None, *, header: bool = False
) -> TimeFile | None:
    alone = sources.path.name == name and not sources.path.is_dir()
    path = place or (sources.path if alone else sources.path / name)
    try:
        file = TimeFile(path, stamp, header=header, keep_torn=alone, follow=alone)
    except FileNotFoundError:
        sources.trouble("missing", name)
        return None
    except OSError as error:
        sources.trouble(f"cannot be read: {reason(error)}", name)
        return None
    if file.torn and not alone:
        text = f"the last line is torn and left out ({file.torn} bytes)"
        sources.trouble(text, name, "incomplete")
    return file


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


def _unlabelled(line: bytes, sources: Sources) -> FrameRow:
    """What a line of can.log says without its label: nothing about truth, number and cause."""
    logged = logged_frame(line)
    bus = sources.manifest.buses.get(logged.channel) if sources.manifest else None
    return FrameRow(
        timestamp=logged.timestamp,
        arbitration_id=logged.arbitration_id,
        data_field=logged.data,
        attack=False,
        dlc=logged.dlc,
        extended=logged.extended,
        direction=logged.direction,
        node=CHARGE_POINT if logged.direction == "T" else "",
        attack_ids=(),
        effect=False,
        kind=logged.kind,
        station=bus.station if bus else _station(logged) if sources.decode else "",
        bus=bus.name if bus else logged.channel,
        t_s=sources.lab_time(logged.timestamp),
        seq=0,
        cause=None,
    )


def _station(logged: LoggedFrame) -> str:
    """The bus in the place of a station, for a frame that our dictionary has with this length."""
    if logged.kind != "data" or logged.extended:
        return ""
    try:
        return logged.channel if SEED.decode(Frame(logged.arbitration_id, logged.data)) else ""
    except ValueError:
        return ""
