"""A command of the lab, as a key would give it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import UNSET, Meta

from evtui.anomalies import DEFAULT
from evtui.commands import TARGET, Argument, LabCommand, lab_commands
from evtui.commands.anomaly import SET
from evtui.config import Settings
from evtui.lab import identities
from evtui.nearest import choice
from evtui.scenario.language.arguments import argument_schema
from evtui.scenario.language.mistakes import shown
from evtui.scenario.language.model import REFERENCE
from evtui.scenario.steps.anomaly import names_schema, parameter_schemas, parameters_mistake
from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check
    from evtui.scenario.run.context import StepContext

__all__ = ["CommandStep"]

ArgumentMap = Annotated[dict[str, Any], Meta(description="what it takes, {id_tag: TAG1}.")]


_OF_OUR_CENTRAL_SYSTEM = ("csms.files",)
"""Commands that mean nothing where the central system is somebody else's."""


@STEPS.add
class CommandStep(Step, frozen=True, kw_only=True):
    """Any command of the lab by its name, as a key would give it."""

    example = "command: station.swipe"

    command: Annotated[str, Meta(description="its name.")]
    arguments: ArgumentMap = msgspec.field(default_factory=dict, name="with")

    def words(self) -> str:
        return f"command {self.command}"

    def check(self, check: Check) -> None:
        commands = _commands()
        if not check.one_of("command", "a command of the lab", self.command, [*commands]):
            return
        command = commands[self.command]
        if self.command in _OF_OUR_CENTRAL_SYSTEM:
            check.ours("command", f"{self.command} is done by")
        wrong = command.mistakes(self.arguments)
        if command.aimed:
            wrong |= _wrong_target(self.arguments, check.settings)
        wrong |= self._twice()
        for name, mistake in wrong.items():
            check.add(f"with.{name}", mistake)
        if command is SET and not wrong:
            wanted = SET.read(self.arguments)
            named = wanted.name or DEFAULT
            if together := parameters_mistake(named, wanted.parameters or {}, check.settings):
                check.add(*together)

    def _twice(self) -> dict[str, str]:
        """What of the target is an argument, and another one stands beside the command."""
        beside = {each.name: getattr(self, each.name) for each in TARGET}
        return {
            name: f"got {shown(given)} and {shown(said)} beside the command; leave one out"
            for name, said in beside.items()
            if said is not None and (given := self.arguments.get(name, said)) != said
        }

    async def run(self, context: StepContext) -> None:
        given = self.arguments
        command = _commands()[self.command]
        if not command.aimed and any(each.name == "station" for each in command.arguments):
            # It may be about no station, so what is meant is the one that was named.
            named = self.station or context.place.told(context.lab.settings).station
            given = given if named is UNSET else {"station": named, **given}
        await context.actions.execute(self.command, **given)

    @classmethod
    def complete_schema(cls, schema: dict[str, Any]) -> None:
        """Add the names that there are, and for each what it takes."""
        commands = _commands().values()
        names = [{"const": each.name, "description": each.help} for each in commands]
        about = schema["properties"]["command"]["description"]
        schema["properties"]["command"] = {"description": about, "anyOf": [*names, REFERENCE]}
        alike: dict[Any, list[str]] = {}
        for each in commands:
            if not each.rest:  # which takes what the anomaly takes
                alike.setdefault(each.arguments, []).append(each.name)
        schema["allOf"] = [
            *(_taken_by(names, arguments) for arguments, names in alike.items()),
            *(_taken_with_parameters(each) for each in commands if each.rest),
        ]


def _commands() -> dict[str, LabCommand[Any, Any]]:
    """What a step may name.

    Not those about charge points of any make: a scenario has its own, and the step ``ocpp``.
    """
    return {each.name: each for each in lab_commands() if each.aim != "peer"}


def _taken_by(names: list[str], arguments: Iterable[Argument]) -> dict[str, Any]:
    """That ``with`` holds what commands of these names take."""
    properties = {each.name: argument_schema(each) for each in arguments}
    needed = [each.name for each in arguments if each.required]
    takes = {"properties": properties, "required": needed, "additionalProperties": False}
    return {
        "if": {"properties": {"command": {"enum": names}}, "required": ["command"]},
        "then": {"properties": {"with": takes}, "required": ["with"] if needed else []},
    }


def _taken_with_parameters(command: LabCommand[Any, Any]) -> dict[str, Any]:
    """That ``with`` holds what the command takes, and parameters of the anomaly it names."""
    own = {each.name: argument_schema(each) for each in command.arguments}
    own["name"]["anyOf"] = [*names_schema(), {"type": "null"}, REFERENCE]
    cases = []
    for anomaly, parameters in parameter_schemas().items():
        named: dict[str, Any] = {"properties": {"name": {"const": anomaly}}, "required": ["name"]}
        if anomaly == DEFAULT:
            named = {"properties": {"name": {"enum": [anomaly, None]}}}
        together = {"type": "object", "properties": parameters, "additionalProperties": False}
        rest = {command.rest: {"anyOf": [{"type": "null"}, together, REFERENCE]}}
        known = {**{key: {} for key in own}, **parameters, **rest}
        takes = {"properties": known, "additionalProperties": False}
        cases.append({"if": named, "then": takes})
    return {
        "if": {"properties": {"command": {"const": command.name}}, "required": ["command"]},
        "then": {"properties": {"with": {"properties": own, "allOf": cases}}},
    }


def _wrong_target(given: Mapping[str, object], settings: Settings) -> dict[str, str]:
    """What is wrong with the station and the connector among the arguments, by name."""
    wrong = {}
    stations = identities(settings)
    station, connector = (given.get(each.name) for each in TARGET)
    if station is not None and station not in stations:
        wrong["station"] = f"expected {choice(map(shown, stations))}, got {shown(station)}"
    if connector is None:
        return wrong
    if type(connector) is not int or not 1 <= connector <= settings.connectors:
        wrong["connector"] = (
            f"expected an integer from 1 to {settings.connectors}, as lab.connectors says, "
            f"got {shown(connector)}"
        )
    return wrong
