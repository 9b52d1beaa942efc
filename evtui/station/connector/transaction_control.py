"""The transaction at one connector, from StartTransaction to StopTransaction (section 3.7)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, Protocol

from evtui.events import TransactionState
from evtui.runtime import LoopClock
from evtui.station.authorization.authorizer import Authorizer
from evtui.station.authorization.reservations import Reservations
from evtui.station.configuration import Configuration
from evtui.station.connector.charger_link import ChargerLink
from evtui.station.connector.facts import is_established
from evtui.station.connector.limiter import Limiter
from evtui.station.connector.status import StatusReporter
from evtui.station.connector.transaction import StationTransaction
from evtui.station.listeners import Listeners
from evtui.station.metering.connector_meter import ConnectorMeter
from evtui.station.publisher import Publisher
from evtui.station.state.store import StateStore, next_key

__all__ = ["TransactionControl"]


class _Messages(Protocol):
    """What is used of the outbox."""

    def post_transaction(
        self,
        action: str,
        payload: dict[str, Any],
        transaction: StationTransaction,
        *,
        done: Callable[[dict[str, Any] | None], None] | None = None,
    ) -> None: ...


class TransactionControl:
    """Begins and ends the transaction of one connector and says so.

    Args:
        connector: connectorId, from 1.
        configuration: asked for StopTransactionOnInvalidId and MaxEnergyOnInvalidId.
        outbox: where StartTransaction and StopTransaction go.
        store: gives out keys of transactions.
        authorizer: learns what the answers say of id tags.
        reservations: one that a transaction was made for ends with its start.

    Attributes:
        ended: told after a transaction has ended.
        running: the transaction, None without one.
    """

    def __init__(
        self,
        connector: int,
        publisher: Publisher,
        clock: LoopClock,
        configuration: Configuration,
        outbox: _Messages,
        store: StateStore,
        authorizer: Authorizer,
        reservations: Reservations,
        status: StatusReporter,
        metering: ConnectorMeter,
        limiter: Limiter,
        module: ChargerLink,
    ) -> None:
        self.ended: Listeners[[]] = Listeners()
        self.running: StationTransaction | None = None
        self._connector = connector
        self._publisher = publisher
        self._clock = clock
        self._configuration = configuration
        self._outbox = outbox
        self._store = store
        self._authorizer = authorizer
        self._reservations = reservations
        self._status = status
        self._metering = metering
        self._limiter = limiter
        self._module = module
        self._energy_left: float | None = None

    def begin(self, id_tag: str, parent: str | None) -> None:
        """Begin here and now (section 4.8); a reservation made for it ends.

        Args:
            parent: group of the id tag, None while unknown.
        """
        now = self._clock.now()
        transaction = self.running = StationTransaction(
            key=next_key(self._store),
            connector=self._connector,
            id_tag=id_tag,
            meter_start=self._metering.keep(),
            started=self._clock.unix(now),
            parent_id_tag=parent,
            reservation_id=self._reservations.use(self._connector, id_tag, parent),
        )
        payload = {
            "connectorId": self._connector,
            "idTag": transaction.id_tag,
            "meterStart": transaction.meter_start,
            "timestamp": self._clock.iso(now),
        }
        if transaction.reservation_id is not None:
            payload["reservationId"] = transaction.reservation_id
        self._outbox.post_transaction(
            "StartTransaction", payload, transaction, done=partial(self._answered, transaction)
        )
        self._module.start()
        facts = self._status.facts
        established = is_established(facts.asks, facts.flows)
        self._status.update(starting=False, transaction=True, established=established)
        self._limiter.charging_since = now
        self._limiter.apply()
        self._metering.begin(transaction)

    def end(self, reason: str, id_tag: str | None = None, info: str = "") -> None:
        """End the transaction, if one runs: current down, StopTransaction queued (section 4.10).

        Args:
            reason: OCPP 1.6 Reason (section 7.36).
            id_tag: who asked for it, when somebody did.
            info: what to say of the status that follows.
        """
        transaction, self.running = self.running, None
        if transaction is None:
            return
        data = self._metering.end()
        self._module.stop()
        meter_stop = max(self._metering.keep(), transaction.meter_start)
        payload: dict[str, Any] = {
            "meterStop": meter_stop,
            "timestamp": self._clock.iso(),
            "reason": reason,
        }
        if id_tag is not None:
            payload["idTag"] = id_tag
        if data:
            payload["transactionData"] = data
        self._outbox.post_transaction(
            "StopTransaction", payload, transaction, done=partial(self._end_answered, id_tag)
        )
        self._publish(transaction, "stopped", meter_stop, reason)
        self._limiter.end_transaction()
        self._energy_left = None
        facts = self._status.facts
        self._status.update(
            transaction=False,
            established=False,
            # From Unavailable there is no way back to Finishing (table in section 4.9).
            finishing=facts.plugged and facts.operative and not facts.updating,
            info=info,
        )
        self._limiter.apply()
        self.ended()

    def watch_energy(self) -> None:
        """Bar a vehicle whose id tag is not accepted once it has had what it may have."""
        if self._energy_left is not None and self._metering.meter.energy >= self._energy_left:
            self._energy_left = None
            self._limiter.barred = True
            self._limiter.apply()

    def _answered(self, transaction: StationTransaction, answer: dict[str, Any] | None) -> None:
        if answer is None:
            return
        told = answer.get("idTagInfo")  # an answer is used for its id alone, too
        info = None if told is None else self._authorizer.learned(transaction.id_tag, told)
        if info is not None:
            transaction.parent_id_tag = info.parent or transaction.parent_id_tag
        if self.running is not transaction:
            return  # stopped before it was answered
        self._publish(transaction, "started", transaction.meter_start)
        if info is None or info.accepted:
            return
        if self._configuration.flag("StopTransactionOnInvalidId"):
            self.end("DeAuthorized")
        else:  # only the delivery of energy stops (errata 3.17), after MaxEnergyOnInvalidId
            more = self._configuration.number("MaxEnergyOnInvalidId")
            self._energy_left = self._metering.meter.energy + more
            self.watch_energy()

    def _end_answered(self, id_tag: str | None, answer: dict[str, Any] | None) -> None:
        if answer is not None and id_tag is not None and "idTagInfo" in answer:
            self._authorizer.learned(id_tag, answer["idTagInfo"])

    def _publish(
        self,
        transaction: StationTransaction,
        state: Literal["started", "stopped"],
        meter: int,
        reason: str = "",
    ) -> None:
        name = self._publisher.name
        self._publisher.stream.publish(
            TransactionState(
                source=name,
                station=name,
                connector=self._connector,
                state=state,
                transaction_id=transaction.transaction_id,
                meter=meter,
                id_tag=transaction.id_tag,
                reason=reason,
            )
        )
