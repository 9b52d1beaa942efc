"""Running a recorded scenario again, and finding the first thing that is different."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from math import inf
from pathlib import Path

import msgspec

from evtui.config import SettingsError, from_values
from evtui.recording import layout
from evtui.recording.format import TABLES, TRUTH
from evtui.recording.format.cell import split_csv
from evtui.recording.manifest import Manifest
from evtui.recording.reader import FolderError, RunFolder
from evtui.recording.recorder import RecordingError
from evtui.recording.redaction import HIDDEN
from evtui.recording.timefile import LONGEST_LINE
from evtui.regular import open_regular, read_regular, reason
from evtui.scenario.headless import Options, StopFlag, run_headless
from evtui.scenario.loader import ScenarioError, load
from evtui.scenario.settings import Base, base_of
from evtui.scenario.sources import LARGEST_CURVE, LARGEST_FILE

__all__ = ["Difference", "VerifyError", "compare", "rerun"]

COMPARED = (
    layout.SIGNALS,
    layout.OCPP,
    layout.CAN_LOG,
    layout.CAN_LABELS,
    layout.TRUTH,
    layout.ALARMS,
    layout.EVENTS,
)

ROUNDING = 1e-6
"""s, of the times in the files."""

FAR_ENOUGH = 2.0
"""s that a run which had been interrupted is followed beyond that moment."""

SHOWN = 100
"""Characters of a line that are shown, from shortly before the first different one."""

_CANDUMP_TIME = re.compile(rb"\((\d+\.\d+)\)")


class VerifyError(Exception):
    """A run cannot be made again; the text is one line."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two folders part.

    Attributes:
        file: name in the folder.
        line: from 1.
        t: lab time in s of that line, None where it has none.
        recorded: the line; None when there is none.
        again: the same of the run that was made again.
    """

    file: str
    line: int
    t: float | None
    recorded: str | None
    again: str | None

    def __str__(self) -> str:
        at = "" if self.t is None else f" at {self.t:.6f} s"
        start = _first_difference(self.recorded or "", self.again or "")
        return (
            f"{self.file} line {self.line}{at}: recorded {_shown(self.recorded, start)}, "
            f"again {_shown(self.again, start)}"
        )


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
        redact_id_tags="id tags" in manifest.redacted,
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
    if "id tags" in manifest.redacted:
        said.pop("id_tag", None)
    return base_of(from_values(said, f"{folder / layout.MANIFEST}: settings"), "")


def compare(folder: Path, again: Path, stop: StopFlag | None = None) -> Difference | None:
    """The first difference in time between a recording and the same run made again.

    Of a run that was interrupted only what was before that counts; of one that was killed, or
    whose recording failed, the whole lines that are there.

    Args:
        folder: with the recording.
        again: with that of the run made again.
        stop: ends it early, with nothing found in what was not compared.

    Raises:
        VerifyError: a manifest or a file cannot be read.
    """
    stop = stop or StopFlag()
    try:
        manifest = Manifest.load(folder / layout.MANIFEST)
        found = [
            difference
            for name in COMPARED
            if (difference := _compare(_Pair(manifest, name, folder / name, again / name, stop)))
        ]
    except OSError as error:
        raise VerifyError(f"{error.filename or folder}: {reason(error)}") from None
    except ValueError as error:
        raise VerifyError(f"{folder / layout.MANIFEST}: {error}") from None
    return min(found, key=lambda each: inf if each.t is None else each.t, default=None)


def _check_unchanged(manifest: Manifest, scenario: Path) -> None:
    raw = _read(scenario, LARGEST_FILE)
    written = manifest.files.get(layout.SCENARIO)
    assert manifest.scenario is not None
    as_read = manifest.scenario.sha256
    known = {as_read} if written is None else {as_read, written.sha256}
    # What was hidden while it was written has another hash, which a killed run did not write.
    hidden = written is None and (HIDDEN.encode() in raw or "id tags" in manifest.redacted)
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


class _Pair:
    """One file in both folders.

    Attributes:
        until: lab time in s before which lines must be the same; inf for all.
        torn: True when the recorded file may end anywhere.
        time: reads the lab time in s off a line; None where it has none.
    """

    def __init__(
        self, manifest: Manifest, name: str, recorded: Path, again: Path, stop: StopFlag
    ) -> None:
        self.name = name
        self.recorded = recorded
        self.again = again
        self._stop = stop
        interrupted = manifest.interrupted_at_s
        self.torn = manifest.ragged
        self.until = inf if self.torn or interrupted is None else interrupted - ROUNDING
        start = datetime.fromisoformat(manifest.clock.start_utc).timestamp()
        self.time = _reader_of_times(name, start)

    def lines(self, path: Path) -> Iterator[bytes]:
        """Whole lines, as far as they are compared."""
        with open_regular(path) as file:
            for line in iter(lambda: file.readline(LONGEST_LINE), b""):
                if self._stop.reason:
                    return
                if self.torn and not line.endswith(b"\n"):
                    return
                if self.until < inf and (self.time(line) or 0.0) > self.until:
                    return
                yield line

    def difference(self, number: int, old: bytes | None, new: bytes | None) -> Difference:
        """Of two lines; the time is that of the one that has one."""
        times = [self.time(line) for line in (old, new) if line is not None]
        t = next((each for each in times if each is not None), None)
        return Difference(self.name, number, t, _text(old), _text(new))


def _compare(pair: _Pair) -> Difference | None:
    if pair.name == layout.TRUTH and (pair.torn or pair.until < inf):
        return _compare_truth(pair)
    recorded, again = pair.lines(pair.recorded), pair.lines(pair.again)
    for number in count(1):
        old, new = next(recorded, None), next(again, None)
        if old is None and (new is None or pair.torn):
            return None
        if old != new:
            return pair.difference(number, old, new)
    return None


def _compare_truth(pair: _Pair) -> Difference | None:
    """What a run that ended early had to leave open need not have ended like that."""
    recorded, again = pair.lines(pair.recorded), pair.lines(pair.again)
    for number in count(1):
        old, new = next(recorded, None), next(again, None)
        if old is None:
            return None
        if new is None or not _agree(_truth_of(old), _truth_of(new), pair.until):
            return pair.difference(number, old, new)
    return None


def _truth_of(line: bytes) -> dict[str, str]:
    try:
        return dict(zip(TRUTH.names, split_csv(line.rstrip(b"\r\n")), strict=False))
    except ValueError:
        return {}  # a run of ours writes no such row, so it differs


def _agree(old: dict[str, str], new: dict[str, str], until: float) -> bool:
    """Whether what was settled before lab time ``until`` in s is the same."""
    open_ends = {"t_end", "t_effect_end", "outcome", "parameters", "changes"}
    settled = set(TRUTH.names) - open_ends
    for name, also in (("t_end", set()), ("t_effect_end", {"outcome"})):
        if old.get(name) and _number(old[name]) < until:
            settled |= {name} | also
    if old.get("changes") == new.get("changes"):
        settled.add("parameters")
    return all(old.get(name) == new.get(name) for name in settled)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _text(line: bytes | None) -> str | None:
    return None if line is None else line.decode("utf-8", "backslashreplace").rstrip("\n")


def _first_difference(one: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _shown(line: str | None, start: int) -> str:
    if line is None:
        return "nothing"
    begin = max(0, start - SHOWN // 4)
    part = line[begin : begin + SHOWN]
    return f"{'…' if begin else ''}{part!r}{'…' if begin + SHOWN < len(line) else ''}"


def _reader_of_times(name: str, start_utc: float) -> Callable[[bytes], float | None]:
    """Reads the lab time in s off a line of a file; None where it has none."""

    def of_json(line: bytes) -> float | None:
        try:
            return float(msgspec.json.decode(line)["t"])
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, UnicodeError):
            return None

    def of_candump(line: bytes) -> float | None:
        found = _CANDUMP_TIME.match(line)
        return None if found is None else float(found[1]) - start_utc

    if name in (layout.OCPP, layout.EVENTS):
        return of_json
    if name == layout.CAN_LOG:
        return of_candump
    (table,) = (table for table in TABLES if table.file == name)
    column = table.names.index(table.time)

    def of_csv(line: bytes) -> float | None:
        try:
            return float(split_csv(line.rstrip(b"\r\n"))[column])
        except (IndexError, ValueError):
            return None

    return of_csv
