"""Secrets taken out of everything before it comes to a screen."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy

from evtui.events import Event, OcppMessage
from evtui.recording.write import Redactor
from evtui.tui.models.exchanges import Exchange

__all__ = ["Hiding"]

KEPT = 2_000_000
"""Bytes of the newest messages with secrets, kept as they came for whoever asks to see one."""


class Hiding:
    """What a screen takes in passes through here; rows and pictures are made of what is left.

    Args:
        secrets: what is never shown, wherever it stands.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._redactor = Redactor(secrets=secrets)
        self._originals: dict[int, OcppMessage] = {}
        self._kept = 0

    def events(self, events: Iterable[Event]) -> list[Event]:
        """Events as they may be shown."""
        return [self._event(event) for event in events]

    def text(self, text: str) -> str:
        """A line for people as it may be shown."""
        return self._redactor.text(text)

    def revealed(self, exchange: Exchange) -> Exchange | None:
        """``exchange`` as it came, where something of it is hidden and still known."""
        messages = [self._originals.get(one.seq, one) for one in exchange.messages]
        if all(one is other for one, other in zip(messages, exchange.messages, strict=True)):
            return None
        whole = copy(exchange)
        whole.messages = messages
        return whole

    def _event(self, event: Event) -> Event:
        shown = self._redactor.event(event)
        if shown is not event and isinstance(event, OcppMessage):
            self._originals[event.seq] = event
            self._kept += _size(event)
            while self._kept > KEPT:
                self._kept -= _size(self._originals.pop(next(iter(self._originals))))
        return shown


def _size(message: OcppMessage) -> int:
    """Bytes that a message takes, nearly."""
    return 1_000 + len(message.body) + len(message.text) + len(message.detail)
