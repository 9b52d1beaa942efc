"""``evtui export``: a run folder's data in another format, or in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from evtui.cli.errors import BadInput
from evtui.cli.values import Checked, Where
from evtui.kinds import Choice

if TYPE_CHECKING:
    from evtui.recording.read import RunFolder

__all__ = ["command"]

# The names stand here too, so that help and mistakes need no import; a test compares them.
FORMATS = (
    *("asc", "blf", "trc", "savvycan", "candump", "pcapng", "csv", "python-can-csv", "parquet"),
    *("can-train-and-test", "hcrl", "open-ocpp-trace"),
)
TABLES = ("frames", "signals", "ocpp", "alarms", "truth")
LABELS = ("attack", "effect")

EXPORTS = "export"
"""Folder in a run folder for what --all writes."""

_CHANNELS_TOLD = 8


@click.command(
    short_help="Write a run folder's data in another format, or in all of them.",
    epilog="""\
\b
Formats:
  asc, blf, trc        CAN logs of Vector and PEAK; Wireshark opens blf
  savvycan             SavvyCAN's own csv, Unix time in microseconds
  candump              can.log without R and T at the ends of lines, for Wireshark and scapy
  pcapng               frames and OCPP messages for Wireshark, what was injected commented
  csv                  tables as in the folder, ids and data of frames as 0x..., for pandas
  python-can-csv       frames as python-can writes and reads them, data in base64
  parquet              typed columns; needs the extra evtui[parquet]
  can-train-and-test   timestamp,arbitration_id,data_field,attack
  hcrl                 time, id, DLC, 8 data bytes, T injected or R normal; no header
  open-ocpp-trace      OCPP messages, JSON lines of version 1.1

\b
The date in an .asc is local time without a zone; TZ=UTC evtui export ...
writes the same everywhere. evtui docs logs has what each log keeps.

\b
Examples:
  evtui export runs/a --format blf --out a.blf
  evtui export runs/a --all                      every format, into runs/a/export
  evtui export matrix --format csv --out tables  a file for each run in it

\b
Exit codes: 0 written, 2 bad input; then FILE is as it was.
""",
)
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=Where())
@click.option(
    "--format", "name", metavar="NAME", type=Checked(Choice(*FORMATS)), help="What to write."
)
@click.option("--all", "everything", is_flag=True, help="Write every table in every format.")
@click.option(
    "--out",
    metavar="FILE",
    type=Where(),
    help="Where to; - is standard output. For several folders, and with --all, a folder. "
    "[with --all: export in DIR]",
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
@click.option("--force", is_flag=True, help="Replace files that exist.")
def command(
    folders: tuple[Path, ...],
    name: str | None,
    everything: bool,
    out: Path | None,
    table: str | None,
    label: str | None,
    force: bool,
) -> int:
    """Write the data of each run folder DIR, or of a CAN log in any format, for other tools.

    Folders that are not complete export what is there.  In the place of a folder of run folders,
    such as a matrix, stand those in it.
    """
    from evtui.cli.runs import names_of, opened, runs_in
    from evtui.export import ExportError
    from evtui.recording.read import FolderError

    _check_options(name, everything, out, table, label)
    paths = runs_in(folders)
    try:
        for path, of in zip(paths, names_of(paths), strict=True):
            run = opened(path)
            if everything:
                jobs = _all_of(run, out / of if out is not None and len(paths) > 1 else out)
            else:
                alone = paths == [folders[0]]
                jobs = [_one_of(of, name or "", table, out or Path(), alone=alone)]
            _export(run, jobs, label, force)
    except (ExportError, FolderError) as error:
        raise BadInput(str(error)) from None
    return 0


class _Job(NamedTuple):
    name: str
    table: str | None
    out: Path


def _check_options(
    name: str | None, everything: bool, out: Path | None, table: str | None, label: str | None
) -> None:
    from evtui.export import FORMATS as KNOWN

    if everything:
        if name is not None or table is not None:
            raise BadInput("--all writes every table in every format; leave --format, --table out")
        if str(out) == "-":
            raise BadInput("--out -: --all writes many files; give --out a folder")
        return
    if name is None:
        raise BadInput(
            f"--format is missing: one of {', '.join(FORMATS)}; or --all. See evtui export --help."
        )
    if out is None:
        raise BadInput("--out is missing. See evtui export --help.")
    chosen = KNOWN[name]
    if table is not None and len(chosen.tables) == 1 and table != chosen.tables[0]:
        raise BadInput(f"--table {table}: {name} holds {chosen.tables[0]} only; try --format csv")
    if label is not None and not chosen.labels:
        raise BadInput(f"--label {label}: {name} has no label column; leave --label out")


def _one_of(of: str, name: str, table: str | None, out: Path, *, alone: bool) -> _Job:
    """What is asked for of a run, in ``out``, or one of several in the folder ``out``."""
    from evtui.export import FORMATS as KNOWN

    if alone:
        return _Job(name, table, out)
    if str(out) == "-":
        raise BadInput("--out -: several runs go into several files; give --out a folder")
    part = f".{table}" if table else ""
    return _Job(name, table, _folder(out) / f"{of}{part}{KNOWN[name].suffix}")


def _all_of(run: RunFolder, out: Path | None) -> list[_Job]:
    """Everything there is to a run, into ``out``, by default into a folder of its own."""
    from evtui.export import FORMATS as KNOWN
    from evtui.export import exportable

    if out is None:
        path = run.path
        out = path / EXPORTS if path.is_dir() else path.with_name(f"{path.name}.{EXPORTS}")
        if out.is_symlink():
            raise BadInput(f"{out} is a symbolic link, which is not followed; give --out a folder")
    folder = _folder(out)
    return [
        _Job(name, table, folder / f"{table}{KNOWN[name].suffix}")
        for name, table in exportable(run)
    ]


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"--out {path}: {(error.strerror or str(error)).lower()}") from None
    return path


def _export(run: RunFolder, jobs: list[_Job], label: str | None, force: bool) -> None:
    """Write them, and say what was written and what was not."""
    from evtui.cli.percent import PercentProgress
    from evtui.cli.progress import say
    from evtui.export import FORMATS as KNOWN
    from evtui.export import export

    told: list[str] = []
    for name, table, out in jobs:
        chosen = KNOWN[name]
        percent = PercentProgress(f"{run.path.name} -> {out}", run.t_first, run.t_end)
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
        if chosen.loses and table in (None, chosen.tables[0]):
            counts = ", ".join(_count(each, kind) for kind, each in done.left_out.items())
            left_out = f" (left out: {counts})" if counts else ""
            told.append(f"evtui: {name} does not keep {chosen.loses}{left_out}")
        if done.moved:
            moved = _count(done.moved, done.unit)
            told.append(f"evtui: {moved} out of order, written at the time of the one before")
        if done.channels:
            told.append(f"evtui: in {name}, {_channels(done.channels)}")
        where = "standard output" if str(out) == "-" else out
        told.append(f"{_count(done.rows, done.unit)}, {done.span:.1f} s -> {where}")
    for problem in run.problems:  # some show only when a file is read to its end
        say(f"evtui: {problem}")
    for line in told:
        say(line)


def _count(number: int, plural: str) -> str:
    return f"{number:,} {plural.removesuffix('s') if number == 1 else plural}"


def _channels(channels: Mapping[str, str]) -> str:
    """Which bus each is, as far as a line holds them."""
    shown = [f"{each} is {name}" for each, name in islice(channels.items(), _CHANNELS_TOLD)]
    more = len(channels) - len(shown)
    return ", ".join(shown) + f" and {more:,} more are others" * (more > 0)
