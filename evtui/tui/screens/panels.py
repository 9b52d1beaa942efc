"""The panels of the main screen: where they stand, which has the focus, what fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.events import DescendantFocus, Paste, Resize, ScreenResume
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from evtui.commands import COMMANDS, Command
from evtui.events import Event
from evtui.tui.doing import Doing, does
from evtui.tui.key_hints import key_of
from evtui.tui.line_view import LineView
from evtui.tui.models.hiding import Hiding
from evtui.tui.models.notices import NoticeLevel, Notices
from evtui.tui.models.selection import Selection
from evtui.tui.models.stations import StationRows
from evtui.tui.models.summary import LabSummary
from evtui.tui.panels.anomaly import AnomalyPanel
from evtui.tui.panels.armed import ArmedBanner
from evtui.tui.panels.can import CanPanel
from evtui.tui.panels.charge_points import ChargePointsPanel
from evtui.tui.panels.current import CurrentPanel
from evtui.tui.panels.footer import KeyFooter
from evtui.tui.panels.list_panel import NOTHING_SOUGHT, ListPanel
from evtui.tui.panels.ocpp import OcppPanel
from evtui.tui.panels.scenario import ScenarioPanel
from evtui.tui.panels.status import StatusLine
from evtui.tui.panels.tour import TourLine

__all__ = ["MIN_HEIGHT", "MIN_WIDTH", "Panel", "PanelScreen"]

MIN_WIDTH, MIN_HEIGHT = 60, 15

POINTS_SHARE = 8
"""Of so many rows of the screen one may be a line of the panel of charge points."""


class Panel(Protocol):
    """What all panels do."""

    def feed(self, events: list[Event]) -> None: ...

    def reset(self) -> None: ...

    def tick(self, now: float) -> None: ...


class PanelScreen(Doing, Screen[None]):
    """Banner, status line, five panels, keys; a scenario has its panel once there is one.

    Everything is reached through attributes and never looked up, so that it is there before
    the screen is mounted and while it goes.

    Args:
        start_utc: Unix time in seconds of lab time 0.
        hiding: takes out what must not be seen.
        now: lab time in s.
    """

    AUTO_FOCUS = "#ocpp-list"

    commands: tuple[Command, ...] = COMMANDS
    """What the footer and the help name."""

    orders: ClassVar[bool] = True
    """Whether there is a lab that can be told something."""

    def __init__(self, start_utc: float, hiding: Hiding, now: Callable[[], float]) -> None:
        super().__init__()
        self.hiding = hiding
        self._focus_to_restore: Widget | None = None
        self._has_scenario = False
        self.status = StatusLine()
        self.armed = ArmedBanner()
        self.ocpp = OcppPanel(start_utc)
        self.can = CanPanel(start_utc)
        self.selection = Selection()
        self.stations = StationRows()
        self.summary = LabSummary(self.stations, self.selection, orders=self.orders)
        self.current = CurrentPanel(orders=self.orders, id="current")
        self.anomaly = AnomalyPanel(orders=self.orders, id="anomaly")
        self.points = ChargePointsPanel(
            self.stations, self.selection, lambda place: self.summary.marks(place)
        )
        self.scenario = ScenarioPanel(id="scenario")
        self.scenario.display = False
        self.notices = Notices(lambda: start_utc + now())
        self.footer = KeyFooter(self.commands, notices=self.notices)
        self.tour = TourLine()
        self._side = Vertical(self.current, self.points, self.anomaly, self.scenario, id="side")
        self._lists = Vertical(self.ocpp, self.can, id="lists")
        self._too_small = Static(id="too-small", markup=False)

    def compose(self) -> ComposeResult:
        """Chart and anomaly beside the lists, or above them where it is narrow."""
        yield self.armed
        yield self.status
        yield Container(self._side, self._lists, id="body")
        yield self._too_small
        yield self.tour
        yield self.footer

    @property
    def _panels(self) -> tuple[Panel, ...]:
        return (self.ocpp, self.can, self.current, self.anomaly, self.scenario)

    @property
    def _shown(self) -> Mapping[str, Widget]:
        """The panels one can go to, by the names of their commands."""
        panels: dict[str, Widget] = {
            "ocpp": self.ocpp,
            "can": self.can,
            "current": self.current,
            "anomaly": self.anomaly,
        }
        return panels | {"scenario": self.scenario} if self._has_scenario else panels

    @property
    def _maximised(self) -> Widget | None:
        return next((each for each in self._shown.values() if each.has_class("-maximised")), None)

    def notice(self, text: str, level: NoticeLevel = "info", *, news: bool = False) -> None:
        """Show one line for people in the place of the keys; see :meth:`KeyFooter.say`."""
        self.footer.say(self.hiding.text(text), level, news=news)

    @on(ScreenResume)
    def _on_top(self) -> None:
        if self.app.screen is self:  # a dialog that came over it meanwhile has lent its keys
            self.footer.lend(None)

    @on(Paste)
    def _refuse_text(self) -> None:
        self.notice("pasted text, or faster than anybody types: it presses no keys", "warning")

    # Focus

    @property
    def focused_panel(self) -> Widget:
        """The panel that has the focus; the OCPP panel where none has."""
        panels = self._shown.values()
        for widget in self.focused.ancestors_with_self if self.focused else ():
            if isinstance(widget, Widget) and widget in panels:
                return widget
        return self.ocpp

    @property
    def focused_list(self) -> ListPanel:
        """The list panel that has the focus; the OCPP panel where none has."""
        panel = self.focused_panel
        return panel if isinstance(panel, ListPanel) else self.ocpp

    def _go_to(self, panel: Widget) -> None:
        maximised = self._maximised
        if maximised is not None and maximised is not panel:
            maximised.remove_class("-maximised")
            panel.add_class("-maximised")
            self._arrange()
        self._focus(panel)

    def _focus(self, panel: Widget) -> None:
        # Widget.focus comes a moment later, and the next key may be here before it.
        self.set_focus(panel.view if isinstance(panel, ListPanel) else panel)

    @does("view.ocpp")
    def _view_ocpp(self) -> None:
        """Focus the OCPP log."""
        self._go_to(self.ocpp)

    @does("view.can")
    def _view_can(self) -> None:
        """Focus the CAN panel."""
        self._go_to(self.can)

    @does("view.current")
    def _view_current(self) -> None:
        """Focus the chart."""
        self._go_to(self.current)

    @does("view.anomaly")
    def _view_anomaly(self) -> None:
        """Focus the anomaly panel."""
        self._go_to(self.anomaly)

    @does("view.scenario")
    def _view_scenario(self) -> None:
        """Focus the scenario panel."""
        if self._has_scenario:
            self._go_to(self.scenario)
        else:
            remedy = ": start evtui with --scenario" if self.orders else " in this recording"
            self.notice(f"no scenario{remedy}")

    @does("view.next")
    def _view_next(self) -> None:
        """Focus the next panel."""
        panels = [*self._shown.values()]
        self._go_to(panels[(panels.index(self.focused_panel) + 1) % len(panels)])

    @does("view.maximise")
    def _view_maximise(self) -> None:
        """Give the focused panel the whole screen, or give it back."""
        panel = self.focused_panel
        panel.toggle_class("-maximised")
        self._arrange()
        self._focus(panel)

    # Which connector

    def _select(self) -> None:
        """Show the chosen connector everywhere."""
        chosen, name = self.selection.chosen, self.selection.name
        self.current.choose(chosen, name)
        self.anomaly.choose(chosen, name)
        self.can.choose(chosen.station if chosen else "")
        self.points.draw()

    def _make_room_for_points(self) -> None:
        """While there is more than one connector; the style sheet says where there is room."""
        self.set_class(self.points.several, "-several")

    def _make_room_for_scenario(self) -> None:
        """Once there is one: a replay that goes back before it keeps the room."""
        if self.scenario.present and not self._has_scenario:
            self._has_scenario = True
            self.add_class("-scenario")
            self.scenario.display = self._maximised is None

    def _arrange(self) -> None:
        """Show the panels there are, or only the maximised one."""
        chosen = self._maximised
        for panel in self._shown.values():
            panel.display = chosen is None or panel is chosen
        for column in (self._side, self._lists):
            column.display = chosen is None or chosen in column.children
            column.set_class(chosen is not None and chosen in column.children, "-alone")

    # Lists and chart

    @does("view.zoom_in")
    def _view_zoom_in(self) -> None:
        """Shorter chart window."""
        self.current.zoom(-1)

    @does("view.zoom_out")
    def _view_zoom_out(self) -> None:
        """Longer chart window."""
        self.current.zoom(1)

    @does("view.filter")
    def _view_filter(self) -> None:
        """Filter the focused list."""
        self.focused_list.open_filter()

    @does("view.filter_off")
    def _view_filter_off(self) -> None:
        """Clear the filter of the focused list."""
        if self.focused_list.view.source.filter is not None:
            self.focused_list.close_filter(clear=True)

    @does("view.find")
    def _view_find(self) -> None:
        """Look for a row of the focused list."""
        self.focused_list.open_search()

    @does("view.find_next")
    def _view_find_next(self) -> None:
        """Go to the next row that was looked for."""
        self._find(self.focused_list, 1)

    @does("view.find_previous")
    def _view_find_previous(self) -> None:
        """Go to the one before."""
        self._find(self.focused_list, -1)

    @on(ListPanel.RowSought)
    def _find_what_was_typed(self, sought: ListPanel.RowSought) -> None:
        # From the newest row back, where the list follows it.
        self._find(sought.panel, -1 if sought.panel.view.following else 1)

    def _find(self, panel: ListPanel, step: int) -> None:
        said = panel.find(step)
        if said == NOTHING_SOUGHT:
            said += f": {key_of('view.find')} looks for a row"
        if said:
            self.notice(said)

    @does("view.clear")
    def _view_clear(self) -> None:
        """Forget the rows of the focused list."""
        panel = self.focused_list
        panel.reset()
        panel.view.redraw()
        panel.show_title()
        self._relate(panel.view)

    @does("view.follow")
    def _view_follow(self) -> None:
        """Go to the newest row."""
        self.focused_list.view.follow()

    # Cause and effect

    @on(LineView.Moved)
    def _row_chosen(self, moved: LineView.Moved) -> None:
        self._relate(moved.view)

    @on(DescendantFocus)
    def _focus_moved(self, event: DescendantFocus) -> None:
        if isinstance(event.widget, LineView):
            self._relate(event.widget)

    def _relate(self, view: LineView) -> None:
        relation = view.relation
        for other in self.query(LineView):
            other.relate(relation)
        self.current.mark(None if view.following or not view.entry else view.entry.t)

    # Size

    @on(Resize)
    def _check_size(self, event: Resize) -> None:
        width, height = event.size
        self.points.room = max(2, height // POINTS_SHARE)
        small = width < MIN_WIDTH or height < MIN_HEIGHT
        if small and not self.has_class("-too-small"):
            self._focus_to_restore = self.focused_panel
        elif not small and self._focus_to_restore is not None:
            # What is not shown cannot keep the focus; it can have it back once it is.
            self.call_after_refresh(self._focus, self._focus_to_restore)
            self._focus_to_restore = None
        self.set_class(small, "-too-small")
        if small:
            self._too_small.update(
                f"evtui needs {MIN_WIDTH}x{MIN_HEIGHT}, this is {width}x{height}"
            )
