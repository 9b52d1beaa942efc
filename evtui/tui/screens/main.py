"""The main screen: status line, four panels, keys."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future
from typing import ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.events import DescendantFocus, Resize
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from evtui.commands import COMMANDS, Command, by_name
from evtui.events import Event, Note, PartState, ScenarioState
from evtui.tui.handle import LabHandle
from evtui.tui.keymap import bindings
from evtui.tui.line_view import LineView
from evtui.tui.models.detail import exchange_blocks, frame_blocks
from evtui.tui.models.exchanges import Exchange
from evtui.tui.models.frames import FrameRow
from evtui.tui.models.summary import LabSummary
from evtui.tui.models.text import clock
from evtui.tui.panels.anomaly import AnomalyPanel
from evtui.tui.panels.can import CanPanel
from evtui.tui.panels.current import CurrentPanel
from evtui.tui.panels.footer import KeyFooter, Level
from evtui.tui.panels.list_panel import ListPanel
from evtui.tui.panels.ocpp import OcppPanel
from evtui.tui.panels.scenario import ScenarioPanel
from evtui.tui.panels.status import StatusLine

__all__ = ["MIN_HEIGHT", "MIN_WIDTH", "MainScreen"]

MIN_WIDTH, MIN_HEIGHT = 60, 15

TAKE_LIMIT = 5_000
"""Events taken in one tick, so that a flood cannot hold up the keys."""

STATUS_SECONDS = 1.0
"""How often the status line looks at what is not announced by an event."""

PANELS = ("ocpp", "can", "current", "anomaly", "scenario")

LAB_FAILED = 3
"""Exit code when the lab has ended by itself."""


class Panel(Protocol):
    """What all panels do."""

    def feed(self, events: list[Event]) -> None: ...

    def reset(self) -> None: ...

    def tick(self, now: float) -> None: ...


class MainScreen(Screen[None]):
    """Takes events from the lab and shows them; turns keys into commands.

    Args:
        handle: the lab.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings()
    AUTO_FOCUS = "#ocpp-list"

    commands: ClassVar[tuple[Command, ...]] = COMMANDS
    """What the footer and the help name."""

    orders: ClassVar[bool] = True
    """Whether there is a lab that can be told something."""

    class Answered(Message):
        """The lab has done what a command asked, or could not."""

        def __init__(self, text: str, level: Level) -> None:
            super().__init__()
            self.text = text
            self.level = level

    def __init__(self, handle: LabHandle) -> None:
        super().__init__()
        self._handle = handle
        self._paused = False
        self._focus_to_restore: Widget | None = None
        self._status_at = -STATUS_SECONDS
        self._panels_there: tuple[str, ...] = PANELS[:4]
        self.summary = LabSummary(orders=self.orders)
        self.ocpp = OcppPanel(handle.start_utc)
        self.can = CanPanel(handle.start_utc)
        self.current = CurrentPanel(orders=self.orders, id="current")
        self.anomaly = AnomalyPanel(orders=self.orders, id="anomaly")
        self.scenario = ScenarioPanel(id="scenario")
        self.scenario.display = False

    def compose(self) -> ComposeResult:
        """Chart and anomaly beside the lists, or above them where it is narrow."""
        yield StatusLine()
        with Container(id="body"):
            with Vertical(id="side"):
                yield self.current
                yield self.anomaly
                yield self.scenario
            with Vertical(id="lists"):
                yield self.ocpp
                yield self.can
        yield Static(id="too-small", markup=False)
        yield KeyFooter(self.commands)

    # Events of the lab

    @property
    def _panels(self) -> tuple[Panel, ...]:
        return (self.ocpp, self.can, self.current, self.anomaly, self.scenario)

    def tick(self) -> None:
        """Take what has come and show it; a paused view takes it and shows it later."""
        events = self._handle.events.take(TAKE_LIMIT)
        now = self._handle.now()
        with self.app.batch_update():
            if events:
                for panel in self._panels:
                    panel.feed(events)
                self._announce(events)
                self._make_room_for_scenario()
            if not self._paused:
                for panel in self._panels:
                    panel.tick(now)
            if self.summary.feed(events) or now - self._status_at >= STATUS_SECONDS:
                self._status_at = now
                self._show_status()

    def _announce(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Note(level="warning" | "error"):
                    self.notice(event.text, event.level)
                case ScenarioState(change="end"):
                    self.notice(f"scenario {event.scenario} ended: {event.detail}")
                case PartState(part="lab", state="stopped") if self.orders:
                    self.app.exit(return_code=LAB_FAILED)

    def _make_room_for_scenario(self) -> None:
        if self.scenario.present and "scenario" not in self._panels_there:
            self._panels_there = PANELS
            self.scenario.display = not self.query(".-maximised")

    def _show_status(self) -> None:
        pending = self.ocpp.pending + self.can.pending
        self.query_one(StatusLine).update(
            self.summary,
            paused=pending if self._paused else None,
            dropped=self._handle.events.dropped,
        )

    def notice(self, text: str, level: Level = "info") -> None:
        """Show one line for people in the place of the keys."""
        self.query_one(KeyFooter).say(text, level)

    # Commands

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Leave every key to an input that is being typed into."""
        return action != "command" or not isinstance(self.focused, Input)

    async def action_command(self, name: str) -> None:
        """Do what the command says: here, or in the lab."""
        command = by_name[name]
        if command.scope == "lab":
            self.listen(self._handle.submit(name))
        else:
            await self.run_action(name.replace(".", "_"))

    def listen(self, answer: Future[str]) -> None:
        """Show the lab's answer when it comes."""

        def done(future: Future[str]) -> None:
            level: Level
            try:
                text, level = future.result(), "info"
            except CancelledError:
                return
            except Exception as error:
                text, level = str(error) or type(error).__name__, "error"
            self.post_message(self.Answered(text, level))

        answer.add_done_callback(done)

    @on(Answered)
    def _show_answer(self, answer: Answered) -> None:
        self.notice(answer.text, answer.level)

    def action_anomaly_edit(self) -> None:
        """Open the form."""
        from evtui.tui.screens.edit_anomaly import EditAnomaly

        def saved(answer: Future[str] | None) -> None:
            if answer is not None:
                self.listen(answer)

        anomaly = self.summary.anomaly
        self.app.push_screen(
            EditAnomaly(self._handle, anomaly.parameters if anomaly else {}), saved
        )

    def action_view_mark(self) -> None:
        """Ask for a few words for this moment."""
        from evtui.tui.screens.mark import MarkScreen

        moment = self._handle.now()

        def answered(words: str | None) -> None:
            if words is not None:
                self.listen(self._handle.submit("lab.mark", text=words, at=moment))

        self.app.push_screen(MarkScreen(clock(self._handle.start_utc + moment)), answered)

    def action_view_pause(self) -> None:
        """Freeze the view, or let it go on."""
        self._paused = not self._paused
        self.set_class(self._paused, "-paused")
        self._show_status()

    @property
    def focused_panel(self) -> Widget:
        """The panel that has the focus; the OCPP panel where none has."""
        for widget in self.focused.ancestors_with_self if self.focused else ():
            if isinstance(widget, Widget) and widget.id in PANELS:
                return widget
        return self.ocpp

    @property
    def focused_list(self) -> ListPanel:
        """The list panel that has the focus; the OCPP panel where none has."""
        panel = self.focused_panel
        return panel if isinstance(panel, ListPanel) else self.ocpp

    def action_view_filter(self) -> None:
        """Filter the focused list."""
        self.focused_list.open_filter()

    def action_view_detail(self) -> None:
        """Show the row under the cursor in full."""
        from evtui.tui.screens.detail import DetailScreen

        def utc(t: float) -> float:
            return self._handle.start_utc + t

        entry = self.focused_list.view.entry
        if isinstance(entry, Exchange):
            blocks = exchange_blocks(entry, self.ocpp.log_model, self.can.trace, utc)
            title = f"{entry.arrow} {entry.title} {clock(utc(entry.t))} UTC"
        elif isinstance(entry, FrameRow):
            blocks = frame_blocks(entry, self.ocpp.log_model, utc)
            title = f"{entry.id_text} {entry.name}"
        else:
            self.notice("no row to open yet")
            return
        self.app.push_screen(DetailScreen(title, blocks))

    def _go_to(self, identity: str) -> None:
        maximised = self.query(".-maximised")
        panel = self.query_one(f"#{identity}")
        if maximised and not panel.has_class("-maximised"):
            maximised.remove_class("-maximised")
            panel.add_class("-maximised")
            self._arrange()
        self._focus(panel)

    def _focus(self, panel: Widget) -> None:
        # Widget.focus comes a moment later, and the next key may be here before it.
        self.set_focus(panel.view if isinstance(panel, ListPanel) else panel)

    def action_view_ocpp(self) -> None:
        """Focus the OCPP log."""
        self._go_to("ocpp")

    def action_view_can(self) -> None:
        """Focus the CAN panel."""
        self._go_to("can")

    def action_view_current(self) -> None:
        """Focus the chart."""
        self._go_to("current")

    def action_view_anomaly(self) -> None:
        """Focus the anomaly panel."""
        self._go_to("anomaly")

    def action_view_scenario(self) -> None:
        """Focus the scenario panel."""
        if self.scenario.present:
            self._go_to("scenario")
        else:
            remedy = ": start evtui with --scenario" if self.orders else " in this recording"
            self.notice(f"no scenario{remedy}")

    def action_view_next(self) -> None:
        """Focus the next panel."""
        there = self._panels_there
        index = there.index(self.focused_panel.id or there[0])
        self._go_to(there[(index + 1) % len(there)])

    def action_view_maximise(self) -> None:
        """Give the focused panel the whole screen, or give it back."""
        panel = self.focused_panel
        panel.toggle_class("-maximised")
        self._arrange()
        self._focus(panel)

    def _arrange(self) -> None:
        """Hide what is not maximised, while something is."""
        maximised = self.query(".-maximised")
        chosen = maximised.first() if maximised else None
        for identity in self._panels_there:
            panel = self.query_one(f"#{identity}")
            panel.display = chosen is None or panel is chosen
        for column in self.query("#side, #lists"):
            column.display = chosen is None or chosen in column.children
            column.set_class(chosen is not None and chosen in column.children, "-alone")

    def action_view_can_trace(self) -> None:
        """CAN by identifier or as a trace."""
        self.can.toggle_trace()
        self._relate(self.can.view)

    def action_view_zoom_in(self) -> None:
        """Shorter chart window."""
        self.current.zoom(-1)

    def action_view_zoom_out(self) -> None:
        """Longer chart window."""
        self.current.zoom(1)

    def action_view_follow(self) -> None:
        """Go to the newest row."""
        self.focused_list.view.follow()

    def action_view_copy(self) -> None:
        """Copy the row under the cursor."""
        entry = self.focused_list.view.entry
        if entry is None:
            self.notice("no row to copy yet")
            return
        line = f"{clock(self._handle.start_utc + entry.t)} {entry.text}"
        self.app.copy_to_clipboard(line)
        self.notice(f"copied {len(line)} characters")

    def action_app_screenshot(self) -> None:
        """Save the screen as an SVG file."""
        from evtui.tui.screenshot import save_screenshot

        try:
            self.notice(f"screen saved as {save_screenshot(self.app)}")
        except OSError as error:
            self.notice(f"screen not saved: {error.strerror or error}", "error")

    def action_app_palette(self) -> None:
        """Open the command palette."""
        self.app.action_command_palette()

    def action_app_help(self) -> None:
        """Show all keys."""
        from evtui.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.commands))

    def action_app_quit(self) -> None:
        """Leave; ask while something runs."""
        from evtui.tui.screens.quit import QuitScreen

        if not self.summary.running:
            self.app.exit(return_code=0)
            return

        def answered(leave: bool | None) -> None:
            if leave:
                self.app.exit(return_code=0)

        self.app.push_screen(QuitScreen(self.summary.running), answered)

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
        small = width < MIN_WIDTH or height < MIN_HEIGHT
        if small and not self.has_class("-too-small"):
            self._focus_to_restore = self.focused_panel
        elif not small and self._focus_to_restore is not None:
            # What is not shown cannot keep the focus; it can have it back once it is.
            self.call_after_refresh(self._focus, self._focus_to_restore)
            self._focus_to_restore = None
        self.set_class(small, "-too-small")
        if small:
            self.query_one("#too-small", Static).update(
                f"evtui needs {MIN_WIDTH}x{MIN_HEIGHT}, this is {width}x{height}"
            )
