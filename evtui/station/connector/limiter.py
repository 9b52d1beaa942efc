"""What the charging profiles allow a connector, kept up to date as time and voltage go on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from msgspec.structs import replace

from evtui.power import Preset
from evtui.runtime import LoopClock
from evtui.smart_charging import OutletLimits, ProfileStore, allowance
from evtui.station.listeners import Listeners

__all__ = ["Limiter"]

VOLTAGE_DROP = 0.01
"""Share by which the voltage must fall before a limit in W is worth more A.

A limit follows a rising voltage at once, to keep to its watts; this keeps it from going to
and fro between two amperes because more current raises the voltage.
"""

NOMINAL_VOLTAGE = 400.0
"""V of a common battery: what a DC station reckons with for the time when a vehicle is there."""

SHORTEST_TIMER, LONGEST_TIMER = 1e-3, 86_400.0
"""s until a limit is worked out again.

Unix time in a float is coarser than a loop's time, so a moment that has come may not show yet:
never 0.  And a timer far away overflows on some loops.
"""


class _Numbers(Protocol):
    """What is used of the configuration."""

    def number(self, key: str) -> float: ...


class Limiter:
    """The limit of one connector.

    Args:
        connector: connectorId, from 1.
        preset: kind of power stage.
        configuration: asked for EvtuiDefaultLimit.
        profiles: those of the charge point.

    Attributes:
        applied: told whenever the limit was worked out, changed or not.
        neighbours: limiters of the other connectors: a ChargePointMaxProfile is shared with them.
        limit: A that the station allows now, on each phase for AC.
        phases: how many of an AC supply may be used now; None for DC.
        preset: kind of power stage; may be replaced.
        charging_since: lab time in s at which the transaction started, None without one.
        barred: True while the vehicle gets nothing, whatever the profiles allow.
    """

    def __init__(
        self,
        connector: int,
        preset: Preset,
        clock: LoopClock,
        configuration: _Numbers,
        profiles: ProfileStore,
    ) -> None:
        self.applied: Listeners[[]] = Listeners()
        self.neighbours: Sequence[Limiter] = ()
        self.limit = preset.default_limit
        self.phases = None if preset.ac is None else preset.ac.phases
        self.preset = preset
        self.charging_since: float | None = None
        self.barred = False
        self._connector = connector
        self._clock = clock
        self._configuration = configuration
        self._profiles = profiles
        self._voltage = self._current = 0.0
        self._phases_on: int | None = None
        self._held_back = False
        self._converted_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def outlet(self) -> OutletLimits:
        """The connector as it is now.  What it may not give it does not want either."""
        ac, since = self.preset.ac, self.charging_since
        return OutletLimits(
            connector=self._connector,
            default_limit=self._configuration.number("EvtuiDefaultLimit"),
            rated_current=0.0 if self.barred else self.preset.rated_current,
            # For AC without the power factor (errata 3.69): watts are then never exceeded.
            watts_per_ampere=self._voltage if ac is None else ac.voltage * ac.phases,
            phases=None if ac is None else ac.phases,
            charging_since=None if since is None else self._clock.unix(since),
            drawing=self._current,
            drawing_phases=self._phases_on,
        )

    @property
    def planned_outlet(self) -> OutletLimits:
        """The connector as a composite schedule takes it: with a vehicle, there or expected."""
        outlet = self.outlet
        if outlet.watts_per_ampere > 0:
            return outlet
        return replace(outlet, watts_per_ampere=NOMINAL_VOLTAGE)

    def apply(self) -> None:
        """Work out the limit, and those of the neighbours, whose share may be another now."""
        for limiter in (self, *self.neighbours):
            limiter._work_out()

    def end_transaction(self) -> None:
        """Forget what held for a transaction alone: its profiles, and whether it was barred.

        The limit is worked out anew with the next :meth:`apply`.
        """
        self._profiles.end_transaction(self._connector)
        self.charging_since = None
        self.barred = False

    def on_voltage(self, voltage: float) -> None:
        """Take the voltage (V) that the station measures; limits in W follow it."""
        self._voltage = voltage
        before = self._converted_at
        if (
            not (1 - VOLTAGE_DROP) * before <= voltage <= before
            and self.preset.ac is None
            and self._profiles.has_watts
        ):
            self.apply()

    def on_current(self, current: float) -> None:
        """Take the current (A) that is measured; neighbours may wait for it to fall."""
        if current != self._current:
            self._current = current
            for limiter in self.neighbours:
                if limiter._held_back:
                    limiter._work_out()

    def on_phases(self, phases: int | None) -> None:
        """Take how many phases are switched on; a share in W may wait for it."""
        if phases != self._phases_on:
            self._phases_on = phases
            for limiter in self.neighbours:
                if limiter._held_back:
                    limiter._work_out()

    def cancel(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _work_out(self) -> None:
        """Set the limit, and a timer for when a profile changes its mind."""
        self.cancel()
        now = self._clock.unix()
        self._converted_at = self._voltage
        outlets = [self.outlet, *(limiter.outlet for limiter in self.neighbours)]
        allowed = allowance(self._profiles, outlets, self._connector, now)
        self.limit, self.phases = allowed.limit, allowed.phases
        self._held_back = allowed.held_back
        if allowed.until is not None:
            delay = min(max(SHORTEST_TIMER, allowed.until - now), LONGEST_TIMER)
            self._timer = asyncio.get_running_loop().call_later(delay, self._work_out)
        self.applied()
