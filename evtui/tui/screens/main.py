"""The main screen: events of the lab into the panels, keys into commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, ClassVar, get_args

from textual import on
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from evtui.commands import FIRST_CONTACT, STATIONS, Outcome, by_name
from evtui.config import FAVOURITES, Theme
from evtui.events import CanFrame, Event, LinkState, Note, PartState, ScenarioState
from evtui.tui.answers import when_answered
from evtui.tui.dialog import Dialog
from evtui.tui.doing import does
from evtui.tui.handle import LabHandle
from evtui.tui.key_hints import key_of
from evtui.tui.keymap import bindings
from evtui.tui.models.detail import Block, exchange_blocks, frame_blocks
from evtui.tui.models.exchanges import Exchange
from evtui.tui.models.finding import FoundChoice
from evtui.tui.models.frames import FrameLine
from evtui.tui.models.hiding import Hiding
from evtui.tui.models.notices import NoticeLevel
from evtui.tui.models.operations import OperationList
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.models.station_lines import trouble
from evtui.tui.models.text import clean, clock, cut
from evtui.tui.panels.charge_points import ChargePointsPanel
from evtui.tui.screens.real_bus_commands import RealBusCommands
from evtui.tui.screens.sending_commands import SENDING_CHOICES, SendingCommands
from evtui.tui.screens.stations import Chosen, StationsScreen

__all__ = ["STATUS_SECONDS", "MainScreen"]

TAKE_LIMIT = 5_000
"""Events taken in one tick, so that a flood cannot hold up the keys."""

STATUS_SECONDS = 1.0
"""How often the status line looks at what is not announced by an event."""

SAME_CLOCK = 1.0
"""s by which lab time may be off UTC and still be called that."""

MORE_CONNECTORS = ": start evtui with --connectors or --stations for more"

LAB_FAILED = 3
"""Exit code when the lab has ended by itself."""


class MainScreen(SendingCommands, RealBusCommands):
    """Takes events from the lab and shows them; turns keys into commands.

    Args:
        handle: the lab.
        known: texts for fields of operations by name, ``idTag``; see
            :func:`evtui.ocpp16.forms.defaults`.
        secrets: what is never shown, wherever it stands.
        first: connector that is chosen at the start; None for the one that appears first.
        told: a line for people to begin with.
        favourites: names of the anomalies that have a key of their own.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings()

    class OrderAnswered(Message):
        """The lab has done what a command asked, or could not."""

        def __init__(self, text: str, level: NoticeLevel) -> None:
            super().__init__()
            self.text = text
            self.level = level

    class PlacesTold(Message):
        """The lab has said where files may go, before the form of ``action`` opens."""

        def __init__(self, action: str, places: dict[str, str]) -> None:
            super().__init__()
            self.action = action
            self.places = places

    def __init__(
        self,
        handle: LabHandle,
        known: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
        first: ChosenPlace | None = None,
        told: str = "",
        favourites: Sequence[str] = FAVOURITES,
    ) -> None:
        super().__init__(handle.start_utc, Hiding(secrets), handle.now)
        self.selection.wanted = first
        self._told = told
        self.have_favourites(favourites)
        self._handle = handle
        self._paused = False
        self._status_at = -STATUS_SECONDS
        self.operations = OperationList(
            known, self._known_here, lambda: self.selection.station, self.stations.get
        )

    def on_mount(self) -> None:
        """Tell what there is to tell at the start."""
        if self._told:
            self.notice(self._told, "warning")

    # Events of the lab

    def tick(self) -> None:
        """Take what has come and show it; a paused view takes it and shows it later."""
        events = self.hiding.events(self._handle.events.take(TAKE_LIMIT))
        # On a full bus 99 of 100 events are frames, and most of the screen is not about them.
        rest = [event for event in events if not isinstance(event, CanFrame)]
        now = self._handle.now()
        with self.app.batch_update():
            news = self.summary.feed(rest)
            if self.sent.feed(events):
                self.summary.sending, news = len(self.sent), True
            if events:
                self._learn(rest)
                for panel in self._panels:
                    panel.feed(events if panel in (self.can, self.current) else rest)
                self.operations.feed(rest)
                self._announce(rest)
                for title in self.tour.feed(rest):
                    self.notice(f"tour: done – {title}")
                self._make_room_for_scenario()
            if self._handle.events.dropped:
                self.can.count_lost(self._handle.events.lost_frames())
            if not self._paused:
                for panel in self._panels:
                    panel.tick(now)
                self.points.tick(now)
                self._make_room_for_points()
            if isinstance(self.app.screen, Dialog):
                self.app.screen.tick()
            for between in self.app.screen_stack[1:-1]:
                between.refresh()  # Textual keeps what it has drawn of those below
            if news or now - self._status_at >= STATUS_SECONDS:
                self._status_at = now
                self._show_status()

    def _learn(self, events: Sequence[Event]) -> None:
        """Which charge points and connectors there are."""
        self.stations.feed(events)
        if self.selection.feed(events):
            self._select()

    def _announce(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Note(level="warning" | "error"):
                    # Only so that a name is not said twice; nothing is decided by it.
                    unnamed = event.station and event.station not in event.text
                    about = f"{event.station}: " if unnamed else ""
                    self.notice(about + event.text, event.level, news=True)
                case LinkState(state="asking") if self.orders:
                    key = key_of("view.stations")
                    self.notice(f"station {event.station} asks to be let in: {key}", "warning")
                case ScenarioState(change="end"):
                    self.notice(f"scenario {event.scenario} ended: {event.detail}")
                case PartState(part="lab", state="crashed") if self.orders:
                    if self.summary.central is None:  # it never came up: nothing to look at
                        self.app.exit(return_code=LAB_FAILED)
                    self.notice(f"the lab has ended: {event.detail}", "error")
                case PartState(part="lab", state="stopped") if self.orders:
                    self.app.exit(return_code=LAB_FAILED)

    def _show_status(self) -> None:
        station = self.selection.station
        self.ocpp.tell(station, trouble(self.stations.get(station), self._handle.now()))
        pending = self.ocpp.pending + self.can.pending
        self.status.update(
            self.summary,
            self._handle.now(),
            paused=pending if self._paused else None,
            dropped=self._handle.events.dropped,
        )
        if self.orders:
            now, summary = self._handle.now(), self.summary
            self.set_class(summary.proxied.central is not None, "-proxied")
            self.armed.tell(summary.real_buses.banner(now) or summary.proxied.banner(now))

    def lab_time(self) -> float:
        """s since the lab started."""
        return self._handle.now()

    # Commands

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Leave every key to an input that is being typed into."""
        return action != "command" or not isinstance(self.focused, Input)

    async def action_command(self, name: str) -> None:
        """Do what the command says: here, or in the lab."""
        command = by_name[name]
        if command.aimed and self.selection.foreign:
            self.refuse_at_a_foreign_one()
        elif command.aimed and command.scope == "lab":
            self.order(name, self.selection.target)
        elif command.scope == "lab":
            self.listen(self._handle.submit(name))
        else:
            await self.do(name)

    def order(self, command: str, place: ChosenPlace | None, **arguments: object) -> None:
        """Tell the lab to do something at a connector, which stands before the answer."""
        target = {} if place is None else place._asdict()
        known = None if place is None else self.stations.get(place.station)
        early = self.orders and self._handle.now() < FIRST_CONTACT
        declared = by_name[command]
        if early and declared.over_the_link and not (known and known.accepted):
            name = "the charge point" if place is None else clean(place.station)
            self.notice(f"{declared.label} waits for {name} to connect")
        self.listen(self._handle.submit(command, **target, **arguments), place)

    def refuse_at_a_foreign_one(self) -> None:
        """Say that orders do not go to a foreign station, and what does."""
        foreign, back = self.selection.foreign, self.selection.chosen
        send, step = key_of("csms.operation"), key_of("view.next_connector")
        remedy = f"{send} sends operations, {step} is {back}"
        self.notice(f"{cut(clean(foreign), 20)} is foreign: {remedy}", "error")

    def listen(self, answer: Future[Outcome[Any]], place: ChosenPlace | None = None) -> None:
        """Show the lab's answer when it comes, and where it was done."""
        about = "" if place is None else f"{place}: "
        when_answered(
            answer,
            lambda outcome, level: self.post_message(
                self.OrderAnswered(about + outcome.text, level)
            ),
        )

    @on(OrderAnswered)
    def _show_answer(self, answer: OrderAnswered) -> None:
        self.notice(answer.text, answer.level)

    @does("csms.operation")
    def _csms_operation(self) -> None:
        """Choose an operation of the central system, then fill in its form."""
        if self._can_send():
            whose = f" for {clean(self.operations.station)}" if self.operations.station else ""
            self.choose_from(self._operation_choices(), f"Which operation{whose}?")

    def _operation_choices(self) -> list[FoundChoice]:
        from evtui.ocpp16.forms import OPERATIONS

        return [
            FoundChoice(f"Send {action}…", f"send_operation({action!r})", told)
            for action, told in OPERATIONS.items()
        ]

    def choose_from(self, choices: list[FoundChoice], placeholder: str) -> None:
        """Open the palette; not over the line that says the terminal is too small."""
        from evtui.tui.palette import Palette

        async def chosen(action: str | None) -> None:
            if action is not None:
                await self.run_action(action)

        if not self.has_class("-too-small"):
            self.app.push_screen(Palette(choices, placeholder), chosen)

    def action_send_operation(self, action: str) -> None:
        """Open the form of one operation, once it is known where its files may go."""

        def told(outcome: Outcome[dict[str, str] | None], _: NoticeLevel) -> None:
            self.post_message(self.PlacesTold(action, outcome.data or {}))

        if not self._can_send():
            return
        if self.operations.misses_a_place(action):
            when_answered(self._handle.submit("csms.files"), told)
        else:
            self._open_form(action)

    @on(PlacesTold)
    def _places_are_known(self, told: PlacesTold) -> None:
        self.operations.learn_places(told.places)
        self._open_form(told.action)

    def _open_form(self, action: str) -> None:
        from evtui.tui.screens.operation import OperationScreen

        def closed(answer: Future[Outcome[Any]] | None) -> None:
            if answer is not None:
                self.listen(answer)

        self.app.push_screen(OperationScreen(self._handle, self.operations, action), closed)

    def _can_send(self) -> bool:
        if not self.operations.ours:
            self.notice(
                "the central system is somebody else's: operations are sent by evtui's own", "error"
            )
        return self.operations.ours

    # Which charge point

    @does("view.stations")
    def _view_stations(self) -> None:
        """List every charge point."""

        def chosen(choice: Chosen | None) -> None:
            if choice is None:
                return
            place = self.selection.at(choice.station)
            if place is not None:
                self._choose(place)
            elif not choice.ours:
                self._choose_foreign(choice.station)
            if choice.operation:
                self._csms_operation()

        self.app.push_screen(
            StationsScreen(
                self._handle,
                self.stations,
                self.selection,
                orders=self.orders,
                notices=self.notices,
            ),
            chosen,
        )

    @does("view.next_connector")
    def _view_next_connector(self) -> None:
        """Choose the next connector of ours."""
        self._step_connector(1)

    @does("view.previous_connector")
    def _view_previous_connector(self) -> None:
        """Choose the one before."""
        self._step_connector(-1)

    def _step_connector(self, by: int) -> None:
        if self.selection.several or self.selection.foreign:
            self.selection.step(by)
            self._show_choice()
        else:
            self.notice("there is one connector only" + MORE_CONNECTORS * self.orders)

    @on(ChargePointsPanel.StationPointed)
    def _choose_pointed(self, pointed: ChargePointsPanel.StationPointed) -> None:
        place = self.selection.at(pointed.station)
        if place is None:
            self._choose_foreign(pointed.station)
        elif pointed.connector is not None:
            place = ChosenPlace(pointed.station, pointed.connector)
            self._choose(place if place in self.selection.places else self.selection.places[0])

    def _choose(self, place: ChosenPlace) -> None:
        self.selection.choose(place)
        self._show_choice()

    def _choose_foreign(self, station: str) -> None:
        self.selection.foreign = station
        self._show_choice()

    def _show_choice(self) -> None:
        """Show what is chosen, in a paused view too."""
        chosen, foreign = self.selection.chosen, self.selection.foreign
        self._select()
        self._show_status()
        if foreign:
            remedy = f": {key_of('csms.operation')} sends it operations" * self.orders
            self.notice(f"{foreign} is chosen{remedy}")
        else:
            self.notice(f"{chosen} is shown" + ", and orders go to it" * self.orders)

    def _known_here(self, station: str) -> dict[str, str]:
        """What fields of operations begin with because a connector is chosen."""
        chosen, known = self.selection.target, self.stations.get(station)
        if not self.selection.several or chosen is None or known is None:
            return {}
        if chosen.station != station:
            return {}
        transaction = known.connector(chosen.connector).transaction
        return {"connectorId": f"{chosen.connector}"} | (
            {} if transaction is None else {"transactionId": f"{transaction}"}
        )

    @does("view.mark")
    def _view_mark(self) -> None:
        """Ask for a few words for this moment."""
        from evtui.tui.screens.mark import MarkScreen

        moment, place = self._handle.now(), self.selection.chosen  # whose chart is shown
        where = {} if place is None else {"station": place.station}

        def answered(words: str | None) -> None:
            if words is not None:
                self.listen(self._handle.submit("lab.mark", text=words, at=moment, **where))

        self.app.push_screen(MarkScreen(clock(self._handle.start_utc + moment)), answered)

    @does("view.pause")
    def _view_pause(self) -> None:
        """Freeze the view, or let it go on."""
        self._paused = not self._paused
        self.set_class(self._paused, "-paused")
        self._show_status()

    @does("view.detail")
    def _view_detail(self) -> None:
        """Show the row under the cursor in full."""
        from evtui.tui.screens.detail import DetailScreen

        def utc(t: float) -> float:
            return self._handle.start_utc + t

        scale = self._scale

        def blocks_of(exchange: Exchange) -> list[Block]:
            return exchange_blocks(exchange, self.ocpp.log_model, self.can.trace, utc)

        entry = self.focused_list.view.entry
        whole = None
        if isinstance(entry, Exchange):
            blocks, known = blocks_of(entry), self.hiding.revealed(entry)
            whole = None if known is None else blocks_of(known)
            title = f"{entry.arrow} {entry.title} {clock(utc(entry.t))}{self._scale}"
        elif isinstance(entry, FrameLine):
            self.show_frame(entry, lambda: frame_blocks(entry, self.ocpp.log_model, utc, scale))
            return
        else:
            self.notice("no row to open yet")
            return
        self.app.push_screen(DetailScreen(title, blocks, whole))

    @property
    def _scale(self) -> str:
        """What the times on the screen are: UTC no longer, where the lab has fallen behind it."""
        behind = self._handle.unix() - self._handle.start_utc - self._handle.now()
        return " UTC" if abs(behind) <= SAME_CLOCK else " lab time"

    @does("view.messages")
    def _view_messages(self) -> None:
        """List what was said."""
        from evtui.tui.screens.detail import DetailScreen

        told = self.notices.told() or "nothing was said yet"
        self.app.push_screen(DetailScreen("Messages", [Block("", told)]))

    @does("view.copy")
    def _view_copy(self) -> None:
        """Copy the row under the cursor."""
        entry = self.focused_list.view.entry
        if entry is None:
            self.notice("no row to copy yet")
            return
        line = f"{clock(self._handle.start_utc + entry.t)} {entry.text}"
        self.app.copy_to_clipboard(line)
        self.notice(f"copied {len(line)} characters")

    @does("app.screenshot")
    def _app_screenshot(self) -> None:
        """Save the screen as an SVG file."""
        from evtui.tui.screens.detail import DetailScreen
        from evtui.tui.screenshot import save_screenshot

        shown = (each for each in self.app.screen_stack if isinstance(each, DetailScreen))
        if any(each.reveals for each in shown):
            self.notice("screen not saved: it shows what is hidden otherwise", "error")
            return
        try:
            self.notice(f"screen saved as {save_screenshot(self.app)}")
        except OSError as error:
            why = f"{error.strerror or error} in {Path.cwd()}"
            self.notice(
                f"screen not saved: {why}, nor can the folder of pictures be written; start evtui "
                "in a folder that can",
                "error",
            )

    @does("app.palette")
    def _app_palette(self) -> None:
        """Find anything there is to do."""
        from evtui.tui.palette import command_choices

        operations = [*SENDING_CHOICES, *self._operation_choices()] if self.orders else []
        self.choose_from([*command_choices(self.commands), *operations], "Which command?")

    @does("app.theme")
    def _app_theme(self) -> None:
        """Choose the colours."""
        themes = [FoundChoice(name, f"app.take_theme({name!r})") for name in get_args(Theme)]
        self.choose_from(themes, "Which theme?")

    @does("app.help")
    def _app_help(self) -> None:
        """Show all keys."""
        from evtui.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen((*self.commands, *STATIONS)))

    @does("app.tour")
    def _app_tour(self) -> None:
        """Begin the tour, or leave it."""
        self.tour.toggle()
        if not self.tour.tour.on:
            self.notice(f"the tour is left: {key_of('app.tour')} goes on with it")

    @does("app.tour_next")
    def _app_tour_next(self) -> None:
        """Skip a task of the tour."""
        if self.tour.tour.on:
            self.tour.skip()
        else:
            self.notice(f"no tour is on: {key_of('app.tour')} begins it")

    @does("app.docs")
    def _app_docs(self) -> None:
        """Show the documentation."""
        from evtui.tui.screens.docs import DocsScreen

        self.app.push_screen(DocsScreen())

    @does("app.quit")
    def _app_quit(self) -> None:
        """Leave; ask while something runs."""
        from evtui.tui.screens.question import Question

        if not self.summary.running:
            self.app.exit(return_code=0)
            return

        def answered(leave: bool | None) -> None:
            if leave:
                self.app.exit(return_code=0)

        running = self.summary.running
        told = f"{running[0].upper()}{running[1:]} will be stopped and the station made safe."
        self.app.push_screen(Question("Leave?", told, "leave", "stay"), answered)
