"""Repairs a run folder that was torn, and takes nothing away: what it cuts off it keeps beside."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from pathlib import Path

from evtui.recording.check.checking import check_folder, describe_file
from evtui.recording.format import layout
from evtui.recording.format.cell import split_csv
from evtui.recording.format.manifest import Manifest
from evtui.recording.read.opening import FolderError
from evtui.recording.read.timefile import LONGEST_LINE
from evtui.regular import check_regular, open_regular

__all__ = ["TORN_SUFFIX", "repair"]

TORN_SUFFIX = ".torn"
"""Of the file beside it that holds what was cut off."""

_TORN = (
    *(layout.SIGNALS, layout.OCPP, layout.CAN_LOG, layout.CAN_LABELS),
    *(layout.ALARMS, layout.EVENTS),
)
"""Files that grow, and so can end in the middle of a line."""

_BLOCK = 1 << 16


def repair(path: Path) -> list[str]:
    """Cut torn last lines off, give the two CAN files the same rows, close the manifest.

    Nobody may be writing to the folder, as
    :func:`~evtui.recording.check.checking.check_folder` says.
    Nothing is written outside of it: what is no regular file ends the repair before it begins.

    Returns:
        What was done, one line each; empty where nothing was to be done.

    Raises:
        FolderError: it cannot be repaired, since something in it cannot be written.
    """
    try:
        _check_regular(path)
        cut = {name for name in _TORN if _cut_torn_line(path / name)}
        behind = _even_out(path)
        done = [f"{name}: torn last line moved to {name}{TORN_SUFFIX}" for name in sorted(cut)]
        if behind:
            cut.add(behind)
            done.append(f"{behind}: lines without their partner moved to {behind}{TORN_SUFFIX}")
        return done + _close(path, cut)
    except OSError as error:
        raise FolderError(
            f"{error.filename or path}: cannot be repaired: {error.strerror}"
        ) from None


def _check_regular(path: Path) -> None:
    for name in (*layout.FILES, *(name + TORN_SUFFIX for name in _TORN)):
        with suppress(FileNotFoundError):
            check_regular(path / name)


def _cut_torn_line(file: Path) -> bool:
    try:
        end, _ = _whole_lines(file)
    except FileNotFoundError:
        return False
    return _cut(file, end)


def _even_out(path: Path) -> str:
    """Bring the two CAN files to the same number of rows; returns which one was longer."""
    log, labels = path / layout.CAN_LOG, path / layout.CAN_LABELS
    if not log.exists() or not labels.exists():
        return ""
    frames = min(describe_file(log).rows, describe_file(labels).rows)
    log_end, entry = _whole_lines(log, frames)
    labels_end, label = _whole_lines(labels, frames + 1)
    if frames and not entry.startswith(b"(" + _timestamp(labels, label) + b") "):
        return ""  # lines are missing somewhere else, and the last ones are as good as any
    if _cut(log, log_end):
        return layout.CAN_LOG
    return layout.CAN_LABELS if _cut(labels, labels_end) else ""


def _timestamp(labels: Path, line: bytes) -> bytes:
    """What a line of can_labels.csv has in that column; empty where there is none."""
    _, header = _whole_lines(labels, 1)
    with suppress(ValueError, IndexError):
        place = split_csv(header.rstrip(b"\r\n")).index("timestamp")
        return split_csv(line.rstrip(b"\r\n"))[place].encode("utf-8", "backslashreplace")
    return b""


def _close(path: Path, cut: set[str]) -> list[str]:
    """Rewrite the manifest of a folder that was never closed, or of which something was cut."""
    file = path / layout.MANIFEST
    try:
        manifest = Manifest.load(file)
    except (FileNotFoundError, ValueError):
        return []  # what was run is known to nobody now
    running = manifest.status == "running"
    if not running and not cut:
        return []
    report = check_folder(path)
    manifest.status = "interrupted"
    manifest.interrupted = manifest.interrupted or (
        "the recording was never closed" if running else "lines were torn off"
    )
    manifest.interrupted_at_s = report.complete_to
    manifest.t_end_s = report.t_end
    # A file that was whole keeps the hash it had: a repair must not hide a change.
    renewed = [name for name in layout.FILES if running or name in cut]
    for name in renewed:
        if name != layout.MANIFEST and (path / name).exists():
            manifest.files[name] = describe_file(path / name)
    manifest.save(file)
    return [f"{layout.MANIFEST}: closed as interrupted, complete up to {report.complete_to:.3f} s"]


def _whole_lines(file: Path, lines: int | None = None) -> tuple[int, bytes]:
    """Bytes of the first ``lines`` lines that are whole, default all, and the last of them."""
    size, end, last = 0, 0, b""
    with open_regular(file) as text:
        for line in islice(iter(lambda: text.readline(LONGEST_LINE), b""), lines):
            size += len(line)
            if line.endswith(b"\n"):
                end, last = size, line
    return end, last


def _cut(file: Path, size: int) -> bool:
    """Move what stands behind the first ``size`` bytes into the file beside."""
    if file.stat().st_size <= size:
        return False
    with open_regular(file, "r+b") as text:
        text.seek(size)
        with open_regular(file.with_name(file.name + TORN_SUFFIX), "ab") as beside:
            while block := text.read(_BLOCK):
                beside.write(block)
        text.truncate(size)
    return True
