"""How much current each connector may draw (OCPP 1.6 section 3.13).

All the arithmetic of charging profiles is here and in :mod:`evtui.smart_charging.timing`; the
composite schedule only asks for every moment at which something changes.

Three purposes and the station itself bear on a connector:

1. A TxProfile overrules a TxDefaultProfile, a TxDefaultProfile of the connector overrules those
   of connector 0, and within each the highest stack level leads (3.13.1, 3.13.2).  Where one has
   no period the next one in this order speaks, and where none does the station's default limit
   holds (3.13.3, errata 3.43): a gap never lets more through than a stored profile allows.
2. The rating of the power stage caps that.
3. A ChargePointMaxProfile caps the sum of all connectors (3.13.3).  Where they want more than
   that, each gets the same, but none more than it wants; and none takes its share before those
   that still draw more than theirs have let it go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from evtui.moments import earliest
from evtui.smart_charging.store import ProfileStore
from evtui.smart_charging.timing import Prevailing, prevailing

__all__ = ["Allowance", "Outlet", "allowance", "shares"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A connector, as far as its limit depends on the station.

    Attributes:
        connector: connectorId, from 1.
        default_limit: A while no TxProfile and no TxDefaultProfile applies.
        rated_current: A, the most it gives whatever the profiles allow.
        watts_per_ampere: W for each A of a limit: for AC volts times phases (section 7.12), for
            DC the output voltage.  0 when that is not known; a limit in W then allows nothing.
        phases: phases it charges with, None for DC.
        charging_since: Unix time in s at which its transaction started, None without one.
        drawing: A that it takes now, as measured; only :func:`allowance` looks at it.
    """

    connector: int
    default_limit: float
    rated_current: float
    watts_per_ampere: float
    phases: int | None = None
    charging_since: float | None = None
    drawing: float = 0.0

    def amperes(self, limit: float, unit: str) -> float:
        """A of a limit in ``A`` or ``W``."""
        if unit == "A":
            return limit
        return limit / self.watts_per_ampere if self.watts_per_ampere > 0 else 0.0

    def in_unit(self, amperes: float, unit: str) -> float:
        """``amperes`` in ``A`` or ``W``."""
        return amperes if unit == "A" else amperes * self.watts_per_ampere


@dataclass(frozen=True, slots=True)
class Allowance:
    """The limit now and when it may change.

    Attributes:
        limit: A.
        until: Unix time in s of the next moment at which a profile may change it, or None.
        held_back: True while the limit is less than the share, because others draw too much yet.
    """

    limit: float
    until: float | None
    held_back: bool = False


def allowance(
    profiles: ProfileStore, outlets: Sequence[Outlet], connector: int, now: float
) -> Allowance:
    """The current a connector may draw.

    A ChargePointMaxProfile is shared among the connectors that have a transaction; one that
    has none is told what it would get if its transaction began now.

    Args:
        outlets: all connectors of the station.
        connector: connectorId of one of them.
        now: Unix time, s.
    """
    sharing = [o for o in outlets if o.charging_since is not None or o.connector == connector]
    limits, until = shares(profiles, sharing, now)
    own = next(n for n, outlet in enumerate(sharing) if outlet.connector == connector)
    outlet, limit = sharing[own], limits[own]
    cap = _cap(profiles, sharing, now)
    if outlet.charging_since is None or cap.profile is None or cap.period is None:
        return Allowance(limit, until)
    unit = cap.profile.unit
    others = sum(o.in_unit(o.drawing, unit) for o in outlets if o.connector != connector)
    room = outlet.amperes(max(0.0, cap.period.limit - others), unit)
    held = min(limit, max(room, outlet.drawing))
    return Allowance(held, until, held_back=held < limit)


def shares(
    profiles: ProfileStore, outlets: Sequence[Outlet], now: float
) -> tuple[list[float], float | None]:
    """A that each outlet may draw if all of them do, and until when (Unix time, s, or None)."""
    wanted: list[float] = []
    changes: list[float | None] = []
    for outlet in outlets:
        lead = prevailing(profiles.for_connector(outlet.connector), now, outlet.charging_since)
        limit = outlet.default_limit
        if lead.profile is not None and lead.period is not None:
            limit = outlet.amperes(lead.period.limit, lead.profile.unit)
        wanted.append(min(limit, outlet.rated_current))
        changes.append(lead.until)
    cap = _cap(profiles, outlets, now)
    until = earliest(*changes, cap.until)
    if cap.profile is None or cap.period is None:
        return wanted, until
    unit = cap.profile.unit
    demands = [o.in_unit(amperes, unit) for o, amperes in zip(outlets, wanted, strict=True)]
    level = _level(cap.period.limit, demands)
    return [
        min(amperes, outlet.amperes(level, unit))
        for outlet, amperes in zip(outlets, wanted, strict=True)
    ], until


def _cap(profiles: ProfileStore, outlets: Sequence[Outlet], now: float) -> Prevailing:
    """What the ChargePointMaxProfiles say; for all, charging starts when the first one's does."""
    since = earliest(*(outlet.charging_since for outlet in outlets))
    return prevailing(profiles.for_charge_point(), now, since)


def _level(total: float, demands: Sequence[float]) -> float:
    """The most that anybody may get so that all together get no more than ``total``."""
    left = total
    for sharing, demand in zip(range(len(demands), 0, -1), sorted(demands), strict=True):
        if demand * sharing >= left:
            return left / sharing
        left -= demand
    return inf
