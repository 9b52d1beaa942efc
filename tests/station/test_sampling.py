"""When meters are read (OCPP 1.6 sections 3.16, 9.1.5 and 9.1.19, errata 3.14 and 3.91)."""

from __future__ import annotations

import asyncio
from datetime import datetime
from itertools import pairwise
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.events import EventStream, Note, caused_by, current_cause
from evtui.ocpp16.validation import check
from evtui.power import Preset, preset
from evtui.runtime.clock import LoopClock
from evtui.station.configuration import Configuration
from evtui.station.metering.readings import Reading
from evtui.station.metering.sampling import DAY, MeterValue, Sampler, next_aligned
from tests.station.rig import virtual
from tests.virtual_loop import VirtualTimeLoop, run_virtual

NOON = 1_767_268_800.0
"""2026-01-01T12:00:00Z as Unix time in s."""

POWER = 36_000.0
"""W, all the time: 10 Wh a second."""

INTERVAL = "Energy.Active.Import.Interval"
REGISTER = "Energy.Active.Import.Register"


class Bench:
    """A sampler with a meter that runs all the time, and what it reports."""

    def __init__(self, start: float = NOON, **keys: object) -> None:
        self.loop = asyncio.get_running_loop()
        self.clock = LoopClock(self.loop, start)
        self.reports: list[tuple[float, str, list[MeterValue]]] = []
        self.causes: list[int | None] = []
        self.measures = True
        self.preset: Preset = preset("dc")
        self.keys = Configuration(connectors=1, meter_interval=10, strict=True)
        self.keys.changed.add(self._changed)
        self.sampler: Sampler | None = None
        for key, text in {"MeterValuesSampledData": REGISTER, **keys}.items():
            assert self.keys.change(key, str(text)) == "Accepted"
        self.sampler = Sampler(self.keys, self.clock, self._read, lambda: self.preset, self._take)
        self.sampler.retime()

    def _changed(self, key: str) -> None:
        if self.sampler is not None:
            self.sampler.retime()

    def _read(self) -> Reading | None:
        energy = POWER * self.clock.now() / 3600
        return Reading(90.0, 400.0, POWER, energy, 50.0, 30.0) if self.measures else None

    def _take(self, values: list[MeterValue], context: str) -> None:
        assert check("MeterValues", "call", {"connectorId": 1, "meterValue": values}) is None
        self.reports.append((self.clock.now(), context, values))
        self.causes.append(current_cause())

    def begin(self) -> None:
        assert self.sampler is not None
        self.sampler.begin()

    def end(self) -> list[MeterValue] | None:
        assert self.sampler is not None
        data = self.sampler.end()
        stop = {"transactionId": 1, "timestamp": self.clock.iso(), "meterStop": 0}
        assert (
            data is None
            or check("StopTransaction", "call", stop | {"transactionData": data}) is None
        )
        return data

    def times(self, context: str) -> list[float]:
        """Lab times in s of the reports with that context."""
        return [t for t, said, _ in self.reports if said == context]


def contexts(data: list[MeterValue] | None) -> list[str]:
    """Context of each MeterValue."""
    return [value["sampledValue"][0]["context"] for value in data or ()]


def seconds(value: MeterValue) -> float:
    """Timestamp as s after noon."""
    return datetime.fromisoformat(value["timestamp"]).timestamp() - NOON


def amounts(value: MeterValue) -> dict[str, float]:
    """Measurand to amount."""
    return {one["measurand"]: float(one["value"]) for one in value["sampledValue"]}


# Clock-aligned moments


@given(
    unix=st.floats(0, 4e9),
    interval=st.integers(1, 86_400),
)
def test_aligned_moments_are_multiples_of_the_interval_in_the_utc_day(
    unix: float, interval: int
) -> None:
    moment = next_aligned(unix, interval)
    assert unix < moment <= unix + interval
    midnight = floor(unix / DAY) * DAY
    assert (moment - midnight) % interval == 0 or moment == midnight + DAY


@given(unix=st.floats(0, 4e9), interval=st.integers(1, 86_400))
def test_there_is_no_aligned_moment_between_now_and_the_next(unix: float, interval: int) -> None:
    moment = next_aligned(unix, interval)
    midnight = floor(unix / DAY) * DAY
    assert floor((unix - midnight) / interval) * interval + midnight <= unix < moment
    assert next_aligned(moment, interval) > moment


