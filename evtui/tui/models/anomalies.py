"""The anomalies at one connector, as the terminal tells of them."""

from __future__ import annotations

from evtui.events import AnomalyState, LabState

__all__ = ["AnomalyStates"]


class AnomalyStates:
    """Which anomaly the keys act on, which are on, and the newest that is known of each.

    Attributes:
        chosen: name of the one that the keys act on; empty while nobody has said.
    """

    def __init__(self) -> None:
        self.chosen = ""
        self._states: dict[str, AnomalyState] = {}
        self._phases: dict[str, str] = {}

    def note(self, event: AnomalyState | LabState) -> None:
        """Take what the injector says of one, or the lab of which is chosen."""
        if isinstance(event, LabState):
            self.chosen = event.anomaly
            return
        name = event.anomaly
        if event.change in ("on", "off", "safe", "failed"):
            self._phases[name] = event.change
        # Back to the end: the order in which they came on.
        if event.change == "on":
            self._states.pop(name, None)
        self._states[name] = event

    @property
    def shown(self) -> AnomalyState | None:
        """The one to tell of: the chosen one, or where that is off the last one that is on."""
        state = self._states.get(self.chosen)
        if not self.chosen:
            return next(reversed(self._states.values()), None)
        if state is not None and self.phase(state.anomaly) in ("on", "off"):
            return state
        return next(reversed(self.on), state)

    @property
    def on(self) -> list[AnomalyState]:
        """Those that are on or are being undone, in the order they came."""
        return [state for name, state in self._states.items() if self.phase(name) in ("on", "off")]

    def phase(self, name: str) -> str:
        """``on``, ``off`` while it is undone, ``safe``, ``failed``; empty before the first."""
        return self._phases.get(name, "")

    def of(self, name: str) -> AnomalyState | None:
        """The newest that is known of one."""
        return self._states.get(name)
