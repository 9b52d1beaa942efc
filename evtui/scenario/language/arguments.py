"""Arguments of commands in the JSON Schema of scenarios.  Pure."""

from __future__ import annotations

from typing import Any

from evtui.commands import Argument
from evtui.scenario.language.model import REFERENCE

__all__ = ["argument_schema"]


def argument_schema(argument: Argument) -> dict[str, Any]:
    """What may stand for an argument: a value, a reference, null where it may be left out."""
    left_out = [] if argument.required or argument.default is not None else [{"type": "null"}]
    kind = argument.kind.schema()
    return {
        "description": f"{argument.help}.",
        "anyOf": [*kind.get("anyOf", [kind]), *left_out, REFERENCE],
    }
