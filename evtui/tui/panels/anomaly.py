"""The anomaly panel: state, parameters with their keys, what comes next, who noticed."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from evtui.tui.key_hints import key_of
from evtui.tui.panels.anomaly_lines import AnomalyView
from evtui.tui.panels.told_panel import ToldPanel

__all__ = ["AnomalyPanel"]


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

    def __init__(self, *, orders: bool = True, id: str = "anomaly") -> None:  # noqa: A002
        super().__init__(partial(AnomalyView, orders=orders), id=id)
        self.border_title = "Anomaly"
        self.border_subtitle = f"{key_of('anomaly.edit')} edit" if orders else ""
