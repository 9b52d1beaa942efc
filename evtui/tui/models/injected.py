"""Which messages and frames an anomaly has sent, as the truth says it."""

from __future__ import annotations

from collections.abc import Callable

from evtui.events import AnomalyState

__all__ = ["Injected", "InjectedBy", "nobody"]

InjectedBy = Callable[[int | None], str]
"""The attack that an event's cause belongs to, and its step; empty for none."""

CAUSES_KEPT = 4096
"""Newest events of injectors that are remembered as causes, as for a recording."""


def nobody(_: int | None) -> str:
    """Where nothing is known of attacks."""
    return ""


class Injected:
    """Remembers what the injectors that were on have said, since their events are causes."""

    def __init__(self) -> None:
        self._by: dict[int, str] = {}

    def note(self, state: AnomalyState) -> None:
        """Take what an injector says."""
        if not state.active:
            return
        step = f" · {state.step_label}" if state.step_label else ""
        self._by[state.seq] = f"{state.attack_id}{step}"
        if len(self._by) > CAUSES_KEPT:
            del self._by[next(iter(self._by))]

    def by(self, cause: int | None) -> str:
        """The attack, and the step of it, that caused this; empty where none did."""
        return "" if cause is None else self._by.get(cause, "")
