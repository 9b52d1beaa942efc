"""CAN logs, written by python-can: .asc, .blf, .trc and its .csv; and candump's without more."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import BinaryIO

import can
from can.io.generic import MessageWriter

from evtui.export.channels import ChannelNumbers, Names
from evtui.export.in_time import in_time
from evtui.export.tally import Tally
from evtui.recording.format import ERROR_FLAG, FrameRow
from evtui.recording.read import RunFolder

__all__ = ["write_asc", "write_blf", "write_candump", "write_csv", "write_trc"]


def write_asc(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """Vector's ASCII log; times to the microsecond from the date in its header."""
    frames = in_time(folder.frames(), folder, tally)
    first = next(frames, None)
    start = 0.0 if first is None else first.timestamp
    whole = frames if first is None else chain([first], frames)
    _write(lambda: _AscWriter(_text(stream), start), folder, whole, tally)


def write_blf(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """Vector's binary log; ``stream`` must be seekable."""
    frames = in_time(folder.frames(), folder, tally)
    _write(lambda: can.BLFWriter(stream), folder, frames, tally)


def write_candump(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """candump's log without the direction at the end of a line, which Wireshark does not read."""
    names = Names(folder.manifest)
    tally.channels = names.told
    for frame in in_time(folder.frames(), folder, tally):
        payload = frame.data_field.hex().upper()
        if frame.kind == "remote":
            payload = f"R{frame.dlc or ''}"
        identifier = f"{frame.arbitration_id:0{8 if frame.extended else 3}X}"
        if frame.kind == "error":
            identifier = f"{frame.arbitration_id | ERROR_FLAG:08X}"
        line = f"({frame.timestamp:017.6f}) {names[frame.bus]} {identifier}#{payload}\n"
        stream.write(line.encode())


def write_csv(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """python-can's CSV: data in base64, no channels."""
    with can.CSVWriter(_text(stream)) as writer:
        for frame in in_time(folder.frames(), folder, tally):
            writer.on_message_received(_message(frame, None))


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

    _write(writer, folder, in_time(data_frames(), folder, tally), tally)


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
    open_writer: Callable[[], MessageWriter],
    folder: RunFolder,
    frames: Iterable[FrameRow],
    tally: Tally,
) -> None:
    channels = ChannelNumbers(folder.manifest)
    tally.channels = channels.told
    with open_writer() as writer:
        for frame in frames:
            writer.on_message_received(_message(frame, channels[frame.bus]))


def _text(stream: BinaryIO) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, "utf-8", newline="")


def _message(frame: FrameRow, channel: int | None) -> can.Message:
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
