"""Foreign text made harmless, cut and aligned by terminal cells."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from rich.cells import cell_len, set_cell_size

from evtui.escaping import for_terminal

__all__ = ["byte_size", "clean", "clock", "cut", "fit", "number"]

clean = for_terminal


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, ending in … where something is missing."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


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
