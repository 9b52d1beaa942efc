"""The station's meter: what it learns from its module, integrated to energy.  Pure."""

from __future__ import annotations

import msgspec

from evtui.power import Preset

__all__ = ["Meter", "Reading"]


class Reading(msgspec.Struct, frozen=True):
    """What the meter shows; the values belong together.

    Attributes:
        current: A, as the module reported it last (on each phase in use for AC).
        voltage: V (phase to neutral for AC).
        power: W, from the two.
        energy: Wh, integral of the power.
        soc: per cent, None for AC.
        temperature: degrees Celsius.
        offered: A that the vehicle may take (per phase for AC), None when nobody said.
        power_offered: W of that at the voltage of now.
        interval: Wh since the interval began that this reading belongs to; None without one.
        phases: AC phases that carry the current; None for all there are, and for DC.
    """

    current: float
    voltage: float
    power: float
    energy: float
    soc: float | None
    temperature: float
    offered: float | None = None
    power_offered: float | None = None
    interval: float | None = None
    phases: int | None = None

    @property
    def register(self) -> int:
        """Whole Wh, cut off as a counter shows them: what every message reports.

        meterStart and meterStop are whole numbers, and next to a rounded register they would
        seem to run backwards.
        """
        return int(self.energy)


class Meter:
    """Integrates what the module reports on CAN.

    The station believes its module: a 0x300 that lies makes current, power and energy lie
    together.  Voltage, phases in use, state of charge and temperature come over the station's own
    wires.
    """

    def __init__(self, preset: Preset) -> None:
        self._preset = preset
        self._phases: int | None = None
        self._energy = 0.0
        self._power = 0.0
        self._at: float | None = None
        self._current = 0.0
        self._voltage = 0.0

    @property
    def energy(self) -> float:
        """Wh, the register with its fractions."""
        return self._energy

    @property
    def current(self) -> float:
        """A, as the module reported it last."""
        return self._current

    def report(self, current: float, voltage: float, now: float, phases: int | None = None) -> None:
        """Take a report of the module.

        Args:
            current: A.
            voltage: V, measured by the station.
            now: s, any clock that does not go back.
            phases: of AC that are switched on; None for all there are, and for DC.
        """
        if self._at is not None:
            self._energy += self._power * (now - self._at) / 3600
        self._at = now
        self._current = current
        self._voltage = voltage
        self._phases = phases
        self._power = self._watts(self._current)

    def use(self, preset: Preset) -> None:
        """Meter another kind of power stage from now on; the register goes on."""
        self._preset = preset
        self._phases = None
        self._power = self._watts(self._current)

    def restore(self, energy: float) -> None:
        """Go on from a register that was kept, as a meter does after a loss of power.

        Section 7.31: a register never runs backwards, nor starts anew for a transaction.

        Args:
            energy: Wh.
        """
        self._energy = energy

    def _watts(self, current: float) -> float:
        ac = self._preset.ac
        per_volt_ampere = 1.0 if ac is None else (self._phases or ac.phases) * ac.power_factor
        return current * self._voltage * per_volt_ampere

    def read(
        self, *, soc: float | None, temperature: float, offered: float | None = None
    ) -> Reading:
        """The values now.

        Args:
            soc: per cent, None when the vehicle does not tell.
            temperature: degrees Celsius.
            offered: A that the station allows, per phase for AC.
        """
        return Reading(
            self._current,
            self._voltage,
            self._power,
            self._energy,
            soc,
            temperature,
            offered,
            None if offered is None else self._watts(offered),
            phases=self._phases,
        )
