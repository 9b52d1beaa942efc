"""The central system (CSMS): one session for each charge point, over any endpoint."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Protocol

from ocpp.v16 import call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import (
    Action,
    AuthorizationStatus,
    DataTransferStatus,
    RegistrationStatus,
)

from evtui.events import CentralSystemState, EventStream, LinkState, Note, OcppMessage
from evtui.ocpp16.link import Link, LinkClosed, MessageIds, MessageTooBig, SentMessages, Transport
from evtui.ocpp16.peer import Peer, on
from evtui.runtime.clock import LoopClock

__all__ = ["CentralSystem", "Endpoint", "OpenTransaction", "StationOffline", "StationSession"]

SOURCE = "csms"


class Endpoint(Protocol):
    """Where stations come in: a WebSocket server, or a door inside the process."""

    @property
    def url(self) -> str:
        """What stations derive their connection URL from."""

    async def serve(self, central: CentralSystem) -> None:
        """Hand connections to :meth:`CentralSystem.session` until cancelled.

        Calls :meth:`CentralSystem.listens` as soon as stations can come.

        Raises:
            OSError: it cannot listen.
        """


class StationOffline(Exception):
    """An operation was asked of a station that is not connected."""


@dataclass(slots=True)
class OpenTransaction:
    """A transaction this central system issued an id for and that has not stopped.

    Attributes:
        meter_start: Wh.
    """

    transaction_id: int
    connector: int
    id_tag: str
    meter_start: int


@dataclass(slots=True)
class StationRecord:
    """What the central system remembers of a station across its connections.

    Kept while the station is connected or has an open transaction, so that any number of
    identities may come and go.
    """

    identity: str
    transactions: dict[int, OpenTransaction] = field(default_factory=dict)


class StationSession(Peer):
    """The central system's end of one connection."""

    def __init__(self, link: Link, record: StationRecord, central: CentralSystem) -> None:
        super().__init__(link, central.stream, SOURCE)
        self.record = record
        self._central = central

    @on(Action.boot_notification)
    def on_boot_notification(self, **_: Any) -> Any:
        self.afterwards(lambda: self._central.announce(self.record, "accepted"))
        return call_result.BootNotification(
            current_time=self._central.clock.iso(),
            interval=self._central.heartbeat_interval,
            status=RegistrationStatus.accepted,
        )

    @on(Action.heartbeat)
    def on_heartbeat(self) -> Any:
        return call_result.Heartbeat(current_time=self._central.clock.iso())

    @on(Action.status_notification)
    def on_status_notification(self, **_: Any) -> Any:
        return call_result.StatusNotification()

    @on(Action.authorize)
    def on_authorize(self, **_: Any) -> Any:
        return call_result.Authorize(id_tag_info=_accepted())

    @on(Action.start_transaction)
    def on_start_transaction(
        self, connector_id: int, id_tag: str, meter_start: int, **_: Any
    ) -> Any:
        transaction_id = self._central.next_transaction_id()
        self.record.transactions[transaction_id] = OpenTransaction(
            transaction_id, connector_id, id_tag, meter_start
        )
        return call_result.StartTransaction(transaction_id=transaction_id, id_tag_info=_accepted())

    @on(Action.stop_transaction)
    def on_stop_transaction(self, transaction_id: int, id_tag: str | None = None, **_: Any) -> Any:
        # An unknown id is acknowledged too, or the station would send it for ever (section 4.10).
        self.record.transactions.pop(transaction_id, None)
        return call_result.StopTransaction(id_tag_info=_accepted() if id_tag else None)

    @on(Action.meter_values)
    def on_meter_values(self, **_: Any) -> Any:
        return call_result.MeterValues()

    @on(Action.data_transfer)
    def on_data_transfer(self, **_: Any) -> Any:
        return call_result.DataTransfer(status=DataTransferStatus.unknown_vendor_id)

    @on(Action.diagnostics_status_notification)
    def on_diagnostics_status(self, **_: Any) -> Any:
        return call_result.DiagnosticsStatusNotification()

    @on(Action.firmware_status_notification)
    def on_firmware_status(self, **_: Any) -> Any:
        return call_result.FirmwareStatusNotification()


def _accepted() -> IdTagInfo:
    return IdTagInfo(status=AuthorizationStatus.accepted)


