"""Where a link draws the line, and how often it had to.  Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

__all__ = [
    "CALLS_WAITING_MAX",
    "MAX_MESSAGE_BYTES",
    "PING_INTERVAL",
    "LinkCounters",
    "MessageRate",
    "Pace",
    "size_of",
]

MAX_MESSAGE_BYTES = 1024 * 1024
"""A larger message closes the connection with 1009 (RFC 6455 section 7.4.1)."""

PING_INTERVAL = 20.0
"""s between two WebSocket pings of our central system; 0 would send none."""

CALLS_WAITING_MAX = 1_000
"""Calls of ours that may wait for their turn on one connection."""


class MessageRate(msgspec.Struct, frozen=True):
    """How many messages a peer may send before it is held back.

    A charge point sends a few a minute; what it queued while it was offline comes in a burst.

    Attributes:
        per_s: messages a second in the long run.
        burst: messages at once after a pause.
        message_bytes: a longer message counts as many as that goes into it: with the others as
            they are a peer is held to 500 KiB/s, and a megabyte at once.
    """

    per_s: float = 500.0
    burst: int = 1_000
    message_bytes: int = 1_024

    def __str__(self) -> str:
        size = self.per_s * self.message_bytes / 1024
        return f"{self.per_s:,.0f} messages or {size:,.0f} KiB a second"


class Pace:
    """A token bucket: says how long to leave the peer's next message unread.

    Args:
        rate: what the peer may send.
        now: s, on the clock that :meth:`take` will use.
    """

    __slots__ = ("_last", "_rate", "_tokens")

    def __init__(self, rate: MessageRate, now: float) -> None:
        self._rate = rate
        self._tokens = float(rate.burst)
        self._last = now

    def take(self, now: float, size: int = 0) -> float:
        """Count a message of ``size`` that has come; s to wait before it is looked at, mostly 0."""
        earned = (now - self._last) * self._rate.per_s
        cost = max(1.0, size / self._rate.message_bytes)
        self._tokens = min(self._rate.burst, self._tokens + earned) - cost
        self._last = now
        return max(0.0, -self._tokens / self._rate.per_s)


def size_of(text: str | bytes) -> int:
    """Bytes of a message as it came."""
    if isinstance(text, bytes) or text.isascii():
        return len(text)
    return len(text.encode("utf-8", "surrogatepass"))


class LinkCounters(msgspec.Struct):
    """What went over a link, or over all that share these counters, since the start.

    Attributes:
        received: messages read.
        sent: messages written.
        invalid: messages not taken: no OCPP-J, against their schema, of an action not handled
            here, answers to nothing, violations of the WebSocket protocol.
        repeated: calls under an id already answered, which were not acted on again.
        throttled: messages held back because the peer sent too many.
        oversize: messages over the size limit; each cost its connection, and is invalid too.
        trouble: called when ``invalid``, ``throttled`` or ``oversize`` has grown.
    """

    received: int = 0
    sent: int = 0
    invalid: int = 0
    repeated: int = 0
    throttled: int = 0
    oversize: int = 0
    trouble: Callable[[], object] = lambda: None

    def count_invalid(self, *, oversize: bool = False) -> None:
        """A message was not taken."""
        self.invalid += 1
        self.oversize += oversize
        self.trouble()

    def count_throttled(self) -> None:
        """A message was held back."""
        self.throttled += 1
        self.trouble()
