"""What the forms of the central system's operations need to know, and what they remember."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evtui.events import CentralSystemState, Event, LinkState, OcppMessage
from evtui.tui.models.facts import dig
from evtui.tui.models.station_lines import connector_text
from evtui.tui.models.stations import ConnectorRow, Station

if TYPE_CHECKING:  # the first frame does not wait for the schemas' module
    from evtui.ocpp16.forms import Path

__all__ = ["Draft", "OperationList"]

MOST_RUNNING = 1_000
"""Transactions remembered, those of foreign stations that never end among them."""

MOST_KEYS = 500
"""Configuration keys remembered of a station."""


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


class OperationList:
    """Who can be called, what the fields begin with, what was typed before.

    Args:
        known: texts for fields by name, see :func:`evtui.ocpp16.forms.defaults`; asked each
            time a form needs them, so it may change.
        here: texts that go before them at one station, since one of its connectors is chosen.
        target: identity of the station that orders go to, connected or not.
        seen: what is known of a station, None where it is not.

    Attributes:
        ours: False where the central system is somebody else's.
        drafts: by operation.
    """

    def __init__(
        self,
        known: Mapping[str, str] | None = None,
        here: Callable[[str], Mapping[str, str]] = lambda station: {},
        target: Callable[[], str] = lambda: "",
        seen: Callable[[str], Station | None] = lambda station: None,
    ) -> None:
        self._known = known if known is not None else {}
        self._places: dict[str, str] = {}
        self._here = here
        self._target = target
        self._seen = seen
        self._connected: dict[str, None] = {}
        self._keys: dict[str, dict[str, None]] = {}
        self._running: deque[tuple[str, object]] = deque(maxlen=MOST_RUNNING)
        self.ours = True
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
                case OcppMessage(action="GetConfiguration", kind="result", phase="delivered"):
                    self._learn_keys(event)
                case OcppMessage(action="StartTransaction", kind="result", phase="sent"):
                    self._running.append(_transaction(event))
                case OcppMessage(action="StopTransaction", kind="call", phase="delivered"):
                    ended = _transaction(event)
                    while ended in self._running:  # once more for each retry
                        self._running.remove(ended)

    def _learn_keys(self, answer: OcppMessage) -> None:
        payload = answer.payload if isinstance(answer.payload, dict) else {}
        told = payload.get("configurationKey")
        keys = self._keys.setdefault(answer.station, {})
        for each in told if isinstance(told, list) else ():
            name = each.get("key") if isinstance(each, dict) else None
            if isinstance(name, str) and name and len(keys) < MOST_KEYS:
                keys[name] = None

    def keys(self, station: str) -> tuple[str, ...]:
        """Configuration keys: those ``station`` has told of, else those that OCPP 1.6 names."""
        if self._keys.get(station):
            return tuple(self._keys[station])
        from evtui.station import KEYS

        return tuple(key.name for key in KEYS if key.section)

    @property
    def station(self) -> str:
        """The one that a form begins with: the chosen one, connected or not.

        Where none is chosen it is the only one that is connected; empty where there are several.
        """
        return self._target() or ("".join(self._connected) if len(self._connected) == 1 else "")

    @property
    def stations(self) -> tuple[str, ...]:
        """Identities connected now, ours and foreign, in order of connection."""
        return tuple(self._connected)

    def why_away(self, station: str) -> str:
        """Why nothing can be sent to ``station``, empty while it is connected."""
        if not station:
            return (
                "no charge point is connected" if not self._connected else "choose a charge point"
            )
        if station in self._connected:
            return ""
        seen = self._seen(station)
        why = f": {seen.link_detail}" if seen is not None and seen.link_detail else ""
        return f"{station} is not connected{why}"

    def interrupts(self, station: str, action: str, payload: Mapping[str, Any]) -> list[str]:
        """What charges at ``station`` and would be ended or held up, ``1 Charging tx 7`` each."""
        seen = self._seen(station)
        charging = seen.charging if seen is not None else {}
        return [
            f"{number} {connector_text(connector)}"
            for number, connector in charging.items()
            if _interrupts(action, payload, number, connector)
        ]

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


def _interrupts(
    action: str, payload: Mapping[str, Any], number: int, connector: ConnectorRow
) -> bool:
    """True where the operation ends or holds up what charges at the connector."""
    here = payload.get("connectorId") in (0, number)
    match action:
        case "Reset" | "UpdateFirmware":
            return True
        case "UnlockConnector":
            return here
        case "ChangeAvailability":
            return here and payload.get("type") == "Inoperative"
        case "RemoteStopTransaction":
            return connector.transaction in (None, payload.get("transactionId"))
        case "SetChargingProfile":
            schedule = dig(payload, "csChargingProfiles", "chargingSchedule")
            periods = dig(schedule, "chargingSchedulePeriod") or ()
            return here and any(dig(period, "limit") == 0 for period in periods)
    return False


def _transaction(message: OcppMessage) -> tuple[str, object]:
    # Anybody's payload, which may be a list.
    payload = message.payload if isinstance(message.payload, dict) else {}
    return message.station, payload.get("transactionId")
