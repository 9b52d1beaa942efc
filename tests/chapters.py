"""What the chapters of the documentation take from the tests.

``python -m tests.chapters`` writes everything in the chapters that is made, from the program and
from the tests.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from evtui.docs import build
from evtui.power import VEHICLES
from tests import messages
from tests.canbus import timing
from tests.export import losses
from tests.ocppj import rigour
from tests.power import swings

__all__ = ["MADE"]

EXAMPLE = Path(__file__).parent / "central_system" / "example.py"


def messages_table() -> str:
    """Every message of OCPP 1.6, with its tests below ``tests/``."""
    head = ("message", "from", "section", "our charge point", "our central system", "tests")
    rows = ((f"`{action}`", *rest) for action, *rest in messages.rows())
    return build.table(head, rows)


def losses_table() -> str:
    """What each format of a CAN log loses."""
    return build.table(losses.HEAD, losses.rows())


def cases_table() -> str:
    """What a peer may get wrong, and what comes of it."""
    return build.table(("arrives", "answer", "section", "why"), rigour.rows())


def vehicles_table() -> str:
    """The ramps of the vehicles."""
    head = ("vehicle", "asks for more at", "for less at", "begins after", "overshoots by")
    rows = (
        (f"`{name}`", f"{r.rise:g} A/s", f"{r.fall:g} A/s", f"{r.delay:g} s", f"{r.overshoot:.1%}")
        for name, vehicle in VEHICLES.items()
        if (r := vehicle.ramp) is not None
    )
    return build.table(head, rows)


def swings_table(variant: str) -> str:
    """How far a variant of the fluctuation swings the current of each vehicle."""
    return build.table(swings.HEAD, swings.rows(variant))


def response_times_table() -> str:
    """Periodic messages: how long they may take, and how long they took."""
    return build.table(timing.HEAD, timing.rows())


def example() -> str:
    """The program that drives a central system of its own."""
    return f"```python\n{EXAMPLE.read_text(encoding='utf-8')}```\n"


MADE: build.Made = {
    **build.MADE,
    "losses": losses_table,
    "messages": messages_table,
    "cases": cases_table,
    "example": example,
    "vehicles": vehicles_table,
    "swings with txprofile": partial(swings_table, "txprofile"),
    "response times": response_times_table,
    "swings with seed": partial(swings_table, "seed"),
}
"""Everything in the chapters that is made."""


if __name__ == "__main__":
    build.write(MADE)
