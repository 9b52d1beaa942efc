"""An attack by hand: what somebody does, said to be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from evtui.anomalies import AnomalyError, name_mistake
from evtui.attacks import Layer
from evtui.config import Settings
from evtui.nearest import nearest
from evtui.scenario.judge.outcome import StepFailed
from evtui.scenario.language.length import longest
from evtui.scenario.language.mistakes import shown
from evtui.scenario.language.model import Duration, Steps
from evtui.scenario.language.narration import counted
from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check
    from evtui.scenario.run.context import StepContext

__all__ = ["AttackStep", "EndAttack"]


@STEPS.add
class AttackStep(Step, frozen=True, kw_only=True):
    """An attack by hand: the steps inside, or without them all that follow until end_attack."""

    acts = False
    example = "{attack: spoofed-limit, layer: can, do: [{can: 0x201}]}"

    attack: Annotated[str, Meta(description="name in the truth.")]
    layer: Annotated[Layer, Meta(description="where it acts.")]
    effect: Annotated[
        Duration | None,
        Meta(
            description="s that its effect lasts after its end; without it, for as long as it can "
            "be seen."
        ),
    ] = None
    do: Annotated[Steps | msgspec.UnsetType, Meta(description="its steps.")] = msgspec.UNSET

    @property
    def steps(self) -> list[Any] | None:
        """Its own steps, None when those that follow are."""
        return None if isinstance(self.do, msgspec.UnsetType) else self.do

    def words(self) -> str:
        text = f"attack {self.attack} on {self.layer}"
        return text if self.steps is None else f"{text}: {counted(len(self.steps), 'step')}"

    def check(self, check: Check) -> None:
        name: object = self.attack
        if isinstance(name, str) and (problem := name_mistake(name)):
            check.add("attack", problem)

    def leaves_on(self) -> str | None:
        return self.attack if self.steps is None else None

    def longest(self, settings: Settings) -> float:
        return longest(self.steps or (), settings)

    async def run(self, context: StepContext) -> int:
        by_hand = context.outlet.by_hand
        try:
            by_hand.begin(
                self.attack, self.layer, effect=self.effect, everything=self.steps is None
            )
        except AnomalyError as error:
            raise StepFailed(str(error)) from None
        if self.steps is None:
            return context.since
        try:
            with context.actions.steps_of(self.attack):
                await context.sequence(self.steps, "do")
        finally:
            if self.attack in by_hand.on:  # nobody has cleared it meanwhile
                by_hand.end(self.attack)
        return context.stream.last_seq


@STEPS.add
class EndAttack(Step, frozen=True, kw_only=True):
    """The end of an attack without steps of its own; the end of the run ends it too."""

    acts = False
    example = "end_attack: spoofed-limit"

    end_attack: Annotated[str, Meta(description="its name.")]

    def words(self) -> str:
        return f"end of attack {self.end_attack}"

    def check(self, check: Check) -> None:
        name = self.end_attack
        if name not in check.going_on:
            known = nearest(name, check.going_on)
            check.add("end_attack", f"no attack {shown(name)} goes on here{known}")

    async def run(self, context: StepContext) -> int:
        try:
            context.outlet.by_hand.end(self.end_attack)
        except AnomalyError as error:
            raise StepFailed(str(error)) from None
        return context.since
