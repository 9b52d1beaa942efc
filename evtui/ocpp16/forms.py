"""The central system's operations as forms: what a person types, and the payload it makes.  Pure.

Fields, types and choices come from the JSON schemas of the ``ocpp`` package.  Objects inside a
payload are flattened to fields with a path; arrays are typed on one line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from math import isinf
from typing import Any

from evtui.ocpp16 import schema_files
from evtui.ocpp16.form_fields import FieldKind, FormError, FormField, FormReading, Path, read, write
from evtui.ocpp16.validation import check

__all__ = [
    "OPERATIONS",
    "FormError",
    "FormField",
    "FormReading",
    "Path",
    "decode",
    "defaults",
    "fields",
    "parse",
    "parse_json",
    "texts_of",
]

OPERATIONS: Mapping[str, str] = {
    "CancelReservation": "Give a reservation up (5.1).",
    "ChangeAvailability": "Take a connector, or the whole station, out of service or back (5.2).",
    "ChangeConfiguration": "Set a configuration key (5.3).",
    "ClearCache": "Empty the authorization cache (5.4).",
    "ClearChargingProfile": "Remove the charging profiles that fit; all, with no field (5.5).",
    "DataTransfer": "Send a vendor's own message (5.6).",
    "GetCompositeSchedule": "Ask which limits hold from now on (5.7).",
    "GetConfiguration": "Read configuration keys; all, with none named (5.8).",
    "GetDiagnostics": "Have diagnostics uploaded to a place (5.9).",
    "GetLocalListVersion": "Ask for the version of the local authorization list (5.10).",
    "RemoteStartTransaction": "Start a transaction for an id tag (5.11).",
    "RemoteStopTransaction": "Stop a transaction (5.12).",
    "ReserveNow": "Reserve a connector for an id tag (5.13).",
    "Reset": "Restart the station, softly or hard (5.14).",
    "SendLocalList": "Send the local authorization list, or changes to it (5.15).",
    "SetChargingProfile": "Set limits of current or power over time (5.16).",
    "TriggerMessage": "Have a message sent now (5.17).",
    "UnlockConnector": "Unlock a connector (5.18).",
    "UpdateFirmware": "Have firmware fetched and installed (5.19).",
}
"""What a central system may call, OCPP 1.6 ed. 2 chapter 5, and what for."""


@cache
def fields(action: str) -> tuple[FormField, ...]:
    """The fields of an operation, in the order of its schema.

    Raises:
        KeyError: ``action`` is none of :data:`OPERATIONS`.
    """
    if action not in OPERATIONS:
        raise KeyError(action)
    return _flattened(schema_files.read(action))


def _flattened(schema: Mapping[str, Any], at: Path = (), group: Path = ()) -> tuple[FormField, ...]:
    found: list[FormField] = []
    needed = schema.get("required", ())
    for name, rules in schema["properties"].items():
        path = (*at, name)
        if rules["type"] == "object":
            found += _flattened(rules, path, group if name in needed else path)
        else:
            found.append(_field(rules, path, name in needed, group))
    return tuple(found)


def _field(rules: Mapping[str, Any], path: Path, required: bool, group: Path) -> FormField:
    items: Mapping[str, Any] = rules.get("items", {})
    kind: FieldKind
    plain: Mapping[str, FieldKind] = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
    }
    if "enum" in rules:
        kind = "choice"
    elif rules.get("format") == "date-time":
        kind = "time"
    elif rules.get("format") == "uri":
        kind = "URL"
    elif rules["type"] == "array":
        kind = "rows" if items["type"] == "object" else "words"
    else:
        kind = plain[rules["type"]]
    return FormField(
        path,
        kind,
        required,
        group,
        choices=tuple(rules.get("enum", ())),
        longest=rules.get("maxLength", items.get("maxLength")),
        step=rules.get("multipleOf"),
        items=_flattened(items) if kind == "rows" else (),
    )


_DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "CancelReservation": {"reservationId": "1"},
    "ChangeAvailability": {"connectorId": "1", "type": "Operative"},
    "ChangeConfiguration": {"key": "MeterValueSampleInterval", "value": "10"},
    "DataTransfer": {"vendorId": "evtui"},
    "GetCompositeSchedule": {"connectorId": "1", "duration": "3600"},
    "RemoteStartTransaction": {"connectorId": "1"},
    "ReserveNow": {"connectorId": "1", "expiryDate": "+1h", "reservationId": "1"},
    "Reset": {"type": "Soft"},
    "SendLocalList": {"listVersion": "1", "updateType": "Full"},
    "SetChargingProfile": {
        "connectorId": "1",
        "chargingProfileId": "1",
        "stackLevel": "0",
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": "0 16",
    },
    "TriggerMessage": {"requestedMessage": "StatusNotification", "connectorId": "1"},
    "UnlockConnector": {"connectorId": "1"},
    "UpdateFirmware": {"retrieveDate": "now"},
}


def defaults(action: str, known: Mapping[str, str]) -> dict[Path, str]:
    """What a form begins with.

    Args:
        known: texts for fields by name, ``idTag``, or for one operation,
            ``GetDiagnostics.location``; the transaction that runs is ``transactionId``.  Of
            these only what must be given is filled in.
    """
    texts = dict(_DEFAULTS.get(action, {}))
    if action == "SetChargingProfile" and "transactionId" in known:
        # Section 3.13.1: only a TxProfile belongs to a transaction.
        texts |= {"chargingProfilePurpose": "TxProfile", "transactionId": known["transactionId"]}
    if action == "SendLocalList" and "idTag" in known:
        texts["localAuthorizationList"] = f"{known['idTag']} Accepted"
    for field in fields(action):
        told = known.get(f"{action}.{field.name}", known.get(field.name))
        if field.required and told is not None:
            texts[field.name] = told
    return {
        field.path: texts[field.name]
        for field in fields(action)
        if not field.group and field.name in texts
    }


def parse(action: str, texts: Mapping[Path, str], now: float) -> FormReading:
    """Make a payload of the texts of a form, and hold it against the schema.

    Args:
        texts: by path; a field that is empty or not there is left out of the payload.
        now: Unix time in s.
    """
    reading = read(fields(action), texts, now)
    return reading if reading.problems else _checked(action, reading.payload)


def parse_json(action: str, text: str) -> FormReading:
    """Read a payload typed as JSON, and hold it against the schema."""
    try:
        return _checked(action, decode(text))
    except FormError as error:
        return FormReading({}, {(): str(error)})


def decode(text: str) -> dict[str, Any]:
    """The object in ``text``, whatever is in it.

    Raises:
        FormError: it is no JSON object.
    """
    try:
        payload = json.loads(text, parse_float=_number, parse_constant=_no_constant)
    except RecursionError:
        raise FormError("not JSON: nested too deeply") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise FormError(f"not JSON: {error.msg} at {place}") from None
    except ValueError as error:  # a number that is none, or has too many digits
        raise FormError(f"not JSON: {error}") from None
    if not isinstance(payload, dict):
        raise FormError("not an object: it begins with { and ends with }")
    return payload


def _number(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def texts_of(action: str, payload: Mapping[str, Any]) -> dict[Path, str]:
    """The texts of a form that make this payload.

    Raises:
        FormError: the form cannot make it; the line names the place.
    """
    return write(fields(action), payload)


def _checked(action: str, payload: dict[str, Any]) -> FormReading:
    violation = check(action, "call", payload)
    if violation is None:
        return FormReading(payload, {})
    place = violation.path
    at = next((each.path for each in fields(action) if each.path == place[: len(each.path)]), ())
    return FormReading(payload, {at: violation.detail})
