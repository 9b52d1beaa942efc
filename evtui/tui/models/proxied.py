"""Charge points of other people that connect through here, as far as they are armed."""

from __future__ import annotations

from evtui.events import ArmingState, CentralSystemState, Event
from evtui.tui.key_hints import key_of
from evtui.tui.models.text import clean, cut_middle

__all__ = ["Proxied"]


class Proxied:
    """What is known of the proxy.

    Attributes:
        central: the central system behind it; None where there is no proxy.
    """

    def __init__(self) -> None:
        self.central: CentralSystemState | None = None
        self._armed: dict[str, float] = {}

    def take(self, event: Event) -> bool:
        """Take an event; True where it was about the proxy."""
        match event:
            case CentralSystemState(ours=False, listening=True):
                self.central = event
            case ArmingState(armed_until=None):
                self._armed.pop(event.station, None)
            case ArmingState(armed_until=until):
                self._armed[event.station] = until or 0.0
            case _:
                return False
        return True

    def armed(self, now: float) -> list[str]:
        """Charge points at which anything may be injected now."""
        return [station for station, until in self._armed.items() if until > now]

    def banner(self, now: float) -> tuple[str, ...]:
        """What the red line says while any is armed, the longest form first; else nothing."""
        armed = self.armed(now)
        if not armed:
            return ()
        left = max(0, round(min(self._armed[each] for each in armed) - now))
        names = ", ".join(map(clean, armed))
        time, key = f"{left // 60}:{left % 60:02}", key_of("view.arm")
        return (
            f"ARMED {names}: anomalies act on what passes there, {time} left, {key} disarms",
            f"ARMED {names} {time} {key} disarms",
            f"ARMED {cut_middle(names, 30)} {time} {key}",
        )
