"""``evtui report``: one HTML page of one or several run folders."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from evtui.cli.errors import BadInput
from evtui.cli.values import Where

__all__ = ["command"]


@click.command(
    short_help="Make one HTML page of one or several run folders.",
    epilog="""\
\b
Examples:
  evtui report runs/a                     writes runs/a/report.html
  evtui report runs/* --out compare.html  compares them
  evtui report matrix                     compares those in it: matrix/report.html

\b
Exit codes: 0 written, 2 bad input; then FILE is as it was.
""",
)
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=Where())
@click.option(
    "--out",
    metavar="FILE",
    type=Where(),
    help="Where to; - is standard output. [report.html: in DIR, or here for several]",
)
def command(folders: tuple[Path, ...], out: Path | None) -> int:
    """Draw what happened in each run folder DIR, list it, and compare several.

    In the place of a folder of run folders, such as a matrix, stand those in it.
    The page needs no network and no other file.  An earlier report is replaced, any other file is
    not.  Needs the extra evtui[report].
    """
    from evtui.cli.percent import PercentProgress
    from evtui.cli.progress import say
    from evtui.cli.runs import opened, runs_in
    from evtui.export import TargetError, new_file
    from evtui.recording.read import FolderError
    from evtui.report import ReportError, is_report, report

    try:
        runs = [opened(folder) for folder in runs_in(folders)]
        target = None if str(out) == "-" else out or _default(folders)
        if target is not None and target.is_file() and not is_report(target):
            raise BadInput(f"{target} exists and is no report; choose another name with --out")
        percent = PercentProgress("report", 0.0, max(run.t_end for run in runs))
        try:
            page = report(runs, percent).encode()
        finally:
            percent.close()
        if target is None:
            sys.stdout.buffer.write(page)
        else:
            with new_file(target, force=True, folders=[run.path for run in runs]) as file:
                file.write(page)
    except (FolderError, ReportError, TargetError) as error:
        raise BadInput(str(error)) from None
    for run in runs:
        for problem in run.problems:
            say(f"evtui: {run.path.name}: {problem}")
    where = "standard output" if target is None else str(target)
    number = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    say(f"{number}, {len(page) / 1000:,.0f} kB -> {where}")
    return 0


def _default(folders: tuple[Path, ...]) -> Path:
    alone = len(folders) == 1 and folders[0].is_dir()
    return (folders[0] if alone else Path()) / "report.html"
