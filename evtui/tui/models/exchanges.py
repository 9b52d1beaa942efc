"""OCPP messages folded into exchanges: a request, its answer, and both ends' view of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from evtui.events import OcppMessage, Role, payload_bytes
from evtui.tui.models.facts import answer_status, fact
from evtui.tui.models.injected import InjectedBy, nobody
from evtui.tui.models.store import RowStore
from evtui.tui.models.text import clean, number

__all__ = ["CallOutcome", "Exchange", "OcppLog"]

CAPACITY = 2_000
"""Exchanges held: twenty minutes of the fluctuation at its default period, in some 8 MiB."""

BYTES_MAX = 8 * 1024 * 1024
"""Payloads held: a peer may send 1 MiB a message."""

CallOutcome = Literal["pending", "accepted", "rejected", "error"]

_GLYPHS: dict[CallOutcome, str] = {"pending": "…", "accepted": "✓", "rejected": "✗", "error": "!"}

# Answers that mean yes, or not yet; any other status is a refusal of some kind.
_AGREED = {"", "Accepted", "Scheduled", "RebootRequired", "Unlocked"}


class Exchange:
    """One request and its answer, each seen at one end or at both.

    Attributes:
        key: set by the store.
        messages: every event of the exchange in order of arrival.
        lost: True when the connection went before an answer came.
        caller: role that asked; for an answer or an error without a request, the role that
            did not send it.
    """

    def __init__(self, message: OcppMessage) -> None:
        self.key = -1
        self.messages = [message]
        self.station = message.station
        self.action = message.action
        self.uid = message.uid
        self.caller: Role = message.sender
        if message.kind in ("result", "error"):
            self.caller = other_role(message.sender)
        self.lost = False
        self._injected = ""
        self._text: str | None = None

    def lose(self) -> None:
        """The connection is gone: no answer will come."""
        self.lost = True
        self._text = None

    def add(self, message: OcppMessage) -> None:
        """Take the twin of a message, or the answer."""
        self.messages.append(message)
        self._text = None

    def find(self, *kinds: str, phase: str | None = None) -> OcppMessage | None:
        """The first message of these kinds, at one end or at either."""
        for message in self.messages:
            if message.kind in kinds and phase in (None, message.phase):
                return message
        return None

    @property
    def t(self) -> float:
        """Lab time in seconds of the first message."""
        return self.messages[0].t

    @property
    def seqs(self) -> frozenset[int]:
        """Sequence numbers of all messages."""
        return frozenset(message.seq for message in self.messages)

    @property
    def causes(self) -> frozenset[int]:
        """Sequence numbers of what caused them, as far as that is outside the exchange."""
        causes = {message.cause for message in self.messages if message.cause is not None}
        return frozenset(causes - self.seqs)

    @property
    def answer(self) -> OcppMessage | None:
        """CALLRESULT or CALLERROR, as the caller saw it where that is known."""
        delivered = self.find("result", "error", phase="delivered")
        return delivered or self.find("result", "error")

    @property
    def latency(self) -> float | None:
        """Seconds from the request to the answer, at the caller where that is known."""
        return self.answer.latency if self.answer else None

    @property
    def altered(self) -> bool:
        """True where a message was delivered otherwise than it was sent."""
        for kind in ("call", "result"):
            sent = self.find(kind, phase="sent")
            delivered = self.find(kind, phase="delivered")
            if sent and delivered and delivered.says_otherwise(sent):
                return True
        return False

    def inject(self, by: str) -> None:
        """An attack has sent it, or what comes of it; empty for none."""
        self._injected = self._injected or by

    @property
    def injected(self) -> str:
        """The attack that sent it and the step, or that it was changed on its way; else empty."""
        return self._injected or ("what sits on the link" if self.altered else "")

    @property
    def violation(self) -> str:
        """How one of its messages that was acted on breaks the rules; empty when none does."""
        told = (one.violation for one in self.messages)
        return next((clean(each.detail) for each in told if each and each.kind == "tolerated"), "")

    @property
    def arrow(self) -> str:
        """→ from the central system, ← from the charge point."""
        return "→" if self.caller == "central_system" else "←"

    @property
    def status(self) -> str:
        """The word the answer says: a status, or an error code."""
        answer = self.answer or self.find("invalid")
        if answer is None:
            return ""
        if answer.kind == "result":
            return answer_status(answer.payload)
        return clean(answer.error)

    @property
    def outcome(self) -> CallOutcome:
        """How it went."""
        if self.find("error", "invalid"):
            return "error"
        if self.answer is None:
            return "error" if self.lost else "pending"
        # What was to be cleared and is not there is as good as cleared.
        gone = self.action == "ClearChargingProfile" and self.status == "Unknown"
        return "accepted" if gone or self.status in _AGREED else "rejected"

    @property
    def glyph(self) -> str:
        """``outcome`` in one character."""
        return _GLYPHS[self.outcome]

    @property
    def title(self) -> str:
        """The action; for what is no OCPP, that it is none."""
        return clean(self.action) or ("not OCPP" if self.find("invalid") else "unknown")

    @property
    def fact(self) -> str:
        """The one fact that matters, and the refusal where there is one.

        ``§`` says that a message broke the rules and was acted on all the same, ``≠`` that one
        was delivered otherwise than it was sent.
        """
        told = self._fact()
        return f"§ {told}".rstrip() if self.violation else told

    def _fact(self) -> str:
        bad = self.find("invalid", "error")
        if bad is not None:
            return clean(": ".join(part for part in (bad.error, bad.detail) if part))
        call, answer = self.find("call"), self.answer
        if answer is None and self.lost:
            return "no answer: connection lost"
        told = fact(self.action, call.payload if call else None, answer.payload if answer else None)
        if self.outcome == "rejected" and self.status not in told:
            return f"{told} {self.status}".lstrip()
        if self.outcome == "accepted" and not told:
            return self.status
        return f"≠ {told}{self._arrived(told)}" if self.altered else told

    def _arrived(self, told: str) -> str:
        """What a request said when it came, where that is something else."""
        came = self.find("call", phase="delivered")
        says = "" if came is None else fact(self.action, came.payload, None)
        return f" → {says}" if says and says != told else ""

    @property
    def latency_text(self) -> str:
        """Latency for people, in ms below 10 s."""
        if self.latency is None:
            return ""
        if self.latency < 10:
            return f"{self.latency * 1000:.0f} ms"
        return f"{number(self.latency)} s"

    @property
    def text(self) -> str:
        """What a filter searches and what copying a row gives, without the time."""
        if self._text is None:
            parts = (self.station, self.arrow, self.title, self.fact, self.glyph, self.status)
            injected = f"injected by {self.injected}" if self.injected else ""
            self._text = " ".join(part for part in map(clean, (*parts, injected)) if part)
        return self._text


def other_role(role: Role) -> Role:
    """Who sits at the other end."""
    return "charge_point" if role == "central_system" else "central_system"


class OcppLog:
    """Folds OCPP messages into exchanges, oldest first.

    Attributes:
        store: the rows.
        stations: identities seen so far; more than one makes a station column worth while.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.store: RowStore[Exchange] = RowStore(capacity)
        self.stations: set[str] = set()
        self._open: dict[tuple[str, str, Role], Exchange] = {}
        self._by_seq: dict[int, Exchange] = {}
        self._bytes = 0

    def feed(self, messages: Iterable[OcppMessage], injected: InjectedBy = nobody) -> None:
        """Take messages in the order of the stream."""
        for message in messages:
            exchange = self._take(message)
            exchange.inject(injected(message.cause))

    def lose(self, station: str) -> None:
        """The connection of ``station`` is gone: what it has not answered it never will."""
        for exchange in self._open.values():
            if exchange.station == station and exchange.outcome == "pending":
                exchange.lose()
                self.store.touch(exchange)

    def exchange_of(self, seq: int) -> Exchange | None:
        """The exchange that the event ``seq`` belongs to, while it is held."""
        return self._by_seq.get(seq)

    def _take(self, message: OcppMessage) -> Exchange:
        caller = message.sender if message.kind == "call" else other_role(message.sender)
        pair = (message.station, message.uid, caller)
        exchange = self._broken(message, pair) if message.kind == "error" else None
        if exchange is None and message.kind != "invalid":
            exchange = self._open.get(pair)
        # The same message at the same end again is a new exchange: foreign peers count their
        # ids from 1 in every connection.
        if exchange is None or exchange.find(message.kind, phase=message.phase):
            exchange = Exchange(message)
            if message.kind != "invalid":
                self._open[pair] = exchange
            if not message.is_refusal:
                self.stations.add(message.station)
            self._forget(self.store.append(exchange))
        else:
            exchange.add(message)
            self.store.touch(exchange)
        self._by_seq[message.seq] = exchange
        self._bytes += payload_bytes(message)
        while self._bytes > BYTES_MAX:
            self._forget(self.store.drop())
        return exchange

    def _broken(self, error: OcppMessage, pair: tuple[str, str, Role]) -> Exchange | None:
        """The row of the broken text that a CALLERROR answers: its event is the cause."""
        exchange = None if error.cause is None else self._by_seq.get(error.cause)
        if exchange is None or not exchange.find("invalid"):
            return None
        self._open[pair] = exchange
        return exchange

    def _forget(self, exchange: Exchange | None) -> None:
        if exchange is None:
            return
        for seq in exchange.seqs:
            self._by_seq.pop(seq, None)
        self._bytes -= sum(map(payload_bytes, exchange.messages))
        pair = (exchange.station, exchange.uid, exchange.caller)
        if self._open.get(pair) is exchange:
            del self._open[pair]
