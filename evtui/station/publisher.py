"""What a charge point tells under its own name."""

from __future__ import annotations

from typing import Literal

import msgspec

from evtui.events import EventStream, Note

__all__ = ["Publisher"]


class Publisher(msgspec.Struct, frozen=True):
    """The stream of events, and the name under which a charge point publishes on it.

    Attributes:
        name: identity of the charge point.
    """

    name: str
    stream: EventStream

    def note(self, text: str, level: Literal["info", "warning", "error"] = "info") -> None:
        """Publish a line for people."""
        name = self.name
        self.stream.publish(Note(source=name, station=name, level=level, text=text))