@pytest.mark.parametrize(
    ("hour", "interval", "expected"),
    [
        (0.0, 900, 0.25),
        (0.2, 900, 0.25),
        (0.25, 900, 0.5),
        (23.9, 900, 24.0),
        (23.0, 7 * 3600, 24.0),  # 21 h + 7 h is past midnight
        (24.0, 7 * 3600, 31.0),
        (5.0, 86_400, 24.0),
    ],
)
def test_every_day_is_broken_into_intervals_from_midnight_on(
    hour: float, interval: int, expected: float
) -> None:
    midnight = NOON - DAY / 2
    assert next_aligned(midnight + hour * 3600, interval) == midnight + expected * 3600


@virtual
async def test_aligned_values_come_in_and_outside_transactions_and_bear_the_moment() -> None:
    bench = Bench(NOON - 100.25, ClockAlignedDataInterval=60)
    await asyncio.sleep(200)
    bench.begin()
    await asyncio.sleep(60)
    bench.end()
    await asyncio.sleep(60)
    aligned = [values for _, context, values in bench.reports if context == "Sample.Clock"]
    assert [seconds(value) for (value,) in aligned] == [-60, 0, 60, 120, 180]
    assert bench.times("Sample.Clock") == pytest.approx([40.25, 100.25, 160.25, 220.25, 280.25])
    assert aligned[0][0]["timestamp"] == "2026-01-01T11:59:00.000Z"
    assert {context for values in aligned for context in contexts(values)} == {"Sample.Clock"}


@virtual
async def test_aligned_values_do_not_drift_over_days() -> None:
    bench = Bench(NOON + 0.123, ClockAlignedDataInterval=7200)
    await asyncio.sleep(3 * DAY)
    stamps = [seconds(value) for _, _, (value,) in bench.reports]
    assert stamps == [7200.0 * (n + 1) for n in range(36)]


@virtual
async def test_a_new_aligned_interval_applies_at_once_and_0_switches_it_off() -> None:
    bench = Bench(ClockAlignedDataInterval=3600)
    await asyncio.sleep(50)
    bench.keys.change("ClockAlignedDataInterval", "30")
    await asyncio.sleep(50)
    bench.keys.change("ClockAlignedDataInterval", "0")
    await asyncio.sleep(500)
    assert bench.times("Sample.Clock") == pytest.approx([60, 90])


@virtual
async def test_a_key_that_changes_while_an_aligned_moment_is_overdue_does_not_lose_it() -> None:
    bench = Bench(ClockAlignedDataInterval=30)

    def hold_up() -> None:
        assert isinstance(bench.loop, VirtualTimeLoop)
        bench.loop.hold_up(0.2)
        bench.keys.change("LightIntensity", "5")

    bench.loop.call_later(29.9, hold_up)
    await asyncio.sleep(61)
    assert bench.times("Sample.Clock") == pytest.approx([30.1, 60])
    assert [seconds(value) for _, _, (value,) in bench.reports] == [30, 60]


@given(st.floats(0, 4e9))
def test_every_aligned_moment_comes_once_wherever_the_clock_starts(start: float) -> None:
    async def moments() -> list[float]:
        bench = Bench(start, ClockAlignedDataInterval=1)
        await asyncio.sleep(20.5)
        return [seconds(value) for _, _, (value,) in bench.reports]

    stamps = run_virtual(moments())
    assert stamps == [stamps[0] + n for n in range(len(stamps))]
    assert len(stamps) in (20, 21)


@virtual
async def test_energy_of_an_aligned_interval_bears_the_time_at_which_that_began() -> None:
    bench = Bench(ClockAlignedDataInterval=60, MeterValuesAlignedData=f"{INTERVAL},{REGISTER}")
    await asyncio.sleep(61)
    bench.begin()  # from here on only what belongs to the transaction (errata 3.16)
    await asyncio.sleep(120)
    told = [
        [(seconds(value), amounts(value)) for value in values]
        for _, context, values in bench.reports
        if context == "Sample.Clock"
    ]
    assert told == [
        [(60, {REGISTER: 600}), (0, {INTERVAL: 600})],
        [(120, {REGISTER: 1200}), (61, {INTERVAL: 590})],
        [(180, {REGISTER: 1800}), (120, {INTERVAL: 600})],
    ]


