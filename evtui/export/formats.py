"""The formats by name, and how a run folder becomes a file in one of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from evtui.export.channels import ChannelError
from evtui.export.labelled import Label, write_can_train_and_test, write_hcrl
from evtui.export.ocpp_trace import write_open_ocpp_trace
from evtui.export.tables import TABLES, ExportTable, write_csv
from evtui.export.tally import ExportProgress, Tally
from evtui.export.target import Borrowed, TargetError, new_file
from evtui.recording.format import layout
from evtui.recording.read import RunFolder

__all__ = ["FORMATS", "TABLES", "ExportError", "Exported", "Format", "export", "exportable"]


class ExportError(Exception):
    """The export cannot be done; its text is one line."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        rows: how many.
        unit: of what, ``frames``.
        span: s from the first to the last.
        left_out: what the format has no place for, by kind.
        moved: rows far out of order, written at the time of the one before them.
        channels: channel of a CAN log to the name of its bus, where it does not tell.
    """

    rows: int
    unit: str
    span: float
    left_out: Mapping[str, int]
    moved: int
    channels: Mapping[str, str]


@dataclass(frozen=True)
class _Job:
    folder: RunFolder
    table: ExportTable
    label: Label
    stream: BinaryIO
    tally: Tally


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        write: writes the job's table to its stream.
        suffix: of a file in it, ``.asc``.
        summary: one line for people.
        loses: what a run folder says and the format cannot, of its first table.
        tables: those it can hold; the first is the usual one.
        text: False for a binary format, which cannot go to standard output.
        labels: True when a column says what was an attack.
        needs: optional package.
        unit: of what it counts rows, where not as its table does.
    """

    write: Callable[[_Job], None]
    suffix: str
    summary: str
    loses: str = ""
    tables: tuple[str, ...] = ("frames",)
    text: bool = True
    labels: bool = False
    needs: str = ""
    unit: str = ""


def _asc(job: _Job) -> None:
    from evtui.export.can_logs import write_asc

    write_asc(job.folder, job.stream, job.tally)


def _blf(job: _Job) -> None:
    from evtui.export.can_logs import write_blf

    write_blf(job.folder, job.stream, job.tally)


def _trc(job: _Job) -> None:
    from evtui.export.can_logs import write_trc

    write_trc(job.folder, job.stream, job.tally)


def _savvycan(job: _Job) -> None:
    from evtui.export.can_logs import write_savvycan

    write_savvycan(job.folder, job.stream, job.tally)


def _candump(job: _Job) -> None:
    from evtui.export.can_logs import write_candump

    write_candump(job.folder, job.stream, job.tally)


def _python_can(job: _Job) -> None:
    from evtui.export.can_logs import write_csv as write_frames

    write_frames(job.folder, job.stream, job.tally)


def _pcapng(job: _Job) -> None:
    from evtui.export.pcapng import write_pcapng

    write_pcapng(job.folder, job.stream, job.tally)


def _parquet(job: _Job) -> None:
    from evtui.export.parquet import write_parquet

    write_parquet(job.table, job.folder, job.stream, job.tally)


_NO_LABELS = "node names and attack labels"

FORMATS: dict[str, Format] = {
    "asc": Format(
        _asc, ".asc", "Vector ASCII log", f"id, data and direction of error frames, {_NO_LABELS}"
    ),
    "blf": Format(
        _blf, ".blf", "Vector binary log", f"direction of error frames, {_NO_LABELS}", text=False
    ),
    "trc": Format(_trc, ".trc", "PEAK trace 2.1", f"error frames, {_NO_LABELS}"),
    "savvycan": Format(
        _savvycan,
        ".savvycan.csv",
        "SavvyCAN's csv",
        f"remote and error frames, flags of CAN FD, {_NO_LABELS}",
    ),
    "candump": Format(
        _candump, ".log", "candump's log as Wireshark reads it", f"direction, {_NO_LABELS}"
    ),
    "pcapng": Format(
        _pcapng,
        ".pcapng",
        "CAN frames and OCPP messages for Wireshark; injected ones have a comment",
        "node names, causes, messages that are no OCPP-J",
        text=False,
        unit="packets",
    ),
    "csv": Format(
        lambda job: write_csv(job.table, job.folder, job.stream, job.tally),
        ".csv",
        "tables as in the folder; ids and data as 0x...",
        tables=tuple(TABLES),
    ),
    "python-can-csv": Format(
        _python_can,
        ".python-can.csv",
        "python-can's own csv, data in base64",
        f"direction, bus, flags of CAN FD, {_NO_LABELS}",
    ),
    "parquet": Format(
        _parquet, ".parquet", "typed columns", tables=tuple(TABLES), text=False, needs="pyarrow"
    ),
    "can-train-and-test": Format(
        lambda job: write_can_train_and_test(job.folder, job.stream, job.tally, job.label),
        ".can-train-and-test.csv",
        "timestamp,arbitration_id,data_field,attack",
        "direction, bus, node names and whether a frame is a remote or CAN FD frame",
        labels=True,
    ),
    "hcrl": Format(
        lambda job: write_hcrl(job.folder, job.stream, job.tally, job.label),
        ".hcrl.csv",
        "time, id, DLC, data bytes, T injected or R normal",
        "direction, bus, node names, remote frames as such, frames of more than 8 bytes",
        labels=True,
    ),
    "open-ocpp-trace": Format(
        lambda job: write_open_ocpp_trace(job.folder, job.stream, job.tally),
        ".open-ocpp-trace.jsonl",
        "Open OCPP Trace 1.1, JSON lines",
        "messages that are no OCPP-J, and late deliveries beside what was sent",
        tables=("ocpp",),
    ),
}


