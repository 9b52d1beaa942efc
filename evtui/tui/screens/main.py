"""The main screen: events of the lab into the panels, keys into commands."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from evtui.commands import by_name
from evtui.events import Event, Note, PartState, ScenarioState
from evtui.tui.handle import LabHandle
from evtui.tui.keymap import bindings
from evtui.tui.models.detail import exchange_blocks, frame_blocks
from evtui.tui.models.exchanges import Exchange
from evtui.tui.models.frames import FrameRow
from evtui.tui.models.operations import Operations
from evtui.tui.models.summary import LabSummary
from evtui.tui.models.text import clock
from evtui.tui.panels.footer import Level
from evtui.tui.screens.panels import PanelScreen

__all__ = ["STATUS_SECONDS", "MainScreen"]

TAKE_LIMIT = 5_000
"""Events taken in one tick, so that a flood cannot hold up the keys."""

STATUS_SECONDS = 1.0
"""How often the status line looks at what is not announced by an event."""

LAB_FAILED = 3
"""Exit code when the lab has ended by itself."""


class MainScreen(PanelScreen):
    """Takes events from the lab and shows them; turns keys into commands.

    Args:
        handle: the lab.
        known: texts for fields of operations by name, ``idTag``; see
            :func:`evtui.ocpp16.forms.defaults`.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings()

    class Answered(Message):
        """The lab has done what a command asked, or could not."""

        def __init__(self, text: str, level: Level) -> None:
            super().__init__()
            self.text = text
            self.level = level

    def __init__(self, handle: LabHandle, known: Mapping[str, str] | None = None) -> None:
        super().__init__(handle.start_utc)
        self._handle = handle
        self._paused = False
        self._status_at = -STATUS_SECONDS
        self.summary = LabSummary(orders=self.orders)
        self.operations = Operations(known)

    # Events of the lab

    def tick(self) -> None:
        """Take what has come and show it; a paused view takes it and shows it later."""
        events = self._handle.events.take(TAKE_LIMIT)
        now = self._handle.now()
        with self.app.batch_update():
            if events:
                for panel in self._panels:
                    panel.feed(events)
                self.operations.feed(events)
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

    def _show_status(self) -> None:
        pending = self.ocpp.pending + self.can.pending
        self.status.update(
            self.summary,
            paused=pending if self._paused else None,
            dropped=self._handle.events.dropped,
        )

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

    def action_csms_operation(self) -> None:
        """Choose an operation of the central system, then fill in its form."""
        from evtui.tui.palette import Palette
        from evtui.tui.screens.operation_commands import OperationCommands

        if self._can_send() and not self.has_class("-too-small"):
            self.app.push_screen(Palette([OperationCommands], placeholder="Which operation?"))

    def action_send_operation(self, action: str) -> None:
        """Open the form of one operation."""
        from evtui.tui.screens.operation import OperationScreen

        def closed(answer: Future[str] | None) -> None:
            if answer is not None:
                self.listen(answer)

        if self._can_send():
            self.app.push_screen(OperationScreen(self._handle, self.operations, action), closed)

    def _can_send(self) -> bool:
        if not self.operations.ours:
            self.notice(
                "not with --csms: operations are sent by evtui's own central system", "error"
            )
        return self.operations.ours

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
