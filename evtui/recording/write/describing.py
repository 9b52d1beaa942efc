"""Describing a run before it begins: the manifest as the recorder gets it."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any, Literal

from evtui import __version__
from evtui.recording.format.manifest import BusInfo, ClockInfo, Manifest, ScenarioInfo, StationInfo
from evtui.recording.write.lines import Stamps

__all__ = ["installed_packages", "new_manifest"]


def new_manifest(
    *,
    mode: Literal["virtual", "real"],
    speed: float | Literal["max"],
    start_utc: float,
    created_utc: float,
    seed: int,
    settings: Mapping[str, Any],
    stations: Sequence[StationInfo],
    detectors: Sequence[Mapping[str, Any]],
    buses: Mapping[str, BusInfo] | None = None,
    scenario: ScenarioInfo | None = None,
    duration_s: float | None = None,
    licence: str = "",
) -> Manifest:
    """A manifest with the versions of what runs here.

    Args:
        mode: ``virtual`` runs can be repeated byte for byte.
        start_utc: Unix time in s of lab time 0.
        created_utc: Unix time in s of now, by the wall clock.
        detectors: for each its ``name`` and whatever describes it: views, parameters.
        buses: channel of can.log to bus, as far as it is known; others are added as they appear.
        duration_s: lab time at which the run is to end, None for when it is done.
    """
    return Manifest(
        evtui=__version__,
        python=platform.python_version(),
        packages=installed_packages(),
        created_utc=_iso(created_utc),
        seed=seed,
        clock=ClockInfo(mode=mode, speed=speed, start_utc=_iso(start_utc)),
        scenario=scenario,
        settings=dict(settings),
        stations=list(stations),
        buses=dict(buses or {}),
        detectors=[dict(detector) for detector in detectors],
        redacted=[],
        duration_s=duration_s,
        reproducible=mode == "virtual",
        licence=licence,
    )


def installed_packages() -> dict[str, str]:
    """Version of each package that evtui needs, by name; extras that are absent are left out."""
    versions = {}
    for requirement in metadata.requires("evtui") or []:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        if "extra ==" in requirement:
            continue
        versions[name] = metadata.version(name)
    return dict(sorted(versions.items()))


def _iso(unix: float) -> str:
    stamps = Stamps(unix)
    stamps.at(0.0)
    return stamps.utc
