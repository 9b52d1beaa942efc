"""What a run came to, as a table for a terminal of 80 columns.  Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from evtui.escaping import for_terminal
from evtui.scenario.judge.results import MatrixResult, RaisedAlarm, RunResult
from evtui.scenario.language.narration import counted

__all__ = ["failed_lines", "matrix_table", "run_table"]

WIDTH = 80

OUTCOMES = {0: "met", 1: "FAILED", 3: "BROKEN", 130: "stopped"}
"""A run in a word, by its exit code."""

_AMOUNT = re.compile(r"(\d) (s|A|Wh|times)\b")

_EXPECTED, _FOUND = 34, 36
"""Columns for the expectation and for what was found."""


def run_table(result: RunResult) -> str:
    """The whole table, ending with a newline."""
    lines = [
        *_wrapped(f"{result.scenario}: {result.title}", ""),
        "",
        *_verdicts(result),
        "",
        *_facts(result),
    ]
    return "\n".join(lines) + "\n"


def matrix_table(matrix: MatrixResult, folder: str) -> str:
    """A line for each run of a matrix, with what failed below it."""
    lines = [*_wrapped(f"{matrix.scenario}: {counted(len(matrix.runs), 'run')}", ""), ""]
    for run in matrix.runs:
        lines += _columns(
            OUTCOMES[run.exit_code],
            run.label,
            f"{_seconds(run)}, {counted(len(run.alarms), 'alarm')}, {run.energy_wh:,.1f} Wh",
        )
        failed = [f"{one.expectation}: {one.found}" for one in run.verdicts if not one.met]
        for text in [*failed, run.interrupted]:
            if text:
                lines += _wrapped(text, " " * 10, "- ")
    for label in matrix.not_run:
        lines += _columns("not run", label, "")
    met = sum(run.exit_code == 0 for run in matrix.runs)
    total = len(matrix.runs) + len(matrix.not_run)
    lines += ["", *_fact("met", f"{met} of {total}"), *_fact("seed", str(matrix.seed))]
    lines += _fact("folder", folder)
    return "\n".join(lines) + "\n"


def failed_lines(result: RunResult) -> Iterator[str]:
    """A line for each expectation that was not met, and for a run that ended early."""
    place = f"{result.label}: " if result.label else ""
    for verdict in result.verdicts:
        if not verdict.met:
            yield for_terminal(f"{place}{verdict.expectation}: {verdict.found}")
    if result.interrupted:
        at = result.interrupted_at_s or 0.0
        yield for_terminal(f"{place}ended early at {at:.1f} s: {result.interrupted}")


def _verdicts(result: RunResult) -> Iterator[str]:
    yield f"{'verdict':8}{'expected':{_EXPECTED}}  found"
    for verdict in result.verdicts:
        yield from _columns("met" if verdict.met else "FAILED", verdict.expectation, verdict.found)
    if not result.verdicts:
        yield from _columns("none", "not judged", "the run ended before its steps did")


def _facts(result: RunResult) -> Iterator[str]:
    alarms = [_alarm(alarm) for alarm in result.alarms] or ["none"]
    for number, text in enumerate(alarms):
        yield from _fact("alarms" if number == 0 else "", text)
    yield from _fact("messages", f"{result.messages:,}")
    yield from _fact("frames", f"{result.frames:,}")
    yield from _fact("energy", f"{result.energy_wh:,.1f} Wh")
    speed = f", {result.factor:,.0f} times real time" if result.factor >= 2 else ""
    yield from _fact("time", f"{_seconds(result)} simulated in {result.wall_s:.2f} s{speed}")
    yield from _fact("seed", str(result.seed))
    if result.interrupted:
        at = result.interrupted_at_s or 0.0
        yield from _fact("ended", f"early, at {at:.1f} s: {result.interrupted}")
    if result.recording_failure:
        yield from _fact("recording", result.recording_failure)
    if result.folder is not None:
        yield from _fact("folder", result.folder)


def _alarm(alarm: RaisedAlarm) -> str:
    place = f"{alarm.station}/{alarm.connector}"
    text = f"{place} {alarm.detector}/{alarm.view} at {alarm.t_s:.1f} s: "
    if alarm.time_to_detect_s is None:
        return f"{text}false alarm"
    return f"{text}{alarm.attack_id} detected after {alarm.time_to_detect_s:.1f} s"


def _seconds(result: RunResult) -> str:
    return f"{result.t_end_s:,.1f} s"


def _fact(name: str, text: str) -> list[str]:
    return _wrapped(text, " " * 10, f"{name:10}")


def _columns(first: str, second: str, third: str) -> Iterator[str]:
    left = _wrap(second, _EXPECTED)
    right = _wrap(third, _FOUND)
    for row in range(max(len(left), len(right))):
        cells = [column[row] if row < len(column) else "" for column in ([first], left, right)]
        yield f"{cells[0]:8}{cells[1]:{_EXPECTED}}  {cells[2]}".rstrip()


def _wrapped(text: str, indent: str, first: str | None = None) -> list[str]:
    first = indent if first is None else indent[: len(indent) - len(first)] + first
    lines = _wrap(text, WIDTH - len(indent))
    return [first + lines[0], *(indent + line for line in lines[1:])]


def _wrap(text: str, width: int) -> list[str]:
    """Lines of a width; a number stays with its unit."""
    whole = _AMOUNT.sub("\\1\N{NO-BREAK SPACE}\\2", for_terminal(text))
    lines = textwrap.wrap(whole, width, break_on_hyphens=False) or [""]
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
