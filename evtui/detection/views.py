"""Where detectors look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

__all__ = ["FED_FROM", "VIEWS", "View"]

View = Literal["can", "ocpp"]
"""Where an observer sits: on the CAN bus, or at the central system."""

FED_FROM: Mapping[View, str] = {"can": "CAN", "ocpp": "MeterValues"}
"""What a detector in each view is fed from, for people."""

VIEWS = tuple(FED_FROM)
