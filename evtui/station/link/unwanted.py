"""Meter values that the central system refuses, and whether a retry could save them.  Pure."""

from __future__ import annotations

from evtui.ocppj import CallRefused

__all__ = ["Unwanted"]

RETRYABLE = frozenset({"InternalError", "GenericError", "SecurityError", "TooManyCalls"})
"""Codes of a refusal that need not be the last word.  Any other (OCPP-J 1.6 table 7) says that
the message itself is not wanted, however often it comes; SecurityError is what a station gets
that has to boot again."""

TOLD_EVERY = 60.0
"""s between two notes."""


class Unwanted:
    """Tells which meter values to let go at the first refusal: every transaction-related message
    waits for those before it (OCPP 1.6 section 3.7), the StopTransaction too.

    Those behind one that all its attempts could not save get one attempt each, until one of them
    is answered.
    """

    def __init__(self) -> None:
        self._exhausted = False
        self._count = 0
        self._told: float | None = None

    def is_final(self, error: Exception) -> bool:
        """True when another attempt would end as this one did."""
        return self._exhausted or (isinstance(error, CallRefused) and error.code not in RETRYABLE)

    def exhausted(self) -> None:
        """Meter values were given up after all their attempts."""
        self._exhausted = True

    def answered(self) -> None:
        """Meter values were taken."""
        self._exhausted = False

    def let_go(self, error: Exception, now: float) -> str:
        """Count some that are let go at ``now`` in s; a line for people, now and then."""
        self._count += 1
        if self._told is not None and now - self._told < TOLD_EVERY:
            return ""
        more = "" if self._told is None else f", {self._count} since the last note"
        self._count, self._told = 0, now
        return f"MeterValues let go, a retry would be refused too: {error}{more}"
