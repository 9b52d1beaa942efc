"""Starting and stopping to charge, and limiting it, from the central system."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from evtui.kinds import number
from evtui.scenario.language.model import Amperes, NotNegative
from evtui.scenario.language.settings import id_tag_mistake
from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check
    from evtui.scenario.run.context import StepContext

__all__ = ["SetLimitStep", "Start", "Stop"]


@STEPS.add
class Start(Step, frozen=True, kw_only=True):
    """Remote start; failed when it is not accepted."""

    bare = None
    example = "start"

    start: Annotated[str | None, Meta(description="another id tag than the lab's.")]

    def words(self) -> str:
        return f"remote start with id tag {self.start}" if self.start else "remote start"

    def check(self, check: Check) -> None:
        check.ours("start", "a remote start is sent by")
        if self.start is not None and (problem := id_tag_mistake(self.start)):
            check.add("start", problem)

    async def run(self, context: StepContext) -> None:
        await context.operations.start(self.start or context.settings.id_tag)


@STEPS.add
class Stop(Step, frozen=True, kw_only=True):
    """Remote stop of the running transaction; failed when there is none."""

    bare = None
    example = "stop"

    stop: None

    def words(self) -> str:
        return "remote stop"

    def check(self, check: Check) -> None:
        check.ours("stop", "a remote stop is sent by")

    async def run(self, context: StepContext) -> None:
        await context.operations.stop()


@STEPS.add
class SetLimitStep(Step, frozen=True, kw_only=True):
    """SetChargingProfile with one limit from now on; failed when it is not accepted."""

    example = "set_limit: 32 A"

    set_limit: Amperes
    purpose: Annotated[
        Literal["TxProfile", "TxDefaultProfile", "ChargePointMaxProfile"],
        Meta(description="TxDefaultProfile when left out."),
    ] = "TxDefaultProfile"
    stack_level: Annotated[NotNegative, Meta(description="of the profile, 0 when left out.")] = 0

    def words(self) -> str:
        stack = f", stack level {self.stack_level}" if self.stack_level else ""
        return f"set limit {self.set_limit:g} A ({self.purpose}{stack})"

    def check(self, check: Check) -> None:
        check.ours("set_limit", "a charging profile is set by")
        if Decimal(str(float(self.set_limit))) % Decimal("0.1"):
            check.add(
                "set_limit",
                "expected tenths of an A, as in an OCPP 1.6 charging profile, "
                f"got {number(self.set_limit)}",
            )

    async def run(self, context: StepContext) -> None:
        await context.operations.set_limit(self.set_limit, self.purpose, self.stack_level)
