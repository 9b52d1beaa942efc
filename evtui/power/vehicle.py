"""The vehicle's battery: how much current it takes, at which voltage."""

from __future__ import annotations

from dataclasses import dataclass

from ._checks import not_negative, positive, share

# Open-circuit voltage of one NMC cell, two straight lines: read off the voltages before and
# after charging in the measured sessions of tests/power/data.
_EMPTY_V = 3.41
_KNEE_SOC = 55.0
_KNEE_V = 3.67
_FULL_V = 4.14
_LOWER_SLOPE = (_KNEE_V - _EMPTY_V) / _KNEE_SOC
_UPPER_SLOPE = (_FULL_V - _KNEE_V) / (100.0 - _KNEE_SOC)

FULL_AT_HOURS = 20.0
"""A battery counts as full once it takes less than its capacity in this many hours (C/20)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A vehicle as it arrives: an ideal voltage source behind a resistance.

    The battery takes ``max_current`` until its voltage under load reaches the voltage of a
    full battery.  From there it holds that voltage, so the current tapers in proportion to
    what is missing: ``I = (V_full - V_open(soc)) / R``.  ``resistance`` stands for all that
    shapes the taper, polarisation and the caution of the battery management included.

    The defaults are a 75 kWh car at 20 %: 200 A until 82 %, 100 A at 91 %, full at 99 %.

    Attributes:
        soc: state of charge, per cent.
        capacity: Ah.
        cells: cells in series; 108 make about 400 V.
        resistance: of the whole battery, ohm.
        max_current: A, the most it takes from a DC station.
        max_ac_current: A per phase, the most its on-board charger takes.
        onboard_efficiency: of the on-board charger.

    Raises:
        ValueError: for a number outside its range.
    """

    soc: float = 20.0
    capacity: float = 190.0
    cells: int = 108
    resistance: float = 0.1
    max_current: float = 200.0
    max_ac_current: float = 32.0
    onboard_efficiency: float = 0.9

    def __post_init__(self) -> None:
        if not 0 <= self.soc <= 100:
            raise ValueError(f"state of charge must be 0 to 100 %, not {self.soc!r}")
        positive("capacity (Ah)", self.capacity)
        positive("cells in series", self.cells)
        positive("resistance (ohm)", self.resistance)
        not_negative("max_current (A)", self.max_current)
        not_negative("max_ac_current (A)", self.max_ac_current)
        share("onboard_efficiency", self.onboard_efficiency)

    def open_circuit_voltage(self, soc: float) -> float:
        """Voltage in V without current at ``soc`` per cent."""
        if soc < _KNEE_SOC:
            return self.cells * (_EMPTY_V + _LOWER_SLOPE * soc)
        return self.cells * (_KNEE_V + _UPPER_SLOPE * (soc - _KNEE_SOC))

    def voltage(self, soc: float, current: float) -> float:
        """Voltage in V at the battery while ``current`` A flow in."""
        return self.open_circuit_voltage(soc) + current * self.resistance

    def accepted_current(self, soc: float) -> float:
        """A that the battery takes at ``soc`` per cent from a DC station; 0 once it is full."""
        headroom = self.cells * _FULL_V - self.open_circuit_voltage(soc)
        tapered = headroom / self.resistance
        if tapered < self.capacity / FULL_AT_HOURS:
            return 0.0
        return min(self.max_current, tapered)

    def charged(self, soc: float, current: float, dt: float) -> float:
        """State of charge in per cent after ``current`` A for ``dt`` s; never above 100."""
        return min(100.0, soc + current * dt / (36.0 * self.capacity))
