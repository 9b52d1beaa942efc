"""What the chapters of the documentation take from the tests.

``python -m tests.chapters`` writes everything in the chapters that is made, from the program and
from the tests.
"""

from __future__ import annotations

from pathlib import Path

from evtui.docs import build
from tests import messages
from tests.ocppj import rigour

__all__ = ["MADE"]

EXAMPLE = Path(__file__).parent / "central_system" / "example.py"


def messages_table() -> str:
    """Every message of OCPP 1.6, with its tests below ``tests/``."""
    head = ("message", "from", "section", "our charge point", "our central system", "tests")
    rows = ((f"`{action}`", *rest) for action, *rest in messages.rows())
    return build.table(head, rows)


def cases_table() -> str:
    """What a peer may get wrong, and what comes of it."""
    return build.table(("arrives", "answer", "section", "why"), rigour.rows())


def example() -> str:
    """The program that drives a central system of its own."""
    return f"```python\n{EXAMPLE.read_text(encoding='utf-8')}```\n"


MADE: build.Made = {
    **build.MADE,
    "messages": messages_table,
    "cases": cases_table,
    "example": example,
}
"""Everything in the chapters that is made."""


if __name__ == "__main__":
    build.write(MADE)
