"""The names of the columns of the CAN panel; a click sorts."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.events import Click, Resize
from textual.message import Message

from evtui.tui.models.can_columns import HEADINGS, RIGHT, FrameColumn
from evtui.tui.models.identifiers import IdColumn
from evtui.tui.rows import Piece, RowsWidget

__all__ = ["ColumnHeads"]

SORTED, UPSIDE_DOWN = "▾", "▴"


class ColumnHeads(RowsWidget):
    """One line over the lists; says which column it is sorted by.

    Args:
        ask: calls :meth:`tell`, which it needs whenever its width changes.
    """

    DEFAULT_CSS = """
    ColumnHeads {
        height: 1;
        & > .heads--name { color: $text-muted; text-style: underline; }
        & > .heads--sorted { color: $text-accent; text-style: bold underline; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"heads--name", "heads--sorted"}
    ROLE_PREFIX = "heads"

    class HeadChosen(Message):
        """Somebody clicked on a column."""

        def __init__(self, column: IdColumn) -> None:
            super().__init__()
            self.column = column

    def __init__(self, ask: Callable[[], None]) -> None:
        super().__init__()
        self._ask = ask
        self._columns: tuple[FrameColumn, ...] = ()
        self._before = 0
        self._sortable = False

    def tell(
        self,
        before: int,
        columns: tuple[FrameColumn, ...],
        column: IdColumn | None = None,
        upside_down: bool = False,
        lead: str = "",
    ) -> None:
        """Name the columns.

        Args:
            before: cells in front of the first.
            columns: what stands in each row.
            column: that the rows are sorted by; None where they cannot be sorted.
            upside_down: whether the last comes first.
            lead: name of what stands in front of the first.
        """
        self._before, self._columns, self._sortable = before, columns, column is not None
        lead = lead[: max(0, before - 1)]
        pieces = [Piece(" "), Piece(lead, "name"), Piece(" " * (before - len(lead)))]
        for name, width in columns:
            own = name == column
            arrow = (UPSIDE_DOWN if upside_down else SORTED) if own else ""
            right = name in RIGHT
            text = HEADINGS[name][: max(0, width - len(arrow))] + arrow
            # Behind a period there is room for its mark.
            text += "  " if name == "period" and len(text) + 2 <= width else ""
            blank = " " * (width - len(text))
            named = Piece(text, "sorted" if own else "name")
            pieces += [Piece(blank), named] if right else [named, Piece(blank)]
            pieces.append(Piece(" "))
        self.show([tuple(piece for piece in pieces if piece.text)])

    @on(Resize)
    def _tell_anew(self) -> None:
        self._ask()

    @on(Click)
    def _choose(self, event: Click) -> None:
        start = self._before + 1
        for name, width in self._columns:
            if self._sortable and start <= event.x < start + width:
                self.post_message(self.HeadChosen(name))
            start += width + 1
