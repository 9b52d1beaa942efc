"""What steps and expectations have in common when they are put into words.  Pure."""

from __future__ import annotations

from typing import Any

from evtui.recording.write import Redactor

__all__ = [
    "WHO",
    "WITHOUT_STATUS",
    "alarm_in_words",
    "counted",
    "seconds",
    "view_in_words",
    "with_fields",
    "within_in_words",
]

WITHOUT_STATUS = "without a status"
"""An answer that gives none, as that of a Heartbeat."""

WHO = {"central_system": "the central system", "charge_point": "the charge point"}
"""Senders of messages."""


def seconds(duration: float) -> str:
    """A duration in s as people write it: ``2 s``, ``0.25 s``, ``86400 s``."""
    return f"{duration:.3f}".rstrip("0").rstrip(".") + " s"


def counted(number: int, what: str) -> str:
    """``1 step``, ``2 steps``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def alarm_in_words(name: str) -> str:
    """``alarm current-reversals``, ``any alarm``."""
    return "any alarm" if name == "any" else f"alarm {name}"


def view_in_words(view: str | None) -> str:
    """`` (view can)``; empty for any."""
    return "" if view is None else f" (view {view})"


def within_in_words(within: float | None) -> str:
    """`` within 5 s``; empty where there is no time limit."""
    return "" if within is None else f" within {seconds(within)}"


def with_fields(fields: dict[str, Any] | None) -> str:
    """`` with {"connectorId":1}``, secrets hidden; empty where no field is named."""
    return f" with {Redactor().json(fields)}" if fields else ""
