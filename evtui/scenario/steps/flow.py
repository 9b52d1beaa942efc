"""Steps made of steps: over and over, side by side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from evtui.config import Settings
from evtui.scenario.language.length import longest
from evtui.scenario.language.model import AtLeastOne, Branches, Steps
from evtui.scenario.language.narration import counted
from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.run.context import StepContext

__all__ = ["Parallel", "Repeat"]


@STEPS.add
class Repeat(Step, frozen=True, kw_only=True):
    """Steps, several times over."""

    acts = False
    passive = True
    example = "{repeat: 3, do: [start, {wait: 1min}, stop]}"

    repeat: Annotated[AtLeastOne, Meta(description="how many times.")]
    do: Annotated[Steps, Meta(description="its steps.")]

    def words(self) -> str:
        return f"{self.repeat} times {counted(len(self.do), 'step')}"

    def turns(self) -> int:
        return self.repeat

    def longest(self, settings: Settings) -> float:
        return self.repeat * longest(self.do, settings)

    async def run(self, context: StepContext) -> int:
        for turn in range(1, self.repeat + 1):
            await context.sequence(self.do, "do", f"{turn} of {self.repeat}")
            await asyncio.sleep(0)  # steps that take no time leave room too
        return context.stream.last_seq


@STEPS.add
class Parallel(Step, frozen=True, kw_only=True):
    """Lists of steps that run side by side; done when all are."""

    acts = False
    passive = True
    example = "parallel: [[start, {wait: 1min}], [{wait: 30s}, unplug]]"

    parallel: Annotated[
        Branches,
        Meta(
            description="what is due at one moment comes in the order in which it was waited for."
        ),
    ]

    def words(self) -> str:
        return f"{len(self.parallel)} lists of steps side by side"

    def longest(self, settings: Settings) -> float:
        return max(longest(branch, settings) for branch in self.parallel)

    async def run(self, context: StepContext) -> int:
        """Do all lists at once; the first that fails ends the others."""
        loop = asyncio.get_running_loop()
        tasks = [
            loop.create_task(context.sequence(steps, f"parallel[{number}]"))
            for number, steps in enumerate(self.parallel)
        ]
        if tasks:
            await _all_or_first_failure(tasks)
        return context.stream.last_seq


async def _all_or_first_failure(tasks: list[asyncio.Task[None]]) -> None:
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        # One after the other, in the order of the file, or no two runs would be the same.
        for task in tasks:
            task.cancel()
            await asyncio.wait({task})
    failures = [task.exception() for task in tasks if not task.cancelled()]
    for failure in failures:
        if failure is not None:
            raise failure
