"""A command of the lab, as a key would give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from evtui.commands import lab_commands
from evtui.scenario.mistakes import shown
from evtui.scenario.settings import id_tag_mistake
from evtui.scenario.steps.anomaly import parameters_mistake
from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.checking import Check
    from evtui.scenario.context import StepContext

__all__ = ["Command"]

_OF_STATIONS = "csms."
"""Commands about stations of any make; a scenario has its own, and the step ``ocpp``."""

_SET = "anomaly.set"

Arguments = Annotated[dict[str, Any], Meta(description="what it takes, {id_tag: TAG1}.")]


@STEPS.add
class Command(Step, frozen=True, kw_only=True):
    """Any command of the lab by its name, as a key would give it."""

    example = "command: station.swipe"

    command: Annotated[str, Meta(description="its name.")]
    arguments: Arguments = msgspec.field(default_factory=dict, name="with")

    def words(self) -> str:
        return f"command {self.command}"

    def check(self, check: Check) -> None:
        names = [each.name for each in lab_commands() if not each.name.startswith(_OF_STATIONS)]
        if not check.one_of("command", "a command of the lab", self.command, [*names, _SET]):
            return
        arguments = dict(self.arguments)
        self._check_target(arguments, check)
        if self.command == "station.swipe" and (tag := arguments.pop("id_tag", None)) is not None:
            if problem := id_tag_mistake(tag):
                check.add("with.id_tag", problem)
        if self.command == _SET:
            if mistake := parameters_mistake(arguments, check.settings):
                check.add(*mistake)
        elif arguments:
            name = next(iter(arguments))
            check.add(f"with.{name}", f"{self.command} takes no such argument")

    @staticmethod
    def _check_target(arguments: dict[str, Any], check: Check) -> None:
        """Take station and connector out of the arguments."""
        settings = check.settings
        station = arguments.pop("station", settings.id)
        if station != settings.id:
            check.add("with.station", f"expected {shown(settings.id)}, got {shown(station)}")
        connector = arguments.pop("connector", 1)
        if type(connector) is not int or not 1 <= connector <= settings.connectors:
            check.add(
                "with.connector",
                f"expected an integer from 1 to {settings.connectors}, as lab.connectors says, "
                f"got {shown(connector)}",
            )

    async def run(self, context: StepContext) -> None:
        await context.actions.execute(self.command, **self.arguments)
