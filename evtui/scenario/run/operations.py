"""OCPP operations that steps ask for, and what is left to undo of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from evtui.central_system import StationOffline
from evtui.events import Event, OcppMessage
from evtui.lab import Lab, Stand
from evtui.ocppj import CallRefused, LinkClosed
from evtui.scenario.judge.matching import status_of
from evtui.scenario.judge.outcome import StepFailed
from evtui.scenario.language.narration import seconds
from evtui.scenario.run.waiting import until

__all__ = ["Operations"]

TRANSACTION_WITHIN = 5.0
"""s for a transaction that was asked for to open, or to end."""

ANSWER_WITHIN = 60.0
"""s for an answer to a call of the charge point, which may have others to send before."""

NOT_DONE = (StationOffline, CallRefused, LinkClosed, TimeoutError, ValueError)
"""What keeps the central system from getting an answer that helps."""


class Operations:
    """Sends what a scenario says to one connector of a charge point, or for it.

    Every operation is bounded in time and raises :class:`StepFailed` when it cannot be done.

    Args:
        lab: runs on the same loop.
        stand: with the charge point.
        connector: connectorId.
        profile_ids: for the profiles that are set; no two of a charge point share one.
    """

    def __init__(self, lab: Lab, stand: Stand, connector: int, profile_ids: Iterator[int]) -> None:
        self._lab = lab
        self._stream = lab.stream
        self._stand = stand
        self._connector = stand.outlets[connector].connector
        self._profile_ids = profile_ids
        self._profiles: dict[tuple[str, int], int] = {}

    async def start(self, id_tag: str) -> None:
        """Remote start, which must be accepted."""
        await self._accepted(
            "RemoteStartTransaction", {"idTag": id_tag, "connectorId": self._connector.number}
        )

    async def stop(self) -> None:
        """Remote stop; done when the transaction has ended at the central system."""
        running = await self.running_transaction()
        await self._accepted("RemoteStopTransaction", {"transactionId": running})
        if not await until(
            self._stream, lambda: self._open_transaction() != running, TRANSACTION_WITHIN
        ):
            raise StepFailed(
                f"transaction {running} has not ended in {seconds(TRANSACTION_WITHIN)}"
            )

    def _open_transaction(self) -> int | None:
        if not self._lab.settings.our_central_system:  # only the charge point can tell
            running = self._connector.transaction
            return None if running is None else running.transaction_id
        opened = self._lab.central_system.open_transaction(self._stand.name, self._connector.number)
        return None if opened is None else opened.transaction_id

    async def running_transaction(self) -> int:
        """Id of the running transaction; one that has just been asked for is waited for."""
        if self._connector.busy:
            await until(
                self._stream, lambda: self._open_transaction() is not None, TRANSACTION_WITHIN
            )
        running = self._open_transaction()
        if running is None:
            raise StepFailed(f"no transaction runs: the connector is {self._connector.status}")
        return running

    async def set_limit(self, limit: float, purpose: str, stack_level: int) -> None:
        """SetChargingProfile with a limit in A, which must be accepted."""
        of_station = purpose == "ChargePointMaxProfile"
        schedule: dict[str, Any] = {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": round(limit, 1)}],
        }
        if of_station:  # it holds without charging too, so it cannot be relative to its start
            schedule["startSchedule"] = self._lab.clock.iso()
        key = (purpose, stack_level)
        profile_id = self._profiles.get(key) or next(self._profile_ids)
        profile: dict[str, Any] = {
            "chargingProfileId": profile_id,
            "stackLevel": stack_level,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Absolute" if of_station else "Relative",
            "chargingSchedule": schedule,
        }
        running = self._open_transaction()
        if purpose == "TxProfile" and running is not None:
            profile["transactionId"] = running
        # Noted before the answer: without one nobody knows whether it was set.
        self._profiles[key] = profile_id
        await self._accepted(
            "SetChargingProfile",
            {
                "connectorId": 0 if of_station else self._connector.number,
                "csChargingProfiles": profile,
            },
        )

    async def ask_station(self, action: str, payload: dict[str, Any]) -> str:
        """Any call to the charge point; returns the status, a CALLERROR's code is one too."""
        try:
            return status_of(await self._request(action, payload))
        except CallRefused as refusal:
            return refusal.code
        except NOT_DONE as error:
            raise StepFailed(str(error)) from None

    async def ask_central_system(self, action: str, payload: dict[str, Any]) -> str:
        """Any call of the charge point; returns the status, a CALLERROR's code is one too.

        It goes through the outbox, so that the charge point's calls keep their order.
        """
        answered: asyncio.Future[dict[str, Any] | None] = asyncio.get_running_loop().create_future()
        refusals: list[str] = []
        wanted = self._stand.name, action, "central_system"

        def see(event: Event) -> None:
            if isinstance(event, OcppMessage) and event.kind == "error":
                if (event.station, event.action, event.sender) == wanted:
                    refusals.append(event.error)

        def take(answer: dict[str, Any] | None) -> None:
            if not answered.done():
                answered.set_result(answer)

        unsubscribe = self._stream.subscribe(see, OcppMessage)
        try:
            if not self._stand.charge_point.post(action, payload, take):
                raise StepFailed(f"{self._stand.name} is not accepted by the central system")
            async with asyncio.timeout(ANSWER_WITHIN):
                answer = await answered
        except TimeoutError:
            raise StepFailed(f"no answer in {seconds(ANSWER_WITHIN)}") from None
        finally:
            unsubscribe()
        if answer is not None:
            return status_of(answer)
        if not refusals:
            raise StepFailed("no answer")
        return refusals[-1]

    async def end_transaction(self) -> str:
        """See to it that no transaction runs; returns why not, empty when none does."""
        connector = self._connector
        if self._open_transaction() is not None and self._lab.settings.our_central_system:
            with suppress(StepFailed):
                await self.stop()
        if connector.busy:  # it has not opened yet, or nobody can be asked to stop it
            self._connector.stop("Local")
        if await until(self._stream, lambda: self._open_transaction() is None, TRANSACTION_WITHIN):
            return ""
        return f"transaction {self._open_transaction()} is still open"

    async def clear_limits(self) -> str:
        """Clear the profiles that were set; returns what is left, empty when nothing is."""
        left = []
        for profile_id in self._profiles.values():
            try:
                await self._request("ClearChargingProfile", {"id": profile_id})
            except NOT_DONE as error:
                left.append(f"profile {profile_id} is not cleared: {error}")
        self._profiles.clear()
        return "; ".join(left)

    async def _request(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        return await self._lab.central_system.call(self._stand.name, action, payload)

    async def _accepted(self, action: str, payload: dict[str, Any]) -> None:
        try:
            status = status_of(await self._request(action, payload))
        except NOT_DONE as error:
            raise StepFailed(str(error)) from None
        if status != "Accepted":
            connector = self._connector.status
            raise StepFailed(f"{action} was answered {status}; the connector is {connector}")
