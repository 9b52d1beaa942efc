"""Foreign text made harmless, cut and aligned by terminal cells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from rich.cells import cell_len, set_cell_size

from evtui.escaping import for_terminal

__all__ = [
    "TITLE_NAME",
    "byte_size",
    "clean",
    "clock",
    "cut",
    "cut_middle",
    "first_fitting",
    "fit",
    "fold",
    "number",
]

clean = for_terminal

TITLE_NAME = 32
"""Cells that a name may take of a panel's title."""


def cut(text: str, width: int, *, tail: int = 0) -> str:
    """``text`` in at most ``width`` cells, with a … where something is missing.

    Args:
        tail: characters at its end that are shown all the same, where there is room for them.
    """
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    end = text[len(text) - tail :]
    room = width - 1 - cell_len(end)
    if room <= 0:
        end, room = "", width - 1
    return f"{set_cell_size(text, room).rstrip()}…{end}"


def fold(text: str, width: int, lines: int, *, tail: int = 0) -> str:
    """``text`` in at most ``lines`` lines of ``width`` cells, broken between words if it can be.

    Args:
        tail: as of :func:`cut`.
    """
    if width <= 0:  # not laid out yet
        return text
    folded: list[str] = []
    while len(folded) < lines - 1 and cell_len(text) > width:
        head = set_cell_size(text, width)
        most = len(head) - (not text.startswith(head))  # half of a wide character is a blank
        end = text.rfind(" ", 1, most + 1)
        end = end if end > 0 else max(1, most)
        folded.append(text[:end])
        text = text[end:].lstrip(" ")
    return "\n".join((*folded, cut(text, width, tail=tail)))


def first_fitting(forms: Sequence[str], width: int) -> str:
    """The first of ``forms`` that fits into ``width`` cells, else the last one cut."""
    return next((form for form in forms if cell_len(form) <= width), cut(forms[-1], width))


def cut_middle(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, with … in its middle: names differ at their ends."""
    if cell_len(text) <= width or width < 3:
        return cut(text, width)
    start = set_cell_size(text, (width - 1) // 3)
    end = text[-(width - 1 - cell_len(start)) :]
    while cell_len(end) > width - 1 - cell_len(start):
        end = end[1:]
    return f"{start}…{end}"


def fit(text: str, width: int, *, right: bool = False) -> str:
    """``text`` cut or padded to exactly ``width`` cells, aligned left or right."""
    text = cut(text, width)
    padding = " " * (width - cell_len(text))
    return padding + text if right else text + padding


GREATEST = 1e15
"""What a number for people is written out below."""


def number(value: float) -> str:
    """A quantity for people: at most one decimal, none where it would be 0.

    Args:
        value: of any size, since peers send any; an int may be too large for a float.
    """
    if not -GREATEST < value < GREATEST:
        return f"{Decimal(value):.2e}"
    return f"{value:z.1f}".removesuffix(".0")


def byte_size(size: int) -> str:
    """A size in bytes for people: ``512 B``, ``4 kB``, ``1.2 MB``, ``3.4 GB``."""
    if size < 1_000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1_000:.0f} kB"
    return f"{size / 1_000_000:.1f} MB" if size < 1_000_000_000 else f"{size / 1e9:.1f} GB"


def clock(utc: float) -> str:
    """Unix time ``utc`` in seconds as ``HH:MM:SS.mmm`` in UTC."""
    return datetime.fromtimestamp(round(utc, 3), UTC).strftime("%H:%M:%S.%f")[:-3]
