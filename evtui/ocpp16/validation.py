"""OCPP 1.6 JSON schemas, compiled: the files of the ``ocpp`` package through jsonschema-rs.

The library's own validation (jsonschema, in a thread pool) is switched off and this is called
at the link instead, in both directions: one MeterValues costs about a microsecond here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Literal

import jsonschema_rs

__all__ = ["Violation", "check", "is_date_time", "is_known_action", "schemas"]


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with a payload.

    Attributes:
        code: errorCode of OCPP-J 1.6 table 7, in the standard's spelling.
        detail: one line that names the place and the value.
    """

    code: str
    detail: str


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
    """ISO 8601 with date and time; the zone may be absent, as XML Schema's dateTime allows."""
    value = value.upper()  # RFC 3339 section 5.6 takes "t" and "z" as well
    if len(value) < 16 or value[10] != "T":
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


@cache
def schemas() -> Mapping[str, Any]:
    """Validator of each message: the action for a call, ``<action>Response`` for a result.

    Read together, before the first message comes: a process that has run out of file
    descriptors must still answer the stations it has.
    """
    folder = resources.files("ocpp.v16") / "schemas"
    return {
        file.name.removesuffix(".json"): jsonschema_rs.Draft4Validator(
            json.loads(file.read_text(encoding="utf-8-sig")),
            validate_formats=True,
            formats={"date-time": is_date_time},
        )
        for file in folder.iterdir()
        if file.name.endswith(".json")
    }


def is_known_action(action: str) -> bool:
    """True for an action of OCPP 1.6 or its security extension (whitepaper edition 3)."""
    return action in schemas() and not action.endswith("Response")


def check(action: str, kind: Literal["call", "result"], payload: Any) -> Violation | None:
    """Hold a payload against its schema.

    Args:
        action: OCPP action, of the call or of the call that is answered.
        kind: which of its two schemas.
        payload: decoded JSON.

    Returns:
        None when it conforms, else the first violation.  An action without a schema conforms.
    """
    validator = schemas().get(action if kind == "call" else action + "Response")
    if validator is None:
        return None
    if not isinstance(payload, dict):
        return Violation("FormationViolation", f"{action}: payload is not an object")
    try:
        if validator.is_valid(payload):
            return None
        # The first violation only: to list them all takes a second for 50,000 of them.
        validator.validate(payload)
        return None
    except jsonschema_rs.ValidationError as violation:
        error = violation
    except ValueError as unfit:  # no JSON value: a lone surrogate, a foreign type, too deep
        return Violation("FormationViolation", f"{action}: {unfit}"[:300])
    rule = str(error.schema_path[-1]) if error.schema_path else ""
    place = ".".join(str(step) for step in error.instance_path) or action
    code = _CODES.get(rule, "PropertyConstraintViolation")
    return Violation(code, f"{place}: {error.message}"[:300])
