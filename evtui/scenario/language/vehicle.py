"""The vehicle of a scenario: a modelled battery, or a recorded session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from evtui.config import Settings
from evtui.power import VEHICLES, ChargingCurve, RecordedVehicle, Vehicle, read_curve
from evtui.scenario.language.mistakes import Mistakes, ScenarioError
from evtui.scenario.language.model import VehicleSpec
from evtui.scenario.language.sources import curve_text

__all__ = ["modelled_vehicle", "recorded_curve"]

_VEHICLE = {
    "capacity_ah": "capacity",
    "max_current_a": "max_current",
    "resistance_ohm": "resistance",
    "cells": "cells",
}
"""Name in a scenario to the parameter of :class:`evtui.power.Vehicle`; soc is a setting."""

_COLUMNS = ("current", "power", "voltage", "state_of_charge")


def modelled_vehicle(spec: VehicleSpec | None, settings: Settings, mistakes: Mistakes) -> Vehicle:
    """The modelled vehicle; with a recorded curve it stands for what was not measured."""
    model = settings.vehicle if spec is None or spec.model is None else spec.model
    vehicle = replace(VEHICLES[model], soc=settings.soc)
    for name, parameter in _VEHICLE.items():
        value: Any = getattr(spec, name, None)
        if value is None:
            continue
        try:
            change: dict[str, Any] = {parameter: float(value) if name != "cells" else value}
            vehicle = replace(vehicle, **change)
        except ValueError as error:
            mistakes.add(f"lab.vehicle.{name}", str(error))
    return vehicle


def recorded_curve(
    spec: VehicleSpec | None,
    model: Vehicle,
    folder: Path | None,
    copy: Path | None,
    mistakes: Mistakes,
) -> tuple[ChargingCurve | None, str | None]:
    """The recorded session and its text, None where the vehicle is only modelled.

    Args:
        model: stands for what was not measured.
        folder: of the scenario, None for a built-in one.
        copy: of the session, see :func:`evtui.scenario.language.sources.curve_text`.
    """
    columns = {name: getattr(spec, name, None) for name in _COLUMNS}
    if spec is None or spec.curve is None:
        for name, column in (columns | {"unit": getattr(spec, "unit", None)}).items():
            if column is not None:
                what = "of columns" if name == "unit" else "a column"
                mistakes.add(f"lab.vehicle.{name}", f"{what}, so expected only with curve")
        return None, None
    try:
        text = curve_text(spec.curve, folder, copy)
        curve = read_curve(text, time=spec.time, unit=spec.unit, origin=spec.curve, **columns)
        RecordedVehicle(curve, model)  # whether the two can belong together
        return curve, text
    except (ScenarioError, ValueError) as error:
        mistakes.add("lab.vehicle.curve", str(error))
        return None, None
