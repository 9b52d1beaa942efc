"""Tables as Parquet, with typed columns.  Needs pyarrow, the extra ``parquet``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from evtui import __version__
from evtui.events import json_text
from evtui.export.tables import ExportTable
from evtui.export.tally import Tally
from evtui.recording.format import Cell
from evtui.recording.read import RunFolder

__all__ = ["write_parquet"]

_ROWS = 16_384
"""Rows of a group: all that is held in memory at a time."""


def write_parquet(table: ExportTable, folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """The table with its columns as the run folder names them, in groups of rows.

    ``timestamp`` and what is in s are numbers as in the folder, ``t_utc`` is a time stamp in UTC
    and ``attack_ids`` a list.

    Raises:
        ImportError: pyarrow is not installed.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = table.declared.fields
    schema = pa.schema(
        [(field.name, _type(field.cell)) for field in fields],
        metadata={"evtui": __version__, "table": table.name},
    )
    rows = tally.count(table.rows(folder), table.times())
    with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        while group := list(islice(rows, _ROWS)):
            arrays = [
                pa.array(_values(field.cell, values), type=schema.field(field.name).type)
                for field, values in zip(fields, zip(*group, strict=True), strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _type(cell: Cell) -> Any:
    import pyarrow as pa

    if cell.arrow == "utc":
        return pa.timestamp("ms", tz="UTC")
    if cell.arrow == "list":
        return pa.list_(pa.string())
    return pa.type_for_alias("string" if cell.arrow == "json" else cell.arrow)


def _values(cell: Cell, values: Sequence[Any]) -> Sequence[Any]:
    if cell.arrow == "utc":
        return [datetime.fromisoformat(value) if value else None for value in values]
    if cell.arrow == "json":
        return [None if value is None else json_text(value) for value in values]
    return [_encodable(value) for value in values]


def _encodable(value: Any) -> Any:
    """Half a character, which peers may send, is none of UTF-8 and is written as its escape."""
    if isinstance(value, tuple):
        return [_encodable(each) for each in value]
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
