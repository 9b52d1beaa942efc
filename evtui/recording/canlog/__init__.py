"""CAN logs of other tools as the frames in them: .asc, .blf, .trc, .csv, .mf4, and gzip of any."""

from __future__ import annotations

from evtui.recording.canlog.formats import LOG_FORMATS, LogFormat, format_of
from evtui.recording.canlog.packed import unpack
from evtui.recording.canlog.reading import LogReading, candump_line

__all__ = ["LOG_FORMATS", "LogFormat", "LogReading", "candump_line", "format_of", "unpack"]
