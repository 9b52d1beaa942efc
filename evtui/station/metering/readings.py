"""The station's meter: what it learns from its module, integrated to energy.  Pure."""

from __future__ import annotations

import msgspec

from evtui.power import Preset

__all__ = ["Meter", "Reading"]


class Reading(msgspec.Struct, frozen=True):
    """What the meter shows; the values belong together.

    Attributes:
        current: A, as the charger reported it last (on each phase in use for AC).
        voltage: V (phase to neutral for AC); None where nobody measures it.
        power: W, from the two; 0 without a voltage.
        energy: Wh, integral of the power.
        soc: per cent, None for AC, or where the vehicle does not tell.
        temperature: degrees Celsius; None where nobody measures it.
        offered: A that the vehicle may take (per phase for AC), None when nobody said.
        power_offered: W of that at the voltage of now.
        interval: Wh since the interval began that this reading belongs to; None without one.
        phases: AC phases that carry the current; None for all there are, and for DC.
    """

    current: float
    voltage: float | None
    power: float
    energy: float
    soc: float | None
    temperature: float | None
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
    """Integrates what the charger reports.

    The station believes its charger: a 0x300 that lies makes current, power and energy lie
    together.  The voltage is the station's own to measure, where it has a meter at the output.

    Attributes:
        measured: A, as the charger reported it last; None before the first time.
    """

    def __init__(self, preset: Preset) -> None:
        self._preset = preset
        self._phases: int | None = None
        self._energy = 0.0
        self._power = 0.0
        self._at: float | None = None
        self.measured: float | None = None
        self._voltage: float | None = None

    @property
    def energy(self) -> float:
        """Wh, the register with its fractions."""
        return self._energy

    @property
    def current(self) -> float:
        """A, as the charger reported it last; 0 before the first time."""
        return self.measured or 0.0

    def report(
        self, current: float, voltage: float | None, now: float, phases: int | None = None
    ) -> None:
        """Take a report of the charger.

        Args:
            current: A.
            voltage: V at the output; None where nobody measures it, and then no energy counts.
            now: s, any clock that does not go back.
            phases: of AC that are switched on; None for all there are, and for DC.
        """
        if self._at is not None:
            self._energy += self._power * (now - self._at) / 3600
        self._at = now
        self.measured = current
        self._voltage = voltage
        self._phases = phases
        self._power = self._watts(current)

    def use(self, preset: Preset) -> None:
        """Meter another kind of power stage from now on; the register goes on."""
        self._preset = preset
        self._phases = None
        self._power = self._watts(self.current)

    def restore(self, energy: float) -> None:
        """Go on from a register that was kept, as a meter does after a loss of power.

        Section 7.31: a register never runs backwards, nor starts anew for a transaction.

        Args:
            energy: Wh.
        """
        self._energy = energy

    def _watts(self, current: float) -> float:
        if self._voltage is None:
            return 0.0
        ac = self._preset.ac
        per_volt_ampere = 1.0 if ac is None else (self._phases or ac.phases) * ac.power_factor
        return current * self._voltage * per_volt_ampere

    def read(
        self, *, soc: float | None, temperature: float | None, offered: float | None = None
    ) -> Reading:
        """The values now.

        Args:
            soc: per cent, None when the vehicle does not tell.
            temperature: degrees Celsius, None where nobody measures it.
            offered: A that the station allows, per phase for AC.
        """
        return Reading(
            self.current,
            self._voltage,
            self._power,
            self._energy,
            soc,
            temperature,
            offered,
            None if offered is None or self._voltage is None else self._watts(offered),
            phases=self._phases,
        )
