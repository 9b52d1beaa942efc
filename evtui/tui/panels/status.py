"""The status line: is everything alive, what runs, did anybody notice."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len

from evtui.tui.models.summary import LabSummary, SummarySegment, fit_segments
from evtui.tui.models.text import fit
from evtui.tui.rows import Piece, RowsWidget

__all__ = ["StatusLine"]

GAP = "  "


class StatusLine(RowsWidget):
    """One row; at 80 columns it says the same with fewer words."""

    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        background: $panel;
        & > .status--good { color: $text-success; background: $panel; }
        & > .status--bad { color: $text-error; background: $panel; text-style: bold; }
        & > .status--warning { color: $text-warning; background: $panel; }
        & > .status--muted { color: $text-muted; background: $panel; }
        & > .status--anomaly { color: $text-warning; background: $panel; text-style: bold; }
        & > .status--alarm { color: $text-error; background: $panel; text-style: bold; }
        & > .status--recording { color: $text-error; background: $panel; }
        & > .status--badge { color: $text-warning; text-style: bold reverse; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "status--good",
        "status--bad",
        "status--warning",
        "status--muted",
        "status--anomaly",
        "status--alarm",
        "status--recording",
        "status--badge",
    }
    ROLE_PREFIX = "status"

    def __init__(self, *, id: str = "status") -> None:  # noqa: A002
        super().__init__(id=id)
        self.lead: tuple[SummarySegment, ...] = ()
        """What comes before everything else, from the next update on."""
        self._segments: list[SummarySegment] = []

    def update(self, summary: LabSummary, now: float, *, paused: int | None, dropped: int) -> None:
        """Show the state of the lab.

        Args:
            summary: what is known of it.
            now: lab time in s.
            paused: rows that wait while the view is paused, None while it is not.
            dropped: events this view was too slow for.
        """
        badges = []
        if paused is not None:
            badges.append(
                SummarySegment((f" PAUSED +{paused:,} new ", f" PAUSED +{paused:,} "), "badge")
            )
        if dropped:
            badges.append(
                SummarySegment((f"! {dropped:,} events dropped", f"! {dropped:,}"), "bad")
            )
        self._segments = [*self.lead, *badges, *summary.segments(now)]
        self.redraw()

    def redraw(self) -> None:
        """Fit the parts into the width there is."""
        width = self.size.width
        runs = [Piece(" ")]
        for text, role in fit_segments(self._segments, width - 2, len(GAP)):
            room = width - sum(cell_len(run.text) for run in runs)
            runs += [Piece(fit(text, min(cell_len(text), room)), role), Piece(GAP)]
        line = "".join(run.text for run in runs)
        if cell_len(line) < width:
            runs.append(Piece(" " * (width - cell_len(line))))
        self.show([tuple(runs)])

    def on_resize(self) -> None:
        """Fit again."""
        self.redraw()
