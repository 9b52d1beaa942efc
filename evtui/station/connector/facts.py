"""Status of a connector from the facts about it (OCPP 1.6 section 4.9).  Pure.

Connector 0, the charge point, has no other facts than ``operative`` and ``faulted``: it is
Available, Unavailable or Faulted.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from evtui.station.hardware import VehicleAsks

__all__ = ["ConnectorFacts", "Status", "connector_status", "is_established"]


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


class ConnectorFacts(msgspec.Struct, frozen=True):
    """What decides a connector's status.

    Attributes:
        plugged: a vehicle is plugged in.
        starting: somebody was authorised to start and no transaction runs yet.
        transaction: a transaction runs.
        established: energy could flow in this transaction already.
        finishing: a transaction has ended and the cable is still in, or locked.
        reserved: held for somebody who has not come yet.
        operative: False after ChangeAvailability to Inoperative; counts once no transaction runs.
        updating: out of use for new firmware; counts once no transaction runs.
        faulted: the connector cannot be used.
        offered: A the station offers; below ``minimum`` it pauses the vehicle.
        minimum: A below which the station cannot charge (AC: 6 A, IEC 61851-1).
        asks: what the vehicle says on its line that it wants.
        flows: the charger says that it delivers; counts where there is no such line.
    """

    plugged: bool = False
    starting: bool = False
    transaction: bool = False
    established: bool = False
    finishing: bool = False
    reserved: bool = False
    operative: bool = True
    updating: bool = False
    faulted: bool = False
    offered: float = 0.0
    minimum: float = 0.0
    asks: VehicleAsks = VehicleAsks.UNKNOWN
    flows: bool = False


def is_established(asks: VehicleAsks, flows: bool) -> bool:
    """True when energy flows, or would if the vehicle took it.

    Args:
        asks: what the vehicle says.
        flows: what the charger says, in case the vehicle says nothing.
    """
    if asks is VehicleAsks.UNKNOWN:
        return flows
    return asks is VehicleAsks.ENERGY or asks is VehicleAsks.NO_MORE


def connector_status(facts: ConnectorFacts) -> Status:
    """Status that the facts amount to."""
    if facts.faulted:
        return Status.FAULTED
    if facts.transaction and not facts.plugged:
        return Status.SUSPENDED_EV  # it goes on without a cable (StopTransactionOnEVSideDisconnect)
    if facts.transaction:
        ready = is_established(facts.asks, facts.flows)
        # Charging begins when the contactor closes (section 7.7), and once begun there is no
        # way back to Preparing (table in section 4.9).
        if not ready and not facts.established:
            return Status.PREPARING
        unknown = facts.asks is VehicleAsks.UNKNOWN
        if facts.offered <= 0 or facts.offered < facts.minimum or not (ready or unknown):
            return Status.SUSPENDED_EVSE  # it takes precedence over SuspendedEV
        if facts.asks is VehicleAsks.NO_MORE or not ready:
            return Status.SUSPENDED_EV
        return Status.CHARGING
    if not facts.operative or facts.updating:
        return Status.UNAVAILABLE
    if facts.starting:
        return Status.PREPARING
    if facts.reserved:
        return Status.RESERVED
    if facts.finishing:
        return Status.FINISHING
    return Status.PREPARING if facts.plugged else Status.AVAILABLE
