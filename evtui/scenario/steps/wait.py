"""Letting time pass, and waiting for something."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from evtui.config import Settings
from evtui.detection import View
from evtui.scenario.language.model import Duration, Model
from evtui.scenario.language.narration import alarm_in_words, seconds, view_in_words, with_fields
from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check
    from evtui.scenario.run.context import StepContext

__all__ = ["Awaited", "Wait", "WaitFor"]


@STEPS.add
class Wait(Step, frozen=True, kw_only=True):
    """Let time pass."""

    acts = False
    passive = True
    example = "wait: 2s"

    wait: Annotated[
        Duration,
        Meta(
            description="a duration: 500ms, 2s, 1m or 1min, 1h30m, 1d; a number alone is seconds."
        ),
    ]

    def words(self) -> str:
        return f"wait {seconds(self.wait)}"

    def longest(self, settings: Settings) -> float:
        return self.wait

    def lasts(self) -> float:
        return self.wait

    async def run(self, context: StepContext) -> int:
        await asyncio.sleep(self.wait)
        return context.stream.last_seq


class Awaited(Model, frozen=True, kw_only=True):
    """What is waited for: exactly one of status, message, alarm."""

    timeout: Annotated[Duration, Meta(description="after which the step has failed.")]
    status: Annotated[
        str | None,
        Meta(description="ChargePointStatus of the connector; true already counts."),
    ] = None
    message: Annotated[str | None, Meta(description="action of a call sent from now on.")] = None
    alarm: Annotated[
        str | None,
        Meta(description="detector that raises an alarm, from now on or still, or any."),
    ] = None
    fields: Annotated[dict[str, Any] | None, Meta(description="values its payload must have.")] = (
        msgspec.field(default=None, name="with")
    )
    view: Annotated[View | None, Meta(description="of the alarm.")] = None

    def words(self) -> str:
        """What is waited for: ``status Charging``."""
        if self.status is not None:
            return f"status {self.status}"
        if self.message is not None:
            return f"message {self.message}{with_fields(self.fields)}"
        return f"{alarm_in_words(self.alarm or 'any')}{view_in_words(self.view)}"


@STEPS.add
class WaitFor(Step, frozen=True, kw_only=True):
    """Wait until something has happened."""

    acts = False
    passive = True
    example = "wait_for: {status: Charging, timeout: 30s}"

    wait_for: Awaited

    def words(self) -> str:
        return f"wait for {self.wait_for.words()}"

    def check(self, check: Check) -> None:
        awaited = self.wait_for
        kinds = ("status", "message", "alarm")
        wanted = [key for key in kinds if getattr(awaited, key) is not None]
        if len(wanted) != 1:
            got = " and ".join(wanted) or "none"
            check.add("wait_for", f"expected one of status, message and alarm, got {got}")
        if awaited.status is not None:
            check.status("wait_for.status", awaited.status)
        if awaited.message is not None:
            check.action("wait_for.message", awaited.message)
        elif awaited.fields is not None:
            check.add("wait_for.with", "expected only together with message")
        if awaited.alarm is not None:
            check.detector("wait_for.alarm", awaited.alarm)
        elif awaited.view is not None:
            check.add("wait_for.view", "expected only together with alarm")

    def longest(self, settings: Settings) -> float:
        return self.wait_for.timeout

    def lasts(self) -> float:
        return self.wait_for.timeout

    async def run(self, context: StepContext) -> int:
        wanted = context.wanted(self.wait_for)
        if context.lookout.has_come(wanted) is None:
            context.waits()
        return await context.lookout.wait_for(wanted)
