"""The meter of one connector at work: its register is kept, its readings are reported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from evtui.events import caused_by
from evtui.power import Preset
from evtui.runtime import LoopClock
from evtui.station.configuration import Configuration
from evtui.station.connector.transaction import StationTransaction
from evtui.station.metering.readings import Meter, Reading
from evtui.station.metering.sampling import Sampler
from evtui.station.publisher import Publisher
from evtui.station.state.store import StateStore

__all__ = ["ConnectorMeter"]


class _Messages(Protocol):
    """What is used of the outbox."""

    @property
    def open(self) -> bool: ...

    def post(self, action: str, payload: dict[str, Any], *, triggered: bool = False) -> bool: ...

    def post_transaction(
        self, action: str, payload: dict[str, Any], transaction: StationTransaction
    ) -> None: ...


class ConnectorMeter:
    """Reads the meter, in a transaction and outside, and keeps its register over a crash.

    Args:
        connector: connectorId, from 1.
        preset: kind of power stage that is metered.
        configuration: asked for the keys of meter values.
        outbox: where MeterValues go.
        store: keeps the register.
        persist_interval: s between two registers kept while a transaction runs.
        offered: A that the station allows now.

    Attributes:
        meter: what integrates the charger's reports.
        temperature: asked for degrees Celsius; None where nobody measures it.
        soc: asked for the state of charge, per cent; None where nobody tells it.
        reported: A in the newest MeterValues, None before the first.
    """

    def __init__(
        self,
        connector: int,
        preset: Preset,
        publisher: Publisher,
        clock: LoopClock,
        configuration: Configuration,
        outbox: _Messages,
        store: StateStore,
        persist_interval: float,
        offered: Callable[[], float],
    ) -> None:
        self.meter = Meter(preset)
        self.temperature: Callable[[], float | None] = lambda: None
        self.soc: Callable[[], float | None] = lambda: None
        self.reported: float | None = None
        self._publisher = publisher
        self._clock = clock
        self._outbox = outbox
        self._store = store
        self._persist_interval = persist_interval
        self._connector = connector
        self._preset = preset
        self._offered = offered
        self._transaction: StationTransaction | None = None
        self._keeping: asyncio.TimerHandle | None = None
        self._sampler = Sampler(
            configuration,
            clock,
            read=self._read,
            preset=lambda: self._preset,
            report=self._post,
        )
        kept = store.register(connector)
        if kept is not None:
            self.meter.restore(kept.energy)

    def use(self, preset: Preset) -> None:
        """Another power stage is metered now."""
        self._preset = preset
        self.meter.use(preset)

    def keep(self) -> int:
        """Keep the register and return it, Wh: what a message is about to report."""
        self._store.save_register(self._connector, self.meter.energy, self._clock.unix())
        return int(self.meter.energy)

    def begin(self, transaction: StationTransaction) -> None:
        """A transaction has begun: sample, and keep the register at each persist interval."""
        self._transaction = transaction
        self._sampler.begin()
        self._keep_on()

    def end(self) -> list[dict[str, Any]] | None:
        """The transaction ends; returns transactionData of its StopTransaction, if any."""
        data = self._sampler.end()
        if data and self._sampler.dropped:
            self._publisher.note(
                f"StopTransaction leaves out {self._sampler.dropped} readings "
                "(StopTransactionMaxMeterValues)"
            )
        self._transaction = None
        self._keep_no_more()
        return data

    def retime(self) -> None:
        """One of the intervals of meter values has changed."""
        self._sampler.retime()

    def clock_set(self) -> None:
        """UTC jumped."""
        self._sampler.clock_set()

    @property
    def has_values(self) -> bool:
        """True when there is something that :meth:`trigger` would report."""
        return self._sampler.has_values

    def trigger(self) -> None:
        """TriggerMessage asks for meter values (section 5.17)."""
        self._sampler.trigger()

    def close(self) -> None:
        """Stop the timers."""
        self._keep_no_more()
        self._sampler.close()

    def _read(self) -> Reading | None:
        if self.meter.measured is None:
            return None
        return self.meter.read(
            soc=self.soc(), temperature=self.temperature(), offered=self._offered()
        )

    def _post(self, values: list[dict[str, Any]], context: str) -> None:
        """Queue one MeterValues.

        What was triggered before the station is accepted overtakes the transaction it is
        about (section 4.2); anything else keeps its place among the transaction's messages.

        Args:
            values: MeterValue (section 7.33) each.
            context: ReadingContext (section 7.35).
        """
        reading = self._read()
        if reading is not None:
            self.reported = reading.current
        payload: dict[str, Any] = {"connectorId": self._connector, "meterValue": values}
        outbox, transaction = self._outbox, self._transaction
        triggered = context == "Trigger"
        if transaction is not None:
            self.keep()
            if outbox.open or not triggered:
                outbox.post_transaction("MeterValues", payload, transaction)
                return
            if transaction.transaction_id is not None:
                payload["transactionId"] = transaction.transaction_id
        outbox.post("MeterValues", payload, triggered=triggered)

    def _keep_on(self) -> None:
        self.keep()
        with caused_by(None):
            self._keeping = asyncio.get_running_loop().call_later(
                self._persist_interval, self._keep_on
            )

    def _keep_no_more(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None
