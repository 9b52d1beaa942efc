"""Events that wait for their partner before they become a line.  Pure."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Waiting"]

T = TypeVar("T")


class _Entry(Generic[T]):
    __slots__ = ("deadline", "item", "seq")

    def __init__(self, seq: int, deadline: float, item: T) -> None:
        self.seq = seq
        self.deadline = deadline
        self.item = item


class Waiting(Generic[T]):
    """Writes items in the order they came, each once its partner has come or is given up.

    An item behind one that waits, waits too.  Only the times of events decide, so the same
    events make the same lines.

    Args:
        patience: s of lab time after which an item goes without its partner.
        write: takes what is ready.

    Attributes:
        wake: lab time in s after which :meth:`release` has something to do.
    """

    def __init__(self, patience: float, write: Callable[[T], None]) -> None:
        self._patience = patience
        self._write = write
        self._queue: deque[_Entry[T]] = deque()
        self._alone: dict[int, _Entry[T]] = {}
        self.wake = math.inf

    def add(self, seq: int, t: float, item: T, *, waits: bool) -> None:
        """Queue the item of event ``seq``."""
        entry = _Entry(seq, t + self._patience, item)
        if waits:
            self._alone[seq] = entry
        elif not self._queue:
            self._write(item)
            return
        self._queue.append(entry)
        self.wake = self._queue[0].deadline

    def claim(self, seq: int | None) -> T | None:
        """The item of event ``seq`` if it waits; its partner has come.  Then call `release`."""
        entry = self._alone.pop(seq, None) if seq is not None else None
        return None if entry is None else entry.item

    def release(self, t: float) -> None:
        """Write what is ready at lab time ``t`` in s, all of it at infinity."""
        queue = self._queue
        while queue:
            head = queue[0]
            if head.seq in self._alone:
                if t <= head.deadline:
                    break
                del self._alone[head.seq]
            queue.popleft()
            self._write(head.item)
        self.wake = queue[0].deadline if queue else math.inf
