"""A station that goes on without having booted: taken as one that did before, and asked to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from evtui.central_system.admission import Admission
from evtui.central_system.stations import StationRecord
from evtui.ocppj import CallRefused, Link, LinkClosed

__all__ = ["BootReminder"]

QUIET = 5.0
"""s that a new connection may say nothing: a station that has just started boots at once."""

ANSWER_WITHIN = 5.0
"""s for a station to say that it will boot."""

WAITS = (30.0, 120.0, 600.0)
"""s for the BootNotification after each time that it was asked for."""


class BootReminder:
    """Watches over one connection of a station.

    A station boots once, and then reconnects without a BootNotification (OCPP 1.6 section 4.2).
    A central system that has restarted meanwhile has not heard it.  A station that has just
    started says nothing before its BootNotification, so one that says something else, or
    nothing, has booted before: what it says is taken, if it would be accepted now, and it is
    asked to boot again (TriggerMessage, section 5.17), since only then its vendor and
    the state of its connectors are told.

    Args:
        link: the connection.
        record: of the station.
        admission: whether it would be accepted.
        announce: told how the station stands now, with the reason.
        tell: told what people should know, in one line.
    """

    def __init__(
        self,
        link: Link,
        record: StationRecord,
        admission: Admission,
        announce: Callable[[str, str], None],
        tell: Callable[[str], None],
    ) -> None:
        self._link = link
        self._record = record
        self._admission = admission
        self._announce = announce
        self._tell = tell
        self._asking = False
        self._spoke = asyncio.Event()
        self._booted = asyncio.Event()

    def hears(self, action: str) -> None:
        """The station has called, and waits for its answer."""
        if action != "BootNotification" and not self._record.boot_status:
            self._take()

    def answered(self, action: str) -> None:
        """The station has had its answer."""
        (self._booted if action == "BootNotification" else self._spoke).set()

    async def run(self) -> None:
        """Ask a station that does not boot by itself, and again when nothing comes."""
        if await _comes(self._booted, self._spoke, within=QUIET):
            return
        for wait in WAITS:
            if await self.ask() or await _comes(self._booted, within=wait):
                return
        self._tell(f"it was asked to boot {len(WAITS)} times, and sent no BootNotification")

    async def ask(self) -> bool:
        """Ask for a BootNotification once; True when it is of no use to ask again."""
        record = self._record
        would_be = self._admission.boot(record.identity).status
        if "Rejected" in (record.boot_status, would_be):  # is sent nothing (section 4.2)
            return True
        request = {"requestedMessage": "BootNotification"}
        try:
            answer = await self._link.call("TriggerMessage", request, timeout=ANSWER_WITHIN)
        except LinkClosed:
            return True
        except TimeoutError:
            return False
        except CallRefused as refused:
            outcome = str(refused)[:100]
        else:
            outcome = str(answer["status"])
            if outcome == "Accepted":
                return False
        if not record.booted:
            if not record.boot_status:
                self._take()
            taken = "taken as booted" if record.boot_status == "Accepted" else "not let in yet"
            self._tell(f"it does not boot when it is asked to ({outcome}): {taken}")
        return True

    def _take(self) -> None:
        """Take the station as it would be if it booted now."""
        answer = self._admission.boot(self._record.identity)
        if answer.status == "Accepted":
            self._record.boot_status = "Accepted"
            self._announce("accepted", "goes on without a BootNotification")
        elif answer.asking and not self._asking:
            self._asking = True
            detail = "goes on without a BootNotification"
            if self._record.accepted_before:
                detail += ": accepted in an earlier run, so its transactions are taken"
            self._announce("asking", detail)


async def _comes(awaited: asyncio.Event, *others: asyncio.Event, within: float) -> bool:
    """True when ``awaited`` comes in ``within`` s and before any of the others."""
    waiting = [asyncio.ensure_future(each.wait()) for each in (awaited, *others)]
    try:
        await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
    return awaited.is_set()
