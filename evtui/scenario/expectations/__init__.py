"""The kinds of expectations, one or a few related ones a file; every file here is read.

To add one write a file with a subclass of :class:`Expectation` that has the decorator
``@EXPECTATIONS.add``: that is all.
"""

from evtui.scenario.expectations.base import EXPECTATIONS, Expectation, Observer

__all__ = ["EXPECTATIONS", "Expectation", "Observer"]

_FIRST = ("alarms", "messages", "status", "current", "temperature", "validity")
"""The files in the order in which messages and tables list their kinds; others come after them."""

EXPECTATIONS.read(__name__, __path__, _FIRST)
