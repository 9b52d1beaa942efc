"""What anomalies that edit meter values on their way have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from evtui.ocppj import Passing

__all__ = ["REGISTER", "meter_values_of", "rewritten", "samples"]

REGISTER = "Energy.Active.Import.Register"
"""The measurand of a sampledValue that names none (OCPP 1.6 section 7.43)."""

Sampled = dict[str, Any]
"""A sampledValue."""


def meter_values_of(message: Passing, connector: int) -> bool:
    """True for a MeterValues.req about the connector."""
    return (
        message.kind == "call"
        and message.action == "MeterValues"
        and message.payload.get("connectorId") == connector
    )


def samples(meter_values: list[dict[str, Any]], measurand: str) -> Iterator[float]:
    """What is told of a measurand, in Wh, W, A and so on."""
    for each in meter_values:
        for sampled in each.get("sampledValue", ()):
            if sampled.get("measurand", REGISTER) == measurand:
                if (number := _number(sampled)) is not None:
                    yield number


def rewritten(
    meter_values: list[dict[str, Any]], change: Callable[[str, float], float]
) -> list[dict[str, Any]]:
    """Meter values with other numbers, written with as many decimals as they came.

    Args:
        change: makes of measurand and number, in W and Wh where its unit is kW or kWh, another.
    """
    return [
        each | {"sampledValue": [_changed(one, change) for one in each.get("sampledValue", ())]}
        for each in meter_values
    ]


def _changed(sampled: Sampled, change: Callable[[str, float], float]) -> Sampled:
    number = _number(sampled)
    if number is None:
        return sampled
    told = change(sampled.get("measurand", REGISTER), number)
    if told == number:
        return sampled
    kilo = 1000 if sampled.get("unit") in KILO else 1
    digits = len(sampled["value"].partition(".")[2])
    return sampled | {"value": f"{told / kilo:.{digits}f}"}


KILO = ("kWh", "kW", "kvar", "kvarh", "kVA")


def _number(sampled: Sampled) -> float | None:
    """Its value in the unit without kilo; None for what is no number, such as signed data."""
    if sampled.get("format", "Raw") != "Raw":
        return None
    try:
        number = float(sampled["value"])
    except (KeyError, TypeError, ValueError):
        return None
    return number * 1000 if sampled.get("unit") in KILO else number
