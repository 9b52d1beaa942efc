"""Which stations are let in, and what their BootNotification is answered.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import msgspec

from evtui.central_system.kept import Ledger, LedgerRow
from evtui.origins import Origins

__all__ = ["Admission", "BootAnswer", "BootStatus"]

BootStatus = Literal["Accepted", "Pending", "Rejected"]
"""RegistrationStatus (OCPP 1.6 section 7.37)."""

RETRY_INTERVAL = 10
"""s a station is told to wait before its next BootNotification."""


WORD = "admission"
"""Kind of a row of what somebody has said of a station; its name is the identity."""


class BootAnswer(msgspec.Struct, frozen=True):
    """What a BootNotification is answered.

    Attributes:
        interval: s between heartbeats when Accepted, else until the next BootNotification
            (section 6.4).
        asking: Pending only until somebody says whether the station is let in.
    """

    status: BootStatus
    interval: Annotated[int, msgspec.Meta(ge=0)]
    asking: bool = False


class _Word(msgspec.Struct, frozen=True):
    """What somebody has said of a station.

    Attributes:
        known: it was one of those that are always let in.
        answer: None to let it in or turn it away.
    """

    known: bool
    turned_away: bool = False
    answer: BootAnswer | None = None


class Admission:
    """The rules, and what somebody has said of single stations, which goes before them.

    Args:
        unknown: ``accept`` stations that are not known, ``refuse`` their connection with HTTP
            404 (OCPP-J 1.6 section 3.2), or ``ask``: Pending until somebody answers.
        known: stations that are always let in.
        heartbeat_interval: s, given to accepted stations.
        origins: web pages that may connect, ``http://localhost:3000``; others are refused with
            HTTP 403.
        ours: are known too, whatever was said of them in an earlier run.
        ledger: what was said in earlier runs, and where to keep what will be; default: nowhere.
            What was said of a station counts until it is one of ``known`` and was not then.

    Raises:
        ValueError: no such rule, no such origin, or one text where several are asked for.
        StateError: what was kept cannot be read.
    """

    def __init__(
        self,
        unknown: Literal["accept", "refuse", "ask"] = "accept",
        known: Iterable[str] = (),
        *,
        heartbeat_interval: int = 10,
        origins: Iterable[str] = (),
        ours: frozenset[str] = frozenset(),
        ledger: Ledger | None = None,
    ) -> None:
        if unknown not in ("accept", "refuse", "ask"):
            raise ValueError(f"unknown stations {unknown!r}: expected accept, refuse or ask")
        if isinstance(known, str):
            raise ValueError(f"known stations {known!r}: expected several, as in [{known!r}]")
        self.unknown = unknown
        self.heartbeat_interval = heartbeat_interval
        self.origins = Origins(origins)
        self._ledger = Ledger() if ledger is None else ledger
        self._first_known = frozenset(known) | ours
        self._known = set(self._first_known)
        self._turned_away: set[str] = set()
        self._answers: dict[str, BootAnswer] = {}
        self._words: dict[str, _Word] = {}
        for station, word in self._ledger.read(WORD, _Word):
            if station in ours or (station in self._first_known and not word.known):
                self._ledger.remove(WORD, station)
            else:
                self._take(station, word)
        self._ledger.commit()

    def knows(self, station: str) -> bool:
        """True for a station that is known, or that somebody has said something about."""
        return station in self._known or station in self._answers or station in self._turned_away

    def lets_in(self, station: str) -> bool:
        """False for a station whose connection is refused."""
        return station not in self._turned_away and (
            self.unknown != "refuse" or self.knows(station)
        )

    def accepts(self, station: str) -> bool:
        """True for a station that would be accepted if it booted now."""
        return self.lets_in(station) and self.boot(station).status == "Accepted"

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
        self._say(station, _Word(station in self._first_known))

    def turn_away(self, station: str) -> None:
        """Refuse the station's connections from now on."""
        self._say(station, _Word(station in self._first_known, turned_away=True))

    def answer(self, station: str, status: BootStatus, interval: int | None = None) -> None:
        """Answer this from now on, whatever the rules say.

        Args:
            interval: s; default: the heartbeat interval when Accepted, else 10.  0 lets the
                station choose (section 4.2).

        Raises:
            ValueError: an interval below 0.
        """
        if interval is None:
            interval = self.heartbeat_interval if status == "Accepted" else RETRY_INTERVAL
        if interval < 0:
            raise ValueError(f"interval {interval}: expected 0 s or more")
        answer = BootAnswer(status, interval)
        self._say(station, _Word(station in self._first_known, answer=answer))

    def rows(self) -> Iterator[tuple[LedgerRow, bytes]]:
        """Everything that somebody has said, as it is kept."""
        for station, word in self._words.items():
            yield (WORD, station), msgspec.json.encode(word)

    # Inside

    def _say(self, station: str, word: _Word) -> None:
        self._take(station, word)
        self._ledger.put(WORD, station, word)
        self._ledger.commit()

    def _take(self, station: str, word: _Word) -> None:
        self._words[station] = word
        if word.turned_away:
            self._turned_away.add(station)
            return
        self._turned_away.discard(station)
        if word.answer is not None:
            self._answers[station] = word.answer
        else:
            self._answers.pop(station, None)
            self._known.add(station)
