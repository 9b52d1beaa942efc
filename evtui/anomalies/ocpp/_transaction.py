"""A transaction to act on, for anomalies that swing the limits of one."""

from __future__ import annotations

from typing import Any

from evtui.anomalies.api import AnomalyError
from evtui.anomalies.run import Run, until
from evtui.anomalies.targets import Attempt

__all__ = ["TRANSACTION_WITHIN", "open_transaction"]

TRANSACTION_WITHIN = 60.0
"""s to wait for a transaction that was asked for: ConnectionTimeOut (OCPP 1.6 section 9.1.6)."""


async def open_transaction(run: Run[Any], who: str, attempt: Attempt) -> None:
    """See to it that a transaction runs at the connector.

    Args:
        who: needs it, for people.
        attempt: asks for it, if none runs.

    Raises:
        AnomalyError: none has opened.
    """
    target = run.central_system
    if target.transaction is not None:
        return
    await attempt("RemoteStartTransaction", target.remote_start())
    if not await until(lambda: target.transaction is not None, TRANSACTION_WITHIN):
        raise AnomalyError(f"{who} needs a transaction; none opened in {TRANSACTION_WITHIN:g} s")
    run.begin_anew()
