"""Plugging the vehicle in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.run.context import StepContext

__all__ = ["Plug", "Unplug"]


@STEPS.add
class Plug(Step, frozen=True, kw_only=True):
    """Plug the vehicle in; nothing happens when it is."""

    bare = None
    example = "plug"

    plug: None

    def words(self) -> str:
        return "plug in"

    async def run(self, context: StepContext) -> None:
        if not context.outlet.connector.plugged:
            await context.actions.execute("station.plug")


@STEPS.add
class Unplug(Step, frozen=True, kw_only=True):
    """Unplug the vehicle; nothing happens when it is not plugged in."""

    bare = None
    example = "unplug"

    unplug: None

    def words(self) -> str:
        return "unplug"

    async def run(self, context: StepContext) -> None:
        if context.outlet.connector.plugged:
            await context.actions.execute("station.plug")
