"""Which CALL has its answer, and which answer its CALL.  Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple, TypeVar

from evtui.ocppj import UNREADABLE_ID
from evtui.recording.format import MessageRow

__all__ = ["CALL_TIMEOUT", "OpenCall", "Pairing"]

CALL_TIMEOUT = 30.0
"""s that a caller waits for its answer in this lab."""

KEPT = 4096
"""Messages seen at one end alone that may still be seen at the other."""

_CALL = 2
_ASKED_BY = {"csms->cp": "cp->csms", "cp->csms": "csms->cp"}

_Key = tuple[str, str, str]
K = TypeVar("K")
V = TypeVar("V")


class OpenCall(NamedTuple):
    """A CALL without an answer.

    Attributes:
        line: of ocpp.jsonl.
        t: s, when it was sent.
        arrived: False when its receiver was not seen to get it.
        lost: its link was lost before an answer came.
        station: charge point on its link.
    """

    line: int
    t: float
    action: str
    uid: str
    arrived: bool
    lost: bool = False
    station: str = ""


class Pairing:
    """Goes through the lines of ocpp.jsonl in their order.

    Attributes:
        given_up: CALLs without an answer whose id was used again.
    """

    def __init__(self) -> None:
        self.given_up: list[OpenCall] = []
        self._open: dict[_Key, OpenCall] = {}
        self._refused: OrderedDict[_Key, None] = OrderedDict()
        self._halves: OrderedDict[int, tuple[_Key, int | None]] = OrderedDict()

    @property
    def open(self) -> list[OpenCall]:
        """CALLs that have no answer yet, or never will."""
        return list(self._open.values())

    def lose(self, station: str, t: float) -> None:
        """A link was lost at ``t`` in s: no answer will come on it."""
        for key, call in self._open.items():
            if key[0] == station and call.t <= t:
                self._open[key] = call._replace(lost=True)

    def take(self, line: int, row: MessageRow) -> bool:
        """Take the next line; False for an answer to a CALL that is not there."""
        key = (row.station, row.direction, row.id)
        if row.seen == "sent":
            _keep(self._halves, row.seq, (key, row.type))
        elif row.cause is not None and self._halves.get(row.cause) == (key, row.type):
            # It arrived so late that it got a line of its own.
            if key in self._open:
                self._open[key] = self._open[key]._replace(arrived=True)
            return True
        if row.type is None:
            # A text that is no OCPP may still have an id, under which it is refused.
            _keep(self._refused, key, None)
            return True
        if row.type == _CALL:
            earlier = self._open.pop(key, None)
            if earlier is not None:
                self.given_up.append(earlier)
            arrived = row.seen != "sent"
            self._open[key] = OpenCall(
                line, row.t, row.action, row.id, arrived, station=row.station
            )
            return True
        asked = (row.station, _ASKED_BY[row.direction], row.id)
        if self._open.pop(asked, None) is not None:
            return True
        return asked in self._refused or row.id == UNREADABLE_ID or row.injected


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    if len(kept) > KEPT:
        kept.popitem(last=False)
