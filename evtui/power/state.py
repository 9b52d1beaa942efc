"""What a power stage tells of itself."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from .faults import Readings

__all__ = ["Phase", "StageState"]


class Phase(StrEnum):
    """Where a session is, as the power stage knows it; as a text it is what is recorded."""

    UNPLUGGED = "unplugged"
    IDLE = "idle"
    CABLE_CHECK = "cable check"
    PRECHARGE = "precharge"
    CHARGING = "charging"
    """The contactor is closed."""

    STOPPING = "stopping"
    """It is closed still, while the current falls."""

    WANTS_REPLUG = "wants replug"
    GAVE_UP = "vehicle gave up"
    FULL = "full"


class StageState(msgspec.Struct, frozen=True, gc=False):
    """What the power stage does now.

    Attributes:
        current: A flowing (output current for DC, per phase for AC).
        target: A the current is heading for.
        limit: A the station allows.
        voltage: V (at the output for DC, phase to neutral for AC).
        power: W.
        energy: Wh, register since the stage was made; it never falls.
        soc: state of charge, per cent; None without a vehicle and for AC, which is not told.
        temperature: degrees Celsius of the hottest part: power stage, or contacts of the connector.
        contactor: True while closed.
        phase: state of the session.
        running: True between a start and the stop or unplugging that ends it, even if no
            current flows.
        phases: phases of an AC supply that are switched on; None for DC.
        readings: what the station's sensors tell; None while nothing is wrong, and then they tell
            what is.
    """

    current: float
    target: float
    limit: float
    voltage: float
    power: float
    energy: float
    soc: float | None
    temperature: float
    contactor: bool
    phase: Phase
    running: bool
    phases: int | None = None
    readings: Readings | None = None

    @property
    def measured_temperature(self) -> float:
        """Degrees Celsius of the hottest part, as the sensors have it."""
        readings = self.readings
        if readings is None:
            return self.temperature
        return max(readings.temperature, readings.connector or readings.temperature)
