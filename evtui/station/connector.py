"""Status of a connector from the facts about it (OCPP 1.6 section 4.9).  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ConnectorFacts", "Status", "connector_status", "is_established", "station_status"]


class Status(StrEnum):
    """ChargePointStatus (OCPP 1.6 section 7.7)."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EVSE = "SuspendedEVSE"
    SUSPENDED_EV = "SuspendedEV"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


# What the power stage reports while its contactor is closed, and while the vehicle takes no
# energy although it is offered.
CONTACTOR_CLOSED = frozenset({"charging", "stopping"})
VEHICLE_DECLINES = frozenset({"wants replug", "vehicle gave up", "full"})


@dataclass(frozen=True, slots=True)
class ConnectorFacts:
    """What decides a connector's status.

    Attributes:
        plugged: a vehicle is plugged in.
        starting: somebody was authorised to start and no transaction runs yet.
        transaction: a transaction runs.
        established: energy could flow in this transaction already.
        finishing: a transaction has ended and the cable is still in.
        reserved: held for somebody who has not come yet.
        operative: False after ChangeAvailability to Inoperative.
        faulted: the connector cannot be used.
        offered: A the station offers; below ``minimum`` it pauses the vehicle.
        minimum: A below which the station cannot charge (AC: 6 A, IEC 61851-1).
        phase: what the power stage reports of the session.
    """

    plugged: bool = False
    starting: bool = False
    transaction: bool = False
    established: bool = False
    finishing: bool = False
    reserved: bool = False
    operative: bool = True
    faulted: bool = False
    offered: float = 0.0
    minimum: float = 0.0
    phase: str = ""


def is_established(phase: str) -> bool:
    """True when energy flows, or would if the vehicle took it."""
    return phase in CONTACTOR_CLOSED or phase in VEHICLE_DECLINES


def connector_status(facts: ConnectorFacts) -> Status:
    """Status of a connector other than 0."""
    if facts.faulted:
        return Status.FAULTED
    if facts.transaction and not facts.plugged:
        return Status.SUSPENDED_EV  # it goes on without a cable (StopTransactionOnEVSideDisconnect)
    if facts.transaction:
        ready = is_established(facts.phase)
        # Charging begins when the contactor closes (section 7.7), and once begun there is no
        # way back to Preparing (table in section 4.9).
        if not ready and not facts.established:
            return Status.PREPARING
        if not ready or facts.offered <= 0 or facts.offered < facts.minimum:
            return Status.SUSPENDED_EVSE  # it takes precedence over SuspendedEV
        if facts.phase in VEHICLE_DECLINES:
            return Status.SUSPENDED_EV
        return Status.CHARGING
    if not facts.operative:
        return Status.UNAVAILABLE
    if facts.starting:
        return Status.PREPARING
    if facts.reserved:
        return Status.RESERVED
    if facts.finishing:
        return Status.FINISHING
    return Status.PREPARING if facts.plugged else Status.AVAILABLE


def station_status(*, operative: bool, faulted: bool) -> Status:
    """Status of connector 0: Available, Unavailable or Faulted and nothing else."""
    if faulted:
        return Status.FAULTED
    return Status.AVAILABLE if operative else Status.UNAVAILABLE
