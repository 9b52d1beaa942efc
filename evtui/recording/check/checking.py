"""Checks a run folder: is everything there, does it agree, up to which time can it be trusted.

Every file is read from beginning to end, line by line, so memory does not grow with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from evtui.recording.canlog import LogReading
from evtui.recording.check.agreement import (
    check_frames,
    check_messages,
    check_others,
    check_signals,
    check_truth,
)
from evtui.recording.check.plausible import check_manifest, check_scenario
from evtui.recording.check.walking import Walk
from evtui.recording.format import layout
from evtui.recording.format.manifest import FileInfo, Manifest
from evtui.recording.format.truth import TruthTracker
from evtui.recording.read.candump import logged_frame
from evtui.recording.read.findings import Finding, Findings, Severity
from evtui.recording.read.opening import Sources, open_sources
from evtui.recording.read.ordering import OnLines
from evtui.recording.read.parsing import Unsupported
from evtui.recording.read.timefile import TimeFile, candump_stamp
from evtui.regular import LARGEST_FILE, open_regular, reason

__all__ = ["LOST_AT_MOST", "Report", "check_folder", "describe_file"]

LOST_AT_MOST = 0.25
"""s of wall time that a killed process may lose; the recorder writes every 50 ms."""

STALLED = 1.0
"""s of wall time between the writes to two files at most, when a machine stands still."""

FASTEST = 5000.0
"""Simulated seconds a second that a run at full speed is not expected to pass."""

MOST_EVENTS = 1 << 32
"""A day has two million; larger numbers would cost memory."""

_BLOCK = 1 << 16

_COUNTED = 1 << 28
"""Bytes up to which a file that has not its size is read all the same, for its rows."""

_LARGEST_BESIDE = 1 << 26
"""Bytes of a file that does not grow with the run."""

_TIMED = (
    *(layout.SIGNALS, layout.OCPP, layout.CAN_LOG, layout.CAN_LABELS),
    *(layout.TRUTH, layout.ALARMS, layout.EVENTS),
)
"""Files that every run has; that one is missing is found when they are opened."""


class Report(msgspec.Struct, kw_only=True):
    """What came of a check."""

    schema: Literal["evtui.check/1"] = "evtui.check/1"
    path: Annotated[str, Meta(description="of the folder or log.")]
    status: Annotated[
        Literal["running", "complete", "interrupted", "unknown", "log"],
        Meta(description="of the manifest, `unknown` without one; `log` for a CAN log alone."),
    ]
    sound: Annotated[bool, Meta(description="nothing was found but notes.")]
    damaged: Annotated[bool, Meta(description="more is wrong than that the end is missing.")]
    complete_to: Annotated[
        float, Meta(description="in front of this lab time in s nothing is missing.")
    ]
    t_first: Annotated[float, Meta(description="lab time in s of the first event.")]
    t_end: Annotated[float, Meta(description="lab time in s of the last event.")]
    events: Annotated[int, Meta(description="different events found in all files.")]
    rows: Annotated[dict[str, int], Meta(description="lines by file, headers excluded.")]
    written_to: Annotated[bool, Meta(description="the folder grew while it was looked at.")]
    findings: Annotated[list[Finding], Meta(description="the worst first.")]
    repaired: Annotated[list[str], Meta(description="what --repair did before, in words.")] = []


def check_folder(
    path: Path, wait: Callable[[], None] = lambda: None, on_lines: OnLines | None = None
) -> Report:
    """Check the run folder ``path``, or a candump log alone, as it is now.

    Args:
        wait: called before a second look at a folder that was never closed, to give somebody
            who still writes to it the time to do so.
        on_lines: see :func:`open_sources`.

    Raises:
        FolderError: it is neither.
    """
    if path.is_file():
        return _check_log(path, on_lines)
    sizes = _sizes(path)
    sources = open_sources(path)
    manifest = sources.manifest
    status = manifest.status if manifest else "unknown"
    findings = Findings()
    walk = Walk(findings, largest=min(sum(sizes.values()), MOST_EVENTS))
    truth = TruthTracker()
    for problem in sources.problems:
        findings.add(problem.severity, problem.file, problem.text)
    check_signals(sources, walk, findings)
    check_frames(sources, walk, findings, "error" if status == "complete" else "incomplete")
    losses, left_out = check_others(sources, walk, findings, truth)
    check_messages(sources, walk, findings, losses, left_out)
    check_truth(sources, walk, findings, truth, _BEHIND[status])
    complete_to = _check_numbers(sources, walk, findings)
    check_scenario(path, findings)
    written_to = False
    if manifest is not None:
        _check_files(path, manifest, findings)
    if status == "running":
        wait()
        written_to = _sizes(path) != sizes
    if manifest is not None:
        check_manifest(sources, walk, findings)
        _tell_status(path, manifest, walk.t_end, written_to, findings)
    told = findings.told()
    return Report(
        path=str(path),
        status=status,
        sound=all(finding.severity == "note" for finding in told),
        damaged=any(finding.severity == "error" for finding in told),
        complete_to=complete_to,
        t_first=walk.t_first if walk.numbers.count else 0.0,
        t_end=walk.t_end,
        events=walk.numbers.count,
        rows=walk.rows,
        written_to=written_to,
        findings=told,
    )


def _check_log(path: Path, on_lines: OnLines | None) -> Report:
    """Every line is a frame, or something that is known; what is strange with time is a note."""
    sources = open_sources(path, on_lines=on_lines)
    findings = Findings()
    told_apart = [] if sources.foreign is None else sources.foreign.told()
    for problem in sources.problems:
        if problem.text not in told_apart:
            findings.add("note", problem.file, problem.text)
    frames = sources.foreign.frames if sources.foreign is not None else 0
    if sources.foreign is not None:
        _tell_unread(path.name, sources.foreign, findings)
    elif sources.text is not None:
        frames = _check_lines(path.name, sources.text, findings)
    file = sources.log.file if sources.log is not None else None
    t_first, t_end = (file.first() or 0.0, file.last() or 0.0) if file else (0.0, 0.0)
    told = findings.told()
    damaged = any(finding.severity == "error" for finding in told)
    return Report(
        path=str(path),
        status="log",
        sound=not damaged,
        damaged=damaged,
        complete_to=t_end,
        t_first=t_first,
        t_end=t_end,
        events=frames,
        rows={path.name: frames},
        written_to=False,
        findings=told,
    )


def _tell_unread(name: str, reading: LogReading, findings: Findings) -> None:
    """What of a log in another format than candump's is no frame."""
    for place, why in reading.unread:
        line = place if reading.unit == "line" else None
        at = "" if line is not None else f"at {reading.unit} {place:,} "
        findings.add("error", name, f"{at}cannot be read: {why}", line=line)
    more = reading.refused - len(reading.unread)
    if more:
        findings.add("error", name, f"{more:,} more places that cannot be read")
    for what, number in reading.left_out.items():
        findings.add("note", name, f"left out: {number:,} {what}")


