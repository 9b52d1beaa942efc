"""A charge point of somebody else whose connection passes through here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from evtui.events import EventStream, LinkState, Note, Role
from evtui.ocppj import LinkClosed, MessageIds, SentMessages, StationLine, Transport
from evtui.proxy.ends import StationEnd, TransportEnd, UpstreamEnd, end_like, pass_pings
from evtui.proxy.telling import BothEnds

__all__ = ["ProxiedStation"]


class ProxiedStation:
    """One identity, over all its connections.

    Args:
        identity: as its path has it.
        stream: where its messages are told.
        ids: message ids, for what is forged.
        sent: twins of messages.

    Attributes:
        line: on which whoever wants to have a hand in its messages sits.
    """

    def __init__(
        self, identity: str, stream: EventStream, ids: MessageIds, sent: SentMessages
    ) -> None:
        self.identity = identity
        self.line = StationLine(identity, self._upstream, sent, ids)
        self._stream = stream
        self._sent = sent
        self._numbers = 0
        self._open: set[int] = set()
        self._next: Transport | None = None

    async def relay(self, station: StationEnd, upstream: UpstreamEnd) -> None:
        """Pass everything on between the two until one of them ends; then the other one does."""
        station.relayed = True
        self._numbers += 1
        number = self._numbers
        told = BothEnds(
            self._stream,
            self.identity,
            upstream.subprotocol,
            self._sent,
            number,
            booted=lambda status: self._tell(status.lower(), upstream.subprotocol or ""),
        )
        here = TransportEnd(
            station,
            heard=self._safely(told.sent, "charge_point"),
            said=self._safely(told.delivered, "central_system"),
        )
        there = TransportEnd(
            upstream,
            heard=self._safely(told.sent, "central_system"),
            said=self._safely(told.delivered, "charge_point"),
        )
        self._next = there
        line = await self.line.dial()
        pings: set[asyncio.Task[None]] = set()
        pass_pings(station, upstream, pings)
        pass_pings(upstream, station, pings)
        self._open.add(number)
        version = upstream.subprotocol or "no sub-protocol"
        self._tell("connected", version if len(self._open) == 1 else f"{version}, once more")
        loop = asyncio.get_running_loop()
        out = loop.create_task(_pump(here, line), name=f"{self.identity} out")
        back = loop.create_task(_pump(line, here), name=f"{self.identity} back")
        try:
            await asyncio.wait({out, back}, return_when=asyncio.FIRST_COMPLETED)
            # Whichever pump has noticed, the connection that its peer ended says so.
            by_station = station.protocol.close_rcvd is not None or station.close_code is not None
            ended, other = (station, upstream) if by_station else (upstream, station)
            await end_like(ended, other)
            who: Role = "charge_point" if by_station else "central_system"
            self._end(number, who, (out if out.done() else back))
        finally:
            for task in (out, back, *pings):
                task.cancel()
            await line.close(1001, "the proxy ends")
            self._open.discard(number)

    async def _upstream(self) -> Transport:
        transport, self._next = self._next, None
        if transport is None:
            raise LinkClosed(f"{self.identity} is not connected")
        return transport

    def _safely(
        self, tell: Callable[[Role, str | bytes], None], sender: Role
    ) -> Callable[[str | bytes], None]:
        """Tell of what passes: a defect in that must not keep it from passing."""

        def told(text: str | bytes) -> None:
            try:
                tell(sender, text)
            except Exception as error:
                self._stream.publish(
                    Note(
                        source="proxy",
                        level="error",
                        station=self.identity,
                        text=f"a message was not told: {error!r}",
                    )
                )

        return told

    def _end(self, number: int, who: Role, task: asyncio.Task[str]) -> None:
        self._open.discard(number)
        ended = "the charge point" if who == "charge_point" else "the central system"
        detail = f"by {ended}: {task.result()}"
        if self._open:
            self._tell("connected", f"one of several ended {detail}")
        else:
            self._tell("offline", detail)

    def _tell(self, state: str, detail: str) -> None:
        self._stream.publish(
            LinkState(
                source="proxy",
                station=self.identity,
                side="central_system",
                state=state,
                detail=detail,
            )
        )


async def _pump(source: Transport, sink: Transport) -> str:
    """Pass on what comes until one of the two is gone; why, for people."""
    try:
        while True:
            text = await source.recv()
            await sink.send(text)  # type: ignore[arg-type]
    except LinkClosed as closed:
        return str(closed)
