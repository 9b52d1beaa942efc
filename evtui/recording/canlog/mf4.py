"""ASAM MDF (.mf4) with CAN frames in its bus logging groups, read by python-can and asammdf."""

from __future__ import annotations

import gc
import logging
import math
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from evtui.recording.canlog.reading import (
    BIT_RATE_SWITCH,
    ERROR_STATE,
    LogReading,
    NoFrame,
    channel_name,
    check_frame,
)
from evtui.recording.read.candump import LoggedFrame

__all__ = ["LARGEST", "MAGICS", "read_mf4"]

MAGICS = (b"MDF     ", b"UnFinMF ")

LARGEST = 1 << 30
"""Bytes; asammdf takes a multiple of the file in memory."""


def read_mf4(file: BinaryIO, reading: LogReading) -> Iterator[tuple[int, LoggedFrame]]:
    """The frames of such a file; a place is the number of the frame.

    Raises:
        OSError: it is too large, or what reads it is not installed.
    """
    if find_spec("asammdf") is None:
        raise OSError("needs asammdf to be read: pip install 'evtui[mf4]'")
    if file.seek(0, 2) > LARGEST:
        raise OSError(f"is larger than {LARGEST >> 30} GiB, too much for asammdf")
    reading.unit = "frame"
    logging.getLogger("asammdf").setLevel(logging.CRITICAL)
    place = 0
    try:
        with _opened(Path(file.name)) as messages:
            for message in messages:
                place += 1
                try:
                    yield place, check_frame(_frame(message))
                except NoFrame as why:
                    reading.refuse(place, why)
    except NoFrame as why:
        reading.refuse(place, why)
    except Exception as error:  # whatever asammdf makes of a broken file
        reading.refuse(place, _why(error))


def _opened(path: Path) -> AbstractContextManager[Iterable[Any]]:
    """What reads the file.

    Raises:
        NoFrame: asammdf cannot.
    """
    from can import MF4Reader

    hook = sys.unraisablehook
    # What asammdf has made half fails once more, with a traceback, when it is thrown away.
    sys.unraisablehook = lambda _: None
    try:
        return MF4Reader(path)
    except Exception as error:
        why = _why(error)
    finally:
        gc.collect()
        sys.unraisablehook = hook
    raise NoFrame(why)


def _why(error: Exception) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return f"asammdf cannot read on: {text}"[:200]


def _frame(message: Any) -> LoggedFrame:
    if not 0.0 <= message.timestamp < 253_402_300_799.0 or math.isnan(message.timestamp):
        raise NoFrame(f"time {message.timestamp} is in no calendar")
    kind = "error" if message.is_error_frame else "remote" if message.is_remote_frame else "data"
    flags = BIT_RATE_SWITCH * message.bitrate_switch | ERROR_STATE * message.error_state_indicator
    channel = message.channel if isinstance(message.channel, int) else 0
    return LoggedFrame(
        timestamp=float(message.timestamp),
        channel=channel_name(channel + 1),
        arbitration_id=int(message.arbitration_id) & 0x1FFF_FFFF,
        extended=bool(message.is_extended_id) and kind != "error",
        kind=kind,  # type: ignore[arg-type]
        data=b"" if kind == "remote" else bytes(message.data),
        dlc=int(message.dlc) if kind == "remote" else len(message.data),
        direction="R" if message.is_rx else "T",
        fd_flags=int(flags) if message.is_fd and kind == "data" else None,
    )
