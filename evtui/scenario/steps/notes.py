"""What only people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evtui.events import Mark
from evtui.scenario.language.model import Prose
from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check
    from evtui.scenario.run.context import StepContext

__all__ = ["MarkStep", "NoteStep"]


@STEPS.add
class NoteStep(Step, frozen=True, kw_only=True):
    """A line in the log."""

    acts = False
    passive = True
    example = "note: the vehicle is full"

    note: Prose

    def words(self) -> str:
        return f"note: {self.note}"

    def check(self, check: Check) -> None:
        check.text("note", self.note)

    async def run(self, context: StepContext) -> int:
        context.actions.note(self.note)
        return context.since


@STEPS.add
class MarkStep(Step, frozen=True, kw_only=True):
    """A mark at this moment, shown on the chart and in the report."""

    acts = False
    passive = True
    example = "mark: released"

    mark: Prose

    def words(self) -> str:
        return f"mark: {self.mark}"

    def check(self, check: Check) -> None:
        check.text("mark", self.mark)

    async def run(self, context: StepContext) -> int:
        from evtui.scenario.run.actions import SOURCE

        context.stream.publish(Mark(source=SOURCE, station=context.stand.name, text=self.mark))
        return context.since
