"""How the current that a vehicle asks for follows what it may have.  Pure."""

from __future__ import annotations

import msgspec

from ._checks import not_negative, positive

__all__ = ["RequestRamp", "VehicleRequest"]


class RequestRamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a vehicle does with a limit at a DC station, which never gives more than it asks for.

    Attributes:
        rise: A/s by which it asks for more.
        fall: A/s by which it asks for less.
        lag: s that a lower limit lasts before it asks for less; the station keeps to the limit
            anyway, but a limit that is back by then finds the vehicle still asking for as much.
        overshoot: share by which it asks for too much at the end of a rise; the station cuts off
            what is above its limit.
        delay: s from the closed contactor to the first current that it asks for.

    Raises:
        ValueError: for a number outside its range.
    """

    rise: float
    fall: float
    lag: float = 0.0
    overshoot: float = 0.0
    delay: float = 0.0

    def __post_init__(self) -> None:
        positive("rise (A/s)", self.rise)
        positive("fall (A/s)", self.fall)
        not_negative("lag (s)", self.lag)
        not_negative("overshoot (share)", self.overshoot)
        not_negative("delay (s)", self.delay)


class VehicleRequest:
    """What a vehicle asks for at the moment, in one session."""

    __slots__ = ("_amperes", "_late", "_ramp", "_rising", "_waited")

    def __init__(self, ramp: RequestRamp) -> None:
        self._ramp = ramp
        self.begin()

    def begin(self) -> None:
        """It asks for nothing yet."""
        self._amperes = self._late = self._waited = 0.0
        self._rising = True

    def step(self, wanted: float, dt: float) -> float:
        """A that it asks for after ``dt`` s in which it may, and would, have ``wanted`` A."""
        ramp = self._ramp
        if self._waited < ramp.delay:
            self._waited += dt
            return 0.0
        self._rising |= self._amperes < wanted
        aim = wanted * (1.0 + ramp.overshoot) if self._rising else wanted
        if self._amperes < aim:
            self._late = 0.0
            self._amperes = min(aim, self._amperes + ramp.rise * dt)
            self._rising = self._amperes < aim
        elif self._amperes > wanted:
            self._rising = False
            self._late += dt
            if self._late > ramp.lag:
                self._amperes = max(wanted, self._amperes - ramp.fall * dt)
        return self._amperes
