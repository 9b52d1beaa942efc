"""The station's meter: what it learns from its module, and the measurands it reports.  Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ocpp.v16.datatypes import SampledValue

from evtui.power import Preset

__all__ = ["Meter", "Reading", "sampled_values"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the meter shows; the values belong together.

    Attributes:
        current: A, as the module reported it last (per phase for AC).
        voltage: V (phase to neutral for AC).
        power: W, from the two.
        energy: Wh, integral of the power.
        soc: per cent, None for AC.
        temperature: degrees Celsius.
    """

    current: float
    voltage: float
    power: float
    energy: float
    soc: float | None
    temperature: float

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
    together.  Voltage, state of charge and temperature come over the station's own wires.
    """

    def __init__(self, preset: Preset) -> None:
        self._preset = preset
        self._energy = 0.0
        self._power = 0.0
        self._at: float | None = None
        self._current = 0.0
        self._voltage = 0.0

    def report(self, current: float, voltage: float, now: float) -> None:
        """Take a report of the module.

        Args:
            current: A.
            voltage: V, measured by the station.
            now: s, any clock that does not go back.
        """
        if self._at is not None:
            self._energy += self._power * (now - self._at) / 3600
        self._at = now
        self._current = current
        self._voltage = voltage
        self._power = self._watts()

    def use(self, preset: Preset) -> None:
        """Meter another kind of power stage from now on; the register goes on."""
        self._preset = preset
        self._power = self._watts()

    def _watts(self) -> float:
        ac = self._preset.ac
        per_volt_ampere = 1.0 if ac is None else ac.phases * ac.power_factor
        return self._current * self._voltage * per_volt_ampere

    def read(self, *, soc: float | None, temperature: float) -> Reading:
        """The values now."""
        return Reading(self._current, self._voltage, self._power, self._energy, soc, temperature)


def sampled_values(
    reading: Reading, preset: Preset, context: str = "Sample.Periodic"
) -> list[SampledValue]:
    """The measurands of one MeterValues (OCPP 1.6 sections 7.31 and 7.43).

    AC reports current and voltage for each phase.  Temperature's unit is spelt as the schema
    of OCPP-J 1.6 spells it (errata 2.1).

    Args:
        reading: what the meter shows.
        preset: kind of power stage.
        context: ReadingContext (section 7.35).
    """

    def value(
        measurand: str, amount: float, unit: str, phase: str | None = None, digits: int = 1
    ) -> SampledValue:
        return SampledValue(
            value=f"{amount:.{digits}f}",
            context=context,
            measurand=measurand,
            location="Body" if measurand == "Temperature" else "Outlet",
            unit=unit,
            phase=phase,
        )

    ac = preset.ac
    if ac is None:
        values = [
            value("Current.Import", reading.current, "A"),
            value("Voltage", reading.voltage, "V"),
        ]
    else:
        lines = [f"L{n + 1}" for n in range(ac.phases)]
        values = [value("Current.Import", reading.current, "A", line) for line in lines]
        values += [value("Voltage", reading.voltage, "V", f"{line}-N") for line in lines]
    values.append(value("Power.Active.Import", reading.power, "W"))
    values.append(value("Energy.Active.Import.Register", reading.register, "Wh", digits=0))
    if ac is None and reading.soc is not None:
        values.append(value("SoC", reading.soc, "Percent"))
    values.append(value("Temperature", reading.temperature, "Celcius"))
    return values
