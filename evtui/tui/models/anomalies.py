"""The anomalies at one connector, as the terminal tells of them."""

from __future__ import annotations

from typing import Literal

from evtui.events import AnomalyState, LabState

__all__ = ["BUSY", "AnomalyPhase", "AnomalyStates", "short_name"]

AnomalyPhase = Literal["", "waiting", "on", "off", "safe", "failed", "lasting"]
"""Where one stands: waiting for its moment, on, being undone, all undone, not undone, or undone
while its effect still shows; empty before the first time."""

BUSY: tuple[AnomalyPhase, ...] = ("waiting", "on", "off")
"""What leaving or all clear would end."""


def short_name(state: AnomalyState) -> str:
    """What its attacks are numbered under: ``fluctuation`` of ``fluctuation-3``."""
    return state.attack_id.rpartition("-")[0] or state.anomaly


class AnomalyStates:
    """Which anomaly the keys act on, which are on, and the newest that is known of each.

    Attributes:
        chosen: name of the one that the keys act on; empty while nobody has said.
    """

    def __init__(self) -> None:
        self.chosen = ""
        self._states: dict[str, AnomalyState] = {}
        self._phases: dict[str, AnomalyPhase] = {}
        self._step_from: dict[str, float] = {}

    def note(self, event: AnomalyState | LabState) -> None:
        """Take what the injector says of one, or the lab of which is chosen."""
        if isinstance(event, LabState):
            self.chosen = event.anomaly
            return
        name = event.anomaly
        before = self.phase(name)
        now = self._phases[name] = _phase(event, before)
        # Back to the end: the order in which they came on.
        if now in ("waiting", "on") and before not in BUSY:
            self._states.pop(name, None)
        if event.change in ("waiting", "on", "cycle", "step"):
            self._step_from[name] = event.t
        self._states[name] = event

    @property
    def shown(self) -> AnomalyState | None:
        """The one to tell of: the chosen one, or where that is off the last one that is on."""
        state = self._states.get(self.chosen)
        if not self.chosen:
            return next(reversed(self._states.values()), None)
        if state is not None and self.phase(state.anomaly) in BUSY:
            return state
        return next(reversed(self.on), state)

    @property
    def on(self) -> list[AnomalyState]:
        """Those that are on, wait for their moment or are being undone, in the order they came."""
        return [state for name, state in self._states.items() if self.phase(name) in BUSY]

    @property
    def others(self) -> list[AnomalyState]:
        """All that is to be told of besides the one that is :attr:`shown`."""
        shown = self.shown
        return [
            state
            for name, state in self._states.items()
            if state is not shown and self.phase(name) in (*BUSY, "lasting", "failed")
        ]

    def phase(self, name: str) -> AnomalyPhase:
        """Where one stands."""
        return self._phases.get(name, "")

    def of(self, name: str) -> AnomalyState | None:
        """The newest that is known of one."""
        return self._states.get(name)

    def step_from(self, name: str) -> float:
        """Lab time in s at which what it is doing, or waiting for, began."""
        return self._step_from.get(name, 0.0)


def _phase(event: AnomalyState, before: AnomalyPhase) -> AnomalyPhase:
    match event.change:
        case "waiting" if event.active:  # for its next step
            return "on"
        case "waiting" | "off" | "failed":
            return event.change
        case "safe":
            return "lasting" if event.lasting else "safe"
        case "effect_end":
            return "safe" if before == "lasting" else before
    if event.active:
        return "on"
    # Called off before its moment came: nothing is to come any more.
    return "safe" if before == "waiting" and event.next_at is None else before
