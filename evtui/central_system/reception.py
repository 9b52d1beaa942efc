"""Where stations come in: who is let in, and one session for each that is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Literal, Protocol

import msgspec

from evtui.central_system.admission import Admission
from evtui.central_system.answers import Answers
from evtui.central_system.boot_reminder import BootReminder
from evtui.central_system.load import LoadMeter
from evtui.central_system.session import StationSession
from evtui.central_system.stations import RIVALS_WITHIN, StationRecord, Stations
from evtui.events import EventStream, LinkState, Note, OcppMessage, caused_by
from evtui.ocpp16 import OCPP_16
from evtui.ocppj import Link, LinkClosed, MessageIds, MessageRate, SentMessages, Transport
from evtui.repeats import Repeats
from evtui.runtime import LoopClock
from evtui.violations import told_by

__all__ = ["Door", "Endpoint", "Reception"]

REFUSALS_AT_ONCE = 10
"""Connections refused for the same reason that are told one by one."""

REFUSALS_EVERY = 1.0
"""s between two of them that are told after that."""


class Endpoint(Protocol):
    """What listens: a WebSocket server, or a door inside the process."""

    @property
    def url(self) -> str:
        """What stations derive their connection URL from."""

    async def serve(self, reception: Reception, listens: Callable[[], None]) -> None:
        """Ask :meth:`Reception.door`, hand connections to :meth:`Reception.session`, until
        cancelled.

        Args:
            listens: called as soon as stations can come.

        Raises:
            OSError: it cannot listen.
        """


class Door(msgspec.Struct, frozen=True):
    """Why a connection is not let in.

    Attributes:
        status: HTTP status of the answer to the handshake.
        text: one line for whoever knocked.
    """

    status: HTTPStatus
    text: str


class Reception:
    """The sessions of a central system.

    Args:
        stream: where everything is published.
        source: name of the central system on the stream.
        ids: message ids.
        sent: twins of messages.
        call_timeout: s to wait for a station's answer.
        message_rate: what a station may send before it is held back; None sets no limit.
        connections_max: most stations at once.
        tolerates: True for a station whose messages may break their schemas slightly.
    """

    def __init__(
        self,
        stream: EventStream,
        clock: LoopClock,
        source: str,
        *,
        admission: Admission,
        stations: Stations,
        answers: Answers,
        ids: MessageIds,
        sent: SentMessages,
        call_timeout: float,
        message_rate: MessageRate | None,
        connections_max: int,
        tolerates: Callable[[str], bool],
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._source = source
        self._admission = admission
        self._stations = stations
        self._answers = answers
        self._ids = ids
        self._sent = sent
        self._call_timeout = call_timeout
        self._message_rate = message_rate
        self._tolerates = tolerates
        self._load = LoadMeter(stream, source, connections_max, lambda: answers.abandoned)
        self._sessions: dict[str, StationSession] = {}
        self._refusals: Repeats[OcppMessage] = Repeats(REFUSALS_AT_ONCE, REFUSALS_EVERY)
        self._summing_up: asyncio.TimerHandle | None = None

    @property
    def connections_max(self) -> int:
        """Most stations at once."""
        return self._load.connections_max

    def find(self, station: str) -> StationSession | None:
        """The session of a station, None when it is not connected."""
        return self._sessions.get(station)

    def lets_page_in(self, origin: str) -> bool:
        """True for a web page that may connect.

        Args:
            origin: its ``Origin`` header, which only browsers send (RFC 6455 section 10.2).
        """
        return self._admission.origins.allows(origin)

    def door(self, station: str, peer: str = "") -> Door | None:
        """Why the station's connection is not let in, None when it is; a refusal is published.

        Args:
            peer: its address, empty for one of this process.
        """
        if not self._admission.lets_in(station):
            self.refused(station, "unknown identity", "not let in: 404", peer)
            return Door(HTTPStatus.NOT_FOUND, f"No charge point {station} is known here")
        most = self.connections_max
        if station not in self._sessions and len(self._sessions) >= most:
            self.refused(station, "too many connections", f"{most} are let in: 503", peer)
            return Door(HTTPStatus.SERVICE_UNAVAILABLE, "Too many charge points: try again later")
        return None

    def refused(self, station: str, error: str, detail: str, peer: str = "") -> None:
        """Publish and count what an endpoint did not let in.

        Every one is counted; of many that fail for the same reason the first are told one by
        one, and then one a second with the number of the rest.

        Args:
            station: identity, empty where none was given.
            error: what is wrong, in a word or two.
            detail: one line for people.
            peer: address of who came, empty for one of this process.
        """
        self._load.refused += 1
        self._load.changed()
        detail = f"{detail}, from {peer}" if peer else detail
        row = OcppMessage(
            source=self._source,
            station=station,
            sender="charge_point",
            phase="delivered",
            kind="invalid",
            uid="",
            action="",
            error=error,
            detail=detail,
            violation=told_by("invalid", error, detail),
        )
        if self._refusals.tells(error, row, self._stream.now()):
            self._stream.publish(row)
        elif self._summing_up is None:
            with caused_by(None):  # it is the sum of many causes
                self._summing_up = asyncio.get_running_loop().call_later(
                    REFUSALS_EVERY, self._sum_up
                )

    def warn(self, text: str) -> None:
        """Publish what an endpoint finds wrong and can live with."""
        self._stream.publish(Note(source=self._source, level="warning", text=text))

    async def session(self, identity: str, transport: Transport, stranger: str = "") -> None:
        """Serve a station's connection until it is gone.

        Args:
            stranger: address of a peer outside of this process, empty for one of ours.
        """
        if (door := self.door(identity)) is not None:  # it was open when the handshake began
            await transport.close(1013, door.text)
            return
        record = self._stations.arrive(identity)
        if stranger and record.ours:
            self._warn_of(record, stranger)
        link = Link(
            transport,
            version=OCPP_16,
            station=identity,
            role="central_system",
            stream=self._stream,
            source=self._source,
            ids=self._ids,
            sent=self._sent,
            supports=self._answers.actions,
            number=record.connections,
            timeout=self._call_timeout,
            rate=self._message_rate,
            counters=self._load.messages,
            tolerant=self._tolerates(identity),
            owes=partial(self._answers.owes, record),
        )
        reminder = BootReminder(
            link,
            record,
            self._admission,
            announce=lambda state, detail: self._taken(record, state, detail),
            tell=lambda text: self._note(record, "warning", text),
        )
        session = StationSession(
            link, record, self._answers, self._stream, self._source, reminder, self._answered
        )
        older = self._sessions.pop(identity, None)
        self._sessions[identity] = session
        self._count_connections()
        reason = "central system stopped"
        reminding: asyncio.Task[None] | None = None
        try:
            if older is not None:
                self._load.evicted += 1
                self._put_out(record)
                await older.link.close(1001, "replaced by a new connection")
            if self._sessions.get(identity) is session:  # else replaced in its turn
                self._announce(record, "connected")
                if not record.booted:
                    if record.boot_status == "Accepted":
                        self._announce(record, "accepted", "was accepted before")
                    reminding = asyncio.get_running_loop().create_task(reminder.run())
                await session.serve()
        except LinkClosed as closed:
            reason = str(closed)
        except Exception as error:  # the endpoint would only log it
            reason = f"session failed: {error!r}"
            self._note(record, "error", reason)
            await transport.close(1011, "internal error")
        finally:
            if reminding is not None:
                reminding.cancel()
            link.fail(reason)
            if self._sessions.get(identity) is session:
                del self._sessions[identity]
                self._count_connections()
                self._stations.leave(record, f"{reason}, at {self._clock.iso()}")
                self._announce(record, "offline", reason)

    def _put_out(self, record: StationRecord) -> None:
        """A station's connection is replaced by a new one; one warning while that goes on."""
        now = self._stream.now()
        known = record.rivals(now)
        record.put_out.append(now)
        rivals = record.rivals(now)
        if rivals and not known:
            self._note(record, "warning", rivals)
        self._announce(record, "offline", "connected twice: the old connection is closed")

    def _warn_of(self, record: StationRecord, stranger: str) -> None:
        """Somebody else comes as a station of ours; one warning while that goes on."""
        now = self._stream.now()
        if record.usurped is None or now - record.usurped > RIVALS_WITHIN:
            self._note(
                record,
                "warning",
                f"somebody else, {stranger}, has connected as {record.identity}, which is ours",
            )
        record.usurped = now

    def admitted(self, record: StationRecord) -> None:
        """Somebody has let a station in, whose next BootNotification is awaited."""
        self._announce(record, "pending", "let in, and to boot again")

    def closed(self) -> None:
        """The endpoint has closed every connection: nothing more is to be told."""
        self._sum_up(all_of_it=True)
        self._load.stop()

    def _answered(self, record: StationRecord, action: str) -> None:
        self._load.calls += 1
        self._load.changed()
        if action == "BootNotification":
            if record.boot_status == "Accepted":
                self._stations.accepted(record)
            else:
                self._stations.not_accepted(record)
            asking = self._admission.boot(record.identity).asking
            self._announce(record, "asking" if asking else record.boot_status.lower())

    def _taken(self, record: StationRecord, state: str, detail: str) -> None:
        """A station has not booted, and stands as if it had."""
        if state == "accepted":
            self._stations.accepted(record)
        self._announce(record, state, detail)

    def _note(self, record: StationRecord, level: Literal["warning", "error"], text: str) -> None:
        self._stream.publish(
            Note(source=self._source, level=level, station=record.identity, text=text)
        )

    def _announce(self, record: StationRecord, state: str, detail: str = "") -> None:
        """Publish how a station's connection stands, seen from here."""
        detail = "; ".join(filter(None, (record.rivals(self._stream.now()), detail)))
        self._stream.publish(
            LinkState(
                source=self._source,
                station=record.identity,
                side="central_system",
                state=state,
                detail=detail,
            )
        )

    def _sum_up(self, *, all_of_it: bool = False) -> None:
        """Tell of refusals that were held back."""
        if self._summing_up is not None:
            self._summing_up.cancel()
            self._summing_up = None
        now = self._stream.now()
        for held in self._refusals.take(now, all_of_it=all_of_it):
            row = held.newest
            detail = row.detail + held.text
            violation = told_by("invalid", row.error, detail)
            self._stream.publish(msgspec.structs.replace(row, detail=detail, violation=violation))
        if self._refusals.due is not None:
            self._summing_up = asyncio.get_running_loop().call_later(
                self._refusals.due - now, self._sum_up
            )

    def _count_connections(self) -> None:
        self._load.connections = len(self._sessions)
        self._load.changed()
