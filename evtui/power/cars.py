"""Vehicles by name: an ideal battery, and eight cars with the ramps that were measured of them.

Source: EVerest/logfiles, commit 5dcb757 (2024-05-22), Apache-2.0: packet captures of CCS sessions
at an interoperability event.  Each CurrentDemandReq says what the car asks for.  Measured from
these, by ``python -m tests.power.ccs_sessions`` and held to the excerpts in ``tests/power/data``:

* ``rise``: from 10 to 90 % of what the car asks for in the end, when the session begins.  The two
  Teslas get there within two messages, so theirs is the least it can be.
* ``fall``: the steepest one between two messages, so the least it can be.  Four sessions have
  none: the cars in them have the median of the others.
* ``delay``: from the first CurrentDemandReq to the first that asks for more than 1 A.
* ``overshoot``: of what they ask for.
* ``cells``: so many that the modelled battery has the measured voltage at the measured charge.

How long a car takes to notice a lower limit is not in the messages: ``lag`` is 0.  Neither are
capacity and largest current, which are those of the default vehicle, nor what a car does above
25 A (the Zoe above 60): there the ramp is assumed to go on.

What the charger reports in these files is another matter.  In six sessions, with cars of 365 to
697 V, its power rises by 155 to 164 W/s (0.2 to 0.5 A/s, in steps of 1.3 A), and 30 to 70 s after
the car asked for all of it; and it stays for up to 7 s when the car asks for less.  The same watts
whatever the car: that is the laboratory supply.  Behind another one, the Zoe's rises by 780 W/s.
"""

from __future__ import annotations

from .request import RequestRamp
from .vehicle import Vehicle

__all__ = ["BATTERY", "VEHICLES"]

BATTERY = "battery"
"""Takes what it may at once."""

_FALL = 67.2


def _car(
    name: str,
    *,
    cells: int,
    rise: float,
    fall: float = _FALL,
    delay: float,
    overshoot: float = 0.0,
) -> Vehicle:
    ramp = RequestRamp(rise=rise, fall=fall, delay=delay, overshoot=overshoot)
    return Vehicle(name=name, cells=cells, ramp=ramp)


VEHICLES: dict[str, Vehicle] = {
    vehicle.name or BATTERY: vehicle
    for vehicle in (
        Vehicle(),
        _car("bmw-ix", cells=93, rise=20.5, fall=95.8, delay=0.0),
        _car("ev6", cells=195, rise=7.7, delay=0.4),
        _car("id4", cells=98, rise=19.5, fall=68.2, delay=0.2, overshoot=0.042),
        _car("ioniq5", cells=182, rise=7.8, delay=0.5),
        _car("model-3", cells=100, rise=100.0, fall=66.1, delay=0.1, overshoot=0.091),
        _car("model-y", cells=100, rise=143.0, delay=0.1, overshoot=0.091),
        _car("polestar2", cells=113, rise=5.5, fall=58.0, delay=0.2),
        _car("zoe", cells=97, rise=17.0, delay=0.6, overshoot=0.008),
    )
}
"""By name, the battery first."""
