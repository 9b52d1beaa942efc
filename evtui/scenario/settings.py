"""The settings of a run, held against what :mod:`evtui.config` says each may be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from evtui.config import SETTINGS, Settings
from evtui.kinds import Kind
from evtui.scenario.mistakes import Mistakes, shown
from evtui.scenario.model import LabSpec

__all__ = ["START_UTC", "id_tag_mistake", "settings_of", "start_of"]

START_UTC = 1_767_225_600.0
"""2026-01-01T00:00:00Z as Unix time in s: a run begins then unless it says otherwise."""

_EARLIEST, _LATEST = 0.0, 4_102_444_800.0
"""1970 to 2100, as Unix time in s."""

_KINDS: dict[str, Kind[Any]] = {setting.name: setting.kind for setting in SETTINGS}
_FROM_LAB = (
    "preset",
    "strict",
    "id",
    "id_tag",
    "meter_interval",
    "heartbeat_interval",
    "connectors",
)


def settings_of(lab: LabSpec, seed: int | None, mistakes: Mistakes) -> Settings:
    """All settings of a run: the defaults, what the scenario says, a free port.

    A user's settings file does not count: the same scenario is the same run everywhere.

    Args:
        seed: the default one when None.
    """
    said = {name: getattr(lab, name) for name in _FROM_LAB}
    if lab.vehicle is not None and lab.vehicle.soc is not None:
        said["soc"] = lab.vehicle.soc
    values: dict[str, Any] = {"port": 0}
    for name, value in said.items():
        if value is not None:
            place = "lab.vehicle.soc" if name == "soc" else f"lab.{name}"
            try:
                values[name] = _check(name, value)
            except ValueError as error:
                mistakes.add(place, str(error))
    if seed is not None:
        try:
            values["seed"] = _check("seed", seed)
        except ValueError as error:
            mistakes.add_given(f"--seed: {error}")
    return Settings(**values)


def id_tag_mistake(tag: str) -> str:
    """What is wrong with an id tag; empty when nothing is."""
    try:
        _check("id_tag", tag)
    except ValueError as error:
        return str(error)
    return ""


def _check(name: str, value: Any) -> Any:
    kind = _KINDS[name]
    # A duration comes as a float, also where whole seconds are wanted.
    whole = name == "heartbeat_interval" and value == int(value)
    plain = (int(value) if whole else float(value)) if isinstance(value, float) else value
    try:
        return kind.check(plain)
    except ValueError:
        raise ValueError(f"expected {kind.expected}, got {shown(value)}") from None


def start_of(lab: LabSpec, mistakes: Mistakes) -> float:
    """Unix time in s at which the simulated clock starts."""
    if lab.start is None:
        return START_UTC
    try:
        moment = datetime.fromisoformat(lab.start)
        start = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        start = -1.0
    if not _EARLIEST <= start < _LATEST:
        mistakes.add(
            "lab.start",
            "expected a moment from 1970 to 2099 such as 2026-01-01T08:00:00Z, "
            f"got {shown(lab.start)}",
        )
        return START_UTC
    return start
