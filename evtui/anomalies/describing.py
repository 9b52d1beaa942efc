"""What each anomaly is, for people and programs that ask for it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from evtui.anomalies.api import Anomaly, AnomalyError
from evtui.anomalies.catalogue import anomaly_named, listed
from evtui.attacks import LAYERS, Layer
from evtui.kinds import ValueKind, number

__all__ = [
    "AnomalyDescription",
    "AnomalyListing",
    "BrokenAnomaly",
    "ParameterDescription",
    "describe",
    "describe_all",
    "example_step",
    "in_yaml",
    "range_of",
]

EXAMPLE_DURATION = "1min"

_NO_TEXT = ("true", "false", "on", "off", "yes", "no", "null", "y", "n")
"""What some reader of YAML takes for something else."""


class ParameterDescription(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be set."""

    name: Annotated[str, Meta(description="with its unit, `high_a`.")]
    about: Annotated[str, Meta(description="what it is.")]
    unit: Annotated[str, Meta(description="of the value; empty for none.")]
    range: Annotated[str, Meta(description="what it may be, in words.")]
    default: Annotated[Any, Meta(description="used where nobody says otherwise.")]
    value: Annotated[dict[str, Any], Meta(description="JSON Schema of the value.")]


class SignatureDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What one sees of an anomaly; empty where there is nothing to see."""

    ocpp: Annotated[str, Meta(description="in the messages.")]
    can: Annotated[str, Meta(description="on the bus.")]
    current: Annotated[str, Meta(description="of the charging current.")]


class AnomalyDescription(msgspec.Struct, frozen=True, kw_only=True):
    """An anomaly."""

    name: Annotated[str, Meta(description="as commands, scenarios and the truth have it.")]
    layer: Annotated[Layer, Meta(description="where it acts.")]
    title: Annotated[str, Meta(description="for people.")]
    about: Annotated[str, Meta(description="what it is and why it matters.")]
    package: Annotated[str, Meta(description="distribution that brings it.")]
    parameters: Annotated[list[ParameterDescription], Meta(description="in their order.")]
    signature: Annotated[SignatureDescription, Meta(description="what one sees of it.")]
    techniques: Annotated[list[str], Meta(description="ids of MITRE ATT&CK for ICS.")]
    severity: Annotated[int, Meta(description="1 (nuisance) to 5 (people in danger).")]
    stakes: Annotated[list[str], Meta(description="what suffers.")]
    references: Annotated[list[str], Meta(description="papers, standards, incidents.")]
    needs: Annotated[list[str], Meta(description="what it acts through.")]
    claims: Annotated[
        list[str], Meta(description="what it wants for itself; two that want the same are not on.")
    ]
    ends: Annotated[str, Meta(description="how its effect ends once it is off.")]
    undone: Annotated[str, Meta(description="how what it did is undone.")]
    example: Annotated[str, Meta(description="a step of a scenario, as YAML.")]
    lab: Annotated[
        dict[str, Any],
        Meta(description="settings of a lab in which it is within reach; empty for any."),
    ]


class BrokenAnomaly(msgspec.Struct, frozen=True, kw_only=True):
    """An anomaly that cannot be used."""

    name: Annotated[str, Meta(description="by which it would be known.")]
    package: Annotated[str, Meta(description="distribution that brings it.")]
    reason: Annotated[str, Meta(description="one line.")]


class AnomalyListing(msgspec.Struct, frozen=True, kw_only=True):
    """Every anomaly that is installed."""

    schema: Literal["evtui.anomalies/1"] = "evtui.anomalies/1"
    anomalies: Annotated[list[AnomalyDescription], Meta(description="by layer.")]
    broken: Annotated[list[BrokenAnomaly], Meta(description="of other packages.")]


def describe(name: str) -> AnomalyDescription:
    """All that an anomaly declares.

    Raises:
        AnomalyError: there is none of that name, or it is broken.
    """
    return _described(anomaly_named(name), listed()[name].package)


def describe_all(names: Iterable[str] | None = None) -> AnomalyListing:
    """All that every anomaly declares, layer by layer, and which ones are broken.

    Args:
        names: default: of all.
    """
    good, broken = [], []
    for name in listed() if names is None else names:
        try:
            good.append(describe(name))
        except AnomalyError as error:
            package = listed()[name].package if name in listed() else ""
            broken.append(BrokenAnomaly(name=name, package=package, reason=str(error)))
    good.sort(key=lambda each: LAYERS.index(each.layer))
    return AnomalyListing(anomalies=good, broken=broken)


def _described(anomaly: type[Anomaly[Any]], package: str) -> AnomalyDescription:
    signature = anomaly.signature
    return AnomalyDescription(
        name=anomaly.name,
        layer=anomaly.layer,
        title=anomaly.title,
        about=anomaly.about,
        package=package,
        parameters=[
            ParameterDescription(
                name=each.name,
                about=each.help,
                unit=each.kind.unit,
                range=range_of(each.kind),
                default=each.default,
                value=each.kind.schema(),
            )
            for each in anomaly.declared()
        ],
        signature=SignatureDescription(
            ocpp=signature.ocpp, can=signature.can, current=signature.current
        ),
        techniques=list(anomaly.techniques),
        severity=anomaly.severity,
        stakes=list(anomaly.stakes),
        references=list(anomaly.references),
        needs=sorted(anomaly.needs),
        claims=sorted(anomaly.claims),
        ends=anomaly.ends,
        undone=anomaly.undone,
        example=example_step(anomaly),
        lab=dict(anomaly.lab),
    )


def range_of(kind: ValueKind[Any]) -> str:
    """What a value may be, with its unit: ``0 to 500 A``."""
    return kind.limits or kind.expected


def example_step(anomaly: type[Anomaly[Any]], duration: str = EXAMPLE_DURATION) -> str:
    """A step of a scenario that has it on, with its strength or else its first parameter."""
    lines = [f"- anomaly: {anomaly.name}"]
    shown = [each.name for each in (anomaly.strength,) if each is not None]
    shown = shown or [each.name for each in anomaly.declared() if each.default is not None][:1]
    defaults = {each.name: each.default for each in anomaly.declared()}
    if shown:
        told = ", ".join(f"{name}: {in_yaml(defaults[name])}" for name in shown)
        lines.append(f"  with: {{{told}}}")
    return "\n".join([*lines, f"  duration: {duration}", ""])


def in_yaml(value: Any) -> str:
    """A value of a parameter as it stands in a scenario."""
    if isinstance(value, float | int) and not isinstance(value, bool):
        return number(value)
    if isinstance(value, str) and value.replace("-", "").isalpha() and value not in _NO_TEXT:
        return value
    return json.dumps(value)
