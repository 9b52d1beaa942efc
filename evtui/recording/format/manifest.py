"""The manifest of a run: what was run, with what, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from evtui.events import pretty_json
from evtui.moments import unix_time
from evtui.recording.format.layout import LATEST_START, SCHEMA
from evtui.recording.format.wholefile import replace_file
from evtui.regular import read_regular

__all__ = [
    "BusInfo",
    "ClockInfo",
    "FileInfo",
    "Manifest",
    "RecordedStation",
    "ScenarioInfo",
]


LARGEST = 8 << 20
"""Bytes of a manifest; one with a long scenario and many stations has 50,000."""


class ClockInfo(msgspec.Struct, kw_only=True):
    """How time passed.

    Attributes:
        mode: ``virtual`` (jumps, or is paced; byte for byte repeatable) or ``real``.
        speed: ``max``, or simulated seconds a second.
        start_utc: ISO 8601, UTC of t = 0.
    """

    mode: Literal["virtual", "real"]
    speed: float | Literal["max"]
    start_utc: str


class ScenarioInfo(msgspec.Struct, kw_only=True):
    """Which scenario was run.

    Attributes:
        source: file name, or name of a built-in scenario; no path.
        sha256: of scenario.yaml as it was read.
        inputs: name to value, defaults included; durations in s.
        options: the same as ``evtui run`` takes them: ``--set``, ``lead=30s``, ...
    """

    id: str
    title: str
    source: str
    sha256: str
    inputs: dict[str, Any]
    description: str = ""
    technique: list[str] = []
    options: list[str] = []


class RecordedStation(msgspec.Struct, kw_only=True):
    """A charge point of the lab.

    Attributes:
        preset: name of its power stage.
        power_stage: the preset's parameters.
        vehicle: parameters of the vehicle at its first connector, or the origin of its recorded
            curve.
        vehicles: those at its other connectors, by connectorId; not set where it has only one.
    """

    id: str
    preset: str
    power_stage: dict[str, Any]
    vehicle: dict[str, Any]
    vehicles: dict[str, dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET

    @property
    def at_connectors(self) -> dict[str, dict[str, Any]]:
        """Parameters of the vehicle at each connector, by connectorId."""
        others = {} if isinstance(self.vehicles, msgspec.UnsetType) else self.vehicles
        return {"1": self.vehicle, **others}


class BusInfo(msgspec.Struct, kw_only=True):
    """A CAN bus: its channel in can.log is the key in the manifest.

    Attributes:
        bitrate: bit/s.
    """

    name: str
    station: str
    bitrate: int


class FileInfo(msgspec.Struct, kw_only=True):
    """A finished file.

    Attributes:
        rows: data rows or lines; a CSV header is none.
        bytes: size.
        sha256: of the whole file.
    """

    rows: int
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, kw_only=True):
    """``manifest.json``.

    Attributes:
        status: ``running`` until the recorder closes the folder; a folder that still says so
            while nobody writes to it comes from a process that was killed.
        created_utc: wall-clock time of the recording, ISO 8601.
        settings: of the lab; those of the terminal and of recordings are left out.
        detectors: name, views and parameters of each.
        duration_s: lab time at which the run was to end, None for when it is done.
        t_end_s: lab time of the last event; None while running.
        interrupted: why the run ended early: a signal, a failure, a full disk.
        interrupted_at_s: lab time of that moment.
        recording_failed: True where it was the recording that failed, as on a full disk; absent
            elsewhere.
        reproducible: False for a run in real time.
        wall_s: seconds the run took.
        left_out: messages of foreign peers, notes and states of links about them that are not in
            the files, because more was sent than is written down; ``LeftOut`` lines in
            events.jsonl say which.
        licence: under which the data may be used, as the scenario says.
    """

    schema: str = SCHEMA
    evtui: str
    python: str
    packages: dict[str, str]
    status: Literal["running", "complete", "interrupted"] = "running"
    created_utc: str
    seed: int
    clock: ClockInfo
    scenario: ScenarioInfo | None = None
    settings: dict[str, Any]
    stations: list[RecordedStation]
    buses: dict[str, BusInfo] = {}
    detectors: list[dict[str, Any]]
    redacted: list[str]
    duration_s: float | None = None
    t_end_s: float | None = None
    interrupted: str = ""
    interrupted_at_s: float | None = None
    recording_failed: bool | msgspec.UnsetType = msgspec.UNSET
    reproducible: bool = False
    wall_s: float | None = None
    left_out: int = 0
    licence: str = ""
    files: dict[str, FileInfo] = {}

    @property
    def start_unix(self) -> float | None:
        """Unix time in s of lab time 0; None where ``clock.start_utc`` is no time."""
        try:
            start = unix_time(self.clock.start_utc)
        except ValueError:
            return None
        return start if 0 <= start < LATEST_START else None

    @property
    def ragged(self) -> bool:
        """True where each file may end at another moment: after a kill, or on a full disk."""
        return self.status == "running" or self.recording_failed is True

    def save(self, path: Path) -> None:
        """Write as JSON, replacing the file in one step.

        Raises:
            OSError: it cannot be written; the old file is still there.
        """
        replace_file(path, pretty_json(self).encode())

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """Read it.

        Raises:
            OSError: it cannot be read.
            ValueError: it is no manifest; the text names the place.
        """
        try:
            manifest = msgspec.json.decode(read_regular(path, LARGEST), type=cls)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        if manifest.recording_failed is msgspec.UNSET and manifest.interrupted.startswith(
            "recording stopped: "
        ):
            manifest.recording_failed = True  # builds up to November 2026 said it in words alone
        return manifest
