"""A central system that is out of reach for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from evtui.config import Settings
from evtui.scenario.language.model import Duration
from evtui.scenario.language.narration import seconds
from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check
    from evtui.scenario.run.context import StepContext

__all__ = ["Outage"]


@STEPS.add
class Outage(Step, frozen=True, kw_only=True):
    """The network to the central system is gone for a while, for every station of the lab."""

    acts = False
    example = "outage: 2min"

    outage: Annotated[Duration, Meta(description="how long.")]

    def words(self) -> str:
        return f"outage of the central system for {seconds(self.outage)}"

    def check(self, check: Check) -> None:
        if self.outage <= 0:
            check.add("outage", "expected more than 0s")

    def longest(self, settings: Settings) -> float:
        return self.outage

    def lasts(self) -> float:
        return self.outage

    async def run(self, context: StepContext) -> int:
        await context.lab.reach.outage(self.outage)
        return context.stream.last_seq
