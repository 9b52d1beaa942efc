"""Reservation block: a connector reserved for somebody who never comes."""

from __future__ import annotations

from typing import ClassVar

from evtui.anomalies.api import Anomaly, Cycle, Need, Parameters, Signature, parameter
from evtui.anomalies.run import PlannedStep, Run
from evtui.durations import Seconds

__all__ = ["BlockParameters", "ReservationBlock"]

NOBODY = "NOBODY"
"""Id tag of whom it is reserved for."""

HOLDS = 2.0
"""Times its renewal that a reservation lasts: one that is late leaves no gap."""


class BlockParameters(Parameters):
    """What one can tweak."""

    renew_s: float = parameter(
        Seconds(1, 3600), "until it is asked for again; each lasts twice as long", default=30.0
    )


class ReservationBlock(Anomaly[BlockParameters]):
    """A connector in use cannot be reserved: it is tried again until it is free."""

    name = "reservation-block"
    layer = "ocpp"
    title = "Reservation block"
    about = (
        "The central system reserves the connector for an id tag that never comes, and renews the "
        "reservation before it expires. The station stands there, shown as Reserved, and refuses "
        "everybody. Done to every connector of a place it is a denial of service that costs "
        "nothing. A connector in use is Occupied: it is taken as soon as it is free."
    )
    signature = Signature(
        ocpp="ReserveNow renewed and never followed by StartTransaction; status Reserved",
        can="nothing of its own",
        current="none: everybody else is refused",
    )
    techniques = ("T0814", "T0826", "T0855")
    severity = 3
    stakes = ("availability",)
    references = (
        "Alcaraz et al. 2017: reservation abuse in OCPP",
        "OCPP 1.6 ed. 2 sections 3.11, 5.1 and 5.13",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"central system"})
    claims = frozenset({"reservation"})
    ends = "when the reservation is cancelled; by itself when it expires"
    undone = "CancelReservation"
    Parameters = BlockParameters
    pace = ("renew_s",)

    @classmethod
    def cycle_of(cls, parameters: BlockParameters) -> Cycle:
        return Cycle(1, parameters.renew_s)

    async def act(self, run: Run[BlockParameters]) -> None:
        # The numbers of the profiles are nobody else's, so they do for reservations too.
        reservation_id = next(run.site.profile_ids)

        def plan() -> tuple[PlannedStep]:
            renew = run.parameters.renew_s
            lasts = HOLDS * renew
            return (
                PlannedStep(
                    f"ReserveNow for {lasts:g} s",
                    renew,
                    lambda: run.central_system.reserve(reservation_id, NOBODY, lasts),
                ),
            )

        await run.repeat(plan)
