"""Heat in the power stage: one thermal mass, one way out for the heat."""

from __future__ import annotations

import math

import msgspec

from ._checks import positive, share

DERATE_FROM = 80.0
"""Degrees Celsius at the heat sinks up to which a power module gives all it can.

Data sheets of 20 kW modules name the air: all of the power up to 55 degrees, half of it at 75,
nothing above.  At full power the heat sinks of the stage are 25 K warmer than the air.
"""

DERATE_TO = 100.0
"""Degrees Celsius up to which it gives anything (the same data sheets)."""

STILL_AIR = 0.05
"""Share of the cooling that is left where the fans stand still: narrow fins need moving air."""

STILL_MASS = 0.25
"""Share of the heat capacity that takes part then: the heat sinks, and no cabinet full of air."""


class Cooling(msgspec.Struct, frozen=True, kw_only=True):
    """What is lost as heat and how it leaves: ``C dT/dt = losses - (T - ambient) / R``.

    Attributes:
        efficiency: output power / input power, above 0 and at most 1.
        resistance: thermal resistance to the ambient air, K/W.
        capacity: heat capacity, J/K.
        ambient: degrees Celsius.
        forced: by fans.

    Raises:
        ValueError: for a number outside its range.
    """

    efficiency: float
    resistance: float
    capacity: float
    ambient: float = 25.0
    forced: bool = True

    def __post_init__(self) -> None:
        share("efficiency", self.efficiency)
        positive("thermal resistance (K/W)", self.resistance)
        positive("heat capacity (J/K)", self.capacity)

    def step(self, temperature: float, power: float, dt: float, fan: float = 1.0) -> float:
        """Temperature in degrees Celsius after ``dt`` s at an output of ``power`` W.

        This is the exact solution for constant power, hence stable for any step.

        Args:
            fan: share of the forced cooling that is left.
        """
        losses = power * (1.0 / self.efficiency - 1.0)
        resistance, capacity = self.resistance, self.capacity
        if fan < 1.0 and self.forced:
            resistance /= STILL_AIR + (1.0 - STILL_AIR) * fan
            capacity *= STILL_MASS + (1.0 - STILL_MASS) * fan
        settled = self.ambient + losses * resistance
        return settled + (temperature - settled) * math.exp(-dt / (resistance * capacity))


def derating(temperature: float) -> float:
    """Share of the current left at ``temperature`` degrees Celsius at the heat sinks.

    1 up to 80 degrees, half at 100, linear in between, and nothing above.
    """
    if temperature <= DERATE_FROM:
        return 1.0
    if temperature > DERATE_TO:
        return 0.0
    return 1.0 - 0.5 * (temperature - DERATE_FROM) / (DERATE_TO - DERATE_FROM)


CONNECTOR_MOST = 90.0
"""Degrees Celsius that the contacts of a connector may have (IEC 62196-1)."""


def connector_derating(temperature: float) -> float:
    """Share of the current left at ``temperature`` degrees Celsius at the contacts.

    1 up to 80 degrees, half from 90; it is the station that ends the charging there.
    """
    if temperature <= DERATE_FROM:
        return 1.0
    return max(0.5, 1.0 - 0.5 * (temperature - DERATE_FROM) / (CONNECTOR_MOST - DERATE_FROM))
