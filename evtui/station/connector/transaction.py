"""A transaction as the charge point knows it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["Count", "RegisterBounds", "StationTransaction", "UnixTime"]

# What a number that is read from a file may be, so that nothing absurd gets any further.

Count = Annotated[int, Meta(ge=0, le=2**53)]

UnixTime = Annotated[float, Meta(ge=0, lt=253_402_300_800)]
"""Unix s, before the year 10000."""

RegisterBounds = Meta(ge=0, le=10**12)
"""Of a register in Wh: a station that gives 10 MW needs 11 years for the largest."""

UNANSWERED = -1
"""transactionId for what follows a StartTransaction that was never answered (errata 3.18)."""


class StationTransaction(msgspec.Struct):
    """A transaction at a connector: plain data that outlives the process in a state file.

    Attributes:
        key: tells the station's transactions apart, also before they have an id; see
            :func:`evtui.station.state.store.next_key`.
        connector: connectorId, from 1.
        id_tag: who started it.
        meter_start: Wh.
        started: Unix s.
        parent_id_tag: group of ``id_tag``, None while unknown.
        reservation_id: reservation that the transaction ended, None without one.
        transaction_id: issued by the central system; None until it has answered.
    """

    key: Count
    connector: Annotated[int, Meta(ge=1, lt=2**31)]
    id_tag: str
    meter_start: Annotated[int, RegisterBounds]
    started: UnixTime
    parent_id_tag: str | None = None
    reservation_id: int | None = None
    transaction_id: int | None = None

    @property
    def id_for_messages(self) -> int:
        """transactionId of what is sent after the StartTransaction."""
        return UNANSWERED if self.transaction_id is None else self.transaction_id
