"""The measurands a station can report, and readings as SampledValues of OCPP 1.6.  Pure.

Sections 7.31, 7.34, 7.35 and 7.43.  What the station has no sensor for is not in the table:
no export, no reactive energy, no frequency.  Current.Offered and Power.Offered are no measured
values either, but section 4.7 wants them as what is offered to the vehicle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

import msgspec

from evtui.power import Preset
from evtui.station.metering.readings import Reading

__all__ = ["INTERVAL", "MEASURANDS", "Measurand", "known_items", "parse_items", "sampled_values"]

INTERVAL = "Energy.Active.Import.Interval"
"""The one measurand that belongs to a stretch of time and not to a moment."""


class Measurand(msgspec.Struct, frozen=True):
    """One measurand of section 7.31 as this station gives it.

    Attributes:
        name: as in section 7.31.
        unit: UnitOfMeasure; the temperature's as the schemas spell it (OCPP-J errata 2.1).
        amount: takes it out of a reading; None while there is nothing to report.
        digits: after the decimal point.
        location: where it is measured (section 7.30).
        phase: Phase (section 7.34) of AC line ``{}``; empty for an overall value.
        flows: True for what is 0 on a line that is not switched on; the voltage is there.
        ac: False for what an AC station is not told.
    """

    name: str
    unit: str
    amount: Callable[[Reading], float | None]
    digits: int = 1
    location: str = "Outlet"
    phase: str = ""
    flows: bool = False
    ac: bool = True


MEASURANDS = (
    Measurand("Current.Import", "A", lambda r: r.current, phase="L{}", flows=True),
    Measurand("Current.Offered", "A", lambda r: r.offered, phase="L{}", flows=True),
    Measurand("Voltage", "V", lambda r: r.voltage, phase="L{}-N"),
    Measurand("Power.Active.Import", "W", lambda r: None if r.voltage is None else r.power),
    Measurand("Power.Offered", "W", lambda r: r.power_offered),
    Measurand("Energy.Active.Import.Register", "Wh", lambda r: r.register, digits=0),
    Measurand(INTERVAL, "Wh", lambda r: r.interval),
    Measurand("SoC", "Percent", lambda r: r.soc, location="EV", ac=False),
    Measurand("Temperature", "Celcius", lambda r: r.temperature, location="Body"),
)
"""What can be asked for.  Of an AC station current and voltage come for each phase (3.16.3)."""


class _Channel(NamedTuple):
    """A measurand, and for a line of an AC station its Phase and its number, from 1."""

    measurand: Measurand
    phase: str | None = None
    line: int = 0

    def amount(self, reading: Reading) -> float | None:
        """What a reading says of it, None while there is nothing to report."""
        amount = self.measurand.amount(reading)
        idle = reading.phases is not None and self.line > reading.phases
        return 0.0 if idle and self.measurand.flows and amount is not None else amount


@cache
def _channels(phases: int) -> dict[str, tuple[_Channel, ...]]:
    """What each item of a measurand list stands for; 0 phases for a DC station."""
    channels: dict[str, tuple[_Channel, ...]] = {}
    for measurand in MEASURANDS:
        if phases == 0 or not measurand.phase:
            if phases == 0 or measurand.ac:
                channels[measurand.name] = (_Channel(measurand),)
            continue
        lines = range(1, phases + 1)
        each = [_Channel(measurand, measurand.phase.format(line), line) for line in lines]
        channels[measurand.name] = tuple(each)
        for channel in each:
            # Section 9.1.17 joins measurand and phase, and calls L1-N of a voltage L1.
            channels[f"{measurand.name}.L{channel.line}"] = (channel,)
            channels[f"{measurand.name}.{channel.phase}"] = (channel,)
    return channels


def _known(preset: Preset) -> dict[str, tuple[_Channel, ...]]:
    return _channels(0 if preset.ac is None else preset.ac.phases)


def known_items(preset: Preset) -> tuple[str, ...]:
    """What a measurand list may name: measurands, for AC also with a phase (section 9.1.17)."""
    return tuple(_known(preset))


def parse_items(text: str, preset: Preset) -> tuple[str, ...]:
    """The items of a measurand list, in its order.

    Args:
        text: comma separated; blanks around items and upper or lower case do not matter, since
            a value is a CiString (section 6.9).  Empty for none.
        preset: kind of power stage.

    Raises:
        ValueError: an item is not measured here (section 3.16.4), or comes twice.
    """
    known = {item.lower(): item for item in known_items(preset)}
    items = []
    for word in text.split(",") if text.strip() else ():
        item = known.get(word.strip().lower())
        if item is None:
            choices = ", ".join(known.values())
            raise ValueError(f"{word.strip()!r} is not measured here; choose from {choices}")
        if item in items:
            raise ValueError(f"{item} comes twice")
        items.append(item)
    return tuple(items)


def sampled_values(
    reading: Reading, preset: Preset, items: Iterable[str], context: str
) -> list[dict[str, str]]:
    """The sampledValue list of one MeterValue, as it goes over the wire.

    Args:
        reading: what the meter shows.
        preset: kind of power stage.
        items: of a measurand list; what this stage does not measure is left out.
        context: ReadingContext (section 7.35).

    Returns:
        Empty when nothing of it is measured; then there is no MeterValue to send.
    """
    known = _known(preset)
    channels = dict.fromkeys(channel for item in items for channel in known.get(item, ()))
    values = []
    for channel in channels:
        measurand, amount = channel.measurand, channel.amount(reading)
        if amount is None:
            continue
        value = {
            "value": f"{amount:.{measurand.digits}f}",
            "context": context,
            "measurand": measurand.name,
            "location": measurand.location,
            "unit": measurand.unit,
        }
        if channel.phase is not None:
            value["phase"] = channel.phase
        values.append(value)
    return values
