"""A command of the lab, as a key would give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from evtui.commands import LabCommand, by_name, lab_commands
from evtui.commands.anomaly import SET
from evtui.config import Settings
from evtui.lab.building import identities
from evtui.nearest import choice
from evtui.scenario.language.mistakes import shown
from evtui.scenario.steps.anomaly import parameters_mistake
from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check
    from evtui.scenario.run.context import StepContext

__all__ = ["Command"]

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
        # Not those about charge points of any make: a scenario has its own, and the step ``ocpp``.
        names = [each.name for each in lab_commands() if each.aim != "peer"]
        if not check.one_of("command", "a command of the lab", self.command, names):
            return
        command = by_name[self.command]
        assert isinstance(command, LabCommand)
        given = dict(self.arguments)
        wrong = command.mistakes(given)
        if command.aimed:
            wrong |= _wrong_target(given, check.settings)
        for name, mistake in wrong.items():
            check.add(f"with.{name}", mistake)
        if command is SET and not wrong:
            given.pop("variant", None)
            if together := parameters_mistake(given, check.settings):
                check.add(*together)

    async def run(self, context: StepContext) -> None:
        await context.actions.execute(self.command, **self.arguments)


def _wrong_target(given: dict[str, Any], settings: Settings) -> dict[str, str]:
    """Take station and connector out of the arguments; what is wrong with them, by name."""
    wrong = {}
    stations = identities(settings)
    station, connector = given.pop("station", settings.id), given.pop("connector", 1)
    if station not in stations:
        wrong["station"] = f"expected {choice(map(shown, stations))}, got {shown(station)}"
    if type(connector) is not int or not 1 <= connector <= settings.connectors:
        wrong["connector"] = (
            f"expected an integer from 1 to {settings.connectors}, as lab.connectors says, "
            f"got {shown(connector)}"
        )
    return wrong
