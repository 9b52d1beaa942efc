"""A transaction as the charge point knows it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

__all__ = ["Transaction"]

UNANSWERED = -1
"""transactionId for what follows a StartTransaction that was never answered (errata 3.18)."""


@dataclass(slots=True)
class Transaction:
    """A transaction at a connector.

    Attributes:
        meter_start: Wh.
        sampled: loop time in s at which the last MeterValues was due.
        transaction_id: issued by the central system; None until it has answered.
        sampling: timer of the next MeterValues; None while they are switched off.
    """

    id_tag: str
    meter_start: int
    sampled: float
    transaction_id: int | None = None
    sampling: asyncio.TimerHandle | None = None

    @property
    def id_for_messages(self) -> int:
        """transactionId of what is sent after the StartTransaction."""
        return UNANSWERED if self.transaction_id is None else self.transaction_id
