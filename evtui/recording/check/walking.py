"""Goes through the files of a run folder line by line, and keeps account of all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from evtui.recording.check.numbering import Numbers
from evtui.recording.read.findings import Findings
from evtui.recording.read.parsing import Unsupported
from evtui.recording.read.sources import Rows

__all__ = ["Walk"]

R = TypeVar("R")


class _Numbered(msgspec.Struct):
    """What every line of events.jsonl has, of whatever type it is."""

    seq: int
    t: float


class Walk:
    """What is common to all files.

    Args:
        findings: is told of lines that are none, and of times and numbers out of order.
        largest: number of an event above which it is absurd.

    Attributes:
        numbers: of all events met.
        rows: lines by file, headers excluded.
        t_first: s, the earliest time met; infinity before the first.
        t_end: s, the latest one.
    """

    def __init__(self, findings: Findings, largest: int) -> None:
        self._findings = findings
        self.numbers = Numbers(largest)
        self.rows: dict[str, int] = {}
        self.t_first = math.inf
        self.t_end = 0.0

    def lines(self, rows: Rows[R]) -> Iterator[tuple[int, R | None]]:
        """Number and row of each line, None for one that is no row."""
        name = rows.file.path.name
        header = 1 if rows.file.header else 0
        number, before = header, -math.inf
        for number, (_, line) in enumerate(rows.file.lines(), header + 1):
            try:
                row = rows.parse(line)
            except Unsupported as kind:
                self._pass_over(name, number, line, str(kind))
            except ValueError as error:
                self._findings.add(
                    "error",
                    name,
                    f"cannot be read: {_one_line(error)}",
                    line=number,
                    kind="lines that cannot be read",
                )
            else:
                t = rows.time(row)
                if t < before:
                    self._findings.add(
                        "error",
                        name,
                        f"time goes back from {before:.6f} to {t:.6f} s",
                        line=number,
                        kind="lines that go back in time",
                    )
                before = t
                self.t_first = min(self.t_first, t)
                self.t_end = max(self.t_end, t)
                yield number, row
                continue
            yield number, None
        self.rows[name] = number - header

    def number(self, name: str, line: int, seq: int) -> None:
        """Account for the event ``seq`` on a line."""
        if not self.numbers.add(seq):
            what = "stands twice" if seq in self.numbers else "cannot be"
            self._findings.add(
                "error",
                name,
                f"the number {seq} {what}",
                line=line,
                kind="numbers that stand twice or cannot be",
            )

    def _pass_over(self, name: str, line: int, text: bytes, kind: str) -> None:
        """An event of a newer version has its number all the same."""
        try:
            self.number(name, line, msgspec.json.decode(text, type=_Numbered).seq)
        except ValueError as error:
            self._findings.add("error", name, f"cannot be read: {_one_line(error)}", line=line)
        self._findings.add(
            "note", name, f"{kind} are not known here", line=line, kind=f"{kind}, not known here"
        )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
