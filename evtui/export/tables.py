"""The run folder's tables by name, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from evtui.escaping import for_json, for_sheet
from evtui.events import json_text
from evtui.export.tally import Tally
from evtui.recording import layout
from evtui.recording.reader import RunFolder
from evtui.recording.rows import AlarmRow, FrameRow, MessageRow, SignalRow, TruthRow

__all__ = ["TABLES", "Table", "write_csv"]


@dataclass(frozen=True)
class Table:
    """A table of a run folder.

    Attributes:
        columns: the fields of its rows.
        files: those it is made of; one of them is enough.
        unit: what a row is, in the plural.
        time: name of the column with the lab time in s.
    """

    name: str
    columns: tuple[str, ...]
    files: tuple[str, ...]
    unit: str
    time: str
    rows: Callable[[RunFolder], Iterable[Any]]


TABLES = {
    table.name: table
    for table in (
        Table(
            "frames",
            FrameRow._fields,
            (layout.CAN_LOG, layout.CAN_LABELS),
            "frames",
            "t_s",
            lambda folder: folder.frames(),
        ),
        Table(
            "signals",
            SignalRow._fields,
            (layout.SIGNALS,),
            "samples",
            "t_s",
            lambda folder: folder.signals(),
        ),
        Table(
            "ocpp",
            MessageRow._fields,
            (layout.OCPP,),
            "messages",
            "t",
            lambda folder: folder.messages(),
        ),
        Table(
            "alarms",
            AlarmRow._fields,
            (layout.ALARMS,),
            "alarms",
            "t_s",
            lambda folder: folder.alarms(),
        ),
        Table(
            "truth",
            TruthRow._fields,
            (layout.TRUTH,),
            "attacks",
            "t_start",
            lambda folder: folder.truth(),
        ),
    )
}


def write_csv(table: Table, folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """CSV as the run folder writes it: flags 0 or 1, unknown empty, nested values as JSON.

    Identifiers and data of frames are hexadecimal behind 0x, so that nobody reads 300 or 0064 as
    decimal numbers.  It goes to people's spreadsheets and terminals: text is no formula, and
    commands nothing.
    """
    text = io.TextIOWrapper(stream, "utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    time = table.columns.index(table.time)
    for row in tally.count(table.rows(folder), lambda each: float(each[time])):
        writer.writerow(
            [_cell(name, value) for name, value in zip(table.columns, row, strict=True)]
        )
    text.flush()
    text.detach()


def _cell(column: str, value: Any) -> Any:
    if column in ("payload", "parameters", "delivered"):
        return "" if value is None else for_json(json_text(value))
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, bytes):
        return f"0x{value.hex().upper()}" if value else ""
    if column == "arbitration_id":
        return f"0x{value:03X}"
    if isinstance(value, tuple):
        value = layout.LIST_SEPARATOR.join(value)
    return for_sheet(value) if isinstance(value, str) else value
