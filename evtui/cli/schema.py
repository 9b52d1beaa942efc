"""``evtui schema``: the JSON Schemas, for editors and other programs."""

from __future__ import annotations

import click

from evtui.cli.values import Checked
from evtui.kinds import Choice

__all__ = ["command"]

_NAMES = Choice("scenario", "events", "run", "check", "scenarios", "anomalies", "config")


@click.command("schema", short_help="Print the JSON Schema of scenario files, or of an output.")
@click.argument("name", metavar="[NAME]", type=Checked(_NAMES), default="scenario")
def command(name: str) -> int:
    """Print the JSON Schema of scenario files, or of what evtui prints for programs.

    \b
    NAME is one of
      scenario     scenario files; the default
      events       a line of --events
      run          evtui run --json
      check        evtui check --json
      scenarios    evtui scenarios --json
      anomalies    evtui anomalies --json
      config       evtui config --json

    \b
    Example, for an editor that knows YAML:
      evtui schema > scenario.schema.json
      # yaml-language-server: $schema=scenario.schema.json
    """
    import json

    from evtui.schemas import SCHEMAS

    click.echo(json.dumps(SCHEMAS[name](), indent=2))
    return 0
