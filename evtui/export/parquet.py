"""Tables as Parquet, with typed columns.  Needs pyarrow, the extra ``parquet``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from evtui import __version__
from evtui.events import json_text
from evtui.export.tables import Table
from evtui.export.tally import Tally
from evtui.recording.reader import RunFolder

__all__ = ["write_parquet"]

_ROWS = 16_384
"""Rows of a group: all that is held in memory at a time."""

_TYPES = {
    "int8": ("type",),
    "uint8": ("dlc",),
    "int32": ("connector", "link", "changes"),
    "uint32": ("arbitration_id",),
    "int64": ("transaction_id", "seq", "cause"),
    "bool": ("attack", "effect", "extended", "contactor", "active", "injected"),
    "binary": ("data_field",),
    "double": (
        "timestamp",
        "t",
        "t_s",
        "t_start",
        "t_end",
        "t_effect_end",
        "time_to_detect_s",
        "latency",
        "current_a",
        "limit_a",
        "target_a",
        "reported_a",
        "voltage_v",
        "power_w",
        "energy_wh",
        "soc_pct",
        "temperature_c",
    ),
}
"""Arrow's name of a type to the columns that have it; the others are text, nested values JSON."""


def write_parquet(table: Table, folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """The table with its columns as the run folder names them, in groups of rows.

    ``timestamp`` and what is in s are numbers as in the folder, ``t_utc`` is a time stamp in UTC
    and ``attack_ids`` a list.

    Raises:
        ImportError: pyarrow is not installed.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [(column, _type(table, column)) for column in table.columns],
        metadata={"evtui": __version__, "table": table.name},
    )
    time = table.columns.index(table.time)
    rows = tally.count(table.rows(folder), lambda row: float(row[time]))
    with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        while group := list(islice(rows, _ROWS)):
            arrays = [
                pa.array(_values(column, values), type=schema.field(column).type)
                for column, values in zip(table.columns, zip(*group, strict=True), strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _type(table: Table, column: str) -> Any:
    import pyarrow as pa

    if column == "t_utc":
        return pa.timestamp("ms", tz="UTC")
    if column == "attack_ids":
        return pa.list_(pa.string())
    if (table.name, column) == ("truth", "type"):  # of an attack; in ocpp it is a number
        return pa.string()
    names = (name for name, columns in _TYPES.items() if column in columns)
    return pa.type_for_alias(next(names, "string"))


def _values(column: str, values: Sequence[Any]) -> Sequence[Any]:
    if column == "t_utc":
        return [datetime.fromisoformat(value) if value else None for value in values]
    if column in ("payload", "parameters", "delivered"):
        return [None if value is None else json_text(value) for value in values]
    return [_encodable(value) for value in values]


def _encodable(value: Any) -> Any:
    """Half a character, which peers may send, is none of UTF-8 and is written as its escape."""
    if isinstance(value, tuple):
        return [_encodable(each) for each in value]
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
