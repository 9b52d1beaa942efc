"""What every detector has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

from evtui.detection.views import View

__all__ = ["Change", "Detector"]

Change = Literal["raised", "cleared"] | None
"""What an update has done to the alarm."""


class Detector(ABC):
    """One that watches one thing.  Pure: it is told what was seen, in the order of time.

    Attributes:
        name: as scenarios and manifests know it.
        views: that it can be fed from.
        alarm: whether it is raised.
    """

    name: ClassVar[str]
    views: ClassVar[tuple[View, ...]]

    def __init__(self) -> None:
        self.alarm = False

    @property
    @abstractmethod
    def evidence(self) -> str:
        """Why it says what it says, in one line for people."""

    @abstractmethod
    def parameters(self) -> dict[str, float]:
        """Name, with its unit, to value, as recordings keep them."""
