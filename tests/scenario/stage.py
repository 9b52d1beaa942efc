"""A scenario played on a lab in virtual time, and what was seen of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from evtui.events import CanFrame, Event, Note, OcppMessage, Order, ScenarioState, Verdict
from evtui.lab import Lab
from evtui.runtime.clock import LoopClock
from evtui.runtime.virtual import run_virtual
from evtui.scenario.judge.outcome import RunOutcome
from evtui.scenario.language.loader import Plan
from evtui.scenario.run.runner import Runner
from tests.scenario.files import minimal, plan_of

__all__ = ["Played", "play", "play_steps"]

E = TypeVar("E", bound=Event)
Meanwhile = Callable[[Lab, Runner], Coroutine[Any, Any, None]]


class Played:
    """What came of it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.outcome: RunOutcome | None = None
        self.lab: Lab | None = None

    def of(self, kind: type[E]) -> list[E]:
        """Events of one type, oldest first."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def steps(self) -> Verdict:
        """The verdict on the steps."""
        return self.of(Verdict)[0]

    @property
    def states(self) -> list[tuple[str, str]]:
        """Change and path of every state of the scenario."""
        return [(state.change, state.path) for state in self.of(ScenarioState)]

    @property
    def notes(self) -> list[str]:
        return [note.text for note in self.of(Note)]

    @property
    def orders(self) -> list[str]:
        """Commands that were given."""
        return [order.command for order in self.of(Order)]

    def calls(self, action: str) -> list[OcppMessage]:
        """Calls of an action, as they were sent."""
        return [
            message
            for message in self.of(OcppMessage)
            if (message.kind, message.phase, message.action) == ("call", "sent", action)
        ]

    def frames(self, node: str) -> list[CanFrame]:
        return [frame for frame in self.of(CanFrame) if frame.node == node]

    def time_of(self, change: str, path: str) -> float:
        """Lab time in s of a state."""
        return next(
            state.t
            for state in self.of(ScenarioState)
            if (state.change, state.path) == (change, path)
        )


def play(
    plan: Plan, *, duration: float | None = None, meanwhile: Meanwhile | None = None
) -> Played:
    """Play a plan to its end.

    Args:
        meanwhile: runs beside it; play does not wait for its end.
    """
    played = Played()

    async def main() -> None:
        clock = LoopClock(asyncio.get_running_loop(), plan.start_utc)
        lab = played.lab = Lab(
            plan.settings,
            clock,
            link="memory",
            vehicle=plan.vehicle_at,
            plugged=plan.scenario.lab.plugged,
        )
        lab.stream.subscribe(played.events.append)
        stop = asyncio.Event()
        running = asyncio.create_task(lab.run(stop))
        runner = Runner(lab, plan, duration=duration)
        beside = None if meanwhile is None else asyncio.create_task(meanwhile(lab, runner))
        try:
            played.outcome = await runner.run()
        finally:
            if beside is not None:
                beside.cancel()
            stop.set()
            await running

    run_virtual(main())
    return played


def play_steps(steps: str, folder: Path, more: str = "", **options: Any) -> Played:
    """Play a scenario of these steps; ``more`` follows them in the file."""
    return play(plan_of(minimal(steps, more), folder), **options)
