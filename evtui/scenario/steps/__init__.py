"""The kinds of steps, one or a few related ones a file; every file here is read.

To add one write a file with a subclass of :class:`Step` that has the decorator ``@STEPS.add``:
that is all.  It is decoded, checked, told, measured and done from there, and is in the JSON Schema
and in the documentation.
"""

from evtui.scenario.steps.base import STEPS, Step

__all__ = ["STEPS", "Step"]

_FIRST = (
    "vehicle",
    "wait",
    "charging",
    "ocpp",
    "can",
    "anomaly",
    "attack",
    "flow",
    "notes",
    "command",
)
"""The files in the order in which messages and tables list their kinds; others come after them."""

STEPS.read(__name__, __path__, _FIRST)
