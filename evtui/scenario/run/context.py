"""What a step that is being done can reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from evtui.config import Settings
from evtui.events import EventStream
from evtui.lab import Lab, Outlet, Stand
from evtui.scenario.language.place import Place
from evtui.scenario.run.actions import Actions
from evtui.scenario.run.lookout import Lookout, Wanted
from evtui.scenario.run.operations import Operations

if TYPE_CHECKING:  # steps import this
    from evtui.scenario.steps import Step
    from evtui.scenario.steps.wait import Awaited

__all__ = ["Sequencer", "StepContext"]


class Sequencer(Protocol):
    """Does the steps that are inside others."""

    async def sequence(
        self, steps: Sequence[Step], path: str, place: Place, detail: str = ""
    ) -> None:
        """Do steps one after the other.

        Args:
            path: of the list in the file.
            place: where those act that name none.
            detail: goes into the state of each.
        """

    def waits(self, context: StepContext) -> None:
        """Tell that a step waits for something that has not come yet."""


class StepContext(msgspec.Struct, frozen=True, kw_only=True):
    """One step that is being done.

    Attributes:
        lab: runs on the same loop.
        place: where it acts.
        actions: what it can do there.
        lookout: knows what has come.
        step: what is being done.
        path: its place in the file, ``steps[2].do[0]``.
        label: it in words.
        since: sequence number from which on calls count for it.
    """

    lab: Lab
    place: Place
    actions: Actions
    lookout: Lookout
    sequencer: Sequencer
    step: Step
    path: str
    label: str
    since: int

    @property
    def settings(self) -> Settings:
        """Of the lab."""
        return self.lab.settings

    @property
    def stream(self) -> EventStream:
        """Of all events of the lab."""
        return self.lab.stream

    @property
    def stand(self) -> Stand:
        """The charge point with its bus."""
        return self.actions.stand

    @property
    def outlet(self) -> Outlet:
        """The connector with what is behind it."""
        return self.actions.outlet

    @property
    def operations(self) -> Operations:
        """Of OCPP."""
        return self.actions.operations

    async def sequence(self, steps: Sequence[Step], key: str, detail: str = "") -> None:
        """Do steps that are inside this one.

        Args:
            key: their place in this step, ``do``.
            detail: goes into the state of each.
        """
        await self.sequencer.sequence(steps, f"{self.path}.{key}", self.place, detail)

    def waits(self) -> None:
        """Tell that it waits for something that has not come yet."""
        self.sequencer.waits(self)

    def wanted(self, awaited: Awaited) -> Wanted:
        """What the lookout is asked for."""
        connector = self.outlet.connector
        return Wanted(awaited, self.since, self.place, lambda: connector.status)
