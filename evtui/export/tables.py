"""The run folder's tables by name, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, BinaryIO

from evtui.escaping import for_json, for_sheet
from evtui.events import json_text
from evtui.export.tally import Tally
from evtui.recording.format import (
    ALARMS,
    FRAMES,
    IDENTIFIER,
    MESSAGES,
    SIGNALS,
    TRUTH,
    Cell,
    layout,
)
from evtui.recording.format import (
    Table as Declared,
)
from evtui.recording.read import RunFolder

__all__ = ["TABLES", "ExportTable", "write_csv"]


@dataclass(frozen=True)
class ExportTable:
    """A table of a run folder.

    Attributes:
        declared: its columns.
        files: those it is made of; one of them is enough.
        unit: what a row is, in the plural.
    """

    name: str
    declared: Declared[Any]
    files: tuple[str, ...]
    unit: str
    rows: Callable[[RunFolder], Iterable[Any]]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""
        return self.declared.names

    def times(self) -> Callable[[Any], float]:
        """Reads the lab time in s of a row."""
        return attrgetter(self.declared.time)


TABLES = {
    table.name: table
    for table in (
        ExportTable(
            "frames", FRAMES, (layout.CAN_LOG, FRAMES.file), "frames", lambda run: run.frames()
        ),
        ExportTable("signals", SIGNALS, (SIGNALS.file,), "samples", lambda run: run.signals()),
        ExportTable("ocpp", MESSAGES, (MESSAGES.file,), "messages", lambda run: run.messages()),
        ExportTable("alarms", ALARMS, (ALARMS.file,), "alarms", lambda run: run.alarms()),
        ExportTable("truth", TRUTH, (TRUTH.file,), "attacks", lambda run: run.truth()),
    )
}


def write_csv(table: ExportTable, folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """CSV as the run folder writes it: flags 0 or 1, unknown empty, nested values as JSON.

    Identifiers and data of frames are hexadecimal behind 0x, so that nobody reads 300 or 0064 as
    decimal numbers.  It goes to people's spreadsheets and terminals: text is no formula, and
    commands nothing.
    """
    text = io.TextIOWrapper(stream, "utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    fields = table.declared.fields
    for row in tally.count(table.rows(folder), table.times()):
        writer.writerow(
            [_cell(field.cell, value) for field, value in zip(fields, row, strict=True)]
        )
    text.flush()
    text.detach()


def _cell(cell: Cell, value: Any) -> Any:
    if cell.arrow == "json":
        return "" if value is None else for_json(json_text(value))
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, bytes):
        return f"0x{value.hex().upper()}" if value else ""
    if cell is IDENTIFIER:
        return f"0x{value:03X}"
    if isinstance(value, tuple):
        value = layout.LIST_SEPARATOR.join(value)
    return for_sheet(value) if isinstance(value, str) else value
