"""What a run folder says about how its data came to be."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET

from evtui.config import SETTINGS, Settings
from evtui.detection import DETECTORS
from evtui.durations import duration_text
from evtui.lab import FIRST_CONNECTOR, Lab, Stand
from evtui.power import preset
from evtui.recording.format import BusInfo, Manifest, RecordedStation, ScenarioInfo
from evtui.recording.write import new_manifest
from evtui.redaction import SecretUrl
from evtui.runtime import utc_now

if TYPE_CHECKING:
    from evtui.scenario.language.loader import Plan

__all__ = ["manifest_of"]

_OF_A_MACHINE = ("Terminal", "Recording")
"""Groups of settings that say nothing about the lab."""

_PLACES = ("state", "id_tags", "password_file")
"""Settings of the lab that name files of a machine."""


def manifest_of(
    lab: Lab,
    *,
    mode: Literal["virtual", "real"],
    speed: float | Literal["max"],
    plan: Plan | None = None,
    duration: float | None = None,
    redact_id_tags: bool = False,
) -> Manifest:
    """The manifest of a recording that begins now.

    Args:
        lab: what is recorded.
        mode: whether time jumps (or is paced), or is the real one.
        speed: simulated seconds a second.
        plan: the scenario that is run, if there is one.
        duration: lab time in s at which the run is to end, None for when it is done.
        redact_id_tags: id tags are hidden.
    """
    stands = lab.stands.values()
    return new_manifest(
        mode=mode,
        speed=speed,
        start_utc=lab.clock.unix(0.0),
        created_utc=utc_now(),
        seed=lab.settings.seed,
        settings=_settings(lab.settings),
        stations=[_station(stand) for stand in stands],
        detectors=_detectors(),
        buses={
            f"can{channel}": BusInfo(
                name=stand.bus.name, station=stand.name, bitrate=stand.bus.bitrate
            )
            for channel, stand in enumerate(stands)
        },
        scenario=None if plan is None else _scenario(plan, duration, redact_id_tags),
        duration_s=duration,
        licence="" if plan is None else plan.scenario.licence,
    )


def _settings(settings: Settings) -> dict[str, Any]:
    """What shapes the data; where files go and how a terminal looks is of one machine."""
    values = asdict(settings)
    return {
        each.name: _plain(values[each.name])
        for each in SETTINGS
        if each.group not in _OF_A_MACHINE and each.name not in _PLACES
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, SecretUrl) else value


def _scenario(plan: Plan, duration: float | None, redact_id_tags: bool) -> ScenarioInfo:
    scenario = plan.scenario
    return ScenarioInfo(
        id=scenario.id,
        title=scenario.title,
        source=plan.source,
        sha256=plan.sha256,
        inputs=dict(plan.inputs),
        description=scenario.description,
        technique=list(scenario.technique),
        options=_options(plan, duration, redact_id_tags),
    )


def _options(plan: Plan, duration: float | None, redact_id_tags: bool) -> list[str]:
    """What ``evtui run`` must be told to run the same again, its file and seed apart."""
    options = ["--config", plan.base.name] if plan.base.name else []
    for name, value in plan.inputs.items():
        if plan.scenario.inputs[name].type == "duration":
            text = duration_text(value)
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
        options += ["--set", f"{name}={text}"]
    if duration is not None:
        options += ["--duration", duration_text(duration)]
    if redact_id_tags:
        options.append("--redact-id-tags")
    return options


def _station(stand: Stand) -> RecordedStation:
    stage = preset(stand.preset, stand.ambient)
    ramp = {"kind": type(stage.ramp).__name__} | msgspec.to_builtins(stage.ramp)
    vehicles = {str(number): each.vehicle.parameters() for number, each in stand.outlets.items()}
    first = vehicles.pop(str(FIRST_CONNECTOR))
    return RecordedStation(
        id=stand.name,
        preset=stand.preset,
        power_stage=msgspec.to_builtins(stage) | {"ramp": ramp},
        vehicle=first,
        vehicles=vehicles or UNSET,
    )


def _detectors() -> list[dict[str, Any]]:
    return [
        {"name": name, "views": list(detector.views), "parameters": detector().parameters()}
        for name, detector in DETECTORS.items()
    ]
