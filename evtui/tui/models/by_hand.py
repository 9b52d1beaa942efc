"""Attacks by hand on one connector, as the terminal tells of them."""

from __future__ import annotations

from evtui.events import AnomalyState

__all__ = ["HandAttacks"]


class HandAttacks:
    """Those that are on, and those whose effect still shows."""

    def __init__(self) -> None:
        self._states: dict[str, AnomalyState] = {}

    def note(self, state: AnomalyState) -> None:
        """Take what the injector says of one."""
        if state.change in ("safe", "failed"):
            self._states.pop(state.attack_id, None)
        else:
            self._states[state.attack_id] = state

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, attack_id: str) -> bool:
        return attack_id in self._states

    @property
    def on(self) -> bool:
        """True while one is."""
        return any(each.active for each in self._states.values())

    @property
    def newest(self) -> AnomalyState | None:
        """The one to tell of: of those that are on, else of all, the one that began last."""
        states = list(self._states.values())
        return next(reversed([each for each in states if each.active] or states), None)
