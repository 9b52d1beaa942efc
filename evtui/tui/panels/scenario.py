"""The scenario panel: which step runs, what it waits for, and the verdicts at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.events import Resize

from evtui.events import Event
from evtui.tui.key_hints import key_of
from evtui.tui.models.text import cut
from evtui.tui.panels.scenario_lines import ScenarioView
from evtui.tui.rows import RowsWidget

__all__ = ["ScenarioPanel"]

COUNTDOWN_SECONDS = 0.25
"""The countdown moves four times a second, whatever the frame rate."""


class ScenarioPanel(RowsWidget, can_focus=True):
    """From one line to as many as there are verdicts; there only while there is a scenario."""

    DEFAULT_CSS = """
    ScenarioPanel {
        width: 1fr;
        height: 1fr;
        padding: 0 1;
        border: round $border-blurred;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        &:focus { border: round $border; }
        & > .scenario--running { color: $text-warning; text-style: bold; }
        & > .scenario--waiting { color: $text-warning; }
        & > .scenario--value { text-style: bold; }
        & > .scenario--due { color: $text-accent; }
        & > .scenario--bar { color: $text-accent; }
        & > .scenario--met { color: $text-success; text-style: bold; }
        & > .scenario--failed { color: $text-error; text-style: bold; }
        & > .scenario--muted { color: $text-muted; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "scenario--running",
        "scenario--waiting",
        "scenario--value",
        "scenario--due",
        "scenario--bar",
        "scenario--met",
        "scenario--failed",
        "scenario--muted",
    }
    ROLE_PREFIX = "scenario"

    def __init__(self, *, id: str = "scenario") -> None:  # noqa: A002
        super().__init__(id=id)
        self._view = ScenarioView()
        self._changed = True
        self._now = 0.0
        self._shown_at = 0.0

    @property
    def present(self) -> bool:
        """True once there is a scenario to tell of."""
        return self._view.state is not None

    def feed(self, events: Sequence[Event]) -> None:
        """Remember what ``events`` say of the scenario; draws nothing."""
        self._changed = self._view.feed(events) or self._changed

    def reset(self) -> None:
        """Forget everything; what comes next is from another moment."""
        self._view = ScenarioView()
        self._changed = True

    def tick(self, now: float) -> None:
        """Show lab time ``now`` in seconds; draws when something happened or counts down."""
        self._now = now
        counting = self._view.counting and abs(now - self._shown_at) >= COUNTDOWN_SECONDS
        if self._changed or counting:
            self._show()

    @on(Resize)
    def _show(self) -> None:
        self._changed = False
        self._shown_at = self._now
        title = f"Scenario · {self._view.title}" if self._view.title else "Scenario"
        self.border_title = cut(title, max(1, self.size.width - 2))
        width, height = self.size
        unseen = self._view.unseen(height)
        keys = f"{key_of('view.scenario')} {key_of('view.maximise')}"
        self.border_subtitle = f"+{unseen} more   {keys} show all" if unseen else ""
        rows = self._view.rows(width, height, self._now)
        self.show([*rows, *[()] * (height - len(rows))])
