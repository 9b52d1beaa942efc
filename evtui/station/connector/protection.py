"""When a station warns, gives up a session or switches itself off, by what its sensors tell.  Pure.

Each guard has one measure.  Where a number is not of a standard that is named, it is one that
stations commonly have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import msgspec

from evtui.power import CONNECTOR_MOST, DERATE_FROM, DERATE_TO
from evtui.station.hardware import ChargerFault, OwnReadings, VehicleAsks

__all__ = [
    "CHARGER_ERRORS",
    "GUARDS",
    "OVER_CURRENT_FOR",
    "STUCK_AFTER",
    "Guard",
    "HardwareState",
    "HardwareTrouble",
    "Protection",
    "charger_guards",
    "most_tolerated",
]

COOL_AGAIN = 60.0
"""Degrees Celsius below which a station that was too hot is used again."""

NOMINAL_V = 400.0
"""V that an insulation monitor reckons with while the output has no voltage."""

OVER_CURRENT_FOR = 12.0
"""s that a current above its limit is tolerated.

7 s are what EVerest gives a vehicle to follow (soft over-current), and before that a new limit of
an AC station may have to wait 5 s for its turn on the pilot (IEC 61851-1).
"""

STUCK_AFTER = 5.0
"""s after which a contactor that is to open does not: 200 A take less to fall, by any ramp."""

TRIP_CURRENT = 0.03
"""A to earth at which the residual current device of an AC station opens (IEC 61008-1)."""


class HardwareState(msgspec.Struct, frozen=True, kw_only=True):
    """What a station has before its eyes when it looks.

    Attributes:
        own: what its own parts tell.
        running: it has ordered current to flow.
        stuck: s for which the contactor has not opened although it ordered that none flow.
        silent: the line to the vehicle is dead.
        asks: what the vehicle said on it last.
        faults: what the charger says is wrong with it.
        off: the charger has switched itself off because of that.
    """

    own: OwnReadings
    running: bool = False
    stuck: float = 0.0
    silent: bool = False
    asks: VehicleAsks = VehicleAsks.UNKNOWN
    faults: tuple[ChargerFault, ...] = ()
    off: bool = False


class Guard(NamedTuple):
    """What is watched.

    Attributes:
        error: ChargePointErrorCode (OCPP 1.6 section 7.6).
        info: what is wrong, for people.
        measure: how bad it is.
        warn: from here on it is reported.
        trip: from here on the charging ends.
        warn_over: below this nothing is reported any more.
        trip_over: below this the connector may be used again.
        warn_after: s that it lasts before it counts.
        trip_after: likewise.
        over_after: likewise, of the end.
        does: what a trip does: Faulted; Faulted, and the contactor is opened at once; or only the
            transaction ends.
    """

    error: str
    info: str
    measure: Callable[[HardwareState], float]
    warn: float
    trip: float
    warn_over: float
    trip_over: float
    warn_after: float = 0.0
    trip_after: float = 0.0
    over_after: float = 5.0
    does: Literal["fault", "emergency", "end"] = "fault"


class HardwareTrouble(NamedTuple):
    """What the station makes of it.

    Attributes:
        error: ChargePointErrorCode; ``NoError`` when nothing is wrong any more.
        info: what is wrong, for people.
        faulted: the connector cannot be used.
        ends: the transaction ends.
        emergency: the contactor is to be opened at once.
    """

    error: str = "NoError"
    info: str = ""
    faulted: bool = False
    ends: bool = False
    emergency: bool = False


class _Watch:
    """One guard at work."""

    __slots__ = ("_lasts", "_over", "guard", "level")

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.reset()

    def reset(self) -> None:
        """Nothing is wrong, and nothing was."""
        self.level = 0
        self._lasts = {1: 0.0, 2: 0.0}
        self._over = 0.0

    @property
    def busy(self) -> bool:
        """True while it warns or has tripped, or will if it goes on like this."""
        return self.level > 0 or any(self._lasts.values())

    def look(self, seen: HardwareState, dt: float) -> None:
        guard, value = self.guard, self.guard.measure(seen)
        if self.level == 2:
            self._over = self._over + dt if value < guard.trip_over else 0.0
            if self._over > guard.over_after:
                self.level = int(value >= guard.warn_over)
                self._over, self._lasts = 0.0, {1: 0.0, 2: 0.0}
            return
        bounds = (1, guard.warn, guard.warn_after), (2, guard.trip, guard.trip_after)
        for level, bound, after in bounds:
            self._lasts[level] = self._lasts[level] + dt if value >= bound else 0.0
            if self._lasts[level] > after:
                self.level = level
        if self.level == 1 and value < guard.warn_over:
            self.level = 0


class Protection:
    """Looks at what the hardware of one connector tells.

    Args:
        excess: of the reported current, in shares of the highest that the limit tolerates.

    Attributes:
        faulted: the connector cannot be used.
        watching: something is wrong, or may be soon.
    """

    def __init__(self, excess: Callable[[], float] = lambda: 0.0) -> None:
        self.faulted = False
        guards = *GUARDS, *charger_guards(), _over_current(excess), self._communication()
        self._watches = tuple(map(_Watch, guards))
        self._levels = (0,) * len(self._watches)
        self._broken_off = self.watching = False

    def look(self, seen: HardwareState, dt: float) -> HardwareTrouble | None:
        """What is new, None when nothing is.

        Args:
            dt: s since the last look.
        """
        for watch in self._watches:
            watch.look(seen, dt)
        return self._finding()

    def unplugged(self) -> HardwareTrouble | None:
        """The vehicle is gone, and with it what was wrong between it and the station."""
        self._broken_off = False
        self._watches[-1].reset()
        return self._finding()

    def _finding(self) -> HardwareTrouble | None:
        before, self._levels = self._levels, tuple(watch.level for watch in self._watches)
        self.watching = any(watch.busy for watch in self._watches)
        if self._levels == before:
            return None
        tripped = [each.guard for each in self._watches if each.level == 2]
        new = [
            watch.guard
            for watch, level in zip(self._watches, before, strict=True)
            if watch.level == 2 > level
        ]
        faults = [guard for guard in tripped if guard.does != "end"]
        self.faulted = bool(faults)
        warned = [each.guard for each in self._watches if each.level]
        if not warned:
            return HardwareTrouble()
        worst = (new or faults or tripped or warned)[0]
        return HardwareTrouble(
            worst.error,
            worst.info,
            faulted=self.faulted,
            ends=bool(new),
            emergency=any(guard.does == "emergency" for guard in new),
        )

    def _communication(self) -> Guard:
        return Guard(
            "EVCommunicationError",
            "the vehicle does not answer",
            self._silent,
            warn=1.0,
            trip=1.0,
            warn_over=1.0,
            trip_over=1.0,
            warn_after=0.5,
            trip_after=10.0,
            over_after=0.0,
            does="end",
        )

    def _silent(self, seen: HardwareState) -> float:
        """1 from the moment the line dies in a session until there can be another one."""
        asks = seen.asks
        gave_up = asks is VehicleAsks.NO_MORE or (seen.running and asks is VehicleAsks.NOTHING)
        self._broken_off = (seen.silent and seen.running) or (self._broken_off and gave_up)
        return float(self._broken_off)


def most_tolerated(limit: float) -> float:
    """A above which a current is no current of this limit any more, as EVerest has it."""
    return (limit + 0.5) * 1.1


def _over_current(excess: Callable[[], float]) -> Guard:
    return Guard(
        "OverCurrentFailure",
        "more current than the limit allows",
        lambda seen: excess(),
        warn=1.0,
        trip=1.0,
        warn_over=1.0,
        trip_over=1.0,
        warn_after=OVER_CURRENT_FOR,
        trip_after=OVER_CURRENT_FOR,
    )


CHARGER_ERRORS = {
    "HighTemperature": {ChargerFault.OVER_TEMPERATURE},
    "OverVoltage": {ChargerFault.OVER_VOLTAGE_AC, ChargerFault.OVER_VOLTAGE_DC},
    "UnderVoltage": {ChargerFault.UNDER_VOLTAGE_AC, ChargerFault.UNDER_VOLTAGE_DC},
    "OverCurrentFailure": {ChargerFault.OVER_CURRENT_AC, ChargerFault.OVER_CURRENT_DC},
    "InternalError": {ChargerFault.COMMUNICATION, ChargerFault.HARDWARE},
    "OtherError": {
        ChargerFault.UNDER_TEMPERATURE,
        ChargerFault.VENDOR_ERROR,
        ChargerFault.VENDOR_WARNING,
    },
}
"""ChargePointErrorCode (OCPP 1.6 section 7.6) for what a charger says is wrong with it."""


def charger_guards() -> Iterator[Guard]:
    """One guard for each of its errors: it warns, or has switched itself off."""
    for error, faults in CHARGER_ERRORS.items():
        yield Guard(
            error,
            " or ".join(sorted(faults)),  # the 50 characters of info have room for no more
            _charger_tells(frozenset(faults)),
            warn=1.0,
            trip=2.0,
            warn_over=1.0,
            trip_over=2.0,
        )


def _charger_tells(faults: frozenset[ChargerFault]) -> Callable[[HardwareState], float]:
    """1 while the charger tells of any of them, 2 while it is off for it."""

    def tells(seen: HardwareState) -> float:
        return 0.0 if faults.isdisjoint(seen.faults) else 2.0 if seen.off else 1.0

    return tells


def _insulation(seen: HardwareState) -> float:
    """1 where an insulation monitor switches off.

    That is at 100 ohm for each V of a DC output (IEC 61851-23), or where the current to earth
    opens the residual current device of an AC station.
    """
    own = seen.own
    if own.sensors is None or own.sensors.insulation is None:
        return 0.0
    ohm, voltage = own.sensors.insulation, own.voltage or 0.0
    if own.phases is not None:
        return voltage / ohm / TRIP_CURRENT
    return 100.0 * max(voltage, NOMINAL_V) / ohm


def _stuck(seen: HardwareState) -> float:
    """s for which the contactor has not opened although the charger was stopped."""
    return seen.stuck


def _missing_supply(seen: HardwareState) -> float:
    """Share of the mains voltage that is missing."""
    return 0.0 if seen.own.sensors is None else 1.0 - seen.own.sensors.supply


def _heat(seen: HardwareState) -> float:
    """Degrees Celsius in the power stage, as its sensor has it."""
    return seen.own.temperature or 0.0


def _connector_heat(seen: HardwareState) -> float:
    """Degrees Celsius at the contacts of the connector."""
    sensors = seen.own.sensors
    return 0.0 if sensors is None or sensors.connector is None else sensors.connector


GUARDS = (
    Guard(
        "GroundFailure",
        "insulation fault",
        _insulation,
        warn=0.2,  # 500 ohm/V: IEC 61851-23 wants a warning
        trip=1.0,
        warn_over=0.2,
        trip_over=0.2,
        does="emergency",
    ),
    Guard(
        "PowerSwitchFailure",
        "the contactor does not open",
        _stuck,
        warn=STUCK_AFTER,
        trip=STUCK_AFTER,
        warn_over=STUCK_AFTER,
        trip_over=STUCK_AFTER,
    ),
    Guard(
        "HighTemperature",
        "the power stage is hot",
        _heat,
        warn=DERATE_FROM,
        trip=DERATE_TO,
        warn_over=DERATE_FROM - 5.0,
        trip_over=COOL_AGAIN,
    ),
    Guard(
        "HighTemperature",
        "the connector is hot",
        _connector_heat,
        warn=DERATE_FROM,
        trip=CONNECTOR_MOST,
        warn_over=DERATE_FROM - 5.0,
        trip_over=COOL_AGAIN,
    ),
    Guard(
        "UnderVoltage",
        "the mains voltage is low",
        _missing_supply,
        warn=0.1,  # EN 50160: 10 % less is ordinary
        trip=0.3,
        warn_over=0.1,
        trip_over=0.1,
        warn_after=0.5,
        trip_after=3.0,
    ),
)
"""Most urgent first."""
