"""The authorization cache (OCPP 1.6 section 3.5.1).  Pure: the caller says what time it is."""

from __future__ import annotations

from typing import Any

import msgspec

from evtui.station.authorization.id_tag import IdTagInfo, fold
from evtui.station.listeners import Listeners

__all__ = ["IdTagCache"]

CAPACITY = 1_000
"""Id tags remembered.  The standard leaves the number to the charge point."""


class IdTagCache:
    """What the central system last said of each id tag, valid or not.

    When it is full, a new tag pushes out every tag that is not valid, and if there is none
    the valid one that was heard of longest ago (section 3.5.1).

    Args:
        capacity: most tags remembered.

    Attributes:
        changed: told after something was learned or forgotten.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.changed: Listeners[[]] = Listeners()
        self._capacity = capacity
        self._infos: dict[str, IdTagInfo] = {}

    def __len__(self) -> int:
        return len(self._infos)

    def get(self, id_tag: str, now: float) -> IdTagInfo | None:
        """What is known of a tag at Unix s ``now``; None when nothing is."""
        info = self._infos.get(fold(id_tag))
        return None if info is None else info.at(now)

    def put(self, id_tag: str, info: IdTagInfo, now: float) -> None:
        """Remember what the central system has just said, at Unix s ``now``."""
        self._infos.pop(fold(id_tag), None)  # it becomes the newest
        if len(self._infos) >= self._capacity:
            self._make_room(now)
        self._infos[fold(id_tag)] = info
        self.changed()

    def clear(self) -> None:
        """Forget everything."""
        self._infos.clear()
        self.changed()

    def export(self) -> dict[str, Any]:
        """Everything as plain JSON, the tag heard of longest ago first."""
        return {id_tag: msgspec.to_builtins(info) for id_tag, info in self._infos.items()}

    def restore(self, exported: dict[str, Any]) -> None:
        """Take over what :meth:`export` gave.

        Raises:
            ValueError: it is not of that form; the text names the place.
        """
        infos = msgspec.convert(exported, dict[str, IdTagInfo])
        self._infos = dict(list(infos.items())[-self._capacity :])

    def _make_room(self, now: float) -> None:
        valid = {id_tag: info for id_tag, info in self._infos.items() if info.at(now).valid}
        if len(valid) == len(self._infos):
            del valid[next(iter(valid))]
        self._infos = valid
