"""What may break in a power stage and around it, and what its sensors tell of that.  Pure.

A fault changes the physics, never a result: the current, the heat and the state of the contactor
follow from it.
"""

from __future__ import annotations

import math

import msgspec

from ._checks import not_negative, positive

__all__ = ["CONTACT", "Contact", "Faults", "Readings", "input_share"]

FULL_INPUT = 0.8
"""Share of the nominal mains voltage from which a power module gives all it can (320 of 400 V)."""

LEAST_INPUT = 0.65
"""Share below which it gives nothing (260 of 400 V; data sheets of 20 kW modules)."""


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """What is broken; by default nothing is.

    Attributes:
        fan: share of the forced cooling that is left, 0 to 1.
        contact: resistance of the two DC contacts of the connector (of each contact for AC), ohm;
            None for a sound one, which does not warm to speak of.
        sensor_bias: K that the temperature sensor of the power stage shows too much.
        welded: a contactor that is closed does not open any more.
        residual: A that go on flowing through a welded contactor after a stop, from a DC bus that
            several outlets of a cabinet share; 0 leaves only the voltage.
        insulation: resistance between output and earth, ohm; None for a sound one.
        supply: mains voltage as a share of the nominal one.
        silent: the line on which vehicle and station talk is dead: the vehicle ends the session.

    Raises:
        ValueError: for a number outside its range.
    """

    fan: float = 1.0
    contact: float | None = None
    sensor_bias: float = 0.0
    welded: bool = False
    residual: float = 0.0
    insulation: float | None = None
    supply: float = 1.0
    silent: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.fan <= 1:
            raise ValueError(f"fan must be a share of 0 to 1, not {self.fan!r}")
        if not math.isfinite(self.sensor_bias):
            raise ValueError(f"sensor_bias (K) must be finite, not {self.sensor_bias!r}")
        not_negative("residual (A)", self.residual)
        not_negative("supply (share)", self.supply)
        for name, ohm in (("contact (ohm)", self.contact), ("insulation (ohm)", self.insulation)):
            if ohm is not None:
                positive(name, ohm)


class Readings(msgspec.Struct, frozen=True, gc=False):
    """What the sensors of a station tell while something is, or was, wrong.

    Attributes:
        temperature: degrees Celsius in the power stage, as its sensor has it.
        connector: degrees Celsius at the contacts; None while it has not been warm.
        insulation: ohm between output and earth; None for more than can be measured.
        supply: mains voltage as a share of the nominal one.
    """

    temperature: float
    connector: float | None = None
    insulation: float | None = None
    supply: float = 1.0


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """The contacts of a connector as one thermal mass: ``C dT/dt = I^2 R - (T - ambient) / Rth``.

    Attributes:
        resistance: thermal resistance to the ambient air, K/W.
        capacity: heat capacity, J/K.

    Raises:
        ValueError: for a number that is not above 0.
    """

    resistance: float
    capacity: float

    def __post_init__(self) -> None:
        positive("thermal resistance (K/W)", self.resistance)
        positive("heat capacity (J/K)", self.capacity)

    def step(self, temperature: float, losses: float, ambient: float, dt: float) -> float:
        """Temperature in degrees Celsius after ``dt`` s with ``losses`` W, solved exactly."""
        settled = ambient + losses * self.resistance
        return settled + (temperature - settled) * math.exp(-dt / (self.resistance * self.capacity))


CONTACT = Contact(resistance=1.5, capacity=400.0)
"""A CCS connector without liquid cooling.

Sound contacts have some 0.5 mOhm together: 20 W at 200 A, and IEC 62196-1 lets a connector rise by
50 K at its rated current, of which these are 30.  1 kg of copper and plastic hold 400 J/K, which
makes a time constant of 10 minutes.  At 100 A it takes 4 mOhm to reach 85 degrees; at the 32 A of
an AC station 36 mOhm.
"""


def input_share(supply: float) -> float:
    """Share of its rated power that a DC station can give at a mains voltage of ``supply``.

    Its modules draw no more current from the mains than at 80 % of the nominal voltage, and stop
    below 65 %.
    """
    if supply >= FULL_INPUT:
        return 1.0
    return supply / FULL_INPUT if supply >= LEAST_INPUT else 0.0
