"""One row of the CAN panel, column by column."""

from __future__ import annotations

from evtui.tui.line_view import Cells
from evtui.tui.models.can_columns import MAX_DATA_BYTES, RIGHT, FrameColumn
from evtui.tui.models.frames import FrameLine
from evtui.tui.models.identifiers import IdRow, seconds_text
from evtui.tui.models.text import fit

__all__ = ["row_cells"]

OFF_CYCLE = " ≠"
"""Behind a period that is not the database's."""


def row_cells(row: FrameLine, columns: tuple[FrameColumn, ...], now: float) -> Cells:
    """The cells of a frame, or of an identifier; one that is overdue at ``now`` (s) is dim."""
    dim = isinstance(row, IdRow) and row.stale(now)
    cells: Cells = []
    for column, width in columns:
        if column == "data":
            cells += _data(row, width, now)
        else:
            text, role = _text(row, column)
            cells.append((fit(text, width, right=column in RIGHT), role))
        cells.append((" ", ""))
    cells.pop()
    return [(text, "muted" if dim else role) for text, role in cells]


def _text(row: FrameLine, column: str) -> tuple[str, str]:
    match column:
        case "id":
            return row.id_text, "bad" if row.frame.error else "strong"
        case "name":
            return row.name, ""
        case "sender":
            return row.node, "muted"
        case "signals":
            return row.signals, "strong"
    assert isinstance(row, IdRow)
    match column:
        case "count":
            return row.count_text, "muted"
        case "rate":
            return row.rate_text, "muted"
        case "period":
            off = row.off_cycle
            return row.period_text + (OFF_CYCLE if off else "  "), "warning" if off else "muted"
        case "cycle":
            return seconds_text(row.cycle), "muted"
        case _:
            return seconds_text(row.jitter), "muted"


def _data(row: FrameLine, width: int, now: float) -> Cells:
    """Bytes in hexadecimal, those that changed just now marked, runs of a kind together."""
    data = row.frame.data
    shown = data[:MAX_DATA_BYTES]
    changed = row.changed(now) if isinstance(row, IdRow) else frozenset()
    muted = row.muted_bytes(len(shown)) if isinstance(row, IdRow) else frozenset()
    cells: Cells = []
    run, role, used = "", "", 0
    for index, byte in enumerate(shown):
        own = "changed" if index in changed else "muted" if index in muted else ""
        blank = " " if index else ""
        if own == role:
            run += f"{blank}{byte:02X}"
        else:
            cells.append((run, role))
            if blank:
                cells.append((blank, ""))
            run, role = f"{byte:02X}", own
        used += 2 + len(blank)
    cells.append((run, role))
    if len(data) > len(shown):
        cells.append((" …", "muted"))
        used += 2
    cells.append((" " * max(0, width - used), ""))
    return [cell for cell in cells if cell[0]]
