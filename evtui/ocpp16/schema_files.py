"""The JSON schema files of the ``ocpp`` package, and where they differ from the text.

The files are those of the Open Charge Alliance with the package's own changes.  Where they and
OCPP 1.6 edition 2 with its errata treat a value differently, :data:`DIFFERENCES` says so; the
files are mended where they refuse what the text allows.  What the text forbids and they let
through is not mended: whoever acts on the value refuses it, with a reason that a schema cannot
give, or takes it where taking is what the text wants.

Two differences are not of one file.  ``format: date-time`` is RFC 3339, which asks for a zone;
the text asks for ISO 8601 (section 3.15), so :mod:`evtui.moments` decides.  To draft 4 of JSON
Schema, which the files are written in (OCPP-J errata 3.8), ``100.0`` is no integer; to JSON
(RFC 8259 section 6) and to all later drafts it is, so :func:`evtui.ocpp16.validation.accept`
takes it for 100.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["DIFFERENCES", "SchemaDifference", "names", "read"]


class SchemaDifference(msgspec.Struct, frozen=True):
    """One rule that file and text do not share.

    Attributes:
        schema: name of the file, without its ending.
        place: the field, from the outermost.
        rule: keyword of JSON Schema.
        file: its value in the file, None where it is absent.
        text: the value that the text asks for.
        section: of OCPP 1.6 edition 2, or an erratum of its sheet of April 2025.
        done: what is done about it.
        mended: the file is read with the text's value.
    """

    schema: str
    place: str
    rule: str
    file: Any
    text: Any
    section: str
    done: str
    mended: bool = False


_UNITS = (
    *("Wh", "kWh", "varh", "kvarh", "W", "kW", "VA", "kVA", "var", "kvar", "A", "V", "K"),
    *("Celcius", "Celsius", "Fahrenheit", "Percent"),
)
_AT_LEAST_0 = "0 or more"
_REFUSED = "PropertyConstraintViolation"


def _connector(schema: str, least: int, section: str, done: str) -> SchemaDifference:
    return SchemaDifference(schema, "connectorId", "minimum", None, least, section, done)


def _profile(schema: str, profile: str) -> tuple[SchemaDifference, ...]:
    periods = f"{profile}.chargingSchedule.chargingSchedulePeriod"
    rejected = "Rejected, with the reason in a note"
    return (
        SchemaDifference(schema, f"{profile}.stackLevel", "minimum", None, 0, "7.8", "Rejected"),
        SchemaDifference(schema, periods, "minItems", None, 1, "7.13", rejected),
    )


DIFFERENCES: tuple[SchemaDifference, ...] = (
    SchemaDifference(
        "StopTransaction",
        "transactionData.sampledValue.unit",
        "enum",
        _UNITS,
        (*_UNITS, "Hertz"),
        "7.31, errata 3.86 (3.84 in sheet 4.0)",
        "Hertz is taken, as in MeterValues",
        mended=True,
    ),
    SchemaDifference(
        "StopTransaction",
        "transactionData.sampledValue",
        "minItems",
        None,
        1,
        "7.33",
        "taken: a stop must be answered (4.10)",
    ),
    _connector("ChangeAvailability", 0, "6.7", "Rejected"),
    _connector("MeterValues", 0, "6.31", _REFUSED),
    _connector("RemoteStartTransaction", 1, "6.33", "Rejected"),
    _connector("ReserveNow", 0, "6.37", "Rejected"),
    _connector("StartTransaction", 1, "6.45", _REFUSED),
    _connector("StatusNotification", 0, "6.47", _REFUSED),
    _connector("TriggerMessage", 1, "6.51", "Rejected; 0 is the whole charge point"),
    _connector("UnlockConnector", 1, "6.53", "NotSupported"),
    *_profile("SetChargingProfile", "csChargingProfiles"),
    *_profile("RemoteStartTransaction", "chargingProfile"),
    SchemaDifference(
        "GetCompositeScheduleResponse",
        "chargingSchedule.chargingSchedulePeriod",
        "minItems",
        None,
        1,
        "7.13",
        "ours is never empty; a station's is taken as it says",
    ),
)
"""Every value of chapters 6 and 7 that the files treat differently."""


def names() -> Iterator[str]:
    """Every schema: the action for a call, ``<action>Response`` for its result."""
    for file in _folder().iterdir():
        if file.name.endswith(".json"):
            yield file.name.removesuffix(".json")


def read(name: str) -> dict[str, Any]:
    """One schema, mended."""
    text = (_folder() / f"{name}.json").read_text(encoding="utf-8-sig")
    schema: dict[str, Any] = json.loads(text)
    for each in DIFFERENCES:
        if each.mended and each.schema == name:
            rules_at(schema, each.place)[each.rule] = list(each.text)
    return schema


def rules_at(schema: dict[str, Any], place: str) -> dict[str, Any]:
    """The rules for a field; those of an array are about the array, not about its items."""
    rules = schema
    for step in place.split("."):
        rules = rules.get("items", rules)["properties"][step]
    return rules


@cache
def _folder() -> Path:
    # Not imported, since ocpp.v16 loads jsonschema; nor by importlib.resources, which takes longer
    # to load than the files to read.
    spec = find_spec("ocpp")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "v16" / "schemas"
