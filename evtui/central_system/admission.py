"""Which stations are let in, and what their BootNotification is answered.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from evtui.origins import Origins

__all__ = ["Admission", "BootAnswer", "BootStatus"]

BootStatus = Literal["Accepted", "Pending", "Rejected"]
"""RegistrationStatus (OCPP 1.6 section 7.37)."""

RETRY_INTERVAL = 10
"""s a station is told to wait before its next BootNotification."""


@dataclass(frozen=True, slots=True)
class BootAnswer:
    """What a BootNotification is answered.

    Attributes:
        interval: s between heartbeats when Accepted, else until the next BootNotification
            (section 6.4).
        asking: Pending only until somebody says whether the station is let in.
    """

    status: BootStatus
    interval: int
    asking: bool = False


class Admission:
    """The rules, and what somebody has said of single stations, which goes before them.

    Args:
        unknown: ``accept`` stations that are not known, ``refuse`` their connection with HTTP
            404 (OCPP-J 1.6 section 3.2), or ``ask``: Pending until somebody answers.
        known: stations that are always let in.
        heartbeat_interval: s, given to accepted stations.
        origins: web pages that may connect, ``http://localhost:3000``; others are refused with
            HTTP 403.

    Raises:
        ValueError: no such rule, no such origin, or one text where several are asked for.
    """

    def __init__(
        self,
        unknown: Literal["accept", "refuse", "ask"] = "accept",
        known: Iterable[str] = (),
        *,
        heartbeat_interval: int = 10,
        origins: Iterable[str] = (),
    ) -> None:
        if unknown not in ("accept", "refuse", "ask"):
            raise ValueError(f"unknown stations {unknown!r}: expected accept, refuse or ask")
        if isinstance(known, str):
            raise ValueError(f"known stations {known!r}: expected several, as in [{known!r}]")
        self.unknown = unknown
        self.heartbeat_interval = heartbeat_interval
        self.origins = Origins(origins)
        self._known = set(known)
        self._turned_away: set[str] = set()
        self._answers: dict[str, BootAnswer] = {}

    def knows(self, station: str) -> bool:
        """True for a station that is known, or that somebody has said something about."""
        return station in self._known or station in self._answers or station in self._turned_away

    def lets_in(self, station: str) -> bool:
        """False for a station whose connection is refused."""
        return station not in self._turned_away and (
            self.unknown != "refuse" or self.knows(station)
        )

    def boot(self, station: str) -> BootAnswer:
        """What the station's BootNotification is answered now."""
        said = self._answers.get(station)
        if said is not None:
            return said
        if self.unknown == "ask" and station not in self._known:
            return BootAnswer("Pending", RETRY_INTERVAL, asking=True)
        return BootAnswer("Accepted", self.heartbeat_interval)

    def admit(self, station: str) -> None:
        """Let the station in from now on."""
        self._turned_away.discard(station)
        self._answers.pop(station, None)
        self._known.add(station)

    def turn_away(self, station: str) -> None:
        """Refuse the station's connections from now on."""
        self._turned_away.add(station)

    def answer(self, station: str, status: BootStatus, interval: int | None = None) -> None:
        """Answer this from now on, whatever the rules say.

        Args:
            interval: s; default: the heartbeat interval when Accepted, else 10.  0 lets the
                station choose (section 4.2).
        """
        if interval is None:
            interval = self.heartbeat_interval if status == "Accepted" else RETRY_INTERVAL
        self._turned_away.discard(station)
        self._answers[station] = BootAnswer(status, interval)