# Sampled values


@virtual
async def test_sampled_values_come_at_the_interval_from_the_start_of_the_transaction_on() -> None:
    bench = Bench(MeterValueSampleInterval=7)
    await asyncio.sleep(100)
    assert bench.reports == []
    bench.begin()
    await asyncio.sleep(700)
    bench.end()
    await asyncio.sleep(100)
    assert bench.times("Sample.Periodic") == pytest.approx([107.0 + 7 * n for n in range(100)])


@virtual
async def test_a_new_sample_interval_counts_from_the_last_sample() -> None:
    bench = Bench(MeterValueSampleInterval=600)
    bench.begin()
    await asyncio.sleep(5)
    bench.keys.change("MeterValueSampleInterval", "10")
    await asyncio.sleep(30)
    bench.keys.change("MeterValueSampleInterval", "2")
    await asyncio.sleep(4.5)
    bench.keys.change("MeterValueSampleInterval", "0")
    await asyncio.sleep(100)
    bench.keys.change("MeterValueSampleInterval", "5")
    await asyncio.sleep(6)
    assert bench.times("Sample.Periodic") == pytest.approx([10, 20, 30, 35, 37, 39, 139.5, 144.5])


@virtual
async def test_a_loop_that_was_held_up_leaves_samples_out_and_keeps_the_rhythm() -> None:
    bench = Bench(MeterValueSampleInterval=10)
    bench.begin()
    await asyncio.sleep(15)
    assert isinstance(bench.loop, VirtualTimeLoop)
    bench.loop.hold_up(28)
    await asyncio.sleep(22)
    assert bench.times("Sample.Periodic") == pytest.approx([10, 43, 50, 60])


@virtual
async def test_the_energy_of_each_sampled_interval_adds_up_to_the_register() -> None:
    bench = Bench(MeterValuesSampledData=f"{REGISTER},{INTERVAL}", MeterValueSampleInterval=5)
    await asyncio.sleep(33)
    bench.begin()
    await asyncio.sleep(60)
    told = [amounts(value) for _, _, (value,) in bench.reports]
    assert {one[INTERVAL] for one in told} == {50.0}
    assert told[-1][REGISTER] - 330 == sum(one[INTERVAL] for one in told)


@virtual
async def test_an_empty_list_and_a_meter_that_shows_nothing_send_nothing() -> None:
    bench = Bench(MeterValuesSampledData="", ClockAlignedDataInterval=10)
    bench.measures = False
    bench.begin()
    await asyncio.sleep(50)
    assert bench.end() is None
    assert bench.reports == []


@virtual
async def test_what_is_sampled_has_no_cause_but_the_clock() -> None:
    bench = Bench()
    stream = EventStream(bench.clock)
    order = stream.publish(Note(level="info", text="start"))
    with caused_by(order.seq):
        bench.keys.change("ClockAlignedDataInterval", "10")
        bench.begin()
    await asyncio.sleep(30)
    assert len(bench.causes) >= 5
    assert set(bench.causes) == {None}


@virtual
async def test_after_close_nothing_is_read() -> None:
    bench = Bench(ClockAlignedDataInterval=10)
    bench.begin()
    assert bench.sampler is not None
    bench.sampler.close()
    await asyncio.sleep(50)
    assert bench.reports == []


@virtual
async def test_a_trigger_reports_the_sampled_measurands_now() -> None:
    bench = Bench(MeterValuesSampledData=f"Voltage,{INTERVAL}", MeterValueSampleInterval=10)
    assert bench.sampler is not None
    bench.sampler.trigger()
    bench.begin()
    await asyncio.sleep(14)
    bench.sampler.trigger()
    bench.end()
    bench.sampler.trigger()
    triggered = [value for _, context, (value,) in bench.reports if context == "Trigger"]
    assert [amounts(value) for value in triggered] == [
        {"Voltage": 400.0},  # no interval runs outside a transaction
        {"Voltage": 400.0, INTERVAL: 40.0},
        {"Voltage": 400.0},
    ]


