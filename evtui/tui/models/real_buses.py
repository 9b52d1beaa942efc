"""The real CAN buses that the lab has joined, as status line and banner tell of them."""

from __future__ import annotations

from collections.abc import Sequence

from evtui.events import CanInterfaceState, Event
from evtui.tui.key_hints import key_of
from evtui.tui.models.text import clean, cut_middle

__all__ = ["RealBuses"]

SIGNS = {"opening": "◐", "open": "●", "lost": "✗", "failed": "✗", "closed": "○"}

SHORT, SHORTEST = 16, 10
"""Cells that the name of an interface is cut to where there is little room."""


class RealBuses:
    """Keeps the newest of each charge point's."""

    def __init__(self) -> None:
        self._newest: dict[str, CanInterfaceState] = {}

    def take(self, event: Event) -> bool:
        """Take an event; True where it was one of a real bus."""
        if not isinstance(event, CanInterfaceState):
            return False
        self._newest[event.station] = event
        return True

    def of(self, station: str) -> CanInterfaceState | None:
        """That of a charge point."""
        return self._newest.get(station)

    def armed(self, now: float) -> list[CanInterfaceState]:
        """Those on which anything may be sent now."""
        return [
            each
            for each in self._newest.values()
            if each.armed_until is not None and each.armed_until > now
        ]

    def status(self, station: str | None, now: float) -> tuple[Sequence[str], str] | None:
        """What the status line says of one, the longest form first, and its role.

        Args:
            station: whose; None for the first there is.
            now: lab time in s.
        """
        newest = next(iter(self._newest.values()), None)
        state = newest if station is None else self._newest.get(station)
        if state is None:
            return None
        name, sign = clean(state.interface), SIGNS[state.state]
        short, shortest = cut_middle(name, SHORT), cut_middle(name, SHORTEST)
        if state.state == "open":
            how = " listening" if state.listen_only else ""
            told = f"{name} {sign}{how}"
            lost = state.dropped + state.unsent + state.malformed
            if lost:
                told = f"{told} ! {lost:,} lost"
            return (told, *[f"{short} {sign}{how}"] * 4, f"{shortest} {sign}"), "good"
        if state.state == "closed":
            return (f"{name} {sign}", f"{short} {sign}"), "muted"
        why = clean(state.detail)
        due = "" if state.next_try is None else f", again in {max(0.0, state.next_try - now):.0f} s"
        role = "warning" if state.state == "opening" else "bad"
        long = f"{name} {sign} {why}{due}".rstrip()
        return (long, f"{name} {sign} {why}".rstrip(), *[f"{short} {sign}"] * 3), role

    def banner(self, now: float) -> tuple[str, ...]:
        """What the red line says while anything is armed, the longest form first; else nothing."""
        armed = self.armed(now)
        if not armed:
            return ()
        ends = min(each.armed_until or now for each in armed)
        left = max(0, round(ends - now))
        names = ", ".join(clean(each.interface) for each in armed)
        time, key = f"{left // 60}:{left % 60:02}", key_of("view.arm")
        return (
            f"ARMED {names}: anomalies and frames by hand reach a real bus, {time} left, "
            f"{key} disarms",
            f"ARMED {names}: injection reaches a real bus, {time}, {key} disarms",
            f"ARMED {names} {time} {key} disarms",
            f"ARMED {cut_middle(names, 30)} {time} {key}",
        )
