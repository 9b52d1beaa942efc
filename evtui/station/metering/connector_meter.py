"""The meter of one connector at work: its register is kept, its readings are reported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from evtui.events import caused_by
from evtui.power import Preset, StageState
from evtui.station.connector.transaction import Transaction
from evtui.station.context import StationContext
from evtui.station.metering.readings import Meter, Reading
from evtui.station.metering.sampling import Sampler

__all__ = ["ConnectorMeter"]


class ConnectorMeter:
    """Reads the meter, in a transaction and outside, and keeps its register over a crash.

    Args:
        context: what the charge point's pieces share.
        connector: connectorId, from 1.
        preset: kind of power stage that is metered.
        stage: what the station's own wires tell of it; None before they told anything.
        offered: A that the station allows now.

    Attributes:
        meter: what integrates the module's reports.
        reported: A in the newest MeterValues, None before the first.
    """

    def __init__(
        self,
        context: StationContext,
        connector: int,
        preset: Preset,
        stage: Callable[[], StageState | None],
        offered: Callable[[], float],
    ) -> None:
        self.meter = Meter(preset)
        self.reported: float | None = None
        self._context = context
        self._connector = connector
        self._preset = preset
        self._stage = stage
        self._offered = offered
        self._transaction: Transaction | None = None
        self._keeping: asyncio.TimerHandle | None = None
        self._sampler = Sampler(
            context.configuration,
            context.clock,
            read=self._read,
            preset=lambda: self._preset,
            report=self._post,
        )
        kept = context.store.register(connector)
        if kept is not None:
            self.meter.restore(kept.energy)

    def use(self, preset: Preset) -> None:
        """Another power stage is metered now."""
        self._preset = preset
        self.meter.use(preset)

    def keep(self) -> int:
        """Keep the register and return it, Wh: what a message is about to report."""
        context = self._context
        context.store.save_register(self._connector, self.meter.energy, context.clock.unix())
        return int(self.meter.energy)

    def begin(self, transaction: Transaction) -> None:
        """A transaction has begun: sample, and keep the register at each persist interval."""
        self._transaction = transaction
        self._sampler.begin()
        self._keep_on()

    def end(self) -> list[dict[str, Any]] | None:
        """The transaction ends; returns transactionData of its StopTransaction, if any."""
        data = self._sampler.end()
        if data and self._sampler.dropped:
            self._context.note(
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
        stage = self._stage()
        if stage is None:
            return None
        return self.meter.read(
            soc=stage.soc, temperature=stage.temperature, offered=self._offered()
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
        outbox, transaction = self._context.outbox, self._transaction
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
                self._context.persist_interval, self._keep_on
            )

    def _keep_no_more(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None
