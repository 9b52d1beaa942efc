"""Describing a run before it begins: the manifest as the recorder gets it."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from evtui import __version__
from evtui.recording.format.manifest import (
    BusInfo,
    ClockInfo,
    Manifest,
    RecordedStation,
    ScenarioInfo,
)
from evtui.recording.write.lines import Stamps

__all__ = ["installed_packages", "new_manifest"]

_NEEDS = re.compile(r"Requires-Dist: *([\w.-]+)")
_SEPARATORS = re.compile(r"[-_.]+")


def new_manifest(
    *,
    mode: Literal["virtual", "real"],
    speed: float | Literal["max"],
    start_utc: float,
    created_utc: float,
    seed: int,
    settings: Mapping[str, Any],
    stations: Sequence[RecordedStation],
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
    """Version of each package that evtui needs, by name; extras that are absent are left out.

    Read off the folders that installers leave beside the packages, ``msgspec-0.22.0.dist-info``
    (the PyPA's "recording installed projects"): importlib.metadata reads each as an e-mail, which
    is a tenth of a short run.
    """
    folders: dict[str, tuple[str, Path]] = {}
    for place in map(Path, sys.path):
        for folder in place.glob("*.dist-info") if place.is_dir() else ():
            name, _, version = folder.stem.rpartition("-")
            folders.setdefault(_normalized(name), (version, folder))
    if "evtui" not in folders:
        return {}
    head, _, _ = (folders["evtui"][1] / "METADATA").read_text("utf-8").partition("\n\n")
    needed = (_NEEDS.match(line) for line in head.splitlines() if "extra ==" not in line)
    names = sorted(found[1] for found in needed if found)
    return {name: folders[key][0] for name in names if (key := _normalized(name)) in folders}


def _normalized(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()


def _iso(unix: float) -> str:
    stamps = Stamps(unix)
    stamps.at(0.0)
    return stamps.utc
