"""CAN logs, written by python-can: .asc, .blf, .trc and its .csv."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import BinaryIO

import can
from can.io.generic import MessageWriter
from can.util import channel2int

from evtui.export.tally import Tally
from evtui.recording.reader import RunFolder
from evtui.recording.rows import FrameRow

__all__ = ["write_asc", "write_blf", "write_csv", "write_trc"]


def write_asc(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """Vector's ASCII log; times to the microsecond from the date in its header."""
    frames = _frames(folder, tally)
    first = next(frames, None)
    start = 0.0 if first is None else first.timestamp
    _write(
        lambda: _AscWriter(_text(stream), start), folder, [] if first is None else [first], frames
    )


def write_blf(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """Vector's binary log; ``stream`` must be seekable."""
    _write(lambda: can.BLFWriter(stream), folder, _frames(folder, tally))


def write_csv(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """python-can's CSV: data in base64."""
    _write(lambda: can.CSVWriter(_text(stream)), folder, _frames(folder, tally))


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

    _write(writer, folder, tally.count(data_frames(), _lab_time))


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


def _frames(folder: RunFolder, tally: Tally) -> Iterator[FrameRow]:
    return tally.count(folder.frames(), _lab_time)


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
