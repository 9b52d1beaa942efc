"""The plant: what really happens behind a connector, beside what its charge point is told."""

from __future__ import annotations

from collections.abc import Callable

from evtui.power import PowerStage, StageState

__all__ = ["Plant"]


class Plant:
    """A power stage as a module drives it; after each step somebody is told what it does.

    Args:
        stage: the physics.
        on_state: told after each step, and when the stage has tripped.
    """

    def __init__(self, stage: PowerStage, on_state: Callable[[StageState], None]) -> None:
        self.stage = stage
        self.start = stage.start
        self.stop = stage.stop
        self.set_limit = stage.set_limit
        self._on_state = on_state

    @property
    def state(self) -> StageState:
        """What the stage does now."""
        return self.stage.state

    def step(self, dt: float) -> StageState:
        """Go on for ``dt`` s."""
        state = self.stage.step(dt)
        self._on_state(state)
        return state

    def trip(self) -> StageState:
        """Nobody steps the stage from here on: what it shows now is what it goes on showing."""
        state = self.stage.trip()
        self._on_state(state)
        return state
