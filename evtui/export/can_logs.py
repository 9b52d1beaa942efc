"""CAN logs: .asc, .blf and its .csv as python-can writes them; .trc, candump's and SavvyCAN's."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import BinaryIO

import can
from can.io.generic import MessageWriter

from evtui.export.channels import ChannelNumbers, Names
from evtui.export.in_time import in_time
from evtui.export.tally import Tally
from evtui.recording.format import ERROR_FLAG, FrameKind, FrameRow
from evtui.recording.read import FD_LENGTHS, RunFolder

__all__ = [
    "write_asc",
    "write_blf",
    "write_candump",
    "write_csv",
    "write_savvycan",
    "write_trc",
]

_LENGTHS = {length: code for code, length in enumerate(FD_LENGTHS)}
_OLE_EPOCH = 25_569.0
"""Days from 30 December 1899, where PEAK's begin, to 1970."""

_DAY = 86_400.0


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
        elif frame.kind.startswith("fd"):
            payload = f"#{_switched(frame) * 1 | _passive(frame) * 2:X}{payload}"
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


def write_savvycan(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """SavvyCAN's CSV, with Unix time in microseconds; no remote and no error frames."""
    channels = ChannelNumbers(folder.manifest)
    tally.channels = channels.told
    names = ",".join(f"D{number}" for number in range(1, 9))
    stream.write(f"Time Stamp,ID,Extended,Dir,Bus,LEN,{names}\r\n".encode())
    kept = _without(folder.frames(), tally, "remote", "error")
    for frame in in_time(kept, folder, tally):
        direction = "Tx" if frame.direction == "T" else "Rx"
        cells = (
            f"{frame.timestamp * 1e6:.0f}",
            f"{frame.arbitration_id:08X}",
            str(frame.extended).lower(),
            *(direction, str(channels[frame.bus]), str(len(frame.data_field))),
            *(f"{byte:02X}" for byte in frame.data_field),
        )
        stream.write(f"{','.join(cells)},\r\n".encode())


def write_trc(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """PEAK's trace, version 2.1, without error frames; it begins in a whole millisecond.

    Not python-can's writer, which has neither remote frames nor CAN FD and names the bus of a
    frame that it has read one higher each time.
    """
    channels = ChannelNumbers(folder.manifest)
    tally.channels = channels.told
    start: float | None = None
    for number, frame in enumerate(
        in_time(_without(folder.frames(), tally, "error"), folder, tally), 1
    ):
        if start is None:
            start = int(frame.timestamp * 1000) / 1000
            stream.write(_trc_head(start).encode())
        bus = channels[frame.bus] + 1
        identifier = f"{frame.arbitration_id:0{8 if frame.extended else 4}X}"
        direction = "Tx" if frame.direction == "T" else "Rx"
        code = frame.dlc if frame.kind == "remote" else _LENGTHS[len(frame.data_field)]
        line = (
            f"{number:7} {(frame.timestamp - start) * 1000:13.3f} {_TRC_TYPES[frame.kind]} {bus:2} "
            f"{identifier:>8} {direction} -  {code:<4} {frame.data_field.hex(' ').upper()}"
        )
        stream.write(f"{line.rstrip()}\r\n".encode())
    if start is None:
        stream.write(_trc_head(0.0).encode())


_TRC_TYPES: dict[FrameKind, str] = {
    "data": "DT",
    "remote": "RR",
    "fd": "FD",
    "fd brs": "FB",
    "fd esi": "FE",
    "fd brs esi": "BI",
}


def _trc_head(start: float) -> str:
    date = datetime.fromtimestamp(start, UTC)
    lines = (
        "$FILEVERSION=2.1",
        f"$STARTTIME={start / _DAY + _OLE_EPOCH:.12f}",
        "$COLUMNS=N,O,T,B,I,d,R,L,D",
        "",
        f"   Start time: {date:%d.%m.%Y %H:%M:%S}.{date.microsecond // 1000:03d} UTC",
        "   Written by evtui",
        "-" * 79,
        "   Number, ms since the start, type, bus, id, Rx or Tx, reserved, length code, data",
        "-" * 79,
    )
    return "".join(f";{line}\r\n" for line in lines)


def _without(frames: Iterable[FrameRow], tally: Tally, *kinds: FrameKind) -> Iterator[FrameRow]:
    """Leave frames out for which a format has no place, and count them."""
    for frame in frames:
        if frame.kind in kinds:
            tally.left_out[f"{frame.kind} frames"] += 1
        else:
            yield frame


def _switched(frame: FrameRow) -> bool:
    return frame.kind in ("fd brs", "fd brs esi")


def _passive(frame: FrameRow) -> bool:
    return frame.kind in ("fd esi", "fd brs esi")


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
    fd = frame.kind.startswith("fd")
    return can.Message(
        timestamp=frame.timestamp,
        arbitration_id=frame.arbitration_id,
        is_extended_id=frame.extended,
        is_remote_frame=remote,
        is_error_frame=frame.kind == "error",
        is_fd=fd,
        bitrate_switch=_switched(frame),
        error_state_indicator=_passive(frame),
        channel=channel,
        dlc=frame.dlc,
        data=None if remote else frame.data_field,
        is_rx=frame.direction != "T",
    )
