"""The composite schedule: what a connector or the whole station may draw from now on.

OCPP 1.6 sections 3.13.3 and 5.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import Any

import msgspec
from msgspec.structs import replace

from evtui.moments import date_time
from evtui.smart_charging.limit import OutletLimits, shares
from evtui.smart_charging.profile import GREATEST, Period
from evtui.smart_charging.store import ProfileStore
from evtui.smart_charging.timing import prevailing
from evtui.sums import total

__all__ = ["CompositeSchedule", "composite", "conf_payload"]

MOST_CHANGES = 1_000
"""Changes of profiles looked at for one schedule; a question must not hold up the station."""


class CompositeSchedule(msgspec.Struct, frozen=True):
    """What is allowed from ``start`` on.

    Attributes:
        connector: connectorId; 0 is the whole charge point.
        start: Unix time, s.
        duration: s that the periods cover.
        unit: ``A`` or ``W``, of every limit.
        periods: never empty, the first starts at 0, neighbours differ in limit or phases; limits
            are exact, and numberPhases are those in use, None for DC.
        min_charging_rate: in ``unit``, of the profile that leads the connector at the start:
            it is about a vehicle (section 7.13), so connector 0 has None.
    """

    connector: int
    start: float
    duration: float
    unit: str
    periods: tuple[Period, ...]
    min_charging_rate: float | None = None


def composite(
    profiles: ProfileStore,
    outlets: Sequence[OutletLimits],
    connector: int,
    *,
    start: float,
    duration: float,
    unit: str,
    most_periods: int,
) -> CompositeSchedule:
    """The composite schedule of a connector, or of connector 0.

    For a connector it is :func:`~evtui.smart_charging.allowance` at every moment.  For connector
    0 it is the sum of what all connectors may draw at once, which a ChargePointMaxProfile caps:
    the most that the charge point can come to take from the grid (section 5.7).

    Schedules relative to the start of charging are laid out as if a transaction began at
    ``start`` where none runs.  numberPhases are those that may be used: by the connector, or by
    any connector where connector 0 is asked for.

    Args:
        outlets: all connectors of the station.
        connector: connectorId of one of them, or 0.
        start: Unix time, s.
        duration: s, at least 0.  The schedule ends sooner where it would take more than
            ``most_periods`` or ``MOST_CHANGES``; its own duration says so.
        unit: ``A`` or ``W``.
        most_periods: configuration key ChargingScheduleMaxPeriods, at least 1.

    Raises:
        ValueError: there is no such connector, or the duration is negative.
    """
    asked = [outlet for outlet in outlets if connector in (0, outlet.connector)]
    if not asked:
        raise ValueError(f"there is no connector {connector}; this station has 0 to {len(outlets)}")
    if duration < 0:
        raise ValueError(f"a duration of {duration} s is negative; ask for 0 s or more")
    sharing = [
        replace(outlet, charging_since=start) if outlet.charging_since is None else outlet
        for outlet in outlets
        if outlet in asked or outlet.charging_since is not None
    ]

    def period_at(moment: float) -> tuple[Period, float | None]:
        parts, until = shares(profiles, sharing, moment)
        shown = [part for part in parts if connector in (0, part.outlet.connector)]
        phases = [part.outlet.phases for part in shown if part.outlet.phases is not None]
        limit = total(part.in_unit(unit) for part in shown)
        return Period(_since(start, moment), limit, max(phases, default=None)), until

    moment, end = start, start + min(duration, GREATEST)
    periods: list[Period] = []
    for _ in range(MOST_CHANGES):
        period, until = period_at(moment)
        if not periods or period != replace(periods[-1], start=period.start):
            if len(periods) == most_periods:
                break
            periods.append(period)
        moment = end if until is None else min(until, end)
        if moment == end:
            break
    rate = None if connector == 0 else _min_charging_rate(profiles, asked[0], start, unit)
    return CompositeSchedule(connector, start, _since(start, moment), unit, tuple(periods), rate)


def _since(start: float, moment: float) -> float:
    """s from ``start`` to ``moment``, without what a float of Unix time cannot resolve."""
    return round(moment - start, 6)


def _min_charging_rate(
    profiles: ProfileStore, outlet: OutletLimits, now: float, unit: str
) -> float | None:
    since = now if outlet.charging_since is None else outlet.charging_since
    lead = prevailing(profiles.for_connector(outlet.connector), now, since).profile
    if lead is None or lead.min_charging_rate is None:
        return None
    ((own,), _) = shares(profiles, [outlet], now)
    return own.outlet.in_unit(own.outlet.amperes(lead.min_charging_rate, lead.unit), unit)


def conf_payload(schedule: CompositeSchedule) -> dict[str, Any]:
    """GetCompositeSchedule.conf (section 6.22) as it goes over the wire.

    The wire has whole seconds and one decimal (section 7.14), so nothing is rounded up: a second
    in which the limit or the phases change gets the lowest and the fewest it has, and limits lose
    what is behind their first decimal.  startSchedule stays away (errata 3.57).
    """
    periods: list[dict[str, Any]] = []
    edges = {edge for p in schedule.periods for edge in (floor(p.start), ceil(p.start))}
    for second in sorted(edges):
        if second > 0 and second >= schedule.duration:
            break
        told: dict[str, Any] = {"startPeriod": second, **_least(schedule.periods, second)}
        if not periods or told != periods[-1] | {"startPeriod": second}:
            periods.append(told)
    charging_schedule: dict[str, Any] = {
        "duration": int(schedule.duration),
        "chargingRateUnit": schedule.unit,
        "chargingSchedulePeriod": periods,
    }
    if schedule.min_charging_rate is not None:
        charging_schedule["minChargingRate"] = _one_decimal(schedule.min_charging_rate)
    return {
        "status": "Accepted",
        "connectorId": schedule.connector,
        "scheduleStart": date_time(schedule.start),
        "chargingSchedule": charging_schedule,
    }


def _least(periods: Sequence[Period], second: int) -> dict[str, Any]:
    """The lowest limit between ``second`` and the next one, and the fewest phases if any."""
    before = [period for period in periods if period.start <= second][-1:]
    seen = before + [period for period in periods if second < period.start < second + 1]
    least: dict[str, Any] = {"limit": _one_decimal(min(period.limit for period in seen))}
    phases = [period.number_phases for period in seen if period.number_phases is not None]
    return least | {"numberPhases": min(phases)} if phases else least


def _one_decimal(amount: float) -> float:
    # 16.1 A as 16.099999999999998 is still 16.1 A.
    return floor(amount * 10 + 1e-6) / 10
