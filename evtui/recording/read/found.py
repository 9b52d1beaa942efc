"""What is found of a run folder, or of a CAN log alone, and how its files become rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from evtui.canbus import CHARGE_POINT, Frame
from evtui.canbus.packs.known import said
from evtui.events import Event
from evtui.recording.canlog.reading import LogReading
from evtui.recording.format import AlarmRow, FrameKind, FrameRow, MessageRow, SignalRow, TruthRow
from evtui.recording.format.manifest import Manifest
from evtui.recording.read.candump import LoggedFrame, logged_frame
from evtui.recording.read.findings import Severity
from evtui.recording.read.ordering import OnLines
from evtui.recording.read.sources import Rows, Skipped
from evtui.recording.read.timefile import Stamp, TimeFile, candump_stamp
from evtui.regular import reason

__all__ = ["FolderError", "Problem", "Sources", "file_of", "open_can_log", "rows_of", "unlabelled"]

R = TypeVar("R")


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
        path: of the folder, or of a CAN log that is all there is.
        start_utc: Unix time in s of lab time 0.
        decode: the frames of a CAN log alone are ours, as far as they have our lengths.
        problems: what is not there.
        skipped: what could not be read, counted while it is read.
        text: of a log of candump, where its lines stand in the order of the file.
        foreign: what came up when a log of another format than candump's was read.
        on_lines: told how many lines have been read of a log that is put in order first.
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
    text: Path | None = None
    foreign: LogReading | None = None
    on_lines: OnLines = lambda _: None

    def trouble(self, text: str, file: str = "", severity: Severity = "error") -> None:
        """Note a problem."""
        self.problems.append(Problem(file, text, severity))

    def in_time(self) -> tuple[Rows[Any] | None, ...]:
        """Every file that stands in order of time; truth.csv is replaced as a whole instead."""
        return self.signals, self.messages, self.labels, self.log, self.alarms, self.others

    def lab_time(self, unix: float) -> float:
        """Lab time in s of a time stamp of can.log."""
        return round(unix - self.start_utc, 6)


def rows_of(
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
    file = file_of(sources, name, stamp, place)
    return Rows(file, parse, time, sources.skipped) if file else None


def file_of(
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


def open_can_log(
    sources: Sources, name: str, unix_stamp: Stamp = candump_stamp, place: Path | None = None
) -> None:
    """Open a log of candump whose lines stand in order of time.

    Args:
        name: of the file in the folder, or of the log.
        place: where it is, if it is elsewhere.
    """

    def stamp(line: bytes) -> float | None:
        unix = unix_stamp(line)
        return None if unix is None else sources.lab_time(unix)

    def parse(line: bytes) -> FrameRow:
        return unlabelled(line, sources)

    sources.log = rows_of(sources, name, stamp, parse, attrgetter("t_s"), place)


def unlabelled(line: bytes, sources: Sources) -> FrameRow:
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
        node=CHARGE_POINT if logged.direction == "T" and (bus or sources.decode) else "",
        attack_ids=(),
        effect=False,
        kind=logged.kind if logged.fd_flags is None else _FD_KINDS[logged.fd_flags],
        station=bus.station if bus else _station(logged) if sources.decode else "",
        bus=bus.name if bus else logged.channel,
        t_s=sources.lab_time(logged.timestamp),
        seq=0,
        cause=None,
    )


_FD_KINDS: tuple[FrameKind, ...] = ("fd", "fd brs", "fd esi", "fd brs esi")
"""By flags."""


def _station(logged: LoggedFrame) -> str:
    """The bus in the place of a station, for a frame that our dictionary has with this length."""
    if logged.kind != "data" or logged.fd_flags is not None:
        return ""
    try:
        frame = Frame(logged.arbitration_id, logged.data, extended=logged.extended)
        return logged.channel if said(frame) else ""
    except ValueError:
        return ""
