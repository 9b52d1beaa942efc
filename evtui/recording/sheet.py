"""The data sheet of a run folder: README.md, made from the manifest.  Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evtui.escaping import for_markdown, for_terminal
from evtui.recording import layout
from evtui.recording.manifest import FileInfo, Manifest

__all__ = ["COLUMNS", "data_sheet"]

COLUMNS: dict[str, dict[str, str]] = {
    layout.SIGNALS: {
        "t_s": "s since the start",
        "t_utc": "the same moment in UTC, ISO 8601",
        "station": "identity of the charge point",
        "connector": "connectorId",
        "current_a": "A that flow: output current for DC, per phase for AC",
        "limit_a": "A that the charging profiles allow",
        "target_a": "A that the power stage is heading for",
        "reported_a": "A in the last MeterValues; empty before the first",
        "voltage_v": "V; phase to neutral for AC",
        "power_w": "W",
        "energy_wh": "Wh, register since the charge point started",
        "soc_pct": "state of charge in per cent; empty for AC",
        "temperature_c": "degrees Celsius in the power stage",
        "contactor": "1 while closed",
        "status": "ChargePointStatus of OCPP 1.6",
        "transaction_id": "running transaction; empty for none",
        "active": "1 while an injector is on",
        "effect": "1 while the disturbance shows: from on until the safe state is reached",
        "attack_ids": "attacks in effect, joined by ;",
        "phase": "state of the session in the power stage",
        "seq": "number of the event",
    },
    layout.CAN_LABELS: {
        "timestamp": "Unix time in s, as in can.log",
        "arbitration_id": "hexadecimal as in can.log: 3 digits, 8 for extended and error frames",
        "data_field": "data bytes, hexadecimal",
        "attack": "1 for a frame that an injector sent, or that is part of an attack by hand",
        "dlc": "number of data bytes",
        "extended": "1 for a 29-bit id",
        "direction": "T: sent by the charge point; R: by anybody else",
        "node": "node that sent it",
        "attack_ids": "attacks in effect at the station, joined by ;",
        "effect": "1 while a disturbance shows at the station",
        "kind": "data, remote or error",
        "station": "identity of the charge point the bus belongs to",
        "bus": "name of the bus; the manifest maps can0, can1, ... of can.log to it",
        "t_s": "s since the start",
        "seq": "number of the event",
        "cause": "seq of what caused it, such as an OCPP message; empty for nothing",
    },
    layout.TRUTH: {
        "attack_id": "one for each time an anomaly was switched on, or an attack by hand began",
        "type": "name of the anomaly, or of the attack",
        "layer": "where it acts: ocpp, link, can or physical",
        "t_start": "s, injector on, or start of a recording that began later",
        "t_end": "s, injector off; empty when it still was on at the end",
        "parameters": "JSON object, units in the names; the last ones when they changed",
        "station": "target",
        "connector": "target",
        "variant": "variant of the anomaly, by-hand for an attack by hand",
        "t_effect_end": "s, safe state reached or given up, or nothing left to see of an attack by "
        "hand; empty when the effect lasted",
        "outcome": "safe, failed, or empty",
        "changes": "how often the parameters changed while it was on; events.jsonl has when",
    },
    layout.ALARMS: {
        "t_s": "s since the start",
        "t_utc": "the same moment in UTC, ISO 8601",
        "station": "identity of the charge point",
        "connector": "connectorId",
        "detector": "name of the detector",
        "view": "what it was fed from: can or ocpp",
        "state": "raised or cleared",
        "evidence": "why, in words",
        "attack_id": "the attack a raised alarm belongs to, of several the one that began last; "
        "empty for a false alarm",
        "time_to_detect_s": "s from the first change of current the attack caused to the alarm; "
        "from the begin of an attack by hand that changed none",
        "seq": "number of the event",
    },
    layout.OCPP: {
        "t, t_utc, seq": "s since the start, UTC and number of the event: sending, if it was seen",
        "station, connector": "charge point, and connectorId if the message names one",
        "direction": "csms->cp or cp->csms",
        "type, id, action, payload": "of the OCPP-J message; 2 call, 3 result, 4 error, null none",
        "latency": "s from call to answer, at the end that answers",
        "error, detail": "errorCode and errorDescription, or what is wrong with the message",
        "cause": "seq of what caused it",
        "injected": "true for a message that an injector had sent",
        "attack_ids": "attacks in effect",
        "seen": "which end of the link was recorded: both, sent or delivered",
        "link": "number of the connection",
        "delivered": "t and seq of the other end, and whatever was different there",
        "text": "beginning of a text that is no OCPP-J message, or too long and refused",
        "violation": "how a message breaks the rules that was acted on, or one of ours that was "
        "not sent; absent elsewhere",
    },
}
"""What the columns of the CSV files and the keys of ocpp.jsonl mean, with their units."""

_ABOUT = {
    layout.SIGNALS: "What the power stage really does: a row for each connector every 100 ms.",
    layout.OCPP: "OCPP 1.6-J messages, one JSON object a line, in the order of sending.",
    layout.CAN_LOG: "CAN frames in candump format: for can-utils, SavvyCAN, cantools, python-can.",
    layout.CAN_LABELS: "Labels for can.log: one row a frame, in the same order.",
    layout.TRUTH: "Ground truth: one row an attack, written by the injector.",
    layout.ALARMS: "What the detectors said, joined with the ground truth.",
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
        *(_columns(name) for name in COLUMNS),
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
        _foreign((s.id, s.preset, _pairs(s.vehicle)) for s in manifest.stations),
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


def _columns(name: str) -> str:
    what = "Keys" if name == layout.OCPP else "Columns"
    rows = ((f"`{column}`", meaning) for column, meaning in COLUMNS[name].items())
    return f"### {what} of {name}\n\n{_table(('name', 'meaning and unit'), rows)}"


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
