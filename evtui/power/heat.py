"""Heat in the power stage: one thermal mass, one way out for the heat."""

from __future__ import annotations

import math

import msgspec

from ._checks import positive, share

DERATE_FROM = 55.0
"""Degrees Celsius up to which a power module gives all it can (data sheets of 20 kW modules)."""

DERATE_TO = 75.0
"""Degrees Celsius from which it gives nothing (the same data sheets)."""


class Cooling(msgspec.Struct, frozen=True, kw_only=True):
    """What is lost as heat and how it leaves: ``C dT/dt = losses - (T - ambient) / R``.

    Attributes:
        efficiency: output power / input power, above 0 and at most 1.
        resistance: thermal resistance to the ambient air, K/W.
        capacity: heat capacity, J/K.
        ambient: degrees Celsius.

    Raises:
        ValueError: for a number outside its range.
    """

    efficiency: float
    resistance: float
    capacity: float
    ambient: float = 25.0

    def __post_init__(self) -> None:
        share("efficiency", self.efficiency)
        positive("thermal resistance (K/W)", self.resistance)
        positive("heat capacity (J/K)", self.capacity)

    def step(self, temperature: float, power: float, dt: float) -> float:
        """Temperature in degrees Celsius after ``dt`` s at an output of ``power`` W.

        This is the exact solution for constant power, hence stable for any step.
        """
        losses = power * (1.0 / self.efficiency - 1.0)
        settled = self.ambient + losses * self.resistance
        return settled + (temperature - settled) * math.exp(-dt / (self.resistance * self.capacity))


def derating(temperature: float) -> float:
    """Share of the rated current left at ``temperature`` degrees Celsius.

    1 up to 55 degrees, 0 from 75, linear in between.
    """
    if temperature <= DERATE_FROM:
        return 1.0
    return max(0.0, (DERATE_TO - temperature) / (DERATE_TO - DERATE_FROM))
