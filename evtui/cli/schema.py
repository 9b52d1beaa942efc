"""``evtui schema``: the JSON Schema of scenario files, for editors and other programs."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("schema")
def command() -> int:
    """Print the JSON Schema of scenario files.

    \b
    Example, for an editor that knows YAML:
      evtui schema > scenario.schema.json
      # yaml-language-server: $schema=scenario.schema.json
    """
    import json

    from evtui.scenario.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
    return 0