class CentralSystem:
    """A supervised part: listens, keeps a session for each station, sends operations.

    Args:
        stream: where everything is published.
        clock: lab clock.
        endpoint: where stations come in.
        ids: message ids, shared by the lab.
        sent: twins of messages, shared with our charge points.
        heartbeat_interval: s, given to stations in BootNotification.conf.
        first_transaction_id: ids count up from here; never 1 in real time.
        call_timeout: s to wait for a station's answer.
    """

    def __init__(
        self,
        stream: EventStream,
        clock: LoopClock,
        endpoint: Endpoint,
        *,
        ids: MessageIds,
        sent: SentMessages,
        heartbeat_interval: int = 10,
        first_transaction_id: int = 1,
        call_timeout: float = 30.0,
    ) -> None:
        self.stream = stream
        self.clock = clock
        self.heartbeat_interval = heartbeat_interval
        self._ids = ids
        self._sent = sent
        self._endpoint = endpoint
        self._call_timeout = call_timeout
        self._next_transaction_id = first_transaction_id
        self._sessions: dict[str, StationSession] = {}
        self._records: dict[str, StationRecord] = {}
        self._connections = 0
        self._listening = False
        self.ready = asyncio.Event()

    @property
    def url(self) -> str:
        """Endpoint URL that stations derive their connection URL from."""
        return self._endpoint.url

    def is_connected(self, station: str) -> bool:
        """True while the station has a session."""
        return station in self._sessions

    def open_transaction(self, station: str, connector: int) -> OpenTransaction | None:
        """The newest open transaction on a connector, or None."""
        record = self._records.get(station)
        if record is None:
            return None
        newest_first = reversed(record.transactions.values())
        return next((one for one in newest_first if one.connector == connector), None)

    def next_transaction_id(self) -> int:
        """A transaction id never issued before in this run."""
        issued = self._next_transaction_id
        self._next_transaction_id += 1
        return issued

    async def call(self, station: str, payload: Any) -> Any:
        """Send an operation, one of ``ocpp.v16.call``, and return its ``call_result``.

        Raises:
            StationOffline: no session; nothing was sent.
            CallRefused, TimeoutError, LinkClosed, ValueError: as :meth:`Link.call` does.
        """
        return await self._session_of(station).call(payload)

    async def request(self, station: str, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send any operation as plain JSON and return the payload of its answer.

        Raises:
            StationOffline: no session; nothing was sent.
            CallRefused, TimeoutError, LinkClosed, ValueError: as :meth:`Link.call` does.
        """
        return await self._session_of(station).link.call(action, payload)

    async def run(self) -> None:
        """Listen until cancelled; sessions are closed on the way out.

        Raises:
            OSError: the endpoint cannot listen.
        """
        try:
            await self._endpoint.serve(self)
        except OSError as error:
            place = self.url.rpartition(":")[2]
            self._publish_state(listening=False, detail=f"port {place}: {error.strerror}")
            raise
        finally:
            self.ready.clear()
            self._sessions.clear()
            if self._listening:
                self._publish_state(listening=False, detail="stopped")

    def listens(self) -> None:
        """The endpoint says that stations can come."""
        self._publish_state(listening=True)
        self.ready.set()

    def _session_of(self, station: str) -> StationSession:
        session = self._sessions.get(station)
        if session is None:
            raise StationOffline(f"{station} is not connected")
        return session

    def announce(self, record: StationRecord, state: str, detail: str = "") -> None:
        """Publish how a station's connection stands, seen from here."""
        self.stream.publish(
            LinkState(
                source=SOURCE,
                station=record.identity,
                side="central_system",
                state=state,
                detail=detail,
            )
        )

    async def session(self, identity: str, transport: Transport) -> None:
        """Serve a station's connection until it is gone."""
        record = self._records.setdefault(identity, StationRecord(identity))
        self._connections += 1
        link = Link(
            transport,
            station=identity,
            role="central_system",
            stream=self.stream,
            source=SOURCE,
            ids=self._ids,
            sent=self._sent,
            supports=StationSession.supported_actions(),
            number=self._connections,
            timeout=self._call_timeout,
        )
        session = StationSession(link, record, self)
        older = self._sessions.pop(identity, None)
        self._sessions[identity] = session
        reason = "central system stopped"
        try:
            if older is not None:
                self.announce(record, "offline", "connected twice: the old connection is closed")
                await older.link.close(1001, "replaced by a new connection")
            self.announce(record, "connected")
            self._publish_state(listening=self._listening)
            await session.serve()
        except LinkClosed as closed:
            reason = str(closed)
            if isinstance(closed, MessageTooBig):
                self.refused(identity, "message too big", f"over {closed.limit} bytes: closed 1009")
        except Exception as error:  # the endpoint would only log it
            reason = f"session failed: {error!r}"
            self.stream.publish(Note(source=SOURCE, level="error", station=identity, text=reason))
            await transport.close(1011, "internal error")
        finally:
            link.fail(reason)
            if self._sessions.get(identity) is session:
                del self._sessions[identity]
                self.announce(record, "offline", reason)
                self._publish_state(listening=self._listening)
                if not record.transactions:
                    self._records.pop(identity, None)

    def refused(self, station: str, error: str, detail: str) -> None:
        """Publish what an endpoint did not let in.

        Args:
            station: identity, empty where none was given.
            error: what is wrong, in a word or two.
            detail: one line for people.
        """
        self.stream.publish(
            OcppMessage(
                source=SOURCE,
                station=station,
                sender="charge_point",
                phase="delivered",
                kind="invalid",
                uid="",
                action="",
                error=error,
                detail=detail,
            )
        )

    def _publish_state(self, *, listening: bool, detail: str = "") -> None:
        self._listening = listening
        self.stream.publish(
            CentralSystemState(
                source=SOURCE,
                url=self.url,
                listening=listening,
                stations=tuple(self._sessions),
                detail=detail,
            )
        )
