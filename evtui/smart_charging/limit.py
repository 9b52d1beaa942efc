"""How much current each connector may draw (OCPP 1.6 section 3.13).

All the arithmetic of charging profiles is here and in :mod:`evtui.smart_charging.timing`; the
composite schedule only asks for every moment at which something changes.

Three purposes and the station itself bear on the current of a connector:

1. A TxProfile overrules a TxDefaultProfile, a TxDefaultProfile of the connector overrules those
   of connector 0, and within each the highest stack level leads (3.13.1, 3.13.2).  Where one has
   no period the next one in this order speaks, and where none does the station's default limit
   holds (3.13.3, errata 3.43): a gap never lets more through than a stored profile allows.
2. The rating of the power stage caps that.
3. A ChargePointMaxProfile caps the sum of all connectors (3.13.3).  Where they want more than
   that, each gets the same, but none more than it wants; and none takes its share before those
   that still draw more than theirs have let it go.

And on the phases of an AC connector: each period that is in force, of the profile that leads and
of the ChargePointMaxProfile, names how many can be used (numberPhases, section 7.14, 3 where it
does not say), and the fewest count.  The text says nothing of several; OCPP 2.0.1 does, and says
that.  A limit in A holds for each phase in use, as it is given (7.12, errata 3.34).  A limit in W
is the total: it becomes A by the volts of the phases in use (errata 3.69), so a limit in W that
was meant for three phases is not cut to a third on one.  Connectors that use fewer phases use the
first: a ChargePointMaxProfile in A is shared as if all were on the same, one in W by the watts of
each.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import msgspec
from msgspec.structs import replace

from evtui.moments import earliest
from evtui.smart_charging.profile import Period
from evtui.smart_charging.store import ProfileStore
from evtui.smart_charging.timing import Prevailing, prevailing
from evtui.sums import total

__all__ = ["Allowance", "OutletLimits", "Share", "allowance", "shares"]

ASSUMED_PHASES = 3
"""numberPhases of a period that gives none (section 7.14)."""


class OutletLimits(msgspec.Struct, frozen=True, kw_only=True):
    """A connector, as far as its limit depends on the station.

    Attributes:
        connector: connectorId, from 1.
        default_limit: A while no TxProfile and no TxDefaultProfile applies.
        rated_current: A, the most it gives whatever the profiles allow.
        watts_per_ampere: W for each A of a limit: for AC volts times ``phases`` (section 7.12),
            for DC the output voltage.  0 when that is not known; a limit in W then allows nothing.
        phases: phases it can charge with, None for DC.
        charging_since: Unix time in s at which its transaction started, None without one.
        drawing: A that it takes now, as measured; only :func:`allowance` looks at it.
        drawing_phases: phases on which it does, None for ``phases``.
    """

    connector: int
    default_limit: float
    rated_current: float
    watts_per_ampere: float
    phases: int | None = None
    charging_since: float | None = None
    drawing: float = 0.0
    drawing_phases: int | None = None

    def limited_by(self, *periods: Period | None) -> OutletLimits:
        """The outlet on the phases that the periods in force let it use; DC is left alone."""
        if self.phases is None:
            return self
        named = [period.number_phases or ASSUMED_PHASES for period in periods if period]
        fewest = min([self.phases, *named])
        if fewest == self.phases:
            return self
        return replace(
            self,
            phases=fewest,
            watts_per_ampere=self.watts_per_ampere * fewest / self.phases,
            drawing_phases=self.drawing_phases or self.phases,
        )

    def amperes(self, limit: float, unit: str) -> float:
        """A of a limit in ``A`` or ``W``."""
        if unit == "A":
            return limit
        return limit / self.watts_per_ampere if self.watts_per_ampere > 0 else 0.0

    def in_unit(self, amperes: float, unit: str) -> float:
        """``amperes`` in ``A`` or ``W``."""
        return amperes if unit == "A" else amperes * self.watts_per_ampere

    def drawn(self, unit: str) -> float:
        """What it takes now, in ``A`` or ``W``."""
        if unit == "A" or self.phases is None or self.drawing_phases is None:
            return self.in_unit(self.drawing, unit)
        return self.in_unit(self.drawing * self.drawing_phases / self.phases, unit)


class Allowance(msgspec.Struct, frozen=True):
    """The limit now and when it may change.

    Attributes:
        limit: A, on each phase for AC.
        until: Unix time in s of the next moment at which a profile may change it, or None.
        held_back: True while the limit is less than the share, because others draw too much yet.
        phases: how many may be used, None for DC.
    """

    limit: float
    until: float | None
    held_back: bool = False
    phases: int | None = None


class Share(msgspec.Struct, frozen=True):
    """What a connector may draw if all of them do.

    Attributes:
        outlet: the connector, on the phases that it may use.
        limit: A, on each of them for AC.
    """

    outlet: OutletLimits
    limit: float

    def in_unit(self, unit: str) -> float:
        """The limit in ``A`` or ``W``."""
        return self.outlet.in_unit(self.limit, unit)


def allowance(
    profiles: ProfileStore, outlets: Sequence[OutletLimits], connector: int, now: float
) -> Allowance:
    """The current a connector may draw, and on how many phases.

    A ChargePointMaxProfile is shared among the connectors that have a transaction; one that
    has none is told what it would get if its transaction began now.

    Args:
        outlets: all connectors of the station.
        connector: connectorId of one of them.
        now: Unix time, s.
    """
    sharing = [o for o in outlets if o.charging_since is not None or o.connector == connector]
    parts, until = shares(profiles, sharing, now)
    own = next(part for part in parts if part.outlet.connector == connector)
    outlet, limit = own.outlet, own.limit
    cap = _cap(profiles, sharing, now)
    if outlet.charging_since is None or cap.profile is None or cap.period is None:
        return Allowance(limit, until, phases=outlet.phases)
    unit = cap.profile.unit
    others = total(o.drawn(unit) for o in outlets if o.connector != connector)
    room = max(0.0, cap.period.limit - others, outlet.drawn(unit))
    held = min(limit, outlet.amperes(room, unit))
    return Allowance(held, until, held_back=held < limit, phases=outlet.phases)


def shares(
    profiles: ProfileStore, outlets: Sequence[OutletLimits], now: float
) -> tuple[list[Share], float | None]:
    """What each outlet may draw if all of them do, and until when (Unix time, s, or None)."""
    cap = _cap(profiles, outlets, now)
    wanted: list[Share] = []
    changes: list[float | None] = [cap.until]
    for each in outlets:
        lead = prevailing(profiles.for_connector(each.connector), now, each.charging_since)
        outlet = each.limited_by(lead.period, cap.period)
        limit = outlet.default_limit
        if lead.profile is not None and lead.period is not None:
            limit = outlet.amperes(lead.period.limit, lead.profile.unit)
        wanted.append(Share(outlet, min(limit, outlet.rated_current)))
        changes.append(lead.until)
    until = earliest(*changes)
    if cap.profile is None or cap.period is None:
        return wanted, until
    unit = cap.profile.unit
    level = _level(cap.period.limit, [share.in_unit(unit) for share in wanted])
    return [
        Share(share.outlet, min(share.limit, share.outlet.amperes(level, unit))) for share in wanted
    ], until


def _cap(profiles: ProfileStore, outlets: Sequence[OutletLimits], now: float) -> Prevailing:
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
