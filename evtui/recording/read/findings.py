"""What a check found, each kind told a few times at most."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from evtui.escaping import for_terminal

__all__ = ["Finding", "Findings", "Severity"]

SHOWN = 3
"""Findings of one kind that are told one by one."""

Severity = Literal["error", "incomplete", "note"]
"""``error``: something is wrong or missing.  ``incomplete``: the end is missing or open, as
after a kill; a repair settles it.  ``note``: good to know; the folder is sound."""

_ORDER: tuple[Severity, ...] = ("error", "incomplete", "note")


class Finding(msgspec.Struct, frozen=True):
    """One thing that was found."""

    severity: Annotated[
        Severity,
        Meta(
            description="`error`: something is wrong or missing; `incomplete`: the end is missing, "
            "as after a kill; `note`: good to know."
        ),
    ]
    file: Annotated[str, Meta(description="its name, empty for what concerns the whole folder.")]
    line: Annotated[
        int | None,
        Meta(
            description="in the file, from 1, headers counted; None where it is about no single "
            "line."
        ),
    ]
    text: Annotated[str, Meta(description="one line for people.")]

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part)
        return f"{place}: {self.text}" if place else self.text


class Findings:
    """Collects findings."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._alike: Counter[tuple[Severity, str, str]] = Counter()

    def add(
        self,
        severity: Severity,
        file: str,
        text: str,
        *,
        line: int | None = None,
        kind: str = "",
    ) -> None:
        """Note a finding; of a ``kind``, which completes "12 more ...", the first few."""
        if kind:
            self._alike[severity, file, kind] += 1
            if self._alike[severity, file, kind] > SHOWN:
                return
        self._findings.append(Finding(severity, file, line, for_terminal(text)))

    def told(self) -> list[Finding]:
        """All of them, the worst first."""
        more = [
            Finding(severity, file, None, for_terminal(f"{number - SHOWN} more {kind}"))
            for (severity, file, kind), number in self._alike.items()
            if number > SHOWN
        ]
        return sorted(self._findings + more, key=lambda finding: _ORDER.index(finding.severity))
