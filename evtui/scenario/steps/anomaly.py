"""An anomaly, from on to its safe state."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from evtui.anomalies import (
    SAFE_WITHIN,
    Anomaly,
    AnomalyError,
    anomaly_named,
    is_known,
    names,
)
from evtui.commands import mistakes
from evtui.config import Settings
from evtui.events import AnomalyState, Note
from evtui.lab import initial_parameters
from evtui.nearest import nearest
from evtui.scenario.judge.outcome import StepFailed
from evtui.scenario.language.arguments import argument_schema
from evtui.scenario.language.model import REFERENCE, Duration
from evtui.scenario.language.narration import seconds
from evtui.scenario.run.truth import Truth
from evtui.scenario.run.waiting import until
from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check
    from evtui.scenario.run.context import StepContext

__all__ = ["AnomalyStep", "names_schema", "parameter_schemas", "parameters_mistake"]

UNANSWERED = 60.0
"""s that an anomaly that ends by itself may take longer, because calls are not answered."""

ParameterMap = Annotated[
    dict[str, Any],
    Meta(
        description="as evtui anomalies NAME lists them; "
        "{high_a: 50, wait_1_s: 500ms} for the fluctuation."
    ),
]


@STEPS.add
class AnomalyStep(Step, frozen=True, kw_only=True):
    """An anomaly, from on to its safe state."""

    acts = False
    example = "{anomaly: repeated-current-fluctuation, duration: 1min}"

    anomaly: Annotated[str, Meta(description="its name, as evtui anomalies lists them.")]
    variant: Annotated[
        str | None,
        Meta(description="its parameter of that name; that of the settings when left out."),
    ] = None
    parameters: ParameterMap = msgspec.field(default_factory=dict, name="with")
    duration: Annotated[
        Duration | None,
        Meta(description="after which it is switched off; without it it must end by itself."),
    ] = None

    def words(self) -> str:
        text = f"{self.anomaly}/{self.variant}" if self.variant else self.anomaly
        return text if self.duration is None else f"{text} for {seconds(self.duration)}"

    def check(self, check: Check) -> None:
        if not is_known(self.anomaly):
            check.one_of("anomaly", "an anomaly", self.anomaly, list(names()))
            return
        if "central system" in anomaly_named(self.anomaly).needs:
            check.ours("anomaly", f"{self.anomaly} acts through")
        if mistake := parameters_mistake(self.anomaly, self.given, check.settings):
            key, problem = mistake
            in_with = "variant" in self.parameters or key != "with.variant"
            check.add(key if in_with else "variant", problem)
            return
        if self.duration is not None and self.duration <= 0:
            check.add("duration", "expected more than 0s")
        if self.duration is None and self.by_itself(check.settings) is None:
            way_out = "give it a duration"
            if any(each.name == "cycles" for each in anomaly_named(self.anomaly).declared()):
                way_out += ", or cycles under with"
            check.add("anomaly", f"would never end: {way_out}")

    @property
    def given(self) -> dict[str, Any]:
        """What it says of parameters."""
        variant = {} if self.variant is None else {"variant": self.variant}
        return variant | self.parameters

    def all_parameters(self, settings: Settings) -> Any:
        """Those of the settings with its own.

        Raises:
            ValueError: an unknown name or a value out of its range; the text says which.
        """
        return _read(anomaly_named(self.anomaly), self.given, settings)

    def by_itself(self, settings: Settings) -> float | None:
        """s in which it has ended by itself at the latest, None for one that never does."""
        return anomaly_named(self.anomaly).longest(self.all_parameters(settings))

    @classmethod
    def complete_schema(cls, schema: dict[str, Any]) -> None:
        """Add the anomalies that there are, and their parameters with their ranges."""
        told = schema["properties"]
        about = told["anomaly"]["description"]
        told["anomaly"] = {"description": about, "anyOf": [*names_schema(), REFERENCE]}
        schema["allOf"] = [
            {
                "if": {"properties": {"anomaly": {"const": name}}, "required": ["anomaly"]},
                "then": {
                    "properties": {
                        "with": {"properties": properties, "additionalProperties": False}
                    }
                },
            }
            for name, properties in parameter_schemas().items()
        ]

    def longest(self, settings: Settings) -> float:
        bounds = [] if self.duration is None else [float(self.duration)]
        by_itself = self.by_itself(settings)
        if by_itself is not None:
            bounds.append(by_itself)
        return min(bounds) + SAFE_WITHIN

    def lasts(self) -> float | None:
        return self.duration

    async def run(self, context: StepContext) -> int:
        await self._configure(context)
        stream = context.stream
        truth = Truth(self.anomaly, context.stand.name, context.outlet.number)
        unsubscribe = stream.subscribe(truth.see, AnomalyState, Note)
        try:
            await context.actions.execute("anomaly.start", **self._named(context))
            endless = self.longest(context.settings) + UNANSWERED
            within = endless if self.duration is None else self.duration
            if await until(stream, lambda: truth.over, within, AnomalyState):
                self._check_that_it_was_done(truth, context.settings)
            elif self.duration is None:
                raise StepFailed(f"it has not ended by itself in {seconds(within)}")
            else:
                await context.actions.execute("anomaly.stop", **self._named(context))
            if truth.outcome == "failed":
                raise StepFailed(truth.detail)
        finally:
            unsubscribe()
        return stream.last_seq

    async def _configure(self, context: StepContext) -> None:
        """Set what the step says; what it does not say is as in the lab's settings."""
        try:
            parameters = self.all_parameters(context.settings)
        except (ValueError, AnomalyError) as error:
            raise StepFailed(str(error)) from None
        if self.duration is None and self.by_itself(context.settings) is None:
            raise StepFailed("it would never end: give it a duration, or cycles")
        values = anomaly_named(self.anomaly).values(parameters)
        await context.actions.execute("anomaly.set", **self._named(context), **values)

    def _named(self, context: StepContext) -> dict[str, str]:
        """What an order must say for it to be this anomaly: nothing where it is the chosen one."""
        chosen = context.stand.anomalies.chosen(context.outlet.number).name
        return {} if self.anomaly == chosen else {"name": self.anomaly}

    def _check_that_it_was_done(self, truth: Truth, settings: Settings) -> None:
        """An anomaly that ended by itself must have done what it was to do."""
        cycles = getattr(self.all_parameters(settings), "cycles", 0)
        if truth.trouble and (not cycles or truth.cycle < cycles):
            raise StepFailed(f"it ended by itself in cycle {truth.cycle}: {truth.trouble}")


