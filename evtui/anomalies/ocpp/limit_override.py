"""Limit override: a limit of the attacker's that no profile of the operator's gets past."""

from __future__ import annotations

from asyncio import sleep
from typing import ClassVar, Literal

from evtui.anomalies.api import Anomaly, Need, Parameters, Signature, parameter
from evtui.anomalies.run import Run
from evtui.kinds import Choice, Number

__all__ = ["LimitOverride", "OverrideParameters"]

Mode = Literal["denial", "overload", "shadow"]

OVERLOAD = 500.0
"""A, more than any cable with passive cooling is rated for (IEC 62196-3: 200 A; liquid: 500 A)."""

LOOKS_EVERY = 0.5
"""s between two looks at whether another transaction runs, or another limit is wanted."""


class OverrideParameters(Parameters):
    """What one can tweak."""

    mode: Mode = parameter(
        Choice("denial", "overload", "shadow"),
        "no current, as much as there is, or what holds now for ever",
        default="denial",
    )
    limit_a: float | None = parameter(
        Number(0, 1000, "A"),
        "another limit than that of the mode",
        default=None,
        unset="0 A for denial, 500 A for overload, for shadow what is in force",
    )


class LimitOverride(Anomaly[OverrideParameters]):
    """One profile for whoever charges and one for the transaction, of the highest stack level."""

    name = "limit-override"
    layer = "ocpp"
    title = "Limit override"
    about = (
        "The central system sets a limit of the highest stack level, which overrules every other "
        "profile of its purpose. Denial: 0 A, the vehicle hangs there charging nothing. Overload: "
        "more than the operator planned for, up to what power stage and vehicle can. Shadow: the "
        "very limit that is in force, so nothing changes, until the operator lowers it: that is "
        "Accepted, and without effect."
    )
    signature = Signature(
        ocpp="one or two SetChargingProfile of the highest stack level; later ones have no effect",
        can="one SetLimit; none follows when the operator sets another limit",
        current="one step: to nothing, above the plan, or frozen where it was",
    )
    techniques = ("T0836", "T0855", "T0831")
    severity = 3
    stakes = ("availability", "safety", "grid")
    references = (
        "Dalamagkas et al. 2025, arXiv 2502.01569",
        "SwRI 2020, J1772 disruption: limit to 6 A, overcharge, block",
        "OCPP 1.6 ed. 2 section 3.13.2: the highest stack level leads",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"central system"})
    claims = frozenset({"limit"})
    ends = "when its profiles are cleared and the operator's hold again"
    undone = "ClearChargingProfile for its two profiles"
    Parameters = OverrideParameters

    def __init__(self) -> None:
        self._stack_level = 0
        self._in_force: float | None = None

    async def act(self, run: Run[OverrideParameters]) -> None:
        target, ids = run.central_system, run.site.profile_ids
        default_id, transaction_id = next(ids), next(ids)
        await run.step("GetConfiguration ChargeProfileMaxStackLevel", self._look_for_level(run))
        done: tuple[str, float] | None = None
        done_to: int | None = None
        while True:
            parameters = run.parameters
            if parameters.mode == "shadow" and (done is None or done[0] != "shadow"):
                await run.step("GetCompositeSchedule", self._look_for_limit(run))
            limit = self._limit(parameters)
            wanted = (parameters.mode, limit)
            if wanted != done:
                await self._set(run, default_id, limit, "TxDefaultProfile")
            running = target.transaction
            if running is not None and (wanted != done or running.transaction_id != done_to):
                await self._set(run, transaction_id, limit, "TxProfile")
                done_to = running.transaction_id
            done = wanted
            await sleep(LOOKS_EVERY)

    async def _look_for_level(self, run: Run[OverrideParameters]) -> None:
        self._stack_level = await run.central_system.highest_stack_level()

    async def _look_for_limit(self, run: Run[OverrideParameters]) -> None:
        self._in_force = await run.central_system.limit_in_force()

    def _limit(self, parameters: OverrideParameters) -> float:
        """A that nobody is to change."""
        if parameters.limit_a is not None:
            return parameters.limit_a
        if parameters.mode == "shadow" and self._in_force is not None:
            return self._in_force
        return OVERLOAD if parameters.mode == "overload" else 0.0

    async def _set(
        self, run: Run[OverrideParameters], profile_id: int, limit: float, purpose: str
    ) -> None:
        await run.step(
            f"SetChargingProfile {limit:g} A, {purpose} of stack level {self._stack_level}",
            run.central_system.set_profile(
                profile_id,
                limit,
                purpose,
                of_transaction=purpose == "TxProfile",
                stack_level=self._stack_level,
            ),
        )
