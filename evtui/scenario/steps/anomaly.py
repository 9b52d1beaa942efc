"""An anomaly, from on to its safe state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from evtui.anomalies import SAFE_WITHIN, TRANSACTION_WITHIN
from evtui.anomalies.ocpp.fluctuation import FluctuationParameters, Name
from evtui.commands.anomaly import SET
from evtui.config import Settings, Variant
from evtui.events import AnomalyState, Note
from evtui.lab import initial_parameters
from evtui.nearest import nearest
from evtui.scenario.judge.outcome import StepFailed
from evtui.scenario.language.arguments import argument_schema
from evtui.scenario.language.model import Duration
from evtui.scenario.language.narration import seconds
from evtui.scenario.run.truth import Truth
from evtui.scenario.run.waiting import until
from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check
    from evtui.scenario.run.context import StepContext

__all__ = ["Anomaly", "parameters_mistake"]

UNANSWERED = 60.0
"""s that an anomaly of a number of cycles may take longer, because calls are not answered."""

Parameters = Annotated[
    dict[str, Any], Meta(description="as the truth names them, {high_a: 50, wait_1_s: 500ms}.")
]


@STEPS.add
class Anomaly(Step, frozen=True, kw_only=True):
    """An anomaly, from on to its safe state."""

    acts = False
    example = "{anomaly: repeated-current-fluctuation, duration: 1min}"

    anomaly: Annotated[Name, Meta(description="name.")]
    variant: Annotated[Variant | None, Meta(description="that of the settings when left out.")] = (
        None
    )
    parameters: Parameters = msgspec.field(default_factory=dict, name="with")
    duration: Annotated[
        Duration | None,
        Meta(description="after which it is switched off; without it cycles must end it."),
    ] = None

    def words(self) -> str:
        text = f"{self.anomaly}/{self.variant}" if self.variant else self.anomaly
        return text if self.duration is None else f"{text} for {seconds(self.duration)}"

    def check(self, check: Check) -> None:
        if mistake := parameters_mistake(self.parameters, check.settings):
            check.add(*mistake)
            return
        if self.duration is not None and self.duration <= 0:
            check.add("duration", "expected more than 0s")
        if self.duration is None and not self.all_parameters(check.settings).cycles:
            check.add("anomaly", "would never end: give it a duration, or cycles under with")

    def all_parameters(self, settings: Settings) -> FluctuationParameters:
        """Those of the settings with its own.

        Raises:
            ValueError: an unknown name or a value out of its range; the text says which.
        """
        return initial_parameters(settings).updated(SET.read(self.parameters).numbers())

    @classmethod
    def complete_schema(cls, schema: dict[str, Any]) -> None:
        """Add the parameters that there are, with their ranges."""
        known = FluctuationParameters().as_numbers()
        schema["properties"]["with"] |= {
            "properties": {
                each.name: argument_schema(each) for each in SET.arguments if each.name in known
            },
            "additionalProperties": False,
        }

    def longest(self, settings: Settings) -> float:
        parameters = self.all_parameters(settings)
        bounds = [] if self.duration is None else [float(self.duration)]
        if parameters.cycles:
            cycles = parameters.cycles * parameters.period * (1 + parameters.jitter)
            variant = self.variant or settings.variant
            bounds.append(cycles + (TRANSACTION_WITHIN if variant == "txprofile" else 0.0))
        return min(bounds) + SAFE_WITHIN

    def lasts(self) -> float | None:
        return self.duration

    async def run(self, context: StepContext) -> int:
        parameters = await self._configure(context)
        stream = context.stream
        truth = Truth(context.stand.name, context.outlet.number)
        unsubscribe = stream.subscribe(truth.see, AnomalyState, Note)
        try:
            await context.actions.execute("anomaly.start")
            endless = self.longest(context.settings) + UNANSWERED
            within = endless if self.duration is None else self.duration
            if await until(stream, lambda: truth.over, within, AnomalyState):
                _check_that_it_was_done(truth, parameters)
            elif self.duration is None:
                raise StepFailed(f"it has not ended by itself in {seconds(within)}")
            else:
                await context.actions.execute("anomaly.stop")
            if truth.outcome == "failed":
                raise StepFailed(truth.detail)
        finally:
            unsubscribe()
        return stream.last_seq

    async def _configure(self, context: StepContext) -> FluctuationParameters:
        """Set what the step says; what it does not say is as in the lab's settings."""
        try:
            parameters = self.all_parameters(context.settings)
        except ValueError as error:
            raise StepFailed(str(error)) from None
        if self.duration is None and not parameters.cycles:
            raise StepFailed("it would never end: give it a duration, or cycles")
        variant = self.variant or context.settings.variant
        numbers = parameters.as_numbers()
        await context.actions.execute("anomaly.set", variant=variant, **numbers)
        return parameters


def _check_that_it_was_done(truth: Truth, parameters: FluctuationParameters) -> None:
    """An anomaly that ended by itself must have done the cycles it was to do."""
    if not parameters.cycles or truth.cycle < parameters.cycles:
        raise StepFailed(f"it ended by itself in cycle {truth.cycle}: {truth.trouble}")


def parameters_mistake(given: dict[str, Any], settings: Settings) -> tuple[str, str] | None:
    """Key and text of what is wrong with parameters on top of the settings'; None when nothing."""

    def refusal(some: dict[str, Any]) -> str:
        try:
            initial_parameters(settings).updated(some)
        except ValueError as error:
            return str(error)
        return ""

    known = initial_parameters(settings).as_numbers()
    for name in given:
        if name not in known:
            return f"with.{name}", f"no such parameter{nearest(name, known)}"
    for name, mistake in SET.mistakes(given).items():
        return f"with.{name}", mistake
    numbers = SET.read(given).numbers()
    problem = refusal(numbers)
    if not problem:
        return None
    for name in numbers:
        if not refusal({other: numbers[other] for other in numbers if other != name}):
            return f"with.{name}", problem
    return "with", problem
