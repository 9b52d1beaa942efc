"""What is known of every charge point, ours and foreign, as the events told it.

Of our own the charge point itself tells; of a foreign one only its messages do, and what the
central system sees of its connection.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from evtui.events import (
    CentralSystemLoad,
    CentralSystemState,
    ConnectorState,
    Event,
    LabState,
    LinkState,
    OcppMessage,
    QueueState,
    Sample,
    TransactionState,
)

__all__ = ["ConnectorRow", "Station", "StationRows"]

MOST_STATIONS = 5_000
"""Stations kept; of those that are gone the longest known foreign one is forgotten first."""

CHARGING = ("Charging", "SuspendedEV", "SuspendedEVSE")
"""Statuses of a connector with a transaction, also of one that began before we looked."""

MOST_CONNECTORS = 32
"""Connectors kept of a station; a foreign one may name any number."""


@dataclass(slots=True)
class ConnectorRow:
    """One connector; 0 is the station as a whole.

    Attributes:
        status: OCPP 1.6 ChargePointStatus, empty before the first.
        error: errorCode where there is an error, else empty.
        busy: True while a transaction runs.
        transaction: its id, None while the central system has not said it.
        current: A that flows, None where nobody measures it for us.
    """

    status: str = ""
    error: str = ""
    busy: bool = False
    transaction: int | None = None
    current: float | None = None


@dataclass(slots=True)
class Station:
    """One charge point.

    Attributes:
        seqs: numbers of the events a row of a list stands for: it stands for none.
        causes: numbers of what caused it: nothing did.
        key: place in the order of appearance.
        ours: False for one that is not of this lab.
        link: state of its connection as :class:`~evtui.events.LinkState` has it: its own view
            of it where it is ours, else that of the central system.
        link_detail: why the connection is not there, or what is odd about it.
        next_try: lab time in s of its next attempt to connect, None where none is known.
        accepted: True once its BootNotification was accepted; that holds over reconnects.
        connectors: by connectorId.
        queued: messages of transactions it still has to tell.
        lost: those it gave up.
        invalid: messages of it that were none, or broke the schema.
        heard: True once it has said something that is a message.
        gone: True once it is forgotten; what comes back under its identity is another one.
    """

    seqs: ClassVar[frozenset[int]] = frozenset()
    causes: ClassVar[frozenset[int]] = frozenset()

    key: int
    identity: str
    ours: bool = False
    link: str = "offline"
    link_detail: str = ""
    next_try: float | None = None
    accepted: bool = False
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    connectors: dict[int, ConnectorRow] = field(default_factory=dict)
    queued: int = 0
    lost: int = 0
    invalid: int = 0
    heard: bool = False
    gone: bool = False

    @property
    def asking(self) -> bool:
        """True while somebody has to say whether it is let in."""
        return self.link == "asking"

    def connector(self, number: int) -> ConnectorRow:
        """One connector; past what is kept, one that is forgotten at once."""
        known = self.connectors.get(number)
        if known is None:
            known = ConnectorRow()
            if len(self.connectors) < MOST_CONNECTORS:
                self.connectors[number] = known
        return known

    @property
    def outlets(self) -> list[tuple[int, ConnectorRow]]:
        """The connectors a vehicle can be plugged into, by number."""
        return sorted((number, one) for number, one in self.connectors.items() if number > 0)

    @property
    def charging(self) -> dict[int, ConnectorRow]:
        """The connectors at which a vehicle is being charged, or waits in between."""
        return {number: one for number, one in self.outlets if one.busy or one.status in CHARGING}

    @property
    def busiest(self) -> ConnectorRow:
        """The first connector with a transaction, else the first of all."""
        outlets = [connector for _, connector in self.outlets]
        return next((one for one in outlets if one.busy), next(iter(outlets), ConnectorRow()))

    @property
    def errors(self) -> list[str]:
        """What is wrong, a few words each."""
        told = [
            f"{number} {one.error}" if number else one.error
            for number, one in sorted(self.connectors.items())
            if one.error
        ]
        return [
            *told,
            *([f"{self.invalid:,} invalid"] if self.invalid else []),
            *([f"{self.lost:,} lost"] if self.lost else []),
        ]


class StationRows:
    """Every charge point, in order of appearance.

    Attributes:
        by_identity: all of them.
        load: what the central system carries, None before it has told.
        url: where a foreign station connects to, empty where nobody listens for one.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.by_identity: dict[str, Station] = {}
        self.load: CentralSystemLoad | None = None
        self.url = ""
        self._next = 0

    def feed(self, events: Iterable[Event]) -> None:
        """Take events in the order of the stream."""
        for event in events:
            self._take(event)

    def get(self, identity: str) -> Station | None:
        """A station, None where it is not known."""
        return self.by_identity.get(identity)

    def _take(self, event: Event) -> None:
        match event:
            case Sample():
                self._ours(event.station).connector(event.connector).current = event.current
            case OcppMessage():
                self._hear(event)
            case LinkState(side="charge_point"):
                station = self._ours(event.station)
                station.link, station.next_try = event.state, event.next_try
                if event.state != "connecting":  # why it has to try again stands until it did
                    station.link_detail = event.detail
            case LinkState():
                self._follow(self._station(event.station), event)
                self._forget_a_phantom(event.station)
            case ConnectorState():
                connector = self._ours(event.station).connector(event.connector)
                _report(connector, event.status, event.error_code)
            case TransactionState():
                connector = self._ours(event.station).connector(event.connector)
                connector.busy = event.state == "started"
                connector.transaction = event.transaction_id if connector.busy else None
            case QueueState():
                station = self._ours(event.station)
                station.queued, station.lost = event.queued, event.lost
            case LabState():
                self._ours(event.station).connector(event.connector)
            case CentralSystemLoad():
                self.load = event
            case CentralSystemState():
                self.url = event.url if event.ours and event.listening else ""

    @staticmethod
    def _follow(station: Station, event: LinkState) -> None:
        """How the central system sees it; of ours, what they say of themselves counts."""
        if event.state == "accepted":
            station.accepted = True
        elif event.state in ("asking", "pending", "rejected"):
            station.accepted = False
        if not station.ours:
            back = event.state == "connected" and station.accepted
            station.link = "accepted" if back else event.state
            station.link_detail = event.detail

    def _hear(self, message: OcppMessage) -> None:
        if message.is_refusal and message.station not in self.by_identity:
            return  # who that was is not known, whatever it called itself
        station = self._station(message.station)
        if message.kind == "invalid":
            station.invalid += message.sender == "charge_point"
            return
        station.heard = station.heard or message.sender == "charge_point"
        if message.kind == "call" and message.sender == "charge_point":
            payload = message.payload if isinstance(message.payload, dict) else {}
            self._hear_call(station, message, payload)
        elif message.action == "StartTransaction" and message.kind == "result":
            if not station.ours and message.phase == "sent" and isinstance(message.payload, dict):
                self._begin(station, message.payload.get("transactionId"))

    def _hear_call(self, station: Station, message: OcppMessage, payload: dict[str, Any]) -> None:
        # What was only delivered is somebody else's, under an identity of ours.
        if message.action == "BootNotification" and (not station.ours or message.phase == "sent"):
            station.vendor = _text(payload, "chargePointVendor")
            station.model = _text(payload, "chargePointModel")
            station.firmware = _text(payload, "firmwareVersion")
        if station.ours or message.phase != "delivered":
            return
        if message.action == "StatusNotification":
            number = payload.get("connectorId")
            if isinstance(number, int) and number >= 0:
                connector, status = station.connector(number), _text(payload, "status")
                _report(connector, status, _text(payload, "errorCode"))
                if status == "Available":  # what ran there has been abandoned, if it never stopped
                    connector.busy, connector.transaction = False, None
        elif message.action == "StartTransaction":
            number = payload.get("connectorId")
            if isinstance(number, int) and number > 0:
                connector = station.connector(number)
                connector.busy, connector.transaction = True, None
        elif message.action == "StopTransaction":
            ended = payload.get("transactionId")
            for connector in station.connectors.values():
                if connector.busy and connector.transaction == ended:
                    connector.busy, connector.transaction = False, None

    @staticmethod
    def _begin(station: Station, transaction: object) -> None:
        """The id of the transaction that has just begun: the answer does not name a connector."""
        for connector in station.connectors.values():
            if connector.busy and connector.transaction is None and isinstance(transaction, int):
                connector.transaction = transaction
                return

    def _ours(self, identity: str) -> Station:
        station = self._station(identity)
        station.ours = True
        return station

    def _station(self, identity: str) -> Station:
        station = self.by_identity.get(identity)
        if station is None:
            station = self.by_identity[identity] = Station(self._next, identity)
            self._next += 1
            if len(self.by_identity) > MOST_STATIONS:
                self._forget_one()
        return station

    def _forget_a_phantom(self, identity: str) -> None:
        """Whoever came, said nothing and went is no station of ours to show."""
        station = self.by_identity[identity]
        if not station.ours and not station.heard and station.link == "offline":
            self._forget(identity)

    def _forget_one(self) -> None:
        for identity, station in self.by_identity.items():
            if not station.ours and station.link == "offline":
                self._forget(identity)
                return

    def _forget(self, identity: str) -> None:
        station = self.by_identity.pop(identity)
        station.link, station.gone = "gone", True


def _report(connector: ConnectorRow, status: str, error: str) -> None:
    connector.status = status
    connector.error = "" if error == "NoError" else error


def _text(payload: dict[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""
