"""Which columns of CAN frames a width has room for.  Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from evtui.tui.models.identifiers import COLUMNS, IdColumn

__all__ = ["HEADINGS", "FrameColumn", "Shape", "columns_for"]

MAX_DATA_BYTES = 8
"""Bytes of data that are shown; what is longer ends in …."""

SIGNALS_MIN = 6
NAME_MIN, NAME_ENOUGH, NAME_MAX = 6, 13, 24
"""Cells of a name: at least, before anything else has room, and at most."""

SENDER_WIDTH = 12  # charge-point

HEADINGS: dict[IdColumn, str] = {
    "id": "id",
    "name": "name",
    "sender": "sender",
    "count": "count",
    "rate": "1/s",
    "period": "period",
    "cycle": "cycle",
    "jitter": "jitter",
    "data": "data",
    "signals": "signals",
}

RIGHT = ("count", "rate", "period", "cycle", "jitter")
"""Columns of numbers, which stand at the right of theirs."""

_NUMBERS = {"count": 7, "rate": 6, "period": 9, "cycle": 7, "jitter": 7}
"""Cells; a period has a mark behind it where it is not the database's."""

_BY_WORTH: tuple[IdColumn, ...] = (
    *("count", "signals", "period", "rate", "sender", "jitter", "cycle"),
)
"""What is shown beside identifier, name and data, the most telling first."""


class FrameColumn(NamedTuple):
    """One column: what it shows, and how many cells it has without the blank behind it."""

    name: IdColumn
    width: int


class Shape(NamedTuple):
    """What the widths of columns depend on.

    Attributes:
        width: cells there are.
        id_width: digits of the longest identifier.
        name_width: characters of the longest name.
        data_bytes: bytes of the longest data.
        timed: whether there are numbers of each identifier; a trace has none.
    """

    width: int
    id_width: int
    name_width: int
    data_bytes: int
    timed: bool = True

    @property
    def data_width(self) -> int:
        """Cells of the data: two digits a byte, a blank between two."""
        shown = min(self.data_bytes, MAX_DATA_BYTES)
        return max(4, 3 * shown - 1 + 2 * (self.data_bytes > shown))


@lru_cache(64)
def columns_for(shape: Shape) -> tuple[FrameColumn, ...]:
    """The columns, from left to right; with a blank behind each but the last they fit.

    Identifier and data are always there; a name of a few cells as well where it fits.
    """
    widths: dict[IdColumn, int] = {"id": shape.id_width, "data": shape.data_width}
    room = shape.width - sum(widths.values()) - 1
    name = min(shape.name_width, NAME_MAX)

    def take(column: IdColumn, cells: int) -> None:
        nonlocal room
        if cells > 0 and room >= cells + 1:
            widths[column] = cells
            room -= cells + 1

    take("name", min(name, NAME_ENOUGH, max(NAME_MIN, room - 1)))
    for column in _BY_WORTH:
        if column == "signals":
            take(column, SIGNALS_MIN)
        elif column == "sender":
            take(column, SENDER_WIDTH)
        elif shape.timed:
            take(column, _NUMBERS[column])
    if "name" in widths:
        more = max(0, min(room, name - widths["name"]))
        widths["name"] += more
        room -= more
    if "signals" in widths:
        widths["signals"] += room
    return tuple(FrameColumn(name, widths[name]) for name in COLUMNS if name in widths)
