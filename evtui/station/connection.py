"""Keeping a charge point connected: dialling, booting, heartbeats, backing off."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from ocpp.v16 import call

from evtui.events import EventStream, LinkState, caused_by
from evtui.ocpp16.link import CallRefused, Link, LinkClosed, MessageIds, SentMessages, Transport
from evtui.station.context import StationContext
from evtui.station.session import Operations, StationSession

__all__ = ["Connection", "Dial"]

Dial = Callable[[], Awaitable[Transport]]
"""Opens a transport, or raises :class:`LinkClosed` with the reason."""

FIRST_RETRY = 0.5
LONGEST_RETRY = 30.0
"""s between two attempts to connect: doubled from the first to the longest, plus chance."""

OWN_INTERVAL = 30
"""s to wait, or between heartbeats, when the central system says 0 (section 4.2)."""


class Connection:
    """The link side of a charge point.

    Args:
        context: what the charge point's pieces share.
        operations: who answers the central system.
        dial: opens a transport.
        ids: message ids.
        sent: twins of messages, shared with our central system.
        chance: spreads the retries.
        accepted: called when the central system may be talked to; the argument is True after
            a boot and False after a mere reconnect.
    """

    def __init__(
        self,
        context: StationContext,
        operations: Operations,
        dial: Dial,
        *,
        ids: MessageIds,
        sent: SentMessages,
        chance: random.Random,
        accepted: Callable[[bool], None],
    ) -> None:
        self._context = context
        self._operations = operations
        self._dial = dial
        self._ids = ids
        self._sent = sent
        self._chance = chance
        self._accepted = accepted
        self._booted = False
        self._boot_now = asyncio.Event()
        self._count = 0
        self._link: Link | None = None

    async def run(self) -> None:
        """Stay connected until cancelled."""
        retry = FIRST_RETRY
        while True:
            self._state("connecting")
            try:
                transport = await self._dial()
            except LinkClosed as closed:
                wait = retry * self._chance.uniform(0.8, 1.2)
                retry = min(retry * 2, LONGEST_RETRY)
                self._state("offline", f"{closed}; next try in {wait:.1f} s")
                await asyncio.sleep(wait)
                continue
            reason = await self._use(transport)
            # A link that was never accepted was no success: keep backing off.
            if self._booted:
                retry = FIRST_RETRY
            self._state("offline", reason)
            await asyncio.sleep(retry * self._chance.uniform(0.8, 1.2))

    def boot_again(self) -> None:
        """Send a BootNotification now, if connected."""
        self._boot_now.set()

    async def restart(self) -> None:
        """Close the connection and boot on the next one, as after a reset."""
        self._booted = False
        if self._link is not None:
            await self._link.close(1000, "reset")

    async def _use(self, transport: Transport) -> str:
        """Work with one connection until it is gone and say why it went."""
        context = self._context
        self._count += 1
        name = context.identity.name
        link = self._link = Link(
            transport,
            station=name,
            role="charge_point",
            stream=context.stream,
            source=name,
            ids=self._ids,
            sent=self._sent,
            supports=StationSession.supported_actions(),
            number=self._count,
        )
        session = StationSession(link, context.stream, name, self._operations)
        self._state("connected")
        reader = asyncio.create_task(session.serve(), name=f"{name} reader")
        talker = asyncio.create_task(self._talk(session), name=f"{name} talker")
        try:
            await asyncio.wait((reader, talker), return_when=asyncio.FIRST_COMPLETED)
            failed = next(task for task in (reader, talker) if task.done())
            error = failed.exception()
            if error is not None and not isinstance(error, LinkClosed):
                raise error
            return str(error or "connection ended")
        finally:
            link.fail("connection ended")
            self._link = None
            for task in (talker, reader):
                task.cancel()
            await asyncio.gather(talker, reader, return_exceptions=True)
            await transport.close(1001, "charge point leaves")

    async def _talk(self, session: StationSession) -> None:
        fresh = not self._booted
        if fresh:
            await self._boot(session)
        self._state("accepted")
        with caused_by(None):
            self._context.outbox.open = True
            self._accepted(fresh)
            beats = asyncio.create_task(self._heartbeats(session), name="heartbeats")
        try:
            await self._context.outbox.run(session.call)
        finally:
            beats.cancel()
            await asyncio.gather(beats, return_exceptions=True)

    async def _boot(self, session: StationSession) -> None:
        """Send BootNotification until it is Accepted (section 4.2)."""
        identity = self._context.identity
        while True:
            self._boot_now.clear()
            self._state("booting")
            status, interval = "Rejected", 0
            try:
                answer = await session.call(
                    call.BootNotification(
                        charge_point_vendor=identity.vendor,
                        charge_point_model=identity.model,
                        charge_point_serial_number=identity.serial or None,
                        firmware_version=identity.firmware or None,
                    )
                )
                status, interval = answer.status, answer.interval
            except (TimeoutError, CallRefused) as error:
                self._context.note(f"BootNotification failed: {error}", "warning")
            interval = interval if interval > 0 else OWN_INTERVAL
            if status == "Accepted":
                self._booted = True
                self._context.configuration.set("HeartbeatInterval", interval)
                return
            self._state(status.lower(), f"next BootNotification in {interval} s")
            try:
                async with asyncio.timeout(interval):
                    await self._boot_now.wait()
            except TimeoutError:
                pass

    async def _heartbeats(self, session: StationSession) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            interval = self._context.configuration.number("HeartbeatInterval")
            due = max(due + max(1.0, interval), loop.time())
            waker = asyncio.timeout_at(due)
            try:
                async with waker:
                    await self._boot_now.wait()
            except TimeoutError:
                self._context.outbox.post(call.Heartbeat)
                continue
            self._boot_now.clear()
            self._context.outbox.post(self._boot_message)

    def _boot_message(self) -> Any:
        identity = self._context.identity
        return call.BootNotification(
            charge_point_vendor=identity.vendor,
            charge_point_model=identity.model,
            charge_point_serial_number=identity.serial or None,
            firmware_version=identity.firmware or None,
        )

    def _state(self, state: str, detail: str = "") -> None:
        name = self._context.identity.name
        stream: EventStream = self._context.stream
        stream.publish(
            LinkState(source=name, station=name, side="charge_point", state=state, detail=detail)
        )
