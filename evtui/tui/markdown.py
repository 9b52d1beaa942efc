"""Textual's Markdown, with tables that cost one widget each."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize
from textual.widgets import Markdown
from textual.widgets._markdown import MarkdownTable  # the public module leaves it out
from textual.widgets.markdown import MarkdownBlock

__all__ = ["Chapter", "column_widths"]

GAP = 2
"""Cells between columns."""

LEAST = 6
"""Cells that a column keeps where there are too many for all."""


class Chapter(Markdown):
    """A text of our own; a link in it is a message, and opens nothing by itself."""

    DEFAULT_CSS = """
    Chapter { padding: 0 1; }
    Chapter MarkdownFence > Label { width: 1fr; padding: 0 1; }  /* wrapped, not cut */
    """

    def __init__(self) -> None:
        super().__init__(open_links=False)

    def get_block_class(self, block_name: str) -> type[MarkdownBlock]:
        """See :class:`Markdown`."""
        return _Table if block_name == "table_open" else super().get_block_class(block_name)


class _Table(MarkdownTable):
    """A table as one text: Textual's own has a widget for each cell, hundreds in some chapters."""

    DEFAULT_CSS = "_Table { height: auto; &:light { background: transparent; } }"

    def compose(self) -> ComposeResult:
        """No children: the text is laid out once the width is known."""
        self._headers, self._rows = self._get_headers_and_rows()
        yield from ()

    @on(Resize)
    def _fit(self) -> None:
        widths = column_widths(
            [
                max(row[column].cell_length for row in (self._headers, *self._rows))
                for column in range(len(self._headers))
            ],
            self.size.width,
        )
        heads = [head.stylize("bold") for head in self._headers]
        rule = Content("─" * (sum(widths) + GAP * (len(widths) - 1))).stylize("$foreground 30%")
        lines = [*_lines(heads, widths), rule]
        for row in self._rows:
            lines += _lines(row, widths)
        self.update(Content("\n").join(lines))


def column_widths(wanted: Sequence[int], room: int) -> list[int]:
    """How wide the columns of a table are.

    Args:
        wanted: cells that each column would take unwrapped.
        room: cells that there are, gaps included.

    Returns:
        What is wanted where it fits; else narrow columns keep what they want, and wide ones share
        the rest evenly.
    """
    widths = list(wanted)
    left = room - GAP * (len(widths) - 1)
    order = sorted(range(len(widths)), key=lambda column: wanted[column])
    for place, column in enumerate(order):
        share = max(LEAST, left // (len(widths) - place))
        widths[column] = min(wanted[column], share)
        left -= widths[column]
    return widths


def _lines(cells: Sequence[Content], widths: Sequence[int]) -> list[Content]:
    """One row of a table, wrapped."""
    columns = [cell.wrap(max(1, width)) for cell, width in zip(cells, widths, strict=True)]
    gap, nothing = Content(" " * GAP), Content("")
    return [
        gap.join(
            (column[line] if line < len(column) else nothing).truncate(width, pad=True)
            for column, width in zip(columns, widths, strict=True)
        )
        for line in range(max(map(len, columns)))
    ]
