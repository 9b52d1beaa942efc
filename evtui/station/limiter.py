"""What the charging profiles allow a connector, kept up to date as time and voltage go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from evtui.power import Preset
from evtui.smart_charging import allowance
from evtui.station.context import StationContext

__all__ = ["Limiter"]

VOLTAGE_DROP = 0.01
"""Share by which the voltage must fall before a limit in W is worth more A.

A limit follows a rising voltage at once, to keep to its watts; this keeps it from going to
and fro between two amperes because more current raises the voltage.
"""

SHORTEST_TIMER, LONGEST_TIMER = 1e-3, 86_400.0
"""s until a limit is worked out again.

Unix time in a float is coarser than a loop's time, so a moment that has come may not show yet:
never 0.  And a timer far away overflows on some loops.
"""


class Limiter:
    """The limit of one connector.

    Args:
        context: what the charge point's pieces share.
        connector: connectorId, from 1.
        preset: kind of power stage.
        applied: called whenever the limit was worked out, changed or not.

    Attributes:
        limit: A that the station allows now.
        preset: kind of power stage; may be replaced.
        charging_since: lab time in s at which the transaction started, None without one.
        barred: True while the vehicle gets nothing, whatever the profiles allow.
    """

    def __init__(
        self,
        context: StationContext,
        connector: int,
        preset: Preset,
        applied: Callable[[], None],
    ) -> None:
        self.limit = preset.default_limit
        self.preset = preset
        self.charging_since: float | None = None
        self.barred = False
        self._context = context
        self._connector = connector
        self._applied = applied
        self._voltage = 0.0
        self._converted_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def apply(self) -> None:
        """Work out the limit, and again when a profile changes its mind."""
        self.cancel()
        context = self._context
        start = context.clock.start_utc
        now = start + context.clock.now()
        self._converted_at = None
        allowed = allowance(
            context.profiles.for_connector(self._connector),
            now,
            None if self.charging_since is None else start + self.charging_since,
            self._to_ampere,
            context.configuration.number("EvtuiDefaultLimit"),
        )
        self.limit = 0.0 if self.barred else min(allowed.limit, self.preset.rated_current)
        if allowed.until is not None:
            delay = min(max(SHORTEST_TIMER, allowed.until - now), LONGEST_TIMER)
            self._timer = asyncio.get_running_loop().call_later(delay, self.apply)
        self._applied()

    def on_voltage(self, voltage: float) -> None:
        """Take the voltage (V) that the station measures; limits in W follow it."""
        self._voltage = voltage
        before = self._converted_at
        if before is not None and not (1 - VOLTAGE_DROP) * before <= voltage <= before:
            self.apply()

    def cancel(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _to_ampere(self, limit: float, unit: str) -> float:
        """A of a limit: output current for DC, current per phase for AC (section 7.12).

        Watts are the total of all phases.  For DC they depend on the voltage, and while the
        station does not see any they allow nothing.
        """
        if unit == "A":
            return limit
        if self.preset.ac is not None:
            return limit / self.preset.ac.watts_per_ampere
        self._converted_at = self._voltage
        return limit / self._voltage if self._voltage > 0 else 0.0
