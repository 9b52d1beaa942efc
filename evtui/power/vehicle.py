"""The vehicle's battery: how much current it takes, at which voltage."""

from __future__ import annotations

from typing import Protocol

import msgspec
from msgspec.structs import replace

from ._checks import not_negative, positive, share
from .request import RequestRamp

# Open-circuit voltage of one NMC cell, two straight lines: read off the voltages before and
# after charging in the measured sessions of evtui/scenario/builtin/data.
_EMPTY_V = 3.41
_KNEE_SOC = 55.0
_KNEE_V = 3.67
_FULL_V = 4.14
_LOWER_SLOPE = (_KNEE_V - _EMPTY_V) / _KNEE_SOC
_UPPER_SLOPE = (_FULL_V - _KNEE_V) / (100.0 - _KNEE_SOC)

FULL_AT_HOURS = 20.0
"""A battery counts as full once it takes less than its capacity in this many hours (C/20)."""


class Battery(Protocol):
    """The battery of a vehicle that is plugged in: all that the power stage asks of it."""

    @property
    def soc(self) -> float:
        """State of charge, per cent."""

    @property
    def pausing(self) -> bool:
        """True while a battery that takes nothing will take more later: it is not full."""

    @property
    def max_ac_current(self) -> float:
        """A per phase, the most the on-board charger takes."""

    @property
    def onboard_efficiency(self) -> float:
        """Of the on-board charger."""

    @property
    def ramp(self) -> RequestRamp | None:
        """How what it asks for follows a limit; None for at once."""

    def accepted_current(self) -> float:
        """A that it takes now from a DC station."""

    @property
    def full_voltage(self) -> float:
        """V that it takes at most."""

    def open_circuit_voltage(self) -> float:
        """V without current."""

    def voltage(self, current: float) -> float:
        """V while ``current`` A flow in."""

    def charge(self, current: float, dt: float, offered: bool) -> None:
        """Take ``current`` A for ``dt`` s.

        Args:
            offered: False while the station gives nothing, as with a limit of 0 A.
        """


class Vehicle(msgspec.Struct, frozen=True, kw_only=True):
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
        name: of the kind of vehicle, empty for none in particular.
        ramp: how what it asks for follows a limit; None for at once.

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
    name: str = ""
    ramp: RequestRamp | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.soc <= 100:
            raise ValueError(f"state of charge must be 0 to 100 %, not {self.soc!r}")
        positive("capacity (Ah)", self.capacity)
        positive("cells in series", self.cells)
        positive("resistance (ohm)", self.resistance)
        not_negative("max_current (A)", self.max_current)
        not_negative("max_ac_current (A)", self.max_ac_current)
        share("onboard_efficiency", self.onboard_efficiency)

    @property
    def full_voltage(self) -> float:
        """V of a full battery, which it takes at most."""
        return self.cells * _FULL_V

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
        return self._accepted_at(self.open_circuit_voltage(soc))

    def _accepted_at(self, open_circuit_voltage: float) -> float:
        headroom = self.cells * _FULL_V - open_circuit_voltage
        tapered = headroom / self.resistance
        if tapered < self.capacity / FULL_AT_HOURS:
            return 0.0
        return min(self.max_current, tapered)

    def charged(self, soc: float, current: float, dt: float) -> float:
        """State of charge in per cent after ``current`` A for ``dt`` s; never above 100."""
        return min(100.0, soc + current * dt / (36.0 * self.capacity))

    def battery(self) -> ModelledBattery:
        """Its battery, once it is plugged in."""
        return ModelledBattery(self)

    def parameters(self) -> dict[str, float | str]:
        """Name with unit to value, for the record."""
        parameters: dict[str, float | str] = {
            "kind": "modelled",
            "soc_pct": self.soc,
            "capacity_ah": self.capacity,
            "cells": self.cells,
            "resistance_ohm": self.resistance,
            "max_current_a": self.max_current,
            "max_ac_current_a": self.max_ac_current,
            "onboard_efficiency": self.onboard_efficiency,
        }
        if self.name:
            parameters["name"] = self.name
        if self.ramp is not None:
            parameters |= {
                "request_rise_a_per_s": self.ramp.rise,
                "request_fall_a_per_s": self.ramp.fall,
                "request_lag_s": self.ramp.lag,
                "request_overshoot": self.ramp.overshoot,
                "request_delay_s": self.ramp.delay,
            }
        return parameters


class ModelledBattery:
    """The :class:`Battery` of a :class:`Vehicle`."""

    __slots__ = ("_arrived", "_open_circuit", "max_ac_current", "onboard_efficiency", "ramp", "soc")

    pausing = False

    def __init__(self, vehicle: Vehicle) -> None:
        self._arrived = vehicle
        self.soc = vehicle.soc
        self._open_circuit = vehicle.open_circuit_voltage(self.soc)
        self.max_ac_current = vehicle.max_ac_current
        self.onboard_efficiency = vehicle.onboard_efficiency
        self.ramp = vehicle.ramp

    @property
    def vehicle(self) -> Vehicle:
        """The vehicle with its present state of charge."""
        return replace(self._arrived, soc=self.soc)

    @property
    def full_voltage(self) -> float:
        """V that it takes at most."""
        return self._arrived.full_voltage

    def accepted_current(self) -> float:
        """A that it takes now from a DC station; 0 once it is full."""
        return self._arrived._accepted_at(self._open_circuit)

    def open_circuit_voltage(self) -> float:
        """V without current."""
        return self._open_circuit

    def voltage(self, current: float) -> float:
        """V while ``current`` A flow in."""
        return self._open_circuit + current * self._arrived.resistance

    def charge(self, current: float, dt: float, offered: bool) -> None:
        """Take ``current`` A for ``dt`` s; that and nothing else is what moves it on."""
        self.soc = self._arrived.charged(self.soc, current, dt)
        self._open_circuit = self._arrived.open_circuit_voltage(self.soc)
