"""The ``ocpp`` library's routing and typed messages on top of our link.

The library's own loop would die of ``[2,"q",{},{}]``, wait its whole timeout after the
connection is gone and swallow CALLERRORs; so its reading and calling are replaced and its
routing (``@on``), payload classes and name conversion are used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ocpp import routing
from ocpp.exceptions import OCPPError
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.enums import Action

from evtui.events import EventStream, Note, caused_by
from evtui.ocpp16.link import IncomingCall, Link
from evtui.ocpp16.naming import arguments_of, fields_of

__all__ = ["Peer", "PlainCall", "on"]

F = TypeVar("F", bound=Callable[..., Any])


def on(action: Action) -> Callable[[F], F]:
    """Mark a method as the handler of ``action``; the library's decorator, typed."""
    mark: Callable[[F], F] = routing.on(action, skip_schema_validation=True)
    return mark


@dataclass(frozen=True, slots=True)
class PlainCall:
    """An operation as plain JSON: the library's types want more than some schemas do."""

    action: str
    payload: dict[str, Any]


class Peer(ChargePoint):  # type: ignore[misc]  # the library is untyped
    """One end of a connection: handlers marked ``@on`` answer, :meth:`call` asks.

    A handler gets the payload's fields as keyword arguments in snake case and returns the
    matching class of ``ocpp.v16.call_result``.  It must not wait for a call of its own; what
    must come after its answer is handed to :meth:`afterwards`.
    """

    def __init__(self, link: Link, stream: EventStream, source: str) -> None:
        super().__init__(link.station, link, response_timeout=link.timeout)
        self.link = link
        self._stream = stream
        self._source = source
        self._afterwards: list[Callable[[], object]] = []

    @classmethod
    def supported_actions(cls) -> frozenset[str]:
        """Actions this class has a handler for."""
        marks = (getattr(getattr(cls, name), "_on_action", None) for name in dir(cls))
        return frozenset(str(mark.value) for mark in marks if mark is not None)

    def afterwards(self, step: Callable[[], object]) -> None:
        """Run ``step`` once the answer of the call being handled has been sent.

        A call that ends in a CALLERROR has no afterwards.
        """
        self._afterwards.append(step)

    async def serve(self) -> None:
        """Handle calls until the connection is gone.

        Raises:
            LinkClosed: always, in the end.
        """
        while True:
            incoming = await self.link.receive()
            with caused_by(incoming.seq):
                await self._handle(incoming)

    async def call(self, payload: Any, **_: Any) -> Any:
        """Send one of ``ocpp.v16.call`` and return the matching ``call_result``.

        A :class:`PlainCall` is answered by the plain payload.

        Raises:
            CallRefused, TimeoutError, LinkClosed, ValueError: as :meth:`Link.call` does.
        """
        if isinstance(payload, PlainCall):
            return await self.link.call(payload.action, payload.payload)
        action = type(payload).__name__
        answer = await self.link.call(action, fields_of(payload))
        return getattr(call_result, action)(**arguments_of(answer))

    async def _handle(self, incoming: IncomingCall) -> None:
        handler = self.route_map[incoming.action]["_on_action"]
        steps = self._afterwards = []
        try:
            answer = fields_of(handler(**arguments_of(incoming.payload)))
        except OCPPError as error:
            await self.link.refuse(incoming, error.code, str(error.description))
            return
        except Exception as error:
            self._report(f"{incoming.action} handler failed: {error!r}")
            await self.link.refuse(incoming, "InternalError", type(error).__name__)
            return
        if not await self.link.answer(incoming, answer):
            return
        for step in steps:
            try:
                step()
            except Exception as error:
                self._report(f"what follows {incoming.action} failed: {error!r}")

    def _report(self, text: str) -> None:
        self._stream.publish(Note(source=self._source, level="error", station=self.id, text=text))
