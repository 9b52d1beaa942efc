"""``evtui scenarios``: what comes built in, and how it is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from evtui.cli.errors import BadInput
from evtui.cli.values import ScenarioName

if TYPE_CHECKING:
    from evtui.scenario.language import Input, ScenarioDescription

__all__ = ["command"]


@click.command("scenarios")
@click.argument("name", metavar="[NAME]", type=ScenarioName(files=False), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print what there is as JSON.")
def command(name: str | None, as_json: bool) -> int:
    """List the built-in scenarios with their inputs, or print the file of one.

    \b
    Examples:
      evtui scenarios
      evtui scenarios normal-charging > mine.yaml     a start for one's own
    """
    from evtui.events import pretty_json
    from evtui.scenario.language import Listing, ScenarioError, builtin, read_builtin

    if as_json:
        if name is not None:
            raise BadInput("scenarios: --json lists all of them; leave out the name")
        click.echo(pretty_json(Listing(scenarios=builtin())), nl=False)
        return 0
    if name is None:
        click.echo("\n\n".join(_listed(each) for each in builtin()))
        return 0
    try:
        click.echo(read_builtin(name).text, nl=False)
    except ScenarioError as error:
        raise BadInput(*error.mistakes) from None
    return 0


def _listed(scenario: ScenarioDescription) -> str:
    formatter = click.HelpFormatter()
    formatter.write(f"{scenario.id}\n  {scenario.title}\n")
    formatter.indent()
    if scenario.inputs:
        formatter.write_dl(
            [
                (f"{name} [{_default(name, spec, scenario)}]", spec.description)
                for name, spec in scenario.inputs.items()
            ]
        )
    return formatter.getvalue().rstrip()


def _default(name: str, spec: Input, scenario: ScenarioDescription) -> str:
    """The default with its unit, as one would give it."""
    if spec.default is None:
        return "from the matrix" if name in scenario.matrix else "needed"
    if isinstance(spec.default, str):
        return spec.default
    return f"{json.dumps(spec.default)} {spec.unit}".rstrip()
