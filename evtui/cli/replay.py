"""``evtui replay``: a run folder in the terminal, or run again and compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evtui.cli.errors import BadInput
from evtui.cli.signals import stopped_by_signals
from evtui.cli.terminal import prepare_textual, terminal_trouble
from evtui.cli.values import Where
from evtui.escaping import for_terminal

if TYPE_CHECKING:
    from evtui.canbus import CanDatabase, FoundSignal

__all__ = ["command"]

DIFFERENT = 1

SIGNALS_MAX = 3
"""Signals that fit on the chart."""

RENUMBERED = (
    "all else is the same: only the events of one moment are numbered in another order, "
    "as another version of evtui may do"
)


@click.command(
    short_help="Open a run folder in the terminal, or run it again and compare.",
    epilog="""\
\b
Keys: space plays and pauses, ← → move by 1 s, [ ] change the speed, g asks for a time,
m c a e step to the next message, frame, alarm, anomaly; ? shows all, q leaves.

\b
Exit codes: 0 left, or identical; 1 different, or a run in real time, which cannot be run
again; 2 bad input, or nothing there to run again; 130 interrupted.
""",
)
@click.argument("folder", metavar="DIR", type=Where())
@click.option(
    "--verify",
    is_flag=True,
    help="Run the scenario again with the recorded seed and inputs, and compare every byte.",
)
@click.option(
    "--decode",
    is_flag=True,
    help="Of a CAN log: its frames are a charge point's of this lab; name and decode them.",
)
@click.option(
    "--dbc",
    metavar="FILE",
    type=Where(),
    help="Name and decode frames by this database: DBC, KCD or SYM.",
)
@click.option(
    "--signal",
    "wanted",
    metavar="NAME",
    multiple=True,
    help="Draw a signal on the chart: Message.signal, signal, Message or 0x300; up to three.",
)
@click.pass_obj
def command(
    options: dict[str, Any] | None,
    folder: Path,
    verify: bool,
    decode: bool,
    dbc: Path | None,
    wanted: tuple[str, ...],
) -> int:
    """Show the run folder DIR, or a CAN log of another tool, as if it were live.

    A log may be candump's, .asc, .blf, .trc, .csv of SavvyCAN or .mf4, each also packed by gzip.

    Folders that are not complete open with what is there.  Frames of a log are not decoded: an
    identifier means something else on another bus.
    """
    if verify:
        return _verify(folder)
    from evtui.cli.runs import opened
    from evtui.config import load
    from evtui.recording.read import FolderError

    flags = {name: value for name, value in (options or {}).items() if value is not None}
    settings = load(flags, flags.pop("file", None)).settings
    if dbc is None and settings.dbc is not None:
        dbc = Path(settings.dbc)
    database, signals = _decoding(dbc, wanted)
    ours = bool(wanted) and dbc is None
    try:
        run_folder = opened(folder, decode=decode or ours)
    except FolderError as error:
        raise BadInput(str(error)) from None
    trouble = terminal_trouble()
    if trouble:
        raise BadInput(f"replay needs a terminal: {trouble}; --verify needs none")
    prepare_textual(settings)
    from evtui.tui.replay.run import run

    return run(run_folder, settings, database, signals)


def _decoding(
    dbc: Path | None, wanted: Sequence[str]
) -> tuple[CanDatabase | None, list[FoundSignal]]:
    """The database that was named, and signals of it, or without one of our own protocol."""
    if dbc is None and not wanted:
        return None, []
    from evtui.canbus import CanDatabase, DatabaseError, load_database
    from evtui.canbus.packs.seed import SEED

    try:
        database = None if dbc is None else load_database(dbc)
        names = database or CanDatabase("our protocol", SEED.database.messages)
        signals = [found for each in wanted for found in names.signals(each)]
    except DatabaseError as error:
        raise BadInput(str(error)) from None
    if len(signals) > SIGNALS_MAX:
        named = ", ".join(f"{each.message}.{each.name}" for each in signals[:6])
        raise BadInput(f"--signal: {len(signals)} signals, of which three fit: choose of {named}")
    return database, signals


def _verify(path: Path) -> int:
    """Run it again beside it, compare, and say what came of it on standard output."""
    from tempfile import TemporaryDirectory

    from evtui.cli.progress import Narrator, narration_is_a_bar, say
    from evtui.recording.format import layout
    from evtui.recording.read import FolderError, RunFolder
    from evtui.scenario.judge import INTERRUPTED
    from evtui.scenario.run import COMPARED, VerifyError, compare, rerun

    try:
        folder = RunFolder(path)
        manifest = folder.manifest
        if manifest is None or manifest.scenario is None:
            missing = layout.MANIFEST if manifest is None else "scenario"
            raise BadInput(f"{path}: has no {missing}, so there is nothing to run again")
        if not manifest.reproducible:
            click.echo(for_terminal(f"{path}: a run made in real time is not reproducible"))
            return DIFFERENT
        narrator = Narrator(bar=narration_is_a_bar())
        with stopped_by_signals() as stop, TemporaryDirectory(prefix="evtui-verify-") as beside:
            say(f"running {manifest.scenario.id} again with seed {manifest.seed}")
            again = Path(beside) / "again"
            try:
                rerun(manifest, path, again, narrator.progress, stop)
            finally:
                narrator.clear()
            found = compare(path, again, stop)
        if stop.reason:
            return INTERRUPTED
    except (FolderError, VerifyError) as error:
        raise BadInput(str(error)) from None
    if found.difference is not None:
        click.echo(for_terminal(f"different: {found.difference}"))
        return DIFFERENT
    if found.renumbered is not None:
        click.echo(for_terminal(f"different: {found.renumbered}; {RENUMBERED}"))
        return DIFFERENT
    part = ""
    if manifest.ragged:
        part = f", up to {folder.t_end:.1f} s where it ends"
    elif manifest.interrupted_at_s is not None:
        part = f", up to {manifest.interrupted_at_s:.1f} s where it was interrupted"
    apart = ", ".join(f"{name} in {file}" for file, names in found.apart.items() for name in names)
    if apart:
        part += f"; only one of the two versions of evtui writes {apart}"
    click.echo(for_terminal(f"identical: {', '.join(COMPARED)}{part}"))
    return 0