def _check_lines(name: str, path: Path, findings: Findings) -> int:
    """Look at every line of a log of candump; returns how many are frames."""
    frames = 0
    whole = TimeFile(path, candump_stamp, keep_torn=True, follow=True)
    for number, (_, line) in enumerate(whole.lines(), 1):
        try:
            logged_frame(line)
        except Unsupported as what:
            findings.add("note", name, f"left out: {what}", line=number, kind=str(what))
        except ValueError as error:
            kind = "lines that cannot be read"
            findings.add("error", name, f"cannot be read: {error}", line=number, kind=kind)
        else:
            frames += 1
    return frames


_BEHIND: dict[str, Severity] = {
    "complete": "error",
    "interrupted": "note",
    "running": "incomplete",
    "unknown": "incomplete",
}
"""How bad it is, for each status, that one file ends a little before another."""


def _check_numbers(sources: Sources, walk: Walk, findings: Findings) -> float:
    """Lab time in s in front of which no event is missing."""
    numbers, manifest = walk.numbers, sources.manifest
    virtual = manifest is not None and manifest.clock.mode == "virtual"
    if numbers.first > 1:
        # A recording that is switched on while the lab runs begins somewhere.
        findings.add(
            "error" if virtual else "note",
            "",
            f"the recording begins with event {numbers.first}, at {walk.t_first:.3f} s",
        )
    gap = next(numbers.gaps(), None)
    if gap is None:
        return walk.t_end
    complete_to = max((t for seq, t in _numbered(sources) if seq < gap.start), default=0.0)
    severity: Severity = "error"
    if manifest is not None and walk.t_end - complete_to <= STALLED * _factor(manifest):
        severity = _BEHIND[manifest.status]
    findings.add(
        severity,
        "",
        f"events are missing: {numbers.missing} of {numbers.last}, the first of them number "
        f"{gap.start}; complete up to {complete_to:.3f} s, the last event is at {walk.t_end:.3f} s",
    )
    return complete_to


