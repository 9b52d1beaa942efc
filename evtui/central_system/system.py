"""The central system (CSMS): one session for each charge point, over any endpoint.

A program drives it with the raw names of OCPP 1.6::

    async with CentralSystem(port=0) as csms:
        await csms.wait_for("CP1")
        answer = await csms.call("CP1", "Reset", {"type": "Soft"})
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal, Self, TypeVar

from evtui.central_system.admission import Admission
from evtui.central_system.answers import Answers, DataTransferHandler
from evtui.central_system.file_store import FileStore
from evtui.central_system.id_tags import IdTags
from evtui.central_system.kept import Ledger, LedgerRow, StateKeeper
from evtui.central_system.reception import Endpoint, Reception
from evtui.central_system.session import StationSession
from evtui.central_system.stations import StationInfo, Stations
from evtui.central_system.transactions import Transaction, Transactions
from evtui.events import CentralSystemState, EventStream, Note
from evtui.ocpp16.validation import check, is_known_action, schemas
from evtui.ocppj import MAX_MESSAGE_BYTES, PING_INTERVAL, MessageIds, MessageRate, SentMessages
from evtui.runtime import (
    LoopClock,
    keep_in_step,
    run_nonce,
)
from evtui.runtime import (
    first_transaction_id as first_of_this_run,
)
from evtui.violations import BreaksSchema

__all__ = ["CentralSystem", "Endpoint", "StationNotAccepted", "StationOffline"]

T = TypeVar("T")

SOURCE = "csms"

CONNECTIONS_MAX = 5_000

NOT_WHILE_PENDING = frozenset({"RemoteStartTransaction", "RemoteStopTransaction"})
"""What may not be sent to a station before it is accepted (OCPP 1.6 section 4.2)."""


class StationOffline(Exception):
    """An operation was asked of a station that cannot be reached; the text says why."""


class StationNotAccepted(StationOffline):
    """The station is connected, and may not be sent this before it is accepted."""


class CentralSystem:
    """A supervised part: listens, keeps a session for each station, sends operations.

    Made inside a running event loop.  A lab runs it as one of its parts (:meth:`run`); a program
    of its own uses it as a context manager, or :meth:`start` and :meth:`stop`.

    Args:
        stream: where everything is published; default: one of its own.
        clock: lab clock; default: starts now.
        endpoint: where stations come in; default: a WebSocket server on loopback.
        port: of that server; 0 takes a free one.
        ids: message ids, shared by the lab; default: unique to this run.
        sent: twins of messages, shared with our charge points.
        heartbeat_interval: s, given to stations in BootNotification.conf.
        first_transaction_id: ids count up from here; default: from a number by chance, so that
            runs do not issue the same.  With ``state`` they go on where they were.
        call_timeout: s to wait for a station's answer.
        unknown_stations: ``accept`` stations that are not known, ``refuse`` them with HTTP 404,
            or ``ask``: Pending until :meth:`admit` or :meth:`turn_away`.
        known_stations: always let in, as are ours.
        ours: identities of this process.
        id_tags: who may charge; default: everybody.
        state: a :class:`~evtui.station.state.file.StateFile`, where it keeps transactions, the
            stations that were accepted, and what was said of stations and id tags while it ran;
            the next one goes on from there.  Default: all that ends with it.  Whoever opened the
            file closes it, after the central system has stopped, and hears from its ``trouble``
            when it cannot be written.
        connections_max: most stations at once; more are told HTTP 503.
        message_rate: what a station may send before it is held back; None sets no limit.
        max_message_bytes: a larger message closes its connection with 1009; not for an
            ``endpoint`` that is given.
        allowed_origins: web pages that may connect, ``http://localhost:3000``; a connection
            with another ``Origin`` is refused with HTTP 403.
        ping_interval: s between two WebSocket pings, 0 for none; not for an ``endpoint`` that
            is given.
        tolerant: stations whose messages are acted on although they break their schemas
            slightly, by identity; True for all.

    Raises:
        ValueError: an argument is not as it must be.
        StateError: what is in the state file cannot be read.

    Attributes:
        admission: which stations are let in.
        id_tags: who may charge.
        transactions: those open, and the newest of those closed.
        stations: what is known of each station, by identity.
        files: a small file server for firmware and diagnostics.
    """

    def __init__(
        self,
        stream: EventStream | None = None,
        clock: LoopClock | None = None,
        endpoint: Endpoint | None = None,
        *,
        port: int = 0,
        ids: MessageIds | None = None,
        sent: SentMessages | None = None,
        heartbeat_interval: int = 10,
        first_transaction_id: int | None = None,
        call_timeout: float = 30.0,
        unknown_stations: Literal["accept", "refuse", "ask"] = "accept",
        known_stations: Iterable[str] = (),
        ours: Iterable[str] = (),
        id_tags: IdTags | None = None,
        state: StateKeeper | None = None,
        connections_max: int = CONNECTIONS_MAX,
        message_rate: MessageRate | None = MessageRate(),  # noqa: B008 - frozen
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        allowed_origins: Iterable[str] = (),
        ping_interval: float = PING_INTERVAL,
        tolerant: bool | Iterable[str] = False,
    ) -> None:
        self.clock = LoopClock(asyncio.get_running_loop()) if clock is None else clock
        self._keeps_clock = clock is None  # else whoever gave it does
        self.stream = EventStream(self.clock) if stream is None else stream
        own = frozenset(ours)
        self._tolerates = _tolerates(tolerant)
        ledger = Ledger(None if state is None else state.central_system())
        self.admission = Admission(
            unknown_stations,
            known_stations,
            heartbeat_interval=heartbeat_interval,
            origins=allowed_origins,
            ours=own,
            ledger=ledger,
        )
        self.id_tags = IdTags() if id_tags is None else id_tags
        self.id_tags.keep(ledger)
        self.transactions = Transactions(
            first_of_this_run() if first_transaction_id is None else first_transaction_id, ledger
        )
        self.stations = Stations(
            own, keep=self.admission.knows, accepts=self.admission.accepts, ledger=ledger
        )
        ledger.settled(self._rows)
        self._loop = asyncio.get_running_loop()
        self.files = FileStore(origins=self.admission.origins, tell=self._tell_of_files)
        self._answers = Answers(
            self.stream,
            self.clock,
            SOURCE,
            admission=self.admission,
            id_tags=self.id_tags,
            transactions=self.transactions,
        )
        self._reception = Reception(
            self.stream,
            self.clock,
            SOURCE,
            admission=self.admission,
            stations=self.stations,
            answers=self._answers,
            ids=MessageIds(run_nonce()) if ids is None else ids,
            sent=SentMessages() if sent is None else sent,
            call_timeout=call_timeout,
            message_rate=message_rate,
            connections_max=connections_max,
            tolerates=self._tolerates,
        )
        self._endpoint = (
            _websocket_endpoint(port, max_message_bytes, ping_interval)
            if endpoint is None
            else endpoint
        )
        self._chores: set[asyncio.Task[object]] = set()
        self._listening = False
        self._task: asyncio.Task[None] | None = None
        self.ready = asyncio.Event()

    # Start and stop

    async def start(self) -> None:
        """Listen; returns as soon as stations can come.

        Raises:
            OSError: it cannot listen.
        """
        if self._task is not None:
            raise RuntimeError("the central system runs already")
        task = self._task = asyncio.get_running_loop().create_task(self.run(), name=SOURCE)
        ready = asyncio.ensure_future(self.ready.wait())
        await asyncio.wait((task, ready), return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if task.done():
            self._task = None
            await task

    async def stop(self) -> None:
        """Close every connection and stop listening; without effect when it does not run."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def run(self) -> None:
        """Listen until cancelled; sessions are closed on the way out.

        Raises:
            OSError: the endpoint cannot listen.
        """
        schemas()
        try:
            await self._endpoint.serve(self._reception, self._listens)
        except OSError as error:
            place = self.url.rpartition(":")[2]
            self._publish_state(listening=False, detail=f"port {place}: {error.strerror}")
            raise
        finally:
            self.ready.clear()
            self._reception.closed()
            for chore in self._chores:
                chore.cancel()
            self.files.close()
            self.stream.settle()
            if self._listening:
                self._publish_state(listening=False, detail="stopped")

    # What a program asks

    @property
    def url(self) -> str:
        """Endpoint URL that stations derive their connection URL from."""
        return self._endpoint.url

    @property
    def events(self) -> EventStream:
        """Everything that happens; subscribe to it."""
        return self.stream

    @property
    def data_transfer(self) -> dict[str, DataTransferHandler]:
        """Who answers DataTransfer, by vendorId; others get UnknownVendorId (section 4.3)."""
        return self._answers.data_transfer

    def is_connected(self, station: str) -> bool:
        """True while the station has a session."""
        return self._reception.find(station) is not None

    def open_transaction(self, station: str, connector: int) -> Transaction | None:
        """The newest open transaction on a connector, or None."""
        running = self.transactions.open(station, connector)
        return running[-1] if running else None

    def unended_transaction(self, station: str, connector: int) -> Transaction | None:
        """The newest transaction on a connector whose stop was not told, or None.

        It may be closed: a status said that nothing can be running there.
        """
        return self.transactions.unended(station, connector)

    async def call(
        self,
        station: str,
        action: str,
        payload: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Send an operation and return the payload of its answer.

        Args:
            action: as OCPP 1.6 names it, ``ChangeAvailability``.
            payload: as it goes over the wire, ``{"connectorId": 0, "type": "Inoperative"}``.
            timeout: s to wait for the answer; default: the central system's ``call_timeout``.

        Raises:
            StationOffline: it is not connected, or not accepted; nothing was sent.
            ValueError: no such action; nothing was sent.
            BreaksSchema: a ValueError too: the payload breaks its schema; nothing was sent.
            CallRefused: the station answered with a CALLERROR, or with an invalid result.
            TimeoutError: no answer in time.
            LinkClosed: the connection went while waiting.
        """
        plain = dict(payload or {})
        if not is_known_action(action):
            raise ValueError(f'"{action[:50]}" is no OCPP 1.6 action; they are case-sensitive')
        violation = check(action, "call", plain)
        if violation is not None and not self._tolerates(station):  # else the link decides
            text = f"{action}.req breaks its schema: {violation.detail}"
            raise BreaksSchema(text, violation)
        session = self._session_for(station, action)
        record = session.record
        told = plain["requestedMessage"] if action == "TriggerMessage" else ""
        is_new = told not in record.triggered
        if told:  # before it is sent: what it triggers may come at once
            record.triggered.add(told)
        answer = await session.link.call(action, plain, timeout=timeout)
        if told and is_new and answer["status"] != "Accepted":
            record.triggered.discard(told)
        record.last_seen = self.stream.now()
        return answer

    async def wait_for(self, station: str, timeout: float = 10.0) -> StationInfo:
        """Wait until the station is connected and accepted.

        Raises:
            TimeoutError: not within ``timeout`` s; the text says how far it came.
        """

        def accepted() -> StationInfo | None:
            info = self.stations.get(station)
            return info if info is not None and info.connected and info.accepted else None

        try:
            return await self.until(accepted, timeout)
        except TimeoutError:
            info = self.stations.get(station)
            if info is None or not info.connected:
                how_far = self._why_offline(station)
            elif info.boot_status:
                how_far = f"its BootNotification was answered {info.boot_status}"
            else:
                how_far = "it has not sent a BootNotification"
            raise TimeoutError(f"{station} is not accepted in {timeout:g} s: {how_far}") from None

    async def until(self, condition: Callable[[], T | None], timeout: float = 10.0) -> T:
        """Wait until ``condition`` returns something true, and return that.

        It is asked again whenever something has happened, so it should be quick.

        Raises:
            TimeoutError: not within ``timeout`` s.
        """
        happened = asyncio.Event()
        unsubscribe = self.stream.subscribe(lambda _: happened.set())
        try:
            async with asyncio.timeout(timeout):
                while not (found := condition()):
                    happened.clear()
                    await happened.wait()
                return found
        except TimeoutError:
            raise TimeoutError(f"what was waited for has not come in {timeout:g} s") from None
        finally:
            unsubscribe()

    def admit(self, station: str) -> None:
        """Let a station in; one that waits is told to boot again at once (section 4.2)."""
        self.admission.admit(station)
        record = self.stations.record(station)
        if record is not None and record.connected and record.boot_status != "Accepted":
            self._reception.admitted(record)
            session = self._reception.find(station)
            if session is not None:
                self._chore(session.reminder.ask())

    def turn_away(self, station: str) -> None:
        """Close a station's connection, and refuse those to come with HTTP 404."""
        self.admission.turn_away(station)
        record = self.stations.record(station)
        if record is not None:
            record.boot_status = ""
        session = self._reception.find(station)
        if session is not None:
            self._chore(session.link.close(1008, "turned away"))

    # Inside

    def _listens(self) -> None:
        """The endpoint says that stations can come."""
        self._publish_state(listening=True)
        self.ready.set()
        if self._keeps_clock and self.clock.follows:
            self._chore(keep_in_step(self.clock, self._on_clock_set))

    def _on_clock_set(self, line: str) -> None:
        if not line:
            return
        self.stream.publish(Note(source=SOURCE, level="warning", text=line))

    def _session_for(self, station: str, action: str) -> StationSession:
        """The session to send an operation over.

        Raises:
            StationOffline: there is none, or the station may not be sent this now.
        """
        session = self._reception.find(station)
        if session is None:
            raise StationOffline(f"{station} is not connected: {self._why_offline(station)}")
        status = session.record.boot_status
        if status == "Rejected":
            raise StationNotAccepted(
                f"{station} is Rejected: it is sent nothing before it is accepted"
            )
        if status != "Accepted" and action in NOT_WHILE_PENDING:
            state = status or "not booted yet"
            raise StationNotAccepted(
                f"{station} is {state}: {action} is not allowed before it is accepted"
            )
        return session

    def _rows(self) -> Iterator[tuple[LedgerRow, bytes]]:
        """Everything that is kept in the state file."""
        for part in (self.admission, self.id_tags, self.transactions, self.stations):
            yield from part.rows()

    def _chore(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    def _why_offline(self, station: str) -> str:
        record = self.stations.record(station)
        if record is None:
            return "it never has been"
        return record.gone or "the central system has stopped"

    def _tell_of_files(self, text: str) -> None:
        """Called on the thread of the file server."""
        note = Note(source=SOURCE, level="warning", text=text)
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self.stream.publish, note)

    def _publish_state(self, *, listening: bool, detail: str = "") -> None:
        self._listening = listening
        self.stream.publish(
            CentralSystemState(source=SOURCE, url=self.url, listening=listening, detail=detail)
        )


def _tolerates(tolerant: bool | Iterable[str]) -> Callable[[str], bool]:
    """Says which stations' slight violations are acted on.

    Raises:
        ValueError: one text where identities are asked for.
    """
    if isinstance(tolerant, bool):
        return lambda _: tolerant
    if isinstance(tolerant, str):
        raise ValueError(f"tolerant {tolerant!r}: expected several, as in [{tolerant!r}]")
    return frozenset(tolerant).__contains__


def _websocket_endpoint(port: int, max_message_bytes: int, ping_interval: float) -> Endpoint:
    """Imported here: a lab in virtual time needs no WebSockets."""
    from evtui.central_system.websocket_endpoint import WebSocketEndpoint

    return WebSocketEndpoint(port, max_message_bytes=max_message_bytes, ping_interval=ping_interval)
