"""OCPP 1.6 JSON schemas, compiled: the files of the ``ocpp`` package through jsonschema-rs.

The library's own validation (jsonschema, in a thread pool) is switched off and this is called
at the link instead, in both directions: one MeterValues costs about a microsecond here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from evtui.moments import utc
from evtui.ocpp16 import schema_files
from evtui.ocppj import MessageKind
from evtui.violations import Violation

__all__ = [
    "accept",
    "actions",
    "check",
    "describe",
    "document",
    "errors",
    "is_date_time",
    "is_known_action",
    "schemas",
    "with_whole_numbers",
]

# Which code a broken schema rule stands for (OCPP-J 1.6 table 7).  The spelling of
# "Occurence" is the one of the standard's original table and of its implementations.
_CODES = {
    "type": "TypeConstraintViolation",
    "required": "OccurenceConstraintViolation",
    "minItems": "OccurenceConstraintViolation",
    "maxItems": "OccurenceConstraintViolation",
    "additionalProperties": "FormationViolation",
}


def is_date_time(value: str) -> bool:
    """True for what the one reader of dates reads, so that nobody behind it fails over a date."""
    try:
        utc(value)
    except ValueError:
        return False
    return True


@cache
def schemas() -> Mapping[str, Any]:
    """Schema of each message: the action for a call, ``<action>Response`` for a result.

    Read together, before the first message comes: a process that has run out of file
    descriptors must still answer the stations it has.
    """
    return {name: schema_files.read(name) for name in schema_files.names()}


@cache
def _validator(name: str) -> Any:
    """Compiled when the first message needs it: few runs see more than ten of them."""
    return jsonschema_rs.Draft4Validator(
        schemas()[name], validate_formats=True, formats={"date-time": is_date_time}
    )


def actions() -> list[str]:
    """Every action of OCPP 1.6 and its security extension, in the order of the alphabet."""
    return sorted(name for name in schemas() if not name.endswith("Response"))


def is_known_action(action: str) -> bool:
    """True for an action of OCPP 1.6 or its security extension (whitepaper edition 3)."""
    return action in schemas() and not action.endswith("Response")


@cache
def document(action: str, kind: MessageKind) -> Any:
    """The JSON schema of a message as it is written."""
    return schema_files.read(_name(action, kind))


def check(action: str, kind: MessageKind, payload: Any) -> Violation | None:
    """Hold a payload against its schema.

    Args:
        action: OCPP action, of the call or of the call that is answered.
        kind: which of its two schemas.
        payload: decoded JSON.

    Returns:
        None when it conforms, else the first violation.  An action without a schema conforms.
    """
    name = _name(action, kind)
    if name not in schemas():
        return None
    if not isinstance(payload, dict):
        return Violation("FormationViolation", f"{action}: payload is not an object")
    try:
        validator = _validator(name)
        if validator.is_valid(payload):
            return None
        validator.validate(payload)  # stops at the first violation; a payload may hold 300,000
    except jsonschema_rs.ValidationError as error:
        return describe(action, error)
    except ValueError as unfit:  # no JSON value: a lone surrogate, a foreign type, too deep
        return Violation("FormationViolation", f"{action}: {unfit}"[:300])
    return None


def errors(action: str, kind: MessageKind, payload: dict[str, Any]) -> list[Any]:
    """Everything that ``jsonschema_rs`` finds wrong with a payload; some 30 us for each error.

    Raises:
        ValueError: it is no JSON value.
    """
    return list(_validator(_name(action, kind)).iter_errors(payload))


def describe(action: str, error: Any) -> Violation:
    """One of :func:`errors` in a code and a line."""
    rule = str(error.schema_path[-1]) if error.schema_path else ""
    path = tuple(map(str, error.instance_path))
    place = ".".join(path) or action
    code = _CODES.get(rule, "PropertyConstraintViolation")
    return Violation(code, f"{place}: {error.message}"[:300], path)


def accept(action: str, kind: MessageKind, payload: Any) -> tuple[Any, Violation | None]:
    """Hold what a peer has sent against its schema.

    JSON has one kind of number (RFC 8259 section 6): ``100.0`` and ``1e2`` are the integer 100.

    Returns:
        The payload to act on, in which they are written so, and what is wrong with it.  The
        payload that came is left as it is: it has been published.
    """
    violation = check(action, kind, payload)
    if violation is None or violation.code != "TypeConstraintViolation":
        return payload, violation
    whole = with_whole_numbers(payload)
    violation = check(action, kind, whole)
    return (payload if violation else whole), violation


def with_whole_numbers(value: Any) -> Any:
    """A copy in which a float without a fraction is an int; no place that wants a number minds."""
    if isinstance(value, dict):
        return {name: with_whole_numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [with_whole_numbers(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _name(action: str, kind: MessageKind) -> str:
    return action if kind == "call" else action + "Response"
