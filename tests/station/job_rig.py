"""What a job in the background needs of a station, with everything it said written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from evtui.events import Event, EventStream, Note
from evtui.runtime.clock import LoopClock
from evtui.station.files.memory import MemoryTransfers
from evtui.station.identity import Identity, Nameplate
from evtui.station.publisher import Publisher
from evtui.station.state.store import StateStore
from tests.station.rig import START_UTC

__all__ = ["BookOfPosts", "JobRig"]


class BookOfPosts:
    """An outbox: takes messages while it is open, and has them answered at once.

    Attributes:
        posts: loop time, action, status and whether triggered, of each message taken.
        answers: False and the central system answers nothing.
    """

    def __init__(self) -> None:
        self.open = True
        self.answers = True
        self.posts: list[tuple[float, str, str, bool]] = []

    def post(
        self,
        action: str,
        payload: dict[str, Any],
        *,
        done: Callable[[dict[str, Any] | None], None] | None = None,
        triggered: bool = False,
    ) -> bool:
        """As :meth:`evtui.station.link.outbox.Outbox.post`."""
        if not self.open:
            return False
        now = asyncio.get_running_loop().time()
        self.posts.append((now, action, payload["status"], triggered))
        if done is not None:
            done({} if self.answers else None)
        return True


class JobRig:
    """What a job is handed, on the running loop; lab time is 0 now."""

    def __init__(self, name: str = "CP1") -> None:
        self.identity = Identity(name, "evtui", "lab", firmware="1.0")
        self.nameplate = Nameplate(self.identity, StateStore())
        self.clock = LoopClock(asyncio.get_running_loop(), START_UTC)
        self.stream = EventStream(self.clock)
        self.outbox = BookOfPosts()
        self.files = MemoryTransfers()
        self.publisher = Publisher(name, self.stream)
        self.notes: list[str] = []
        self.stream.subscribe(self._on_note, Note)
        self.note = self.publisher.note

    def _on_note(self, event: Event) -> None:
        assert isinstance(event, Note)
        self.notes.append(event.text)

    @property
    def told(self) -> list[str]:
        """Every status that went out, in order."""
        return [status for _, _, status, _ in self.outbox.posts]

    def time_of(self, status: str) -> float:
        """Loop time of the newest message with ``status``, s."""
        return [t for t, _, told, _ in self.outbox.posts if told == status][-1]
