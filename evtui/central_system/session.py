"""The central system's end of one connection: each call of the station gets its answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from evtui.central_system.answers import Answers
from evtui.central_system.boot_reminder import BootReminder
from evtui.central_system.stations import StationRecord
from evtui.events import EventStream, Note, caused_by
from evtui.ocppj import Link, answer_call

__all__ = ["StationSession"]


class StationSession:
    """Serves one connection of a station.

    Args:
        reminder: looks after a station that has not booted.
        answered: told of each call once its answer is on its way.
    """

    def __init__(
        self,
        link: Link,
        record: StationRecord,
        answers: Answers,
        stream: EventStream,
        source: str,
        reminder: BootReminder,
        answered: Callable[[StationRecord, str], None],
    ) -> None:
        self.link = link
        self.record = record
        self.reminder = reminder
        self._answers = answers
        self._stream = stream
        self._source = source
        self._answered = answered

    async def serve(self) -> None:
        """Answer calls until the connection is gone.

        Raises:
            LinkClosed: always, in the end.
        """
        while True:
            call = await self.link.receive()
            self.record.last_seen = self._stream.now()
            self.record.calls += 1
            with caused_by(call.seq):
                self.reminder.hears(call.action)
                answer = partial(self._answers.to, self.record)
                if await answer_call(self.link, call, answer, self._defect):
                    self._answered(self.record, call.action)
                self.reminder.answered(call.action)

    def _defect(self, text: str) -> None:
        self._stream.publish(
            Note(source=self._source, level="error", station=self.record.identity, text=text)
        )
