"""What the keys for sending on CAN open: a form for a raw frame, the list of messages, theirs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import msgspec
from textual import on
from textual.message import Message

from evtui.canbus import MessageForm
from evtui.commands import Outcome
from evtui.commands.can import MESSAGES, PERIODIC, PLAY, STOP_SENDING
from evtui.commands.station import CAN_SEND
from evtui.tui.answers import when_answered
from evtui.tui.doing import does
from evtui.tui.models.finding import FoundChoice
from evtui.tui.models.notices import NoticeLevel
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.models.sending import SentByHand, SentMessage
from evtui.tui.models.text import clean
from evtui.tui.screens.anomaly_commands import AnomalyCommands

if TYPE_CHECKING:
    from evtui.tui.handle import LabHandle

__all__ = ["SENDING_CHOICES", "SendingCommands"]

SENDING_CHOICES = (
    FoundChoice("Send CAN frame…", "send_frame", CAN_SEND.help, CAN_SEND.label, CAN_SEND.also),
    FoundChoice(
        "Send CAN message again and again…",
        "add_message",
        "Choose a message of the DBC, give values to its signals, send it at its period.",
        PERIODIC.label,
        PERIODIC.also,
    ),
    FoundChoice("Play CAN log…", "play_log", PLAY.help, PLAY.label, PLAY.also),
)
"""In the palette, where a command that takes arguments has no key."""


class SendingCommands(AnomalyCommands):
    """The panels, and all that has to do with sending on CAN by hand.

    Attributes:
        sent: what is sent again and again.
    """

    _handle: LabHandle

    class MessagesTold(Message):
        """The lab has said which messages there are on the bus of a charge point."""

        def __init__(
            self, place: ChosenPlace, outcome: Outcome[Any], level: NoticeLevel, change: str
        ) -> None:
            super().__init__()
            self.place, self.outcome, self.level, self.change = place, outcome, level, change

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.sent = SentByHand()
        self._frame: dict[str, str] = {}  # as it was typed last
        self._log: dict[str, str] = {}
        self._forms: dict[str, MessageForm] = {}  # of the bus that was asked about last

    @abstractmethod
    def listen(self, answer: Future[Outcome[Any]], place: ChosenPlace | None = None) -> None:
        """Show the lab's answer when it comes."""

    @abstractmethod
    def refuse_at_a_foreign_one(self) -> None:
        """Say that orders do not go to a foreign station, and what does."""

    @abstractmethod
    def choose_from(self, choices: list[FoundChoice], placeholder: str) -> None:
        """Open the palette."""

    def action_send_frame(self) -> None:
        """Ask for a raw CAN frame, and send it on the bus of the chosen charge point."""
        from evtui.tui.screens.can_frame import FrameScreen

        place = self.selection.target

        def closed(frame: Mapping[str, Any] | None) -> None:
            if frame is not None:
                self.order(CAN_SEND.name, place, **frame)

        if self.selection.foreign:
            self.refuse_at_a_foreign_one()
        else:
            self.app.push_screen(FrameScreen(place, self._frame), closed)

    def action_play_log(self) -> None:
        """Ask for a CAN log, and play it on the bus of the chosen charge point."""
        from evtui.tui.screens.play_log import PlayScreen

        place = self.selection.target

        def closed(log: Mapping[str, Any] | None) -> None:
            if log is not None:
                self.order(PLAY.name, place, **log)

        if self.selection.foreign:
            self.refuse_at_a_foreign_one()
        else:
            self.app.push_screen(PlayScreen(place, self._log), closed)

    @does("view.sending")
    def _view_sending(self) -> None:
        """List what is sent by hand."""
        from evtui.tui.screens.sending import SendingDeeds, SendingScreen

        place = self.selection.target
        if place is None:
            self.notice("no charge point yet")
            return

        def stop(which: SentMessage) -> None:
            self._stop(station=place.station, message=which.name)

        deeds = SendingDeeds(
            self.action_add_message,
            lambda which: self._ask_for_messages(place, which.name),
            stop,
            self._stop,
        )
        self.app.push_screen(SendingScreen(place, self.sent, deeds))

    def _stop(self, **which: str) -> None:
        self.listen(self._handle.submit(STOP_SENDING.name, **which))

    def action_add_message(self) -> None:
        """Choose a message of the DBC, then fill in its form."""
        place = self.selection.target
        if self.selection.foreign or place is None:
            self.refuse_at_a_foreign_one()
        else:
            self._ask_for_messages(place)

    def _ask_for_messages(self, place: ChosenPlace, change: str = "") -> None:
        """Ask the lab which there are, then go on: to the form of one, or to a choice."""

        def told(outcome: Outcome[Any], level: NoticeLevel) -> None:
            self.post_message(self.MessagesTold(place, outcome, level, change))

        when_answered(self._handle.submit(MESSAGES.name, **place._asdict()), told)

    @on(MessagesTold)
    def _messages_are_known(self, told: MessagesTold) -> None:
        if told.level != "info":
            self.notice(told.outcome.text, told.level)
            return
        forms = msgspec.convert(told.outcome.data, tuple[MessageForm, ...])
        self._forms = {each.name: each for each in forms}
        if told.change:
            self._open_message(told.place, told.change)
            return
        choices = [
            FoundChoice(
                f"{each.name} {each.id_text}",
                f"send_message({each.name!r})",
                each.comment or ", ".join(signal.name for signal in each.signals),
                each.name,
            )
            for each in forms
        ]
        self.choose_from(choices, f"Which message on the bus of {clean(told.place.station)}?")

    def action_send_message(self, name: str) -> None:
        """Open the form of one."""
        place = self.selection.target
        if place is not None:
            self._open_message(place, name)

    def _open_message(self, place: ChosenPlace, name: str) -> None:
        from evtui.tui.screens.can_message import MessageScreen

        def closed(told: Mapping[str, Any] | None) -> None:
            if told is not None:
                self.order(PERIODIC.name, place, **told)

        form = self._forms.get(name)
        if form is None:
            self.notice(f"the DBC has no message {clean(name)} any more", "error")
            return
        running = (each for each in self.sent.at(place.station) if each.name == name)
        self.app.push_screen(MessageScreen(form, place, next(running, None)), closed)
