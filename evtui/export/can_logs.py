"""CAN logs, written by python-can: .asc, .blf, .trc and its .csv; and candump's without more."""

from __future__ import annotations

import heapq
import io
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import BinaryIO

import can
from can.io.generic import MessageWriter
from can.util import channel2int

from evtui.export.tally import Tally
from evtui.recording.format import ERROR_FLAG, FrameRow
from evtui.recording.reader import RunFolder

_NEAR = 4096
"""Frames that are held back until those in front of them have come."""

_ROUNDED = 2e-6
"""s between a frame's Unix time and the same from its lab time, which has whole microseconds."""

__all__ = ["write_asc", "write_blf", "write_candump", "write_csv", "write_trc"]


def write_asc(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """Vector's ASCII log; times to the microsecond from the date in its header."""
    frames = _in_order(folder.frames(), folder, tally)
    first = next(frames, None)
    start = 0.0 if first is None else first.timestamp
    _write(
        lambda: _AscWriter(_text(stream), start), folder, [] if first is None else [first], frames
    )


def write_blf(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """Vector's binary log; ``stream`` must be seekable."""
    _write(lambda: can.BLFWriter(stream), folder, _in_order(folder.frames(), folder, tally))


def write_candump(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """candump's log without the direction at the end of a line, which Wireshark does not read."""
    channels = _Channels(folder)
    for frame in _in_order(folder.frames(), folder, tally):
        payload = frame.data_field.hex().upper()
        if frame.kind == "remote":
            payload = f"R{frame.dlc or ''}"
        identifier = f"{frame.arbitration_id:0{8 if frame.extended else 3}X}"
        if frame.kind == "error":
            identifier = f"{frame.arbitration_id | ERROR_FLAG:08X}"
        line = f"({frame.timestamp:017.6f}) can{channels[frame.bus]} {identifier}#{payload}\n"
        stream.write(line.encode())


def write_csv(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """python-can's CSV: data in base64."""
    frames = tally.count(folder.frames(), _lab_time)
    _write(lambda: can.CSVWriter(_text(stream)), folder, frames)


def write_trc(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """PEAK's trace, version 2.1, which python-can writes without remote and error frames."""

    def data_frames() -> Iterator[FrameRow]:
        for frame in folder.frames():
            if frame.kind == "data":
                yield frame
            else:
                tally.left_out[f"{frame.kind} frames"] += 1

    def writer() -> MessageWriter:
        trc = can.TRCWriter(_text(stream))
        trc.filepath = "evtui"  # it would name the temporary file, with the path to it
        return trc

    _write(writer, folder, _in_order(data_frames(), folder, tally))


class _AscWriter(can.ASCWriter):
    """python-can dates the header with the moment of writing; this one with the first frame.

    The date has milliseconds, so times count from the first frame's whole millisecond.  It is
    local time, as readers of the format take it.
    """

    def __init__(self, file: io.TextIOWrapper, start: float) -> None:
        whole = int(start * 1000) / 1000
        self._date = datetime.fromtimestamp(whole)
        super().__init__(file)
        file.write(f"Begin Triggerblock {self._format_header_datetime(self._date)}\n")
        self.header_written = True
        self.started = self.last_timestamp = whole
        self.log_event("Start of measurement", whole)

    def _format_header_datetime(self, dt: datetime) -> str:
        return (
            super()
            ._format_header_datetime(self._date)
            .replace(
                f".{self._date.microsecond // 1000} ", f".{self._date.microsecond // 1000:03d} "
            )
        )


def _write(
    open_writer: Callable[[], MessageWriter], folder: RunFolder, *frames: Iterable[FrameRow]
) -> None:
    channels = _Channels(folder)
    with open_writer() as writer:
        for frame in chain(*frames):
            writer.on_message_received(_message(frame, channels[frame.bus]))


def _in_order(frames: Iterable[FrameRow], folder: RunFolder, tally: Tally) -> Iterator[FrameRow]:
    """Frames with the time that such a file gives them: from its first one on, never back.

    python-can writes a frame that is earlier than the first with the whole Unix time as its offset
    (asc), with the first one's time (blf) or with a negative offset (trc).  The times of a log
    whose clock was set go on from one segment to the next instead.
    """
    latest = -math.inf
    for frame in tally.count(_sorted(frames), _lab_time):
        t = folder.start_utc + frame.t_s
        if abs(t - frame.timestamp) < _ROUNDED:
            t = frame.timestamp
        if t < latest:
            tally.moved += 1
            t = latest
        latest = t
        yield frame._replace(timestamp=t)


def _sorted(frames: Iterable[FrameRow]) -> Iterator[FrameRow]:
    """Frames in order of lab time, as far as those out of order stand near their place."""
    waiting: list[tuple[float, int, FrameRow]] = []
    for number, frame in enumerate(frames):
        if len(waiting) < _NEAR:
            heapq.heappush(waiting, (frame.t_s, number, frame))
        else:
            yield heapq.heappushpop(waiting, (frame.t_s, number, frame))[-1]
    while waiting:
        yield heapq.heappop(waiting)[-1]


def _lab_time(frame: FrameRow) -> float:
    return frame.t_s


def _text(stream: BinaryIO) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, "utf-8", newline="")


class _Channels(dict[str, int]):
    """Channel from 0 of a bus: that of can.log; of a bus without one, the next free."""

    def __init__(self, folder: RunFolder) -> None:
        buses = folder.manifest.buses if folder.manifest is not None else {}
        super().__init__((bus.name, channel2int(channel) or 0) for channel, bus in buses.items())

    def __missing__(self, bus: str) -> int:
        number = channel2int(bus)
        self[bus] = max(self.values(), default=-1) + 1 if number is None else number
        return self[bus]


def _message(frame: FrameRow, channel: int) -> can.Message:
    remote = frame.kind == "remote"
    return can.Message(
        timestamp=frame.timestamp,
        arbitration_id=frame.arbitration_id,
        is_extended_id=frame.extended,
        is_remote_frame=remote,
        is_error_frame=frame.kind == "error",
        channel=channel,
        dlc=frame.dlc,
        data=None if remote else frame.data_field,
        is_rx=frame.direction != "T",
    )
