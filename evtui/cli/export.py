"""``evtui export``: a run folder's data in another format."""

from __future__ import annotations

from pathlib import Path

import click

from evtui.cli.errors import BadInput
from evtui.cli.values import Checked, Where
from evtui.kinds import Choice

__all__ = ["command"]

# The names stand here too, so that help and mistakes need no import; a test compares them.
FORMATS = ("asc", "blf", "trc", "csv", "parquet", "can-train-and-test", "hcrl", "open-ocpp-trace")
TABLES = ("frames", "signals", "ocpp", "alarms", "truth")
LABELS = ("attack", "effect")


@click.command(
    short_help="Write a run folder's data in another format.",
    epilog="""\
\b
Formats:
  asc, blf, trc        CAN logs, written by python-can
  csv                  frames as python-can writes them, other tables as in the folder
  parquet              typed columns; needs the extra evtui[parquet]
  can-train-and-test   timestamp,arbitration_id,data_field,attack
  hcrl                 time, id, DLC, 8 data bytes, T injected or R normal; no header
  open-ocpp-trace      OCPP messages, JSON lines of version 1.1

\b
Exit codes: 0 written, 2 bad input; then FILE is as it was.
""",
)
@click.argument("folder", metavar="DIR", type=Where())
@click.option(
    "--format",
    "name",
    metavar="NAME",
    type=Checked(Choice(*FORMATS)),
    required=True,
    help="What to write.",
)
@click.option(
    "--out", metavar="FILE", type=Where(), required=True, help="Where to; - is standard output."
)
@click.option(
    "--table",
    metavar="NAME",
    type=Checked(Choice(*TABLES)),
    help=f"Which table, for csv and parquet: {', '.join(TABLES)}. [frames]",
)
@click.option(
    "--label",
    metavar="NAME",
    type=Checked(Choice(*LABELS)),
    help="What the label of can-train-and-test and hcrl marks: attack, injected frames; effect, "
    "every frame from an attack's start until the safe state. [attack]",
)
@click.option("--force", is_flag=True, help="Replace FILE when it exists.")
def command(
    folder: Path, name: str, out: Path, table: str | None, label: str | None, force: bool
) -> int:
    """Write the data of the run folder DIR, or of a CAN log in candump's format, for other tools.

    Folders that are not complete export what is there.
    """
    from evtui.cli.percent import Percent
    from evtui.cli.progress import say
    from evtui.export import FORMATS as KNOWN
    from evtui.export import ExportError, export
    from evtui.recording.reader import FolderError, RunFolder

    chosen = KNOWN[name]
    if table is not None and len(chosen.tables) == 1 and table != chosen.tables[0]:
        raise BadInput(f"--table {table}: {name} holds {chosen.tables[0]} only; try --format csv")
    if label is not None and not chosen.labels:
        raise BadInput(f"--label {label}: {name} has no label column; leave --label out")
    try:
        run = RunFolder(folder)
        percent = Percent(f"{run.path.name} -> {out}", run.t_first, run.t_end)
        try:
            done = export(
                run,
                name,
                None if str(out) == "-" else out,
                table=table,
                label="effect" if label == "effect" else "attack",
                force=force,
                progress=percent,
            )
        finally:
            percent.close()
    except (ExportError, FolderError) as error:
        raise BadInput(str(error)) from None
    for problem in run.problems:  # some show only when a file is read to its end
        say(f"evtui: {problem}")
    if chosen.loses and table in (None, chosen.tables[0]):
        counts = ", ".join(_count(each, kind) for kind, each in done.left_out.items())
        left_out = f" (left out: {counts})" if counts else ""
        say(f"evtui: {name} does not keep {chosen.loses}{left_out}")
    if done.moved:
        moved = _count(done.moved, done.unit)
        say(f"evtui: {moved} out of order, written at the time of the one before")
    where = "standard output" if str(out) == "-" else out
    say(f"{_count(done.rows, done.unit)}, {done.span:.1f} s -> {where}")
    return 0


def _count(number: int, plural: str) -> str:
    return f"{number:,} {plural.removesuffix('s') if number == 1 else plural}"
