"""The settings of a run, held against what :mod:`evtui.config` says each may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from evtui.config import KINDS, SETTINGS, Settings, SettingsError
from evtui.scenario.language.mistakes import Mistakes, shown
from evtui.scenario.language.model import LabSpec

__all__ = [
    "OF_LAB",
    "OF_NO_RUN",
    "START_UTC",
    "Base",
    "base_of",
    "id_tag_mistake",
    "settings_of",
    "start_of",
]

START_UTC = 1_767_225_600.0
"""2026-01-01T00:00:00Z as Unix time in s: a run begins then unless it says otherwise."""

OF_NO_RUN = (
    "csms",
    "upstream",
    "listen",
    "insecure",
    "password_file",
    "state",
    "id_tags",
    "unknown_id_tags",
    "can",
    "can_side",
    "can_listen_only",
    "arm",
    "armed_for",
)
"""Settings about what is outside of a run, which repeats byte for byte wherever it is made."""

_EARLIEST, _LATEST = 0.0, 4_102_444_800.0
"""1970 to 2100, as Unix time in s."""

_FROM_LAB = (
    "preset",
    "protocol",
    "modules",
    "ambient",
    "strict",
    "id",
    "id_tag",
    "meter_interval",
    "heartbeat_interval",
    "unknown_id_tags",
    "stations",
    "connectors",
)

OF_LAB = (*_FROM_LAB, "soc")
"""Settings that a scenario itself gives, below ``lab``."""


class Base(NamedTuple):
    """What a scenario leaves open about its lab.

    Attributes:
        settings: those that mean something to a run, see :func:`base_of`; the others default.
        name: of the file they stand in, without its folder; empty for no file.
    """

    settings: Settings = Settings(port=0)
    name: str = ""


def base_of(settings: Settings, name: str) -> Base:
    """What of ``settings`` counts for a run: nothing of one machine, its terminal and files."""
    others: dict[str, Any] = {
        each.name: each.default
        for each in SETTINGS
        if each.group in ("Terminal", "Recording") or each.name in OF_NO_RUN
    }
    return Base(replace(settings, **(others | {"port": 0})), name)


def settings_of(lab: LabSpec, base: Base, seed: int | None, mistakes: Mistakes) -> Settings:
    """All settings of a run: those of ``base``, what the scenario says, a free port.

    A user's own settings file does not count: the same scenario is the same run everywhere.

    Args:
        seed: that of ``base`` when None.
    """
    said = {name: getattr(lab, name) for name in _FROM_LAB}
    if base.settings.csms is None:  # else somebody has said another one for this run
        said["csms"] = lab.csms
    if lab.vehicle is not None and lab.vehicle.soc is not None:
        said["soc"] = lab.vehicle.soc
    values: dict[str, Any] = {}
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
    try:
        return replace(base.settings, **values)
    except SettingsError as error:  # each is good by itself, and they do not go together
        for line in error.mistakes:
            name, _, problem = line.partition(": ")
            mistakes.add(f"lab.{name}", problem)
        return base.settings


def id_tag_mistake(tag: str) -> str:
    """What is wrong with an id tag; empty when nothing is."""
    try:
        _check("id_tag", tag)
    except ValueError as error:
        return str(error)
    return ""


def _check(name: str, value: Any) -> Any:
    kind = KINDS[name]
    try:
        return kind.check(float(value) if isinstance(value, float) else value)
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
