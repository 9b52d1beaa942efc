"""A series of any length in bounded room, evenly thinned out.  Pure."""

from __future__ import annotations

from typing import Generic, TypeVar

__all__ = ["Thinned"]

T = TypeVar("T")


class Thinned(Generic[T]):
    """Keeps every n-th item of a series, the first always; n doubles when the room is full.

    Errata 3.91 recommends to drop every second intermediate meter value rather than the
    oldest or the newest.

    Args:
        capacity: items kept at most, from 1.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: list[T] = []
        self._stride = 1
        self._offered = 0

    @property
    def items(self) -> list[T]:
        """What is kept, in order."""
        return list(self._kept)

    @property
    def dropped(self) -> int:
        """How many items are not kept."""
        return self._offered - len(self._kept)

    def append(self, item: T) -> None:
        """Offer the next item."""
        if len(self._kept) == self._capacity and self._offered % self._stride == 0:
            del self._kept[1::2]
            self._stride *= 2
        if self._offered % self._stride == 0:
            self._kept.append(item)
        self._offered += 1