def _read(anomaly: type[Anomaly[Any]], given: Mapping[str, Any], settings: Settings) -> Any:
    base = anomaly.read(initial_parameters(settings).get(anomaly.name, {}))
    return anomaly.read(given, base)


def names_schema() -> list[dict[str, str]]:
    """A JSON Schema of each name of an anomaly."""
    return [{"const": name, "description": anomaly.title} for name, anomaly in _that_work().items()]


def parameter_schemas() -> dict[str, dict[str, Any]]:
    """By name of the anomaly, the JSON Schema of each of its parameters."""
    return {
        name: {each.name: argument_schema(each) for each in anomaly.declared()}
        for name, anomaly in _that_work().items()
    }


def _that_work() -> dict[str, type[Anomaly[Any]]]:
    """Every anomaly but those of packages that are broken."""
    found = {}
    for name in names():
        with suppress(AnomalyError):
            found[name] = anomaly_named(name)
    return found


def parameters_mistake(
    name: str, given: Mapping[str, Any], settings: Settings
) -> tuple[str, str] | None:
    """Key and text of what is wrong with parameters on top of the settings'; None when nothing.

    Args:
        name: of the anomaly, which exists.
    """
    try:
        anomaly = anomaly_named(name)
    except AnomalyError as error:
        return "anomaly", str(error)

    def refusal(some: dict[str, Any]) -> str:
        try:
            _read(anomaly, some, settings)
        except ValueError as error:
            return str(error)
        return ""

    known = [each.name for each in anomaly.declared()]
    for each in given:
        if each not in known:
            return f"with.{each}", f"no such parameter{nearest(each, known)}"
    for each, mistake in mistakes(anomaly.declared(), given).items():
        return f"with.{each}", mistake
    problem = refusal(dict(given))
    if not problem:
        return None
    for each in given:
        if not refusal({other: given[other] for other in given if other != each}):
            return f"with.{each}", problem
    return "with", problem
