"""The main screen over a recording: the same panels, a time line, and keys that move the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Thread
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from evtui.canbus import FoundSignal
from evtui.commands import REPLAY, Command, by_name, replay_commands
from evtui.events import CanFrame, OcppMessage, Sample
from evtui.recording.read import MomentKind
from evtui.tui.doing import does
from evtui.tui.keymap import bindings
from evtui.tui.line_view import LineView
from evtui.tui.models.meanings import NAME_LIMIT
from evtui.tui.models.signals import SignalKey, SignalTrack
from evtui.tui.models.summary import LabSummary, SummarySegment
from evtui.tui.models.text import clean
from evtui.tui.panels.current import CurrentPanel
from evtui.tui.replay.feed import Arrival
from evtui.tui.replay.handle import ReplayHandle
from evtui.tui.replay.overview import Overview
from evtui.tui.replay.scrubber import Scrubber
from evtui.tui.screens.main import STATUS_SECONDS, MainScreen

__all__ = ["About", "ReplayScreen"]

STATELESS = (Sample, CanFrame, OcppMessage)


@dataclass(frozen=True, slots=True)
class About:
    """What is played, for people.

    Attributes:
        name: short, for the status line.
        lines: what was recorded, and when.
        problems: tells what is missing or could not be read so far, one line each.
        overview: reads what happened over the whole recording; called on another thread.
        signals: that are on the chart from the beginning.
        only_frames: it is a CAN log: the panel to look at is that of CAN.
    """

    name: str
    lines: Sequence[str]
    problems: Callable[[], Sequence[str]]
    overview: Callable[[], Overview]
    signals: Sequence[FoundSignal] = ()
    only_frames: bool = False


class ReplayScreen(MainScreen):
    """Shows the moment of the cursor.

    Args:
        handle: what is played.
        about: what is known of it.
    """

    DEFAULT_CSS = "ReplayScreen.-too-small Scrubber { display: none; }"
    # Those of a lab stay bound below these: they are refused, not dead.
    BINDINGS: ClassVar[list[BindingType]] = bindings(REPLAY)

    commands: tuple[Command, ...] = replay_commands()
    orders: ClassVar[bool] = False

    class Arrived(Message):
        """What was sought has been read."""

    class Surveyed(Message):
        """The whole recording has been looked through, or could not be."""

        def __init__(self, overview: Overview, trouble: str = "") -> None:
            super().__init__()
            self.overview = overview
            self.trouble = trouble

    def __init__(self, handle: ReplayHandle, about: About) -> None:
        super().__init__(handle)
        self._replay = handle
        self._about = about
        self._known = {command.name for command in self.commands}
        self.scrubber = Scrubber(handle.player)

    def compose(self) -> ComposeResult:
        """The time line above the keys."""
        for widget in super().compose():
            if widget is self.footer:
                yield self.scrubber
            yield widget

    def on_mount(self) -> None:
        """Say what is played, what of it is missing, and begin."""
        problems = self._about.problems()
        lead = [SummarySegment((f" REPLAY {self._about.name} ", " REPLAY "), "badge")]
        if problems:
            lead.append(SummarySegment(("! not complete", "!"), "warning"))
        self.status.lead = tuple(lead)
        self._show_status()
        for view in self.query(LineView):
            view.empty = "nothing up to this moment of the recording"
        if problems:
            more = f" (and {len(problems) - 1} more, see ?)" if len(problems) > 1 else ""
            self.notice(f"{problems[0]}{more}", "warning")
        if self._about.only_frames:
            self.can.view.focus()
        for signal in self._about.signals:
            name, message = clean(signal.name), clean(signal.message)
            key = SignalKey("", signal.arbitration_id, signal.extended, name[:NAME_LIMIT])
            label = name if name == message else f"{message}.{name}"
            self.current.charted.put(SignalTrack(key, clean(signal.unit)[:NAME_LIMIT]), label)
        self._replay.on_arrival(lambda: self.post_message(self.Arrived()))
        Thread(target=self._survey, name="evtui-overview", daemon=True).start()
        if not self._replay.player.at_end:
            self._replay.toggle()

    def _survey(self) -> None:
        try:
            surveyed = self.Surveyed(self._about.overview())
        except Exception as error:  # whatever is wrong with a file, the rest can be played
            surveyed = self.Surveyed(Overview(), str(error) or type(error).__name__)
        self.post_message(surveyed)

    @on(Surveyed)
    def _show_overview(self, surveyed: Surveyed) -> None:
        self.scrubber.update(surveyed.overview)
        if surveyed.trouble:
            self.notice(f"no attacks and alarms on the time line: {surveyed.trouble}", "warning")

    # The cursor

    @on(Arrived)
    def tick(self) -> None:
        """Let the cursor move on, and show its moment."""
        player = self._replay.player
        playing = player.playing
        arrival = self._replay.advance()
        with self.app.batch_update():
            if arrival is not None:
                self._arrive(arrival)
            super().tick()
            self.scrubber.tick(seeking=self._replay.seeking)
        if playing and not player.playing and player.at_end:
            self.notice("end of the recording – space plays it again, ← goes back")

    def _arrive(self, arrival: Arrival) -> None:
        if arrival.trouble:
            self.notice(arrival.trouble, "warning")
        if arrival.events is None:
            return
        events = self.hiding.events(arrival.events)
        self.stations.reset()
        self._learn(events)
        self.summary = LabSummary(self.stations, self.selection, orders=self.orders)
        # Nine of ten events say nothing of a state, and a seek is to be felt as immediate.
        self.summary.feed(event for event in events if not isinstance(event, STATELESS))
        self._status_at = -STATUS_SECONDS
        for panel in self._panels:
            panel.reset()
            panel.feed(events)
        self.points.draw()
        self._make_room_for_scenario()
        self._relate(self.focused_list.view)

    @on(Scrubber.Sought)
    def _sought(self, sought: Scrubber.Sought) -> None:
        self._replay.seek(sought.t)

    @on(CurrentPanel.TimePointed)
    def _pointed(self, pointed: CurrentPanel.TimePointed) -> None:
        self._replay.seek(pointed.t)

    # Commands

    async def action_command(self, name: str) -> None:
        """Do what the command says, if it is one for a recording."""
        if name in self._known:
            if by_name[name].group == "Replay":
                self.footer.clear()  # what was said is of another moment
            await super().action_command(name)
        else:
            label = by_name[name].label
            self.notice(f"this is a recording: {label} needs a running lab", "warning")

    @does("replay.play")
    def _replay_play(self) -> None:
        """Play or pause."""
        self._replay.toggle()
        self._show_cursor()

    @does("replay.back")
    def _replay_back(self) -> None:
        """1 s back."""
        self._skip(-1.0)

    @does("replay.forward")
    def _replay_forward(self) -> None:
        """1 s forward."""
        self._skip(1.0)

    @does("replay.far_back")
    def _replay_far_back(self) -> None:
        """10 s back."""
        self._skip(-10.0)

    @does("replay.far_forward")
    def _replay_far_forward(self) -> None:
        """10 s forward."""
        self._skip(10.0)

    @does("replay.start")
    def _replay_start(self) -> None:
        """Go to the start."""
        self._replay.seek(self._replay.player.first)
        self._show_cursor()

    @does("replay.end")
    def _replay_end(self) -> None:
        """Go to the end."""
        self._replay.seek(self._replay.player.end)
        self._show_cursor()

    @does("replay.go_to")
    def _replay_go_to(self) -> None:
        """Ask for a time and go there."""
        from evtui.tui.replay.go_to import GoTo

        player = self._replay.player

        def given(t: float | None) -> None:
            if t is not None:
                self._replay.seek(t)
                self._show_cursor()

        self.app.push_screen(GoTo(player.first, player.end), given)

    @does("replay.slower")
    def _replay_slower(self) -> None:
        """Half the speed."""
        self._change_speed(-1)

    @does("replay.faster")
    def _replay_faster(self) -> None:
        """Twice the speed."""
        self._change_speed(1)

    @does("replay.next_edge")
    def _replay_next_edge(self) -> None:
        """To the next start or end of an anomaly."""
        self._step("anomaly", forward=True)

    @does("replay.previous_edge")
    def _replay_previous_edge(self) -> None:
        """To the one before."""
        self._step("anomaly", forward=False)

    @does("replay.next_alarm")
    def _replay_next_alarm(self) -> None:
        """To the next alarm."""
        self._step("alarm", forward=True)

    @does("replay.previous_alarm")
    def _replay_previous_alarm(self) -> None:
        """To the one before."""
        self._step("alarm", forward=False)

    @does("replay.next_message")
    def _replay_next_message(self) -> None:
        """To the next OCPP message."""
        self._step("message", forward=True)

    @does("replay.previous_message")
    def _replay_previous_message(self) -> None:
        """To the one before."""
        self._step("message", forward=False)

    @does("replay.next_frame")
    def _replay_next_frame(self) -> None:
        """To the next CAN frame."""
        self._step("frame", forward=True)

    @does("replay.previous_frame")
    def _replay_previous_frame(self) -> None:
        """To the one before."""
        self._step("frame", forward=False)

    def _skip(self, seconds: float) -> None:
        self._replay.skip(seconds)
        self._show_cursor()

    def _step(self, what: MomentKind, *, forward: bool) -> None:
        self._replay.step(what, forward=forward)
        self._show_cursor()

    def _change_speed(self, steps: int) -> None:
        player = self._replay.player
        player.change_speed(steps)
        self._show_cursor()
        self.notice(f"speed {player.speed:g}x")

    def _show_cursor(self) -> None:
        """At once: the next tick may be a while away."""
        self.scrubber.tick(seeking=self._replay.seeking)

    # Program

    @does("app.help")
    def _app_help(self) -> None:
        """Show the keys, and what is played."""
        from evtui.tui.screens.help import HelpScreen

        lines = [*self._about.lines, *(f"! {problem}" for problem in self._about.problems())]
        self.app.push_screen(HelpScreen(self.commands, ("This recording", lines)))

    @does("app.quit")
    def _app_quit(self) -> None:
        """Leave; nothing that runs would end."""
        self.app.exit(return_code=0)
