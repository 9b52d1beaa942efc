"""What attacks have in common, whoever does them.  Pure."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["BY_HAND", "LAYERS", "Layer", "ParameterValue"]

Layer = Literal["ocpp", "link", "can", "physical"]
"""Where an attack acts."""

LAYERS: tuple[Layer, ...] = get_args(Layer)

ParameterValue = float | str | bool | None
"""What a parameter may be in the truth; a number is told as a number, whole or not."""

BY_HAND = "by-hand"
"""Variant of an attack whose steps are somebody's own; see :mod:`evtui.anomalies.by_hand`."""