def export(
    folder: RunFolder,
    name: str,
    out: Path | None,
    *,
    table: str | None = None,
    label: Label = "attack",
    force: bool = False,
    progress: ExportProgress | None = None,
) -> Exported:
    """Write one of ``folder``'s tables in the format ``name``; memory stays bounded.

    Args:
        name: a key of :data:`FORMATS`.
        out: the file, which appears only once it is whole; None for standard output.
        table: a key of :data:`TABLES`; by default what the format is for.
        label: what a label column marks: injected frames, or all frames while the effect lasts.
        force: replace a file that exists.
        progress: told the lab time reached.

    Raises:
        ExportError: it cannot be done; the file, if there was one, is as it was.
        FolderError: the folder cannot be read to its end.
    """
    chosen = FORMATS[name]
    source = TABLES[table or chosen.tables[0]]
    if source.name not in chosen.tables:
        raise ExportError(
            f"{name} has no table {source.name}; it takes {' or '.join(chosen.tables)}"
        )
    _check_source(folder, source)
    tally = Tally(progress)
    try:
        if out is None:
            if not chosen.text:
                raise ExportError(f"{name} is binary; give --out a file name instead of -")
            stream = Borrowed(sys.stdout.buffer)
            chosen.write(_Job(folder, source, label, stream, tally))  # type: ignore[arg-type]
            sys.stdout.buffer.flush()
        else:
            _check_target(folder, out)
            with new_file(out, force=force, folders=[folder.path]) as file:
                chosen.write(_Job(folder, source, label, file, tally))
    except TargetError as error:
        raise ExportError(str(error)) from None
    except ChannelError as error:
        raise ExportError(f"{folder.path} does not fit into {name}: {error}") from None
    except ModuleNotFoundError as error:
        if not chosen.needs or error.name != chosen.needs:
            raise
        raise ExportError(f"{name} needs {chosen.needs}: pip install 'evtui[{name}]'") from None
    return Exported(
        tally.rows,
        chosen.unit or source.unit,
        tally.span,
        dict(tally.left_out),
        tally.moved,
        dict(tally.channels),
    )


def exportable(folder: RunFolder) -> list[tuple[str, str]]:
    """Format and table of everything that the folder has something for."""
    pairs = []
    for name, chosen in FORMATS.items():
        if chosen.needs and find_spec(chosen.needs) is None:
            continue
        for table in chosen.tables:
            with suppress(ExportError):
                _check_source(folder, TABLES[table])
                pairs.append((name, table))
    return pairs


def _check_source(folder: RunFolder, table: ExportTable) -> None:
    if folder.path.is_file():
        if table.name != "frames":
            raise ExportError(
                f"{folder.path} is a CAN log alone and has no {table.unit}; export --table frames"
            )
    elif not any((folder.path / name).is_file() for name in table.files):
        raise ExportError(
            f"{folder.path} has no {' and no '.join(table.files)}, so no {table.unit} to export"
        )


def _check_target(folder: RunFolder, out: Path) -> None:
    """Nothing that was recorded is ever replaced, not even with --force."""
    whole, source = out.resolve(), folder.path.resolve()
    if whole == source or (whole.parent == source and whole.name in layout.FILES):
        raise ExportError(f"{out} is part of the recording; choose another name")
