"""One transaction as the central system keeps it, and what tells it from others.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from evtui.moments import unix_time

__all__ = [
    "STOP_VALUE",
    "UNKNOWN_ID",
    "VALUE",
    "MeterValueKind",
    "Transaction",
    "came_after",
    "fits",
    "is_stop_of",
    "start_key",
]

UNKNOWN_ID = -1
"""transactionId of a station that was never told the right one (errata 3.18)."""

MeterValueKind = Literal["value", "stop value"]
"""MeterValue elements of MeterValues.req, and of StopTransaction.req."""

VALUE: MeterValueKind = "value"
STOP_VALUE: MeterValueKind = "stop value"

CLOCK_WAS_SET = 86_400.0
"""s before the start: a message that says an earlier time is not late, the clock was set back."""


@dataclass(slots=True, eq=False)
class Transaction:
    """One transaction.

    Attributes:
        transaction_id: as issued, or as its station says; -1 for an orphan, of which no id is
            known either.
        connector: connectorId; None where the StartTransaction never arrived and nothing else
            named it.
        id_tag: that started it; empty where the StartTransaction never arrived.
        meter_start: Wh; None where the StartTransaction never arrived.
        started: the station's own timestamp; empty where the StartTransaction never arrived.
        reservation_id: the reservation it ended, if any.
        open: False once it has stopped, and when it was given up or abandoned.
        meter_stop: Wh, once stopped; None where the station gave none that can be read.
        stopped: the station's own timestamp; empty before, and where it gave none.
        reason: OCPP 1.6 Reason, ``Local`` where the station gave none (section 4.10); empty
            before.
        stop_id_tag: presented to stop it, if any.
        answered: the station has used the id, so it knows it.
        abandoned: why it was closed although no StopTransaction came, in words of ours; empty
            otherwise, and again once that came after all.
        passed: the station has gone on since its StartTransaction was answered, so that will not
            come again.
        concurrent: its StartTransaction was answered ConcurrentTx; it makes no other so.
        number: place in the order in which transactions came to be known, from 1.
    """

    transaction_id: int
    station: str
    connector: int | None
    id_tag: str
    meter_start: int | None
    started: str
    reservation_id: int | None = None
    open: bool = True
    meter_stop: int | None = None
    stopped: str = ""
    reason: str = ""
    stop_id_tag: str = ""
    answered: bool = False
    abandoned: str = ""
    passed: bool = False
    concurrent: bool = False
    number: int = 0
    _connection: int = 0
    # As JSON: small, out of the garbage collector's way, and their size is known.
    _meter_values: dict[bytes, None] = field(default_factory=dict, repr=False)
    _stop_data: dict[bytes, None] = field(default_factory=dict, repr=False)

    @property
    def energy(self) -> int | None:
        """Wh charged, None while start or stop is not known."""
        if self.meter_stop is None or self.meter_start is None:
            return None
        return self.meter_stop - self.meter_start

    @property
    def meter_values(self) -> list[dict[str, Any]]:
        """MeterValue elements of its MeterValues.req, in the order they came, each once."""
        return [msgspec.json.decode(each) for each in self._meter_values]

    @property
    def stop_data(self) -> list[dict[str, Any]]:
        """MeterValue elements of its StopTransaction.req (transactionData)."""
        return [msgspec.json.decode(each) for each in self._stop_data]

    @property
    def key(self) -> tuple[Any, ...]:
        """:func:`start_key` of its StartTransaction.req, which has arrived."""
        start = {
            "connectorId": self.connector,
            "idTag": self.id_tag,
            "timestamp": self.started,
            "meterStart": self.meter_start,
        }
        return start_key(self.station, start)

    @property
    def size(self) -> int:
        """Bytes of its MeterValue elements, as JSON."""
        return sum(map(len, self._meter_values)) + sum(map(len, self._stop_data))

    def values(self, kind: MeterValueKind) -> dict[bytes, None]:
        """Its MeterValue elements as JSON, in their order; whoever adds one counts the bytes."""
        return self._meter_values if kind == VALUE else self._stop_data


def start_key(station: str, payload: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells one StartTransaction.req from another; a retry may write its time otherwise."""
    return (
        station,
        payload["connectorId"],
        payload["idTag"].casefold(),
        unix_time(payload["timestamp"]),
        payload["meterStart"],
    )


def came_after(one: Transaction, timestamp: str, connection: int) -> bool:
    """True when a message is of a moment at which ``one`` had started.

    A station may set its clock back meanwhile, say to the currentTime it is given.  So on the
    connection of the StartTransaction its place in the order counts, and not what it says.

    Args:
        timestamp: the station's own, empty where it gave none.
        connection: which of the station's it came on, from 1; 0 is like no other.
    """
    if not (timestamp and one.started) or (connection and connection == one._connection):
        return True
    early = unix_time(one.started) - unix_time(timestamp)
    return early <= 0 or early > CLOCK_WAS_SET


def fits(
    one: Transaction, connector: int | None, payload: Mapping[str, Any], connection: int
) -> bool:
    """True when a message without a transaction id can be about ``one``."""
    if connector is not None and one.connector not in (None, connector):
        return False
    if "meterStop" not in payload:
        return came_after(one, payload["meterValue"][0]["timestamp"], connection)
    if not came_after(one, payload["timestamp"], connection):
        return False
    return one.meter_start is None or payload["meterStop"] >= one.meter_start


def is_stop_of(one: Transaction, payload: Mapping[str, Any]) -> bool:
    """True for the StopTransaction.req that closed ``one``, told again."""
    if not one.reason or one.meter_stop != payload.get("meterStop"):
        return False
    told = payload.get("timestamp", "")
    if not one.stopped or not told:
        return not one.stopped and not told
    return unix_time(one.stopped) == unix_time(told)
