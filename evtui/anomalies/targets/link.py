"""What an anomaly does to the messages between a charge point and its central system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from evtui.anomalies.targets.base import Attempt, LinkSite, Target
from evtui.events import (
    AnomalyState,
    Note,
    OcppMessage,
    as_json,
    caused_by,
    current_cause,
)
from evtui.ocpp16 import OCPP_16
from evtui.ocppj import Let, Passing

__all__ = ["Deed", "LinkTarget"]

ANSWER_WITHIN = 5.0
"""s to wait for the answer to a forged call."""


class Deed(msgspec.Struct, frozen=True):
    """What is done with a message, a step in the truth.

    Attributes:
        label: for people: ``MeterValues 5,000 Wh told as 500 Wh``.
        lets: the texts that go on in its place; none drops it.
        spoilt: nobody can read what goes on.
    """

    label: str
    lets: tuple[Let, ...] = ()
    spoilt: bool = False


Decide = Callable[[Passing], Deed | None]
"""Looks at a message; None lets it pass."""


class LinkTarget(Target[LinkSite]):
    """Whoever sits on the line: sees every message, and may hold, change, drop or repeat it.

    Messages keep their sequence but for those that are let be overtaken.  Where the central
    system is not ours, what it really sent, and what really goes out to it, is told here: nobody
    else sees it.

    Args:
        mark: publishes a step.
    """

    def __init__(self, site: LinkSite, name: str, mark: Callable[[str], AnomalyState]) -> None:
        super().__init__(site, name)
        self._mark = mark
        self._leave: Callable[[], None] | None = None
        self._lossy = False
        self._cut = False
        self._profiles: set[int] = set()
        self._originals: dict[int, dict[str, Any]] = {}

    def begin(self) -> None:
        """See :class:`Target`."""
        self._lossy = False
        self._cut = False

    @property
    def unreachable(self) -> str:
        """See :class:`Target`."""
        connected = self._site.line.connected
        return "" if connected else f"{self._site.station} is not connected: nobody to listen to"

    def intercept(self, decide: Decide) -> None:
        """Decide about every message from now on, until this is undone."""
        self._leave = self._site.line.sit(lambda message: self._handle(decide, message))

    async def forge(self, action: str, payload: dict[str, Any]) -> str:
        """Call the charge point in the name of the central system; returns the answer's status.

        Raises:
            LinkClosed, CallRefused, TimeoutError: see :meth:`StationLine.call_charge_point`.
        """
        answer = await self._site.line.call_charge_point(
            action, payload, cause=current_cause(), within=ANSWER_WITHIN
        )
        return str(answer.get("status", ""))

    async def forge_limit(
        self, profile_id: int, limit: float, *, transaction: int | None, stack_level: int
    ) -> str:
        """Set a limit in the name of the central system; it is cleared afterwards.

        Args:
            limit: A.
            transaction: for which it is; None for any, by a TxDefaultProfile.
            stack_level: the highest of its purpose counts (OCPP 1.6 section 3.13.2).
        """
        profile: dict[str, Any] = {
            "chargingProfileId": profile_id,
            "stackLevel": stack_level,
            "chargingProfilePurpose": "TxDefaultProfile" if transaction is None else "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": round(limit, 1)}],
            },
        }
        if transaction is not None:
            profile["transactionId"] = transaction
        self._profiles.add(profile_id)
        return await self.forge(
            "SetChargingProfile",
            {"connectorId": self._site.connector, "csChargingProfiles": profile},
        )

    def put_back(self, original: dict[str, Any]) -> None:
        """A SetChargingProfile.req arrives otherwise: afterwards it is sent as it was."""
        self._originals[original["csChargingProfiles"]["chargingProfileId"]] = original

    async def clear_forged(self, attempt: Attempt) -> None:
        """Try once to clear all forged profiles."""
        for profile_id in sorted(self._profiles):
            cleared = self.forge("ClearChargingProfile", {"id": profile_id})
            if await attempt("ClearChargingProfile", cleared):
                self._profiles.discard(profile_id)

    async def _send_originals(self, attempt: Attempt) -> None:
        for profile_id, original in sorted(self._originals.items()):
            purpose = original["csChargingProfiles"]["chargingProfilePurpose"]
            gone = purpose == "TxProfile" and not self._site.in_transaction()
            again = "SetChargingProfile as it was sent"
            if gone or await attempt(again, self.forge("SetChargingProfile", original)):
                del self._originals[profile_id]

    def left(self) -> list[str]:
        """See :class:`Target`."""
        reasons = []
        if self._leave is not None:
            reasons.append("it sits on the link")
        if self._profiles:
            reasons.append("a forged profile is set")
        if self._originals:
            reasons.append("a profile is not as it was sent")
        if self._cut and not self._site.connected:
            reasons.append("the station is not connected again yet")
        return reasons

    async def undo(self, attempt: Attempt) -> None:
        """See :class:`Target`.

        A call that was dropped, or its answer, keeps its sender waiting for as long as a minute.
        Whoever relays a connection and goes away ends it, and both ends begin anew; what a
        charge point would say again after a minute it says then.
        """
        if self._leave is not None:
            self._leave()
            self._leave = None
            await self._site.line.flush()
            if self._lossy and self._site.line.unanswered:
                self._cut = True
                await self._site.line.cut()
            self._site.go_on()
        elif self._cut and not self._site.connected:
            self._site.dial_again()
        await self.clear_forged(attempt)
        await self._send_originals(attempt)

    # Inside

    def _handle(self, decide: Decide, message: Passing) -> tuple[Let, ...] | None:
        try:
            deed = decide(message)
        except Exception as error:  # a defect of an anomaly must not end the connection
            text = f"{self._name}: {error!r}"
            self._site.stream.publish(
                Note(source="injector", station=self._site.station, level="error", text=text)
            )
            return None
        if deed is None:
            return None
        told = self._site.both_ends_told
        seq = message.seq
        if seq is None and not told:
            event = self._tell(message, "sent")
            self._site.line.sent.note(event)
            seq = event.seq
        with caused_by(seq):
            step = self._mark(deed.label)
        self._lossy |= deed.spoilt or not deed.lets
        if not told and message.sender == "charge_point":
            with caused_by(step.seq):
                for each in deed.lets:
                    self._tell(self._site.line.read(message.sender, each.text), "delivered")
        return tuple(replace(each, cause=step.seq) for each in deed.lets)

    def _tell(self, message: Passing, phase: Literal["sent", "delivered"]) -> OcppMessage:
        """Publish a message at the end of a central system that is not ours."""
        return self._site.stream.publish(
            OcppMessage(
                source=f"{self._site.station}/line",
                station=self._site.station,
                sender=message.sender,
                phase=phase,
                kind=message.kind,
                uid=message.uid,
                action=message.action,
                body=as_json(message.payload),
                connector=OCPP_16.connector_of(message.payload),
                error="not OCPP" if message.kind == "invalid" else "",
                text=message.text if message.kind == "invalid" else "",
                link=1,
            )
        )