def _numbered(sources: Sources) -> Iterator[tuple[int, float]]:
    """Number and time of every event that can be read."""
    for rows in sources.in_time():
        if rows is not None and rows is not sources.log:
            yield from ((row.seq, rows.time(row)) for _, row in rows.located())


def _factor(manifest: Manifest) -> float:
    """Simulated seconds a second, at most."""
    return FASTEST if manifest.clock.speed == "max" else float(manifest.clock.speed)


def _check_files(path: Path, manifest: Manifest, findings: Findings) -> None:
    """Holds every file against the size, rows and hash that the manifest has of it."""
    known = {found.name for found in path.iterdir()}
    for name, told in manifest.files.items():
        if name not in known:
            if name not in _TIMED:
                findings.add("error", name, "missing")
            continue
        try:
            size = (path / name).lstat().st_size
            if size != told.bytes and size > _COUNTED:  # not worth the minutes to count its rows
                text = f"has {size} bytes, the manifest says {told.bytes}"
                findings.add("error", name, text)
                continue
            largest = LARGEST_FILE if name in _TIMED else _LARGEST_BESIDE
            found = describe_file(path / name, largest)
        except OSError as error:
            if name not in _TIMED:
                findings.add("error", name, f"cannot be read: {reason(error)}")
            continue
        if found.rows != told.rows:
            text = f"has {found.rows} rows, the manifest says {told.rows}"
        elif found.bytes != told.bytes:
            text = f"has {found.bytes} bytes, the manifest says {told.bytes}"
        elif found.sha256 != told.sha256:
            text = "was changed: its sha256 is not the one in the manifest"
        else:
            continue
        findings.add("error", name, text)
    if manifest.status == "complete":
        for name in sorted(set(_TIMED) & known - set(manifest.files)):
            findings.add("error", layout.MANIFEST, f"says nothing about {name}")
    if manifest.scenario is not None and layout.SCENARIO not in known | set(manifest.files):
        findings.add("error", layout.SCENARIO, "missing")


def describe_file(path: Path, largest: int = LARGEST_FILE) -> FileInfo:
    """Rows, bytes and hash of a file of so many bytes at most, as they stand in the manifest.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    size = lines = 0
    with open_regular(path, largest=largest) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
            lines += block.count(b"\n")
    header = path.suffix == ".csv"
    return FileInfo(rows=max(0, lines - header), bytes=size, sha256=digest.hexdigest())


def _tell_status(
    path: Path, manifest: Manifest, t_end: float, written_to: bool, findings: Findings
) -> None:
    if manifest.status == "interrupted":
        at = manifest.interrupted_at_s
        when = "" if at is None else f" at {at:.3f} s"
        findings.add("note", "", f"the run was interrupted{when}: {manifest.interrupted}")
    if manifest.status != "running":
        return
    lost = f"at most the last {LOST_AT_MOST:g} s of wall time"
    if manifest.clock.speed != "max" and manifest.clock.speed != 1:
        lost += f", {LOST_AT_MOST * manifest.clock.speed:g} s of the run,"
    if written_to:
        text = f"somebody is writing to it now; {lost} are not on disk yet"
    else:
        newest = max((stat.st_mtime for stat in _stats(path).values()), default=0.0)
        when = datetime.fromtimestamp(newest, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = (
            f"never closed, and nobody wrote to it while it was checked; last written {when}. "
            f"If its process was killed, {lost} are lost, after {t_end:.3f} s"
        )
    findings.add("incomplete", layout.MANIFEST, text)


def _sizes(path: Path) -> dict[str, int]:
    return {name: stat.st_size for name, stat in _stats(path).items()}


def _stats(path: Path) -> dict[str, os.stat_result]:
    """Of each file of a run that is there."""
    stats: dict[str, os.stat_result] = {}
    for name in layout.FILES:
        with contextlib.suppress(OSError):
            stats[name] = (path / name).lstat()
    return stats
