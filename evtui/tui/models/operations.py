"""What the forms of the central system's operations need to know, and what they remember."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evtui.events import CentralSystemState, Event, LinkState, OcppMessage

if TYPE_CHECKING:  # the first frame does not wait for the schemas' module
    from evtui.ocpp16.forms import Path

__all__ = ["Draft", "Operations"]

MOST_RUNNING = 1_000
"""Transactions remembered, those of foreign stations that never end among them."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed last for an operation.

    Attributes:
        texts: by path, those that differ from what the form began with.
        json: the text of the JSON editor, None where the fields were used.
    """

    texts: Mapping[Path, str] = field(default_factory=dict)
    json: str | None = None


ABOUT_FILES = frozenset({"GetDiagnostics", "UpdateFirmware"})


class Operations:
    """Who can be called, what the fields begin with, what was typed before.

    Args:
        known: texts for fields by name, see :func:`evtui.ocpp16.forms.defaults`; asked each
            time a form needs them, so it may change.
        here: texts that go before them at one station, since one of its connectors is chosen.

    Attributes:
        ours: False where the central system is somebody else's.
        station: the one that a form begins with, while it is connected.
        drafts: by operation.
    """

    def __init__(
        self,
        known: Mapping[str, str] | None = None,
        here: Callable[[str], Mapping[str, str]] = lambda station: {},
    ) -> None:
        self._known = known if known is not None else {}
        self._places: dict[str, str] = {}
        self._here = here
        self._connected: dict[str, None] = {}
        self._running: deque[tuple[str, object]] = deque(maxlen=MOST_RUNNING)
        self.ours = True
        self.station = ""
        self.drafts: dict[str, Draft] = {}

    def feed(self, events: Iterable[Event]) -> None:
        """Take events in the order of the stream."""
        for event in events:
            match event:
                case LinkState(side="central_system", state="offline"):
                    self._connected.pop(event.station, None)
                case LinkState(side="central_system"):
                    self._connected[event.station] = None
                case CentralSystemState():
                    self.ours = event.ours
                case OcppMessage(action="StartTransaction", kind="result", phase="sent"):
                    self._running.append(_transaction(event))
                case OcppMessage(action="StopTransaction", kind="call", phase="delivered"):
                    ended = _transaction(event)
                    while ended in self._running:  # once more for each retry
                        self._running.remove(ended)

    @property
    def stations(self) -> tuple[str, ...]:
        """Identities connected now, ours and foreign, in order of connection."""
        return tuple(self._connected)

    def known(self, station: str) -> dict[str, str]:
        """Texts for fields by name, with the newest transaction that runs at ``station``."""
        running = [number for name, number in self._running if name == station]
        newest = {"transactionId": f"{running[-1]}"} if running else {}
        return {**self._places, **self._known, **newest, **self._here(station)}

    def misses_a_place(self, action: str) -> bool:
        """True for an operation about a file, while nobody has said where files may go."""
        return action in ABOUT_FILES and not (
            "location" in self._known or f"{action}.location" in self._places
        )

    def learn_places(self, places: Mapping[str, str]) -> None:
        """Take where files may go: ``GetDiagnostics.location`` and the like."""
        self._places.update(places)


def _transaction(message: OcppMessage) -> tuple[str, object]:
    # Anybody's payload, which may be a list.
    payload = message.payload if isinstance(message.payload, dict) else {}
    return message.station, payload.get("transactionId")
