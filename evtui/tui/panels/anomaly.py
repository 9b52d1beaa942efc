"""The anomaly panel: state, parameters with their keys, what comes next, who noticed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual.content import Content

from evtui.events import Alarm, AnomalyState, Detection, Event, LabState
from evtui.tui.key_hints import key_of
from evtui.tui.models.selection import ByPlace, ChosenPlace
from evtui.tui.models.text import TITLE_NAME, clean, cut_middle
from evtui.tui.panels.anomaly_lines import AnomalyView
from evtui.tui.panels.told_panel import ToldPanel
from evtui.tui.rows import Row

__all__ = ["AnomalyPanel", "AnomalyViews"]


class AnomalyViews:
    """The story of every connector's anomaly; that of one of them is told.

    Args:
        orders: whether the keys for the lab are named.
    """

    def __init__(self, *, orders: bool = True) -> None:
        self._views: ByPlace[AnomalyView] = ByPlace(lambda: AnomalyView(orders=orders))

    @property
    def shown(self) -> AnomalyView:
        """That of the chosen connector, or of the first one."""
        return self._views.shown

    def choose(self, place: ChosenPlace | None) -> None:
        """Tell of this connector."""
        self._views.chosen = place

    @property
    def counting(self) -> bool:
        """True while a countdown is moving."""
        return self.shown.counting

    def feed(self, events: Iterable[Event]) -> bool:
        """Take in ``events``, each of its connector; True when what is told may have changed."""
        changed = False
        for event in events:
            if isinstance(event, LabState | AnomalyState | Alarm | Detection):
                view = self._views.at(event.station, event.connector)
                changed |= view.feed((event,)) and view is self.shown
        return changed

    @property
    def title(self) -> str:
        """Name and layer of the anomaly that is told of; empty while there is none."""
        return self.shown.title

    def rows(self, width: int, height: int, now: float) -> tuple[Row, ...]:
        """At most ``height`` rows of at most ``width`` cells for lab time ``now`` in seconds."""
        return self.shown.rows(width, height, now)


class AnomalyPanel(ToldPanel):
    """As many lines as there is room for, from one to ten.

    Args:
        orders: whether there is a lab that the keys can tell something.
    """

    DEFAULT_CSS = """
    AnomalyPanel {
        & > .anomaly--running { color: $text-error; text-style: bold; }
        & > .anomaly--stopping { color: $text-warning; text-style: bold; }
        & > .anomaly--idle { color: $text-success; text-style: bold; }
        & > .anomaly--value { text-style: bold; }
        & > .anomaly--key { color: $text-accent; }
        & > .anomaly--muted { color: $text-muted; }
        & > .anomaly--order { color: $text-muted; }
        & > .anomaly--bar { color: $text-warning; }
        & > .anomaly--alarm { color: $text-error; text-style: bold; }
        & > .anomaly--cleared { color: $text-success; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "anomaly--running",
        "anomaly--stopping",
        "anomaly--idle",
        "anomaly--value",
        "anomaly--key",
        "anomaly--muted",
        "anomaly--order",
        "anomaly--bar",
        "anomaly--alarm",
        "anomaly--cleared",
    }
    ROLE_PREFIX = "anomaly"
    _story: AnomalyViews

    def __init__(self, *, orders: bool = True, id: str = "anomaly") -> None:  # noqa: A002
        self._place: ChosenPlace | None = None
        self._where = ""
        super().__init__(partial(AnomalyViews, orders=orders), id=id)
        self.border_title = "Anomaly"
        self.border_subtitle = f"{key_of('anomaly.edit')} edit" if orders else ""

    def choose(self, place: ChosenPlace | None, name: str) -> None:
        """Tell of this connector, and call it so in the title; an empty name is not said."""
        self._place = place
        self._story.choose(place)
        self._where = f" · {cut_middle(clean(name), TITLE_NAME)}" if name else ""
        self.draw()

    def draw(self) -> None:
        """Show the rows that fit, and in the title which anomaly it is and where."""
        super().draw()
        title = f"Anomaly{self._where}"
        for which in (self._story.title, self._story.title.split(" ")[0]):
            if which and cell_len(title) + cell_len(which) + 4 <= self.size.width:
                title = f"Anomaly: {which}{self._where}"
                break
        if str(self.border_title) != title:
            self.border_title = Content(title)

    def reset(self) -> None:
        """Forget everything but what is chosen; what comes next is from another moment."""
        super().reset()
        self._story.choose(self._place)
