"""``evtui check``: whether a run folder is sound, and what can be done when it is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evtui.cli.errors import BadInput
from evtui.cli.values import Where
from evtui.escaping import for_terminal

if TYPE_CHECKING:
    from evtui.recording.check import Report

__all__ = ["command"]

_SECOND_LOOK = 0.3
"""s before the second look at a folder that is not closed: several flushes of a recorder."""


@click.command(
    short_help="Check a run folder or a CAN log, and repair what can be repaired.",
    epilog="""\
\b
What is checked: every file is there, with the columns, rows and sha256 that
the manifest says; lines are whole and in order of time; events are numbered
without gaps over all files; each OCPP answer has its CALL and each CALL its
answer; can.log and can_labels.csv agree row by row; truth.csv says what the
injectors said; samples come every 100 ms.

\b
  error        something is wrong or missing: do not build on this folder
  incomplete   the end is missing, as after a kill: good up to the time said
  note         good to know, such as a CALL that was open when the run ended

\b
A run that was interrupted and closed (Ctrl+C, SIGTERM, a full disk) is sound
when all else is; the first line says how far it goes. One that was killed
never was closed: it is incomplete until repaired. --repair moves torn last
lines to FILE.torn, gives the two CAN files the same rows and closes the
manifest as interrupted; nothing else is touched.

\b
Of a CAN log alone, in any format: that everything in it is a frame, how
many are out of order, and where its clock was set.

\b
Exit codes: 0 sound (notes at most), 1 something was found, 2 bad input: not a
run folder, or one that cannot be repaired.
""",
)
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=Where("dir"))
@click.option("--repair", "mend", is_flag=True, help="Repair what a kill left behind, then check.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(folders: tuple[Path, ...], mend: bool, as_json: bool) -> int:
    """Say whether the run folder or CAN log DIR can be trusted, and up to which time.

    Of a folder of run folders, such as a matrix, each is checked.
    """
    import msgspec

    from evtui.cli.runs import runs_in
    from evtui.events import pretty_json
    from evtui.recording.read import FolderError

    runs = runs_in(folders)
    checked: list[tuple[Report, list[str]]] = []
    try:
        for folder in runs:
            checked.append(_check(folder, mend=mend))
            if not as_json:
                report, done = checked[-1]
                told = [f"repaired: {line}" for line in done] or ["nothing to repair"] * mend
                click.echo("\n".join(map(for_terminal, [*told, *_lines(report)])))
    except FolderError as error:
        raise BadInput(str(error)) from None
    if as_json:
        found = [msgspec.structs.replace(report, repaired=done) for report, done in checked]
        # One that was named alone is told as it always was.
        only = found[0] if runs == list(folders) and len(found) == 1 else found
        click.echo(pretty_json(only), nl=False)
    elif len(runs) > 1:
        sound = sum(report.sound for report, _ in checked)
        click.echo(f"{sound} of {len(runs)} sound")
    return 0 if all(report.sound for report, _ in checked) else 1


def _check(folder: Path, *, mend: bool) -> tuple[Report, list[str]]:
    """What came of a check, and what was repaired before.

    Raises:
        FolderError: it is no run folder, or cannot be repaired.
    """
    import time

    from evtui.cli.percent import LinesRead
    from evtui.recording.check import check_folder, repair

    def look() -> Report:
        read = LinesRead(f"reading {folder.name}:")
        try:
            return check_folder(folder, wait=lambda: time.sleep(_SECOND_LOOK), on_lines=read)
        finally:
            read.close()

    report = look()
    if not mend:
        return report, []
    if report.written_to:
        raise BadInput(f"{folder}: somebody is writing to it; end that before a repair")
    if report.status == "log":
        raise BadInput(f"{folder}: a CAN log stays as it is; leave --repair out")
    done = repair(folder)
    return (look() if done else report), done


def _lines(report: Report) -> list[str]:
    if not report.rows and len(report.findings) == 1:  # there is nothing to count
        return [f"{report.path}: {report.findings[0]}"]
    lines = [f"{report.path}: {_verdict(report)}", f"  {_counts(report)}"]
    lines += [f"  {finding.severity}: {finding}" for finding in report.findings]
    mendable = any(finding.severity == "incomplete" for finding in report.findings)
    if mendable and not report.written_to:
        lines.append(f"  evtui check {report.path} --repair closes it, and keeps what it cuts off")
    return lines


def _verdict(report: Report) -> str:
    """Whether it can be trusted, and up to which time."""
    end = f"{report.complete_to:.3f} s"
    if report.status == "log":
        state = "with lines that cannot be read" if report.damaged else "sound"
        return f"a CAN log, {state}, {report.t_end - report.t_first:.3f} s long"
    behind = ""
    if report.complete_to < report.t_end:
        behind = f"; the last event is at {report.t_end:.3f} s"
    if report.damaged:
        return f"damaged, not to be trusted; no event is missing up to {end}{behind}"
    if report.written_to:
        return f"being recorded, complete up to {end}{behind}"
    if not report.sound:
        return f"not closed, trust it up to {end}{behind}"
    if report.status == "interrupted":
        return f"sound, interrupted, complete up to {end}{behind}"
    return f"sound, complete up to {end}"


def _counts(report: Report) -> str:
    files = ", ".join(f"{name} {rows:,}" for name, rows in report.rows.items())
    what = "frame" if report.status == "log" else "event"
    plural = "" if report.events == 1 else "s"
    return f"{report.events:,} {what}{plural}; rows: {files or 'none'}"
