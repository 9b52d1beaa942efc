"""The data sheet of a run folder: README.md, made from the manifest.  Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evtui.escaping import for_markdown, for_terminal
from evtui.recording.format import ALARMS, FRAMES, MESSAGES, SIGNALS, TABLES, TRUTH, Table, layout
from evtui.recording.format.manifest import FileInfo, Manifest

__all__ = ["data_sheet"]

_ABOUT = {
    SIGNALS.file: SIGNALS.about,
    MESSAGES.file: MESSAGES.about,
    layout.CAN_LOG: "CAN frames in candump format: for can-utils, SavvyCAN, cantools, python-can.",
    FRAMES.file: FRAMES.about,
    TRUTH.file: TRUTH.about,
    ALARMS.file: ALARMS.about,
    layout.EVENTS: "Everything else, one JSON object a line; `event` names the type.",
    layout.METRICS: "Counts, energy, times to detect and verdicts of the whole run.",
    layout.SCENARIO: "The scenario as it was run.",
    layout.VEHICLE: "The recorded session that the vehicle followed, as it was read.",
    layout.MANIFEST: "What was run with what, and rows, bytes and sha256 of every other file.",
}


def data_sheet(manifest: Manifest, files: Mapping[str, FileInfo]) -> str:
    """README.md of a finished folder; no wall-clock time stands in it.

    Args:
        manifest: with secrets hidden.
        files: the other files.
    """
    sections = [
        _head(manifest),
        _how(manifest),
        _setup(manifest),
        _contents(files),
        _tools(),
        *(_columns(table) for table in TABLES),
        _licence(manifest),
    ]
    return "\n\n".join(sections) + "\n"


def _head(manifest: Manifest) -> str:
    scenario = manifest.scenario
    title = scenario.title if scenario else "Recording of a charging station"
    lines = [f"# {for_markdown(title)}"]
    if scenario and scenario.description:
        lines += map(for_markdown, re.split(r"\n\s*\n", scenario.description.strip()))
    lines.append(
        "Recorded by evtui, an EV-charging anomaly lab: OCPP 1.6-J messages, CAN frames and the "
        "charging current on one clock, with ground truth."
    )
    if manifest.status == "interrupted":
        at = "" if manifest.interrupted_at_s is None else f" at {manifest.interrupted_at_s:g} s"
        lines.append(f"**Interrupted{at}: {for_markdown(manifest.interrupted)}.**")
    return "\n\n".join(lines)


def _how(manifest: Manifest) -> str:
    clock = manifest.clock
    facts = {
        "Schema": manifest.schema,
        "evtui": manifest.evtui,
        "Python": manifest.python,
        "Seed": manifest.seed,
        "Clock": f"{clock.mode}, t = 0 is {clock.start_utc}",
        "Length": "unknown" if manifest.t_end_s is None else f"{manifest.t_end_s:g} s",
        "Hidden": ", ".join(manifest.redacted) or "nothing",
    }
    if manifest.scenario:
        facts = {
            "Scenario": f"{manifest.scenario.id} ({manifest.scenario.source})",
            "Technique": ", ".join(manifest.scenario.technique) or "none named",
            "Inputs": _pairs(manifest.scenario.inputs) or "none",
        } | facts
    table = _table(("", ""), _foreign(facts.items()))
    return f"## How it was made\n\n{table}\n\n{_again(manifest)}"


def _again(manifest: Manifest) -> str:
    if not manifest.reproducible or manifest.scenario is None:
        return "This run followed the real clock: it is recorded, and cannot be repeated exactly."
    words = ["evtui", "run", manifest.scenario.source, "--speed", "max"]
    words += ["--seed", str(manifest.seed)]
    words += manifest.scenario.options
    command = " ".join(map(_shell_word, [*words, "--out", "again"]))
    # No run of backquotes in it is as long as the fence.
    fence = max(("```", *(f"{run}`" for run in re.findall("`+", command))), key=len)
    return (
        "To make it again, byte for byte (the manifest excepted), and to compare:\n\n"
        f"{fence}\n{command}\nevtui replay . --verify\n{fence}"
    )


def _shell_word(word: str) -> str:
    """A word of a command line, on one line and with nothing in it that a terminal would obey."""
    shown = for_terminal(word)
    if shown == word:
        return shlex.quote(word)
    return "$'" + for_terminal(word.replace("\\", r"\\").replace("'", r"\'")) + "'"


def _setup(manifest: Manifest) -> str:
    stations = _table(
        ("station", "power stage", "vehicle"),
        _foreign(
            (s.id if number == "1" else f"{s.id} connector {number}", s.preset, _pairs(vehicle))
            for s in manifest.stations
            for number, vehicle in s.at_connectors.items()
        ),
    )
    buses = _table(
        ("channel", "bus", "bit/s"),
        _foreign(
            (channel, bus.name, bus.bitrate) for channel, bus in sorted(manifest.buses.items())
        ),
    )
    detectors = _table(
        ("detector", "parameters"),
        _foreign(
            (each.get("name", ""), _pairs({k: v for k, v in each.items() if k != "name"}))
            for each in manifest.detectors
        ),
    )
    return f"## What was there\n\n{stations}\n\n{buses}\n\n{detectors}"


def _contents(files: Mapping[str, FileInfo]) -> str:
    rows = [
        (f"`{name}`", _ABOUT[name], files[name].rows if name in files else "")
        for name in _ABOUT
        if name in files or name == layout.MANIFEST
    ]
    return (
        "## Files\n\n"
        f"{_table(('file', 'what it holds', 'rows or lines'), rows)}\n\n"
        "In CSV files a flag is 0 or 1 and what is unknown is empty.  `seq` numbers the events "
        "of the run without gaps over all files; `cause` is the `seq` of another event."
    )


TOOLS = {
    "can-utils, SavvyCAN, cantools, python-can": "`can.log`",
    "Wireshark, tshark 4.0": "`--format blf`, or `--format candump`, which is `can.log` without "
    "the R and T at the ends of lines; .asc and .trc it does not read",
    "scapy": "`--format candump`",
    "CANalyzer, CANoe, BUSMASTER": "`--format asc` or `blf`",
    "PCAN-Explorer, PCAN-View": "`--format trc`",
    "pandas, R, spreadsheets": "the CSV files here, `--format csv` (ids and data as 0x...), or "
    "`--format parquet`",
}
"""Tool to the file it opens; what is no file of the folder is written by evtui export."""


def _tools() -> str:
    rows = _table(("tool", "opens"), TOOLS.items())
    return (
        "## Which file for which tool\n\n"
        f"{rows}\n\n`evtui export . --all` writes every format at once, into `export`."
    )


def _columns(table: Table[Any]) -> str:
    what = "Keys" if table is MESSAGES else "Columns"
    rows = (
        (f"`{', '.join(field.name for field in group)}`", group[0].column.meaning)
        for group in table.explained()
    )
    return f"### {what} of {table.file}\n\n{_table(('name', 'meaning and unit'), rows)}"


def _licence(manifest: Manifest) -> str:
    return f"## Licence\n\n{for_markdown(manifest.licence) or 'None was stated.'}"


def _table(head: tuple[str, ...], rows: Iterable[Iterable[object]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in lines)


def _foreign(rows: Iterable[Iterable[object]]) -> Iterator[list[str]]:
    """What a manifest says, whoever wrote it."""
    return ([for_markdown(str(cell)) for cell in row] for row in rows)


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in values.items())


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " ".join(_plain(item) for item in value)
    if isinstance(value, dict):
        return _pairs(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
