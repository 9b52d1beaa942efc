"""Whether everybody keeps to the rules of OCPP."""

from __future__ import annotations

from typing import Literal

from evtui.scenario.expectations.base import EXPECTATIONS, Expectation
from evtui.scenario.observe_messages import NoViolation

__all__ = ["NoSchemaViolation"]


@EXPECTATIONS.add
class NoSchemaViolation(Expectation, frozen=True, kw_only=True):
    """Nobody sent a message that breaks framing or its schema."""

    bare = True
    example = "no_schema_violation"

    no_schema_violation: Literal[True]

    def words(self) -> str:
        return "no schema violation"

    def observer(self) -> NoViolation:
        return NoViolation(self)
