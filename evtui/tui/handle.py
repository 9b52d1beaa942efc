"""The narrow door between the terminal and the engine."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Protocol

from evtui.commands import Outcome
from evtui.events import EventReader

__all__ = ["LabHandle"]


class LabHandle(Protocol):
    """What the terminal may ask of a lab; the real one is :class:`evtui.live.LiveLab`.

    Everything here may be called from the terminal's thread and returns at once.
    """

    @property
    def start_utc(self) -> float:
        """Unix time in seconds of lab time 0."""

    @property
    def events(self) -> EventReader:
        """Every event since the start, taken once."""

    def now(self) -> float:
        """Lab time in seconds."""

    def unix(self) -> float:
        """Unix time in seconds of now, as messages bear it: the computer's clock may be set."""

    def submit(self, command: str, **arguments: object) -> Future[Outcome[Any]]:
        """Ask for a ``lab`` command of :mod:`evtui.commands`.

        The future ends with what came of it, or with an exception whose text is one line.
        """
