"""Handlers behind a link: methods marked with the ``ocpp`` library's ``@on``, its typed answers.

The library's own loop would die of ``[2,"q",{},{}]``, wait its whole timeout after the
connection is gone and swallow CALLERRORs; so only its marks, payload classes and name
conversion are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from ocpp import routing
from ocpp.exceptions import OCPPError
from ocpp.v16.enums import Action

from evtui.events import EventStream, Note, caused_by
from evtui.ocpp16.naming import arguments_of, fields_of
from evtui.ocppj.link import IncomingCall, Link

__all__ = ["Peer", "on"]

F = TypeVar("F", bound=Callable[..., Any])


def on(action: Action) -> Callable[[F], F]:
    """Mark a method as the handler of ``action``; the library's decorator, typed."""
    mark: Callable[[F], F] = routing.on(action, skip_schema_validation=True)
    return mark


class Peer:
    """What answers the calls of one connection: handlers marked ``@on``.

    A handler gets the payload's fields as keyword arguments in snake case and returns the
    matching class of ``ocpp.v16.call_result``.  It must not wait for a call of its own; what
    must come after its answer is handed to :meth:`afterwards`.
    """

    _handlers: ClassVar[Mapping[str, str]] = {}
    """The handler's name for each action."""

    def __init_subclass__(cls) -> None:
        marks = {name: getattr(getattr(cls, name), "_on_action", None) for name in dir(cls)}
        cls._handlers = {str(mark.value): name for name, mark in marks.items() if mark}

    def __init__(self, link: Link, stream: EventStream, source: str) -> None:
        self.link = link
        self._stream = stream
        self._source = source
        self._afterwards: list[Callable[[], object]] = []

    @classmethod
    def supported_actions(cls) -> frozenset[str]:
        """Actions this class has a handler for."""
        return frozenset(cls._handlers)

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

    async def _handle(self, incoming: IncomingCall) -> None:
        handler = getattr(self, self._handlers[incoming.action])
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
        station = self.link.station
        self._stream.publish(Note(source=self._source, level="error", station=station, text=text))
