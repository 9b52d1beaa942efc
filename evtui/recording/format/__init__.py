"""The tables of a run folder, each declared once.

A column is one line of a row class in :mod:`~evtui.recording.format.tables`: its name, its type,
what it means, where the recorder takes it from, and its default if it may be missing.  The header,
the writer, the reader by name, the types of an export, the data sheet and the documentation are
made of that line.
"""

from evtui.recording.format.cell import ERROR_FLAG, IDENTIFIER, Cell, split_csv
from evtui.recording.format.manifest import BusInfo, Manifest, RecordedStation, ScenarioInfo
from evtui.recording.format.table import FIRST_VERSION, Column, HeaderError, Reader, Table
from evtui.recording.format.tables import (
    ALARMS,
    FRAMES,
    MESSAGES,
    SIGNALS,
    TABLES,
    TRUTH,
    AlarmRow,
    FrameKind,
    FrameRow,
    MessageRow,
    SignalRow,
    TruthRow,
)

__all__ = [
    "ALARMS",
    "ERROR_FLAG",
    "FIRST_VERSION",
    "FRAMES",
    "IDENTIFIER",
    "MESSAGES",
    "SIGNALS",
    "TABLES",
    "TRUTH",
    "AlarmRow",
    "BusInfo",
    "Cell",
    "Column",
    "FrameKind",
    "FrameRow",
    "HeaderError",
    "Manifest",
    "MessageRow",
    "Reader",
    "RecordedStation",
    "ScenarioInfo",
    "SignalRow",
    "Table",
    "TruthRow",
    "split_csv",
]
