"""The scenario panel: which step runs, what it waits for, and the verdicts at the end."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content

from evtui.tui.key_hints import key_of
from evtui.tui.models.text import cut
from evtui.tui.panels.scenario_lines import ScenarioView
from evtui.tui.panels.told_panel import ToldPanel

__all__ = ["ScenarioPanel"]


class ScenarioPanel(ToldPanel):
    """From one line to as many as there are verdicts; there only while there is a scenario."""

    DEFAULT_CSS = """
    ScenarioPanel {
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
    _story: ScenarioView

    def __init__(self, *, id: str = "scenario") -> None:  # noqa: A002
        super().__init__(ScenarioView, id=id)

    @property
    def present(self) -> bool:
        """True once there is a scenario to tell of."""
        return self._story.state is not None

    def draw(self) -> None:
        """Show the rows that fit, under the scenario's title."""
        title = f"Scenario · {self._story.title}" if self._story.title else "Scenario"
        self.border_title = Content(cut(title, max(1, self.size.width - 2)))
        unseen = self._story.unseen(self.size.height)
        keys = f"{key_of('view.scenario')} {key_of('view.maximise')}"
        self.border_subtitle = f"+{unseen} more   {keys} show all" if unseen else ""
        super().draw()
