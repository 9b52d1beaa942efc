"""Status of a connector from the facts about it (OCPP 1.6 section 4.9).  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ConnectorFacts", "Status", "connector_status", "station_status"]


class Status(StrEnum):
    """ChargePointStatus (OCPP 1.6 section 7.7)."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EVSE = "SuspendedEVSE"
    SUSPENDED_EV = "SuspendedEV"
    FINISHING = "Finishing"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


# What the vehicle and the power stage are doing while no energy can flow yet, and while the
# vehicle takes none although it is offered.
ESTABLISHING = frozenset({"cable check", "precharge"})
VEHICLE_DECLINES = frozenset({"wants replug", "vehicle gave up", "full"})


@dataclass(frozen=True, slots=True)
class ConnectorFacts:
    """What decides a connector's status.

    Attributes:
        plugged: a vehicle is plugged in.
        starting: somebody was authorised to start and no transaction runs yet.
        transaction: a transaction runs.
        finishing: a transaction has ended and the cable is still in.
        operative: False after ChangeAvailability to Inoperative.
        faulted: the connector cannot be used.
        offered: A the station offers; below ``minimum`` it pauses the vehicle.
        minimum: A below which the station cannot charge (AC: 6 A, IEC 61851-1).
        phase: what the power stage reports of the session.
    """

    plugged: bool = False
    starting: bool = False
    transaction: bool = False
    finishing: bool = False
    operative: bool = True
    faulted: bool = False
    offered: float = 0.0
    minimum: float = 0.0
    phase: str = ""


def connector_status(facts: ConnectorFacts) -> Status:
    """Status of a connector other than 0."""
    if facts.faulted:
        return Status.FAULTED
    if facts.transaction:
        # The contactor is still open: charging has not begun (section 4.9, state Charging).
        if facts.phase in ESTABLISHING:
            return Status.PREPARING
        if facts.offered <= 0 or facts.offered < facts.minimum:
            return Status.SUSPENDED_EVSE
        if facts.phase in VEHICLE_DECLINES:
            return Status.SUSPENDED_EV
        return Status.CHARGING
    if not facts.operative:
        return Status.UNAVAILABLE
    if facts.starting:
        return Status.PREPARING
    if facts.finishing:
        return Status.FINISHING
    return Status.PREPARING if facts.plugged else Status.AVAILABLE


def station_status(*, operative: bool, faulted: bool) -> Status:
    """Status of connector 0: Available, Unavailable or Faulted and nothing else."""
    if faulted:
        return Status.FAULTED
    return Status.AVAILABLE if operative else Status.UNAVAILABLE
