"""Meter values over the wire: when, in which context, of which transaction (section 3.16)."""

from __future__ import annotations

import asyncio
from typing import Any

from evtui.station.state.store import StateStore
from tests.station.fake_central import Call
from tests.station.rig import charge, station, virtual

REGISTER = "Energy.Active.Import.Register"


def contexts(call: Call) -> set[str]:
    """Contexts of the values of a MeterValues."""
    values = [v for each in call.payload["meterValue"] for v in each["sampledValue"]]
    return {value["context"] for value in values}


@virtual
async def test_clock_aligned_values_come_in_and_out_of_transactions_for_each_connector() -> None:
    async with station(connectors=2, meter_interval=0) as rig:
        await rig.accepted()
        assert await rig.configure("ClockAlignedDataInterval", 60) == "Accepted"
        transaction = await charge(rig)
        await rig.sent("MeterValues", 2, timeout=70)
        one, two = rig.central.of("MeterValues")
        assert [each.payload["connectorId"] for each in (one, two)] == [1, 2]
        assert one.payload["transactionId"] == transaction
        assert "transactionId" not in two.payload
        assert contexts(one) == contexts(two) == {"Sample.Clock"}
        stamps = {each["timestamp"] for call in (one, two) for each in call.payload["meterValue"]}
        assert stamps == {"2026-01-01T12:01:00.000Z"}
        assert await rig.configure("ClockAlignedDataInterval", 0) == "Accepted"
        await asyncio.sleep(200)
        assert len(rig.central.of("MeterValues")) == 2


@virtual
async def test_sampled_values_come_only_during_a_transaction() -> None:
    async with station(meter_interval=7) as rig:
        await rig.accepted()
        await asyncio.sleep(30)
        assert rig.central.of("MeterValues") == []
        await charge(rig)
        begun = rig.central.of("StartTransaction")[0].t
        await rig.sent("MeterValues", 3)
        calls = rig.central.of("MeterValues")
        assert [round(call.t - begun) for call in calls] == [7, 14, 21]
        assert set().union(*map(contexts, calls)) == {"Sample.Periodic"}


@virtual
async def test_what_stop_transaction_is_to_carry_is_in_its_transaction_data() -> None:
    async with station(meter_interval=5) as rig:
        await rig.accepted()
        for key in ("StopTxnSampledData", "StopTxnAlignedData"):
            assert await rig.configure(key, REGISTER) == "Accepted"
        await rig.configure("ClockAlignedDataInterval", 10)
        await charge(rig)
        await asyncio.sleep(22)
        rig.connector.stop("Local")
        stop = (await rig.sent("StopTransaction")).payload
        data: list[dict[str, Any]] = stop["transactionData"]
        found = [(each["sampledValue"][0]["context"], each["timestamp"]) for each in data]
        names = [name for name, _ in found]
        assert names[0] == "Transaction.Begin"
        assert names[-1] == "Transaction.End"
        assert names.count("Sample.Periodic") == 4
        assert names.count("Sample.Clock") == 2
        assert [stamp for _, stamp in found] == sorted(stamp for _, stamp in found)
        registers = [float(each["sampledValue"][0]["value"]) for each in data]
        assert registers == sorted(registers)
        start = rig.central.of("StartTransaction")[0].payload
        assert (registers[0], registers[-1]) == (start["meterStart"], stop["meterStop"])


@virtual
async def test_stop_transaction_has_no_transaction_data_unless_it_is_asked_for() -> None:
    async with station() as rig:
        await charge(rig)
        await asyncio.sleep(5)
        rig.connector.stop("Local")
        assert "transactionData" not in (await rig.sent("StopTransaction")).payload


@virtual
async def test_the_register_is_kept_each_persist_interval_whatever_is_reported() -> None:
    store = StateStore()
    async with station(meter_interval=0, store=store) as rig:
        await charge(rig)
        for _ in range(20):
            await asyncio.sleep(0.73)
            kept = store.register(1)
            assert kept is not None
            assert rig.clock.start_utc + rig.clock.now() - kept.at <= 1.0
        assert rig.central.of("MeterValues") == []