# StopTransaction


@virtual
async def test_without_a_list_a_stop_carries_no_meter_values() -> None:
    bench = Bench()
    bench.begin()
    await asyncio.sleep(60)
    assert bench.end() is None
    assert bench.end() is None


@virtual
async def test_a_stop_carries_begin_samples_and_end_in_order() -> None:
    bench = Bench(
        StopTxnSampledData=f"{REGISTER}",
        StopTxnAlignedData="Voltage",
        ClockAlignedDataInterval=30,
    )
    await asyncio.sleep(5)
    bench.begin()
    await asyncio.sleep(40)
    data = bench.end()
    assert data is not None
    assert [(seconds(value), *contexts([value])) for value in data] == [
        (5, "Transaction.Begin"),
        (15, "Sample.Periodic"),
        (25, "Sample.Periodic"),
        (30, "Sample.Clock"),
        (35, "Sample.Periodic"),
        (45, "Sample.Periodic"),
        (45, "Transaction.End"),
    ]
    assert [list(amounts(value)) for value in data] == [
        [REGISTER, "Voltage"],
        [REGISTER],
        [REGISTER],
        ["Voltage"],
        [REGISTER],
        [REGISTER],
        [REGISTER, "Voltage"],
    ]


@virtual
async def test_begin_and_end_are_there_when_the_list_was_set_during_the_transaction() -> None:
    bench = Bench()
    bench.begin()
    await asyncio.sleep(15)
    bench.keys.change("StopTxnSampledData", REGISTER)
    await asyncio.sleep(10)
    data = bench.end()
    assert contexts(data) == ["Transaction.Begin", "Sample.Periodic", "Transaction.End"]
    assert data is not None
    assert [amounts(value)[REGISTER] for value in data] == [0, 200, 250]


@virtual
async def test_a_list_that_was_emptied_during_the_transaction_leaves_nothing_for_the_stop() -> None:
    bench = Bench(StopTxnSampledData=REGISTER)
    bench.begin()
    await asyncio.sleep(25)
    bench.keys.change("StopTxnSampledData", "")
    assert bench.end() is None


@pytest.mark.parametrize("key", ["StopTxnSampledData", "StopTxnAlignedData"])
@virtual
async def test_the_energy_intervals_of_a_stop_add_up_to_the_energy_of_the_transaction(
    key: str,
) -> None:
    keys: dict[str, Any] = {key: INTERVAL}
    bench = Bench(ClockAlignedDataInterval=20, **keys)
    await asyncio.sleep(3)
    bench.begin()
    await asyncio.sleep(74)
    data = bench.end()
    assert data is not None
    assert amounts(data[0])[INTERVAL] == 0
    assert sum(amounts(value)[INTERVAL] for value in data) == pytest.approx(740)


@pytest.mark.parametrize("hours", [1, 30])
@virtual
async def test_a_long_transaction_is_thinned_out_but_keeps_begin_and_end(hours: int) -> None:
    bench = Bench(
        StopTxnSampledData=REGISTER,
        StopTxnAlignedData=f"{INTERVAL},Voltage",
        ClockAlignedDataInterval=60,
    )
    bench.begin()
    await asyncio.sleep(hours * 3600 + 1)
    data = bench.end()
    assert data is not None
    most = bench.keys.number("StopTransactionMaxMeterValues")
    assert most / 3 < len(data) <= most
    assert contexts(data)[0] == "Transaction.Begin"
    assert contexts(data)[-1] == "Transaction.End"
    sampled = [seconds(value) for value in data if contexts([value]) == ["Sample.Periodic"]]
    assert len({round(later - earlier) for earlier, later in pairwise(sampled)}) == 1
    assert bench.sampler is not None
    assert bench.sampler.dropped > 0


@virtual
async def test_one_transaction_tells_nothing_of_the_one_before() -> None:
    bench = Bench(StopTxnSampledData=REGISTER)
    bench.begin()
    await asyncio.sleep(25)
    bench.end()
    await asyncio.sleep(25)
    bench.begin()
    await asyncio.sleep(5)
    data = bench.end()
    assert contexts(data) == ["Transaction.Begin", "Transaction.End"]
