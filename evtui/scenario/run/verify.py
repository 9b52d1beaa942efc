"""Running a recorded scenario again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from math import inf
from pathlib import Path

from evtui.config import SettingsError, from_values
from evtui.recording.format import Manifest, layout
from evtui.recording.read import FolderError, RunFolder
from evtui.recording.write import HIDDEN, ID_TAGS, RecordingError
from evtui.regular import read_regular, reason
from evtui.scenario.language.loader import ScenarioError, load
from evtui.scenario.language.settings import Base, base_of
from evtui.scenario.language.sources import LARGEST_CURVE, LARGEST_FILE
from evtui.scenario.run.comparing import VerifyError
from evtui.scenario.run.headless import Options, StopFlag, run_headless

__all__ = ["VerifyError", "rerun"]

FAR_ENOUGH = 2.0
"""s that a run which had been interrupted is followed beyond that moment."""


def rerun(
    manifest: Manifest,
    folder: Path,
    out: Path,
    progress: Callable[[float, float, int], None] | None = None,
    stop: StopFlag | None = None,
) -> None:
    """Run what was recorded again, with the same seed, inputs and duration.

    Args:
        manifest: of ``folder``.
        folder: with the recorded scenario.
        out: where the new recording goes; absent, or an empty directory.
        progress: called now and then with lab time in s, the longest the run can take in s,
            and the number of alarms so far.
        stop: ends it early.

    Raises:
        VerifyError: it was made in real time, or what is needed is missing or was changed.
    """
    if not manifest.reproducible:
        raise VerifyError(f"{folder}: made in real time, so it is not reproducible")
    if manifest.scenario is None:
        raise VerifyError(f"{folder}: recorded without a scenario, so there is none to run again")
    scenario, vehicle = folder / layout.SCENARIO, folder / layout.VEHICLE
    _check_unchanged(manifest, scenario)
    _check_vehicle_unchanged(manifest, vehicle)
    try:
        plan = load(
            scenario,
            manifest.scenario.inputs,
            seed=manifest.seed,
            curve_copy=vehicle,
            base=_base(manifest, folder),
        )
        end = _written_until(manifest, folder)
    except ScenarioError as error:
        raise VerifyError(error.mistakes[0]) from None
    except SettingsError as error:
        raise VerifyError(error.mistakes[0]) from None
    except FolderError as error:
        raise VerifyError(str(error)) from None
    stop = stop or StopFlag()

    def look(t: float, longest: float, alarms: int) -> None:
        if t > end + FAR_ENOUGH:
            stop.request("far enough")
        elif progress is not None:
            progress(t, min(longest, end), alarms)

    options = Options(
        folder=out,
        duration=manifest.duration_s,
        redact_id_tags=ID_TAGS in manifest.redacted,
        progress=look,
        stop=stop,
    )
    try:
        result = run_headless(plan, options)
    except RecordingError as error:
        raise VerifyError(str(error)) from None
    if result.recording_failure:
        raise VerifyError(f"it cannot be run again: {result.recording_failure}")
    if result.failed:
        raise VerifyError(f"the lab failed when it ran again: {result.interrupted}")


def _base(manifest: Manifest, folder: Path) -> Base:
    """What the settings file said with which it was run, if there was one."""
    if manifest.scenario is None or "--config" not in manifest.scenario.options:
        return Base()
    said = dict(manifest.settings)
    if ID_TAGS in manifest.redacted:
        said.pop("id_tag", None)
    return base_of(from_values(said, f"{folder / layout.MANIFEST}: settings"), "")


def _check_unchanged(manifest: Manifest, scenario: Path) -> None:
    raw = _read(scenario, LARGEST_FILE)
    written = manifest.files.get(layout.SCENARIO)
    assert manifest.scenario is not None
    as_read = manifest.scenario.sha256
    known = {as_read} if written is None else {as_read, written.sha256}
    # What was hidden while it was written has another hash, which a killed run did not write.
    hidden = written is None and (HIDDEN.encode() in raw or ID_TAGS in manifest.redacted)
    if _sha256(raw) not in known and not hidden:
        raise VerifyError(f"{scenario}: changed since it was run: its sha256 is another one")


def _check_vehicle_unchanged(manifest: Manifest, vehicle: Path) -> None:
    written = manifest.files.get(layout.VEHICLE)
    if written is not None and _sha256(_read(vehicle, LARGEST_CURVE)) != written.sha256:
        raise VerifyError(f"{vehicle}: changed since it was run: its sha256 is another one")


def _read(path: Path, largest: int) -> bytes:
    try:
        return read_regular(path, largest)
    except OSError as error:
        raise VerifyError(f"{path}: {reason(error)}") from None


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _written_until(manifest: Manifest, folder: Path) -> float:
    """Lab time in s after which there is nothing to compare."""
    if manifest.status == "complete":
        return inf
    interrupted = manifest.interrupted_at_s
    if not manifest.ragged and interrupted is not None:
        return interrupted
    return max(RunFolder(folder).t_end, interrupted or 0.0)
