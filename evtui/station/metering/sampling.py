"""When a connector's meter is read, and what of it is kept for StopTransaction (section 3.16)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import floor
from typing import Any

import msgspec
from msgspec.structs import replace

from evtui.events import caused_by
from evtui.power import Preset
from evtui.runtime import LoopClock, iso
from evtui.station.configuration import Configuration
from evtui.station.metering.measurands import INTERVAL, sampled_values
from evtui.station.metering.readings import Reading
from evtui.station.metering.thinning import Thinned

__all__ = ["MeterValue", "Sampler", "next_aligned"]

DAY = 86_400.0

MeterValue = dict[str, Any]
"""A MeterValue of section 7.33 as it goes over the wire: timestamp and sampledValue."""


def next_aligned(unix: float, interval: float) -> float:
    """The first clock-aligned moment after ``unix`` (section 9.1.5).

    Every day is broken into intervals that begin at 00:00:00 UTC; where they do not fill the
    day, the last one is cut off by midnight.

    Args:
        unix: Unix time in s.
        interval: s, more than 0.
    """
    midnight = floor(unix / DAY) * DAY
    passed = floor((unix - midnight) / interval)
    return float(min(midnight + (passed + 1) * interval, midnight + DAY))


class _Taken(msgspec.Struct, frozen=True):
    """A reading with the Unix time (s) at which it was taken."""

    unix: float
    reading: Reading
    preset: Preset

    def meter_values(
        self, items: tuple[str, ...], context: str, since: float | None = None
    ) -> list[MeterValue]:
        """The measurands in ``items``; none when nothing of it is measured.

        What belongs to the whole of a clock-aligned interval bears the time at which that
        began, ``since``; the rest are values of one moment and bear that (9.1.5 and 7.33).
        """
        momentary = tuple(item for item in items if since is None or item != INTERVAL)
        values = [self._meter_value(self.unix, momentary, context)]
        if since is not None and INTERVAL in items:
            values.append(self._meter_value(since, (INTERVAL,), context))
        return [value for value in values if value["sampledValue"]]

    def _meter_value(self, unix: float, items: tuple[str, ...], context: str) -> MeterValue:
        sampled = sampled_values(self.reading, self.preset, items, context)
        return {"timestamp": iso(unix), "sampledValue": sampled}


class _Series:
    """One of the two rhythms in which a meter is read.

    Attributes:
        context: ReadingContext of its values.
        sent: key of what goes into MeterValues.req.
        kept_key: key of what goes into StopTransaction.req.
        origin: reading with which the running interval began; None before the first.
        kept: what is kept for StopTransaction, each with the Unix time it was taken at.
        timer: of the next reading.
    """

    def __init__(self, context: str, sent: str, kept_key: str) -> None:
        self.context = context
        self.sent = sent
        self.kept_key = kept_key
        self.origin: _Taken | None = None
        self.kept: Thinned[tuple[float, list[MeterValue]]] = Thinned(1)
        self.timer: asyncio.TimerHandle | None = None

    def begin(self, origin: _Taken | None, capacity: int) -> None:
        """A transaction begins, and with it a new interval (errata 3.16)."""
        self.origin = origin
        self.kept = Thinned(capacity)

    def cancel(self) -> None:
        """Read no more."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class Sampler:
    """Reads the meter of one connector when the configuration keys say so.

    Sampled values come during a transaction, each MeterValueSampleInterval from its start
    (3.16.1); clock-aligned ones always (3.16.2).  What both leave for StopTransaction is
    bounded by StopTransactionMaxMeterValues; what was measured first and last is never left
    out (errata 3.14 and 3.91).  Nothing is read before the first :meth:`begin` or
    :meth:`retime`.  There is no main meter, hence no sampler for connector 0.

    Args:
        configuration: of the charge point.
        clock: lab clock.
        read: what the meter shows; None while it shows nothing.
        preset: kind of power stage behind the connector.
        report: told the meterValue list of a MeterValues.req that is due, and its context.

    Attributes:
        dropped: readings that were left out of the transactionData given last.
    """

    def __init__(
        self,
        configuration: Configuration,
        clock: LoopClock,
        read: Callable[[], Reading | None],
        preset: Callable[[], Preset],
        report: Callable[[list[MeterValue], str], None],
    ) -> None:
        self.dropped = 0
        self._configuration = configuration
        self._clock = clock
        self._read = read
        self._preset = preset
        self._report = report
        self._sampled = _Series("Sample.Periodic", "MeterValuesSampledData", "StopTxnSampledData")
        self._aligned = _Series("Sample.Clock", "MeterValuesAlignedData", "StopTxnAlignedData")
        self._running = False
        self._first: _Taken | None = None
        self._sampled_at = 0.0
        self._alignment = 0.0

    def begin(self) -> None:
        """A transaction begins now."""
        room = int(self._configuration.number("StopTransactionMaxMeterValues")) - 2
        first = self._take()
        self._running = True
        self._first = first and replace(first, reading=replace(first.reading, interval=0.0))
        self._sampled.begin(first, room // 2)
        self._aligned.begin(first, room // 4)  # each may give two MeterValue elements
        self._sampled_at = asyncio.get_running_loop().time()
        self.retime()

    def end(self) -> list[MeterValue] | None:
        """The transaction ends now.

        Returns:
            transactionData of its StopTransaction.req (6.49), or None when none is configured
            (3.16.5) or measured.
        """
        running, self._running = self._running, False
        sampled, aligned = self._sampled, self._aligned
        sampled.cancel()
        sampled_items = self._configuration.items(sampled.kept_key)
        items = sampled_items + self._configuration.items(aligned.kept_key)
        last = self._take((sampled if INTERVAL in sampled_items else aligned).origin)
        sampled.origin = None
        if not running or not items:
            return None
        self.dropped = sampled.kept.dropped + aligned.kept.dropped
        data = [] if self._first is None else self._first.meter_values(items, "Transaction.Begin")
        for _, values in sorted(sampled.kept.items + aligned.kept.items, key=lambda one: one[0]):
            data += values
        data += [] if last is None else last.meter_values(items, "Transaction.End")
        return data or None

    def retime(self) -> None:
        """Set the timers by the keys as they are now; call it when one has changed."""
        self._arm_sampled()
        if self._configuration.number("ClockAlignedDataInterval") != self._alignment:
            self._aligned.cancel()
            self._aligned.origin = self._take()
            self._arm_aligned(self._unix())

    def clock_set(self) -> None:
        """UTC jumped, and with it the moments that are aligned to it (section 9.1.5)."""
        self._aligned.cancel()
        self._arm_aligned(self._unix())

    @property
    def has_values(self) -> bool:
        """True when the meter shows something that :meth:`trigger` would report."""
        return self._read() is not None and bool(self._configuration.items(self._sampled.sent))

    def trigger(self) -> None:
        """Report the measurands of MeterValuesSampledData now (TriggerMessage, errata 3.46)."""
        taken = self._take(self._sampled.origin)
        items = self._configuration.items(self._sampled.sent)
        if taken is not None and (values := taken.meter_values(items, "Trigger")):
            self._report(values, "Trigger")

    def close(self) -> None:
        """Stop the timers."""
        self._sampled.cancel()
        self._aligned.cancel()

    # Sampled values

    def _arm_sampled(self) -> None:
        self._sampled.cancel()
        interval = self._configuration.number("MeterValueSampleInterval")
        if not self._running or interval <= 0:
            return
        loop = asyncio.get_running_loop()
        due = max(self._sampled_at + interval, loop.time())
        with caused_by(None):
            self._sampled.timer = loop.call_at(due, self._on_sampled, due, interval)

    def _on_sampled(self, due: float, interval: float) -> None:
        # A loop that was held up leaves out what it missed and keeps the rhythm.
        late = max(0.0, asyncio.get_running_loop().time() - due)
        self._sampled_at = due + floor(late / interval) * interval
        self._arm_sampled()
        self._sample(self._sampled, self._take(self._sampled.origin))

    # Clock-aligned values

    def _arm_aligned(self, after: float) -> None:
        self._alignment = self._configuration.number("ClockAlignedDataInterval")
        if self._alignment <= 0:
            return
        moment = next_aligned(after, self._alignment)
        delay = max(0.0, moment - self._unix())
        with caused_by(None):
            loop = asyncio.get_running_loop()
            self._aligned.timer = loop.call_later(delay, self._on_aligned, moment)

    def _on_aligned(self, moment: float) -> None:
        # Unix time in a float is coarser than the loop's: the moment may not quite show yet.
        self._arm_aligned(max(moment, self._unix()))
        taken = self._take(self._aligned.origin)
        self._sample(self._aligned, taken and replace(taken, unix=moment))

    # Both

    def _unix(self) -> float:
        return self._clock.unix()

    def _take(self, origin: _Taken | None = None) -> _Taken | None:
        """Read the meter, with the energy since ``origin`` if there is one."""
        reading = self._read()
        if reading is None:
            return None
        interval = None if origin is None else reading.energy - origin.reading.energy
        return _Taken(self._unix(), replace(reading, interval=interval), self._preset())

    def _sample(self, series: _Series, taken: _Taken | None) -> None:
        if taken is None:
            return
        origin = series.origin if series is self._aligned else None
        since = None if origin is None else origin.unix
        series.origin = taken
        keep = self._configuration.items(series.kept_key)
        if self._running and (values := taken.meter_values(keep, series.context, since)):
            series.kept.append((taken.unix, values))
        send = self._configuration.items(series.sent)
        if values := taken.meter_values(send, series.context, since):
            self._report(values, series.context)
