"""Keeping a charge point connected: dialling, booting, heartbeats, backing off.

The station's clock is the lab's and is not set by the currentTime of the central system
(recommended in sections 4.2 and 4.6): two clocks in one lab would tell two stories.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, runtime_checkable

from evtui.events import LinkState, caused_by
from evtui.ocpp16 import OCPP_16
from evtui.ocppj import CallRefused, Link, LinkClosed, MessageIds, SentMessages, Transport
from evtui.runtime import Backoff
from evtui.station.configuration import Configuration
from evtui.station.identity import Nameplate
from evtui.station.link.outbox import Gate, Outbox
from evtui.station.link.session import AnswersCalls, CentralSystemSession
from evtui.station.listeners import Listeners
from evtui.station.publisher import Publisher

__all__ = ["Connection", "Dial"]

Dial = Callable[[], Awaitable[Transport]]
"""Opens a transport, or raises :class:`LinkClosed` with the reason."""

FIRST_RETRY = 0.5
LONGEST_RETRY = 30.0
"""s between two attempts to connect: doubled from the first to the longest, plus chance."""

STEADY = 5.0
"""s that a connection must last to count as a success: only then is the next retry quick."""

PUT_OUT, PUT_OUT_WITHIN = 3, 60.0
"""So often in so many s has a central system that lets us in ended the connection at once, when
another client of the same identity is held to be the reason."""

_PUT_OUT = frozenset({1000, 1001, 1005, 1006, 1008, *range(3000, 5000)})
"""Codes with which a connection ends that is given to somebody else (RFC 6455 section 7.4);
others blame what was said."""

OWN_INTERVAL = 30
"""s to wait, or between heartbeats, when the central system says 0 (section 4.2)."""

LONGEST_INTERVAL = 365 * 86_400
"""s; a central system may say any number."""

FIRST_DISTRUST = 60.0
LONGEST_DISTRUST = 3600.0
"""s from a boot for a SecurityError to the next one on the same connection, doubled each time: a
central system that always answers so is not asked for ever."""


@runtime_checkable
class Pinging(Transport, Protocol):
    """A transport that can ask now and then whether the other end is still there."""

    def ping_every(self, interval: float) -> None:
        """Send a ping every ``interval`` s from now on, none for 0 (section 9.1.34)."""


class Connection:
    """The link side of a charge point.

    Args:
        nameplate: what a BootNotification says of the charge point.
        configuration: asked for HeartbeatInterval, WebSocketPingInterval and MessageTimeout.
        outbox: what the charge point has to say.
        dial: opens a transport.
        ids: message ids.
        sent: twins of messages, shared with our central system.
        chance: spreads the retries.
        tolerant: messages that break their schemas slightly are acted on.

    Attributes:
        accepted: told when the central system may be talked to; the argument is True after
            a boot, one that was asked for included, and False after a mere reconnect.
        trouble: why there is no connection, in the words of the last attempt; else empty.
    """

    def __init__(
        self,
        nameplate: Nameplate,
        publisher: Publisher,
        configuration: Configuration,
        outbox: Outbox,
        dial: Dial,
        *,
        ids: MessageIds,
        sent: SentMessages,
        chance: random.Random,
        tolerant: bool = False,
    ) -> None:
        self.accepted: Listeners[[bool]] = Listeners()
        self.trouble = ""
        self._nameplate = nameplate
        self._publisher = publisher
        self._configuration = configuration
        self._outbox = outbox
        self._dial = dial
        self._ids = ids
        self._sent = sent
        self._chance = chance
        self._tolerant = tolerant
        self._registration = ""  # the last answer to a BootNotification since the last boot
        self._booted = False  # it was Accepted, and on this connection
        self._boot_now = asyncio.Event()
        self._boot_due = 0.0
        self._silent_until = 0.0
        self._distrust = FIRST_DISTRUST
        self._trusted_until = 0.0
        self._beats_retimed = asyncio.Event()
        self._count = 0
        self._put_out: deque[float] = deque(maxlen=PUT_OUT)
        self._rival = ""  # who else may be connected, while that is the rule
        self._link: Link | None = None
        self._transport: Transport | None = None
        self._dials = asyncio.Event()
        self._dials.set()
        self._dial_now = asyncio.Event()

    @property
    def booted(self) -> bool:
        """True once a BootNotification was Accepted on the connection that is there."""
        return self._booted

    async def run(self, answers: AnswersCalls) -> None:
        """Stay connected until cancelled.

        Args:
            answers: what the central system is answered.
        """
        loop = asyncio.get_running_loop()
        backoff = Backoff(self._chance, FIRST_RETRY, LONGEST_RETRY)
        while True:
            self._state("connecting")
            try:
                transport = await self._dial()
            except LinkClosed as closed:
                reason = str(closed)
            else:
                begun = loop.time()
                ended = await self._use(transport, answers)
                reason = str(ended)
                if loop.time() - begun >= STEADY:
                    backoff.reset()
                    self._rival = ""
                elif self._registration == "Accepted" and ended.code in _PUT_OUT:
                    self._rival = self._rivalry(loop.time())
                    reason = ": ".join(filter(None, (self._rival, reason)))
            wait = max(backoff.next(), self._silent_until - loop.time())
            self._state("offline", reason, next_try=self._publisher.stream.now() + wait)
            await self._until_next_try(wait)

    async def _until_next_try(self, wait: float) -> None:
        self._dial_now.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._dial_now.wait()
        await self._dials.wait()

    async def hang_up(self) -> None:
        """End the connection and dial no more until :meth:`dial_now`."""
        self._dials.clear()
        if self._link is not None:
            await self._link.close(1000, "hung up")

    def dial_now(self) -> None:
        """Do not wait with the next try, whatever it was for."""
        self._dials.set()
        self._dial_now.set()

    def _rivalry(self, now: float) -> str:
        """What it means that the connection was ended so soon: nothing, until it is the rule.

        A central system that gets a second connection of an identity closes the first; whoever
        was put out connects again, and so on for ever.
        """
        self._put_out.append(now)
        if len(self._put_out) < PUT_OUT or now - self._put_out[0] > PUT_OUT_WITHIN:
            return ""
        name = self._publisher.name
        return f"another client called {name}?: put out {PUT_OUT} times soon after the start"

    def boot_now(self) -> None:
        """Send a BootNotification: at once, or on the next connection when this one goes."""
        self._boot_now.set()
        self._beats_retimed.set()

    def boot_again(self) -> bool:
        """The central system does not take the station for accepted: it said SecurityError.

        OCPP-J errata 3.10 recommends that code for what is said before a boot is accepted; one
        that was restarted has forgotten that it was.

        Returns:
            True when a BootNotification follows, so what was refused waits for its answer;
            False while the station is not accepted in its own eyes, or has booted for the same
            reason not long ago.
        """
        now = asyncio.get_running_loop().time()
        if self._registration != "Accepted" or now < self._trusted_until:
            return False
        self._trusted_until = now + self._distrust
        self._distrust = min(2 * self._distrust, LONGEST_DISTRUST)
        self._publisher.note(
            "SecurityError: the central system does not take us for accepted; booting again",
            "warning",
        )
        self._give_up_registration()
        self.boot_now()
        return True

    def retime_heartbeats(self) -> None:
        """HeartbeatInterval has changed."""
        self._beats_retimed.set()

    def retime_pings(self) -> None:
        """WebSocketPingInterval has changed; it holds for this connection and the next."""
        if isinstance(self._transport, Pinging):
            self._transport.ping_every(self._configuration.number("WebSocketPingInterval"))

    async def restart(self) -> None:
        """Close the connection and boot on the next one, as after a reset."""
        self._registration = ""
        self._boot_due = 0.0
        self._boot_now.clear()  # the boot that follows is the one that was asked for
        if self._link is not None:
            await self._link.close(1000, "reset")

    async def _use(self, transport: Transport, answers: AnswersCalls) -> LinkClosed:
        """Work with one connection until it is gone and say why it went."""
        self._count += 1
        name, stream = self._publisher.name, self._publisher.stream
        link = self._link = Link(
            transport,
            version=OCPP_16,
            station=name,
            role="charge_point",
            stream=stream,
            source=name,
            ids=self._ids,
            sent=self._sent,
            supports=answers.actions,
            number=self._count,
            timeout=self._configuration.number("MessageTimeout"),
            tolerant=self._tolerant,
        )
        session = CentralSystemSession(link, answers, stream, name)
        self._transport = transport
        self._booted = False
        self._distrust, self._trusted_until = FIRST_DISTRUST, 0.0
        self.retime_pings()
        self._state("connected")
        tasks = [
            # First, so that a station that is accepted already is so for the first message too.
            asyncio.create_task(self._talk(link), name=f"{name} talker"),
            asyncio.create_task(
                self._outbox.run(link.call, self.boot_again), name=f"{name} sender"
            ),
            asyncio.create_task(session.serve(), name=f"{name} reader"),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            errors = [task.exception() for task in tasks if task.done()]
            for error in errors:
                if error is not None and not isinstance(error, LinkClosed):
                    raise error
            first = errors[0]
            return first if isinstance(first, LinkClosed) else LinkClosed("connection ended")
        finally:
            link.fail("connection ended")
            self._link = self._transport = None
            for task in reversed(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await transport.close(1001, "charge point leaves")

    async def _talk(self, link: Link) -> None:
        if self._registration != "Accepted":
            await self._boot(link)
        while True:
            self._state("accepted", self._rival)
            with caused_by(None):
                self._outbox.set_gate(Gate.OPEN)
                self.accepted(self._booted)
                await self._heartbeats()
                await self._boot(link)

    async def _boot(self, link: Link) -> None:
        """Send BootNotification until it is Accepted (section 4.2).

        Until then nothing else is sent, but for what is triggered once the answer was Pending.
        A station that was accepted and is asked to boot stays so until it is answered otherwise:
        nothing has happened to it, so transactions and whatever it has to say go on.

        Raises:
            LinkClosed: the connection is gone, or the answer was Rejected.  Until its next try
                a rejected station neither sends nor answers anything, so it hangs up.
        """
        loop = asyncio.get_running_loop()
        while True:
            if self._registration == "Pending":
                self._outbox.set_gate(Gate.TRIGGERED)
            await self._boot_is_due()
            self._state("booting")
            answer = await self._ask_to_boot(link)
            status, interval = answer or ("", 0)
            interval = min(interval, LONGEST_INTERVAL) if interval > 0 else OWN_INTERVAL
            if status not in ("", "Accepted"):
                self._give_up_registration()
            self._registration = status or self._registration
            if status == "Accepted":
                self._booted, self._boot_due = True, 0.0
                self._configuration.set("HeartbeatInterval", interval)
            if self._registration == "Accepted":
                return
            self._boot_due = loop.time() + interval
            if status == "Rejected":
                self._silent_until = self._boot_due
                self._state("rejected", f"next BootNotification in {interval} s")
                raise LinkClosed("BootNotification Rejected")

    def _give_up_registration(self) -> None:
        """Accepted no more: say nothing until the next boot is answered."""
        if self._registration == "Accepted":
            self._registration = ""
            self._booted = False
            self._boot_due = 0.0
            self._outbox.set_gate(Gate.CLOSED)

    async def _boot_is_due(self) -> None:
        wait = self._boot_due - asyncio.get_running_loop().time()
        if wait > 0:
            self._state("pending", f"next BootNotification in {wait:.0f} s")
            try:
                async with asyncio.timeout(wait):
                    await self._boot_now.wait()
            except TimeoutError:
                pass
        self._boot_now.clear()

    async def _ask_to_boot(self, link: Link) -> tuple[str, int] | None:
        """Status and interval in s, None without a valid answer."""
        try:
            answer = await link.call("BootNotification", self._nameplate.identity.told_at_boot)
        except (TimeoutError, CallRefused) as error:
            self._publisher.note(f"BootNotification failed: {error}", "warning")
            return None
        except LinkClosed:
            self._boot_now.set()  # it may have waited for its turn still
            raise
        return answer["status"], answer.get("interval", 0)

    async def _heartbeats(self) -> None:
        """Send heartbeats at HeartbeatInterval, which 0 switches off, until it is time to boot.

        Section 4.6 allows to leave one out when something else was sent; many central systems
        judge a station by its heartbeats alone, so none is left out.
        """
        loop = asyncio.get_running_loop()
        last = loop.time()
        while not self._boot_now.is_set():
            self._beats_retimed.clear()
            interval = self._configuration.number("HeartbeatInterval")
            due = max(last + interval, loop.time()) if interval > 0 else None
            try:
                async with asyncio.timeout_at(due):
                    await self._beats_retimed.wait()
            except TimeoutError:
                self._outbox.post("Heartbeat", {})
                last = loop.time() if due is None else due

    def _state(self, state: str, detail: str = "", next_try: float | None = None) -> None:
        if state != "connecting":
            self.trouble = detail if state == "offline" else ""
        name = self._publisher.name
        self._publisher.stream.publish(
            LinkState(
                source=name,
                station=name,
                side="charge_point",
                state=state,
                detail=detail,
                next_try=next_try,
            )
        )
