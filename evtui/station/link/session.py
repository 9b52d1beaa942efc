"""The charge point's end of one connection: each call of the central system gets its answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from evtui.events import EventStream, Note, caused_by
from evtui.ocppj import Link, Then, answer_call

__all__ = ["AnswersCalls", "CentralSystemSession"]


class AnswersCalls(Protocol):
    """What the central system is answered."""

    @property
    def actions(self) -> frozenset[str]:
        """Actions that are answered."""

    def to(self, then: Then, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The answer to a valid call of one of :attr:`actions`.

        Args:
            then: takes what must come after the answer.

        Raises:
            Refusal: the answer is a CALLERROR.
        """


class CentralSystemSession:
    """Serves one connection to the central system."""

    def __init__(self, link: Link, answers: AnswersCalls, stream: EventStream, source: str) -> None:
        self._link = link
        self._answers = answers
        self._stream = stream
        self._source = source

    async def serve(self) -> None:
        """Answer calls until the connection is gone.

        What an answer has follow it happens once it is on its way; a CALLERROR is followed by
        nothing.

        Raises:
            LinkClosed: always, in the end.
        """
        while True:
            call = await self._link.receive()
            steps: list[Callable[[], object]] = []
            with caused_by(call.seq):
                answer = partial(self._answers.to, steps.append)
                if await answer_call(self._link, call, answer, self._defect):
                    self._follow(call.action, steps)

    def _follow(self, action: str, steps: list[Callable[[], object]]) -> None:
        for step in steps:
            try:
                step()
            except Exception as error:
                self._defect(f"what follows {action} failed: {error!r}")

    def _defect(self, text: str) -> None:
        station = self._link.station
        self._stream.publish(Note(source=self._source, level="error", station=station, text=text))
