"""Reading the app's screen."""

from __future__ import annotations

import re

from tests.e2e.terminal import Terminal

__all__ = ["actual", "connected", "drawn", "up"]


def drawn(screen: str) -> bool:
    """The first full frame: all four panels and the footer."""
    return all(part in screen for part in ("OCPP", "CAN · by id", "Current", "Anomaly", "q quit"))


def connected(screen: str) -> bool:
    """The charge point has been accepted by its central system."""
    return drawn(screen) and "CP1 ●" in screen


def up(terminal: Terminal) -> Terminal:
    """The terminal, once the whole lab is up on it."""
    terminal.wait_for(connected)
    return terminal


def actual(screen: str) -> int:
    """Current that the chart's top row gives, A; -1 while it gives none."""
    found = re.search(r"actual +(\d+) A", screen)
    return int(found[1]) if found else -1
