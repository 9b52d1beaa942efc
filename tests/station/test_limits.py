"""Charging profiles at work: from SetChargingProfile to 0x210 (OCPP 1.6 section 3.13)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evtui.events import CanFrame, Note
from evtui.station.state.store import StateStore
from tests.station.fake_central import Refused
from tests.station.rig import Rig, charge, profile, station, virtual

DAY = 86_400.0


async def until_limit(rig: Rig, amperes: float, timeout: float = 60.0) -> float:
    """Wait until the connector's limit is this; returns when that was."""
    await rig.until(lambda: rig.connector.limit == pytest.approx(amperes), timeout)
    return rig.clock.now()


@virtual
async def test_a_limit_goes_to_the_module_rounded_down_with_its_profile_as_cause() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        fields: Any = {"purpose": "TxProfile", "transaction_id": transaction}
        assert await rig.set_profile(limit=31.9, **fields) == "Accepted"
        await asyncio.sleep(5)
        assert rig.limits() == [100, 31]
        assert rig.frames(0x210)[-1].cause == rig.delivered("SetChargingProfile").seq
        assert rig.stage.state.current == pytest.approx(31, abs=0.1)


@virtual
async def test_an_unchanged_limit_is_not_sent_again() -> None:
    async with station() as rig:
        await charge(rig)
        for _ in range(3):
            assert await rig.set_profile(limit=50) == "Accepted"
        await asyncio.sleep(1)
        assert rig.limits() == [100, 50]


@virtual
async def test_a_strict_station_rejects_a_tx_profile_without_a_transaction() -> None:
    async with station(strict=True) as rig:
        await rig.accepted()
        assert await rig.set_profile(purpose="TxProfile") == "Rejected"
        assert rig.connector.limit == 100


@virtual
async def test_a_lenient_station_takes_it_says_so_and_keeps_it_over_a_transaction() -> None:
    async with station(strict=False) as rig:
        await rig.accepted()
        assert await rig.set_profile(limit=20, purpose="TxProfile") == "Accepted"
        assert "lenient: took a TxProfile" in rig.of(Note)[-1].text
        transaction = await charge(rig)
        assert rig.connector.limit == 20
        await rig.central.status_of("RemoteStopTransaction", transactionId=transaction)
        await rig.sent("StopTransaction")
        assert rig.connector.limit == 20


@virtual
async def test_strictness_changes_while_the_station_runs() -> None:
    async with station(strict=True) as rig:
        await rig.accepted()
        assert await rig.configure("EvtuiStrictTxProfile", "false") == "Accepted"
        assert await rig.set_profile(purpose="TxProfile") == "Accepted"


@pytest.mark.parametrize("strict", [True, False])
@virtual
async def test_a_tx_profile_for_another_transaction_is_rejected(strict: bool) -> None:
    async with station(strict=strict) as rig:
        await rig.accepted()
        assert await rig.set_profile(purpose="TxProfile", transaction_id=1) == "Rejected"
        transaction = await charge(rig)
        wrong: Any = {"purpose": "TxProfile", "transaction_id": transaction + 1}
        assert await rig.set_profile(**wrong) == "Rejected"
        assert rig.connector.limit == 100


@virtual
async def test_a_tx_profile_goes_with_its_transaction() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        await rig.set_profile(limit=10, purpose="TxProfile", transaction_id=transaction)
        await rig.set_profile(limit=60, purpose="TxDefaultProfile", profile_id=2)
        assert rig.connector.limit == 10
        await rig.central.status_of("RemoteStopTransaction", transactionId=transaction)
        await rig.sent("StopTransaction")
        assert rig.connector.limit == 60


@virtual
async def test_a_tx_profile_overrules_a_tx_default_profile_even_when_it_allows_more() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        await rig.set_profile(limit=10, purpose="TxDefaultProfile", stack_level=9)
        assert rig.connector.limit == 10
        fields: Any = {"purpose": "TxProfile", "profile_id": 2, "transaction_id": transaction}
        await rig.set_profile(limit=80, **fields)
        assert rig.connector.limit == 80


@virtual
async def test_a_charge_point_max_profile_caps_every_other() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        await rig.set_profile(0, limit=40, purpose="ChargePointMaxProfile")
        assert rig.connector.limit == 40
        fields: Any = {"purpose": "TxProfile", "profile_id": 2, "transaction_id": transaction}
        await rig.set_profile(limit=80, **fields)
        assert rig.connector.limit == 40
        await rig.set_profile(limit=30, **fields)
        assert rig.connector.limit == 30


@pytest.mark.parametrize(("connector", "purpose"), [(1, "ChargePointMaxProfile"), (0, "TxProfile")])
@virtual
async def test_a_purpose_at_the_wrong_connector_is_rejected(connector: int, purpose: str) -> None:
    async with station(strict=False) as rig:
        await rig.accepted()
        assert await rig.set_profile(connector, purpose=purpose) == "Rejected"


@virtual
async def test_an_unknown_connector_breaks_a_property_constraint() -> None:
    async with station() as rig:
        await rig.accepted()
        with pytest.raises(Refused, match="PropertyConstraintViolation"):
            await rig.set_profile(2)


@virtual
async def test_a_default_for_one_connector_stands_in_for_that_of_all_connectors() -> None:
    async with station() as rig:
        await rig.accepted()
        await rig.set_profile(0, limit=40, stack_level=5)
        assert rig.connector.limit == 40
        await rig.set_profile(1, limit=70, profile_id=2)
        assert rig.connector.limit == 70


@virtual
async def test_the_higher_stack_level_leads_and_its_replacement_replaces_it() -> None:
    async with station() as rig:
        await rig.accepted()
        await rig.set_profile(limit=40, profile_id=1, stack_level=1)
        await rig.set_profile(limit=60, profile_id=2, stack_level=2)
        await rig.set_profile(limit=20, profile_id=3, stack_level=0)
        assert rig.connector.limit == 60
        await rig.set_profile(limit=50, profile_id=4, stack_level=2)
        assert rig.connector.limit == 50
        assert len(rig.charge_point.profiles) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"stack_level": 11},
        {"periods": [(0, 10), (10, 20), (5, 30)]},
        {"periods": [(5, 10)]},
        {"periods": [(n, 10) for n in range(101)]},
        {"kind": "Recurring", "start": 0.0},
        {"kind": "Recurring", "recurrency": "Daily"},
        {"limit": -1},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
@virtual
async def test_a_profile_that_means_nothing_is_rejected(wrong: dict[str, Any]) -> None:
    async with station() as rig:
        await rig.accepted()
        try:
            answer = await rig.set_profile(**wrong)
        except Refused as refused:
            answer = str(refused)
        assert answer in ("Rejected", "PropertyConstraintViolation")
        assert rig.connector.limit == 100


@virtual
async def test_a_full_store_still_replaces() -> None:
    async with station() as rig:
        await rig.accepted()
        rig.charge_point.configuration.set("MaxChargingProfilesInstalled", 2)
        await rig.set_profile(limit=40, profile_id=1, stack_level=1)
        await rig.set_profile(limit=60, profile_id=2, stack_level=2)
        assert await rig.set_profile(limit=10, profile_id=3, stack_level=3) == "Rejected"
        assert await rig.set_profile(limit=50, profile_id=2, stack_level=2) == "Accepted"
        assert rig.connector.limit == 50


@virtual
async def test_period_boundaries_change_the_limit_on_time() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        begun = rig.central.of("StartTransaction")[0].t
        await rig.set_profile(
            purpose="TxProfile",
            transaction_id=transaction,
            periods=[(0, 50), (10, 0), (20, 80)],
            duration=30,
        )
        assert rig.connector.limit == 50
        for amperes, moment in ((0, 10), (80, 20), (100, 30)):
            assert await until_limit(rig, amperes) == pytest.approx(begun + moment, abs=0.02)
        await asyncio.sleep(0.01)
        assert rig.limits() == [100, 50, 0, 80, 100]


@virtual
async def test_a_profile_is_valid_from_and_to() -> None:
    async with station() as rig:
        await charge(rig)
        await rig.set_profile(limit=20, valid_from=30.0, valid_to=50.0)
        assert rig.connector.limit == 100
        assert await until_limit(rig, 20) == pytest.approx(30, abs=0.02)
        assert await until_limit(rig, 100) == pytest.approx(50, abs=0.02)


@virtual
async def test_an_absolute_profile_starts_at_its_start() -> None:
    async with station() as rig:
        await rig.accepted()
        await rig.set_profile(kind="Absolute", start=15.0, periods=[(0, 30), (10, 60)])
        assert rig.connector.limit == 100
        assert await until_limit(rig, 30) == pytest.approx(15, abs=0.02)
        assert await until_limit(rig, 60) == pytest.approx(25, abs=0.02)


@pytest.mark.parametrize(("recurrency", "span"), [("Daily", DAY), ("Weekly", 7 * DAY)])
@virtual
async def test_a_recurring_profile_comes_back(recurrency: str, span: float) -> None:
    async with station() as rig:
        await rig.accepted()
        await rig.set_profile(
            kind="Recurring",
            recurrency=recurrency,
            start=20 - 3 * span,
            periods=[(0, 30), (10, 60)],
            duration=30,
        )
        assert rig.connector.limit == 100
        for amperes, moment in ((30, 20), (60, 30), (100, 50)):
            assert await until_limit(rig, amperes) == pytest.approx(moment, abs=0.02)


@virtual
async def test_clear_charging_profile_goes_by_id_connector_purpose_and_stack_level() -> None:
    async with station() as rig:
        await rig.accepted()

        async def install() -> None:
            await rig.central.status_of("ClearChargingProfile")
            await rig.set_profile(0, limit=10, purpose="ChargePointMaxProfile", profile_id=1)
            await rig.set_profile(0, limit=20, profile_id=2, stack_level=3)
            await rig.set_profile(1, limit=30, profile_id=3, stack_level=3)
            await rig.set_profile(1, limit=40, profile_id=4, stack_level=5)

        for criteria, left in (
            ({}, []),
            ({"id": 3}, [1, 2, 4]),
            ({"id": 3, "connectorId": 0, "stackLevel": 99}, [1, 2, 4]),  # an id alone decides
            ({"connectorId": 0}, [3, 4]),
            ({"connectorId": 1}, [1, 2]),
            ({"chargingProfilePurpose": "TxDefaultProfile"}, [1]),
            ({"stackLevel": 3}, [1, 4]),
            ({"connectorId": 1, "stackLevel": 3}, [1, 2, 4]),
        ):
            await install()
            assert await rig.central.status_of("ClearChargingProfile", **criteria) == "Accepted"
            stored = rig.charge_point.profiles
            ids = {p.profile_id for n in (0, 1) for p in stored.for_connector(n)}
            assert len(stored) == len(left), criteria
            assert ids <= set(left), criteria
        for nothing in ({"id": 99}, {"connectorId": 7}, {"stackLevel": 8}):
            assert await rig.central.status_of("ClearChargingProfile", **nothing) == "Unknown"


@virtual
async def test_clearing_gives_the_current_back() -> None:
    async with station() as rig:
        await charge(rig)
        await rig.set_profile(limit=20)
        await rig.central.status_of("ClearChargingProfile", id=1)
        await asyncio.sleep(1)
        assert rig.limits() == [100, 20, 100]
        assert rig.frames(0x210)[-1].cause == rig.delivered("ClearChargingProfile").seq


@pytest.mark.parametrize("phases", [None, 1, 2, 3])
@virtual
async def test_an_ac_limit_in_watts_is_the_total_of_the_phases_it_is_for(
    phases: int | None,
) -> None:
    async with station("ac") as rig:
        await charge(rig)
        await rig.set_profile(limit=5_500, unit="W", phases=phases)
        await asyncio.sleep(20)
        assert rig.connector.limit == pytest.approx(5_500 / (230 * (phases or 3)))
        assert 4_700 < rig.stage.state.power <= 5_500


def on_the_wire(rig: Rig) -> dict[tuple[str, str], float]:
    """What the newest MeterValues say: (measurand, phase) to amount."""
    (meter_value,) = rig.central.of("MeterValues")[-1].payload["meterValue"]
    return {
        (sample["measurand"], sample.get("phase", "")): float(sample["value"])
        for sample in meter_value["sampledValue"]
    }


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("phases", [1, 2, 3])
@virtual
async def test_ten_amperes_on_some_phases_are_ten_amperes_on_those_and_none_elsewhere(
    phases: int, running: bool
) -> None:
    async with station("ac") as rig:
        await rig.accepted()
        if running:
            await charge(rig)
        assert await rig.set_profile(limit=10, phases=phases) == "Accepted"
        if not running:
            await charge(rig)
        await asyncio.sleep(20)
        for unit, limit in (("A", 10.0), ("W", 2_300.0 * phases)):
            schedule = await rig.central.call(
                "GetCompositeSchedule", connectorId=1, duration=60, chargingRateUnit=unit
            )
            assert schedule["chargingSchedule"]["chargingSchedulePeriod"] == [
                {"startPeriod": 0, "limit": limit, "numberPhases": phases}
            ]
        assert rig.limits()[-1] == 10
        watts = 10 * 230 * phases * 0.98
        assert rig.stage.state.current == 10
        assert rig.stage.state.power == pytest.approx(watts)
        told, before = on_the_wire(rig), rig.connector.metering.meter.energy
        assert [told["Current.Import", line] for line in ("L1", "L2", "L3")] == [
            10.0 if line < phases else 0.0 for line in range(3)
        ]
        assert told["Power.Active.Import", ""] == pytest.approx(watts, abs=0.1)
        await asyncio.sleep(360)
        assert rig.connector.metering.meter.energy - before == pytest.approx(watts / 10, rel=0.01)
        assert rig.central.statuses(1)[-1] == "Charging"
        notes = [note.text for note in rig.of(Note) if "phases in use" in note.text]
        assert notes == ([] if phases == 3 else [f"connector 1: {phases} of 3 phases in use"])


@virtual
async def test_phases_change_with_the_periods_and_come_back_with_the_end_of_the_profile() -> None:
    async with station("ac") as rig:
        await charge(rig)
        await rig.set_profile(limit=16, phases=1, duration=60)
        await rig.set_profile(0, limit=16, purpose="ChargePointMaxProfile", profile_id=2)
        await asyncio.sleep(30)
        assert (rig.stage.state.phases, rig.stage.state.current) == (1, 16)
        await asyncio.sleep(60)
        assert (rig.stage.state.phases, rig.stage.state.current) == (3, 16)
        assert len(rig.central.of("StopTransaction")) == 0


@virtual
async def test_a_dc_station_ignores_number_phases() -> None:
    async with station("dc") as rig:
        await charge(rig)
        await rig.set_profile(limit=10, phases=1)
        await asyncio.sleep(5)
        assert rig.stage.state.current == pytest.approx(10, abs=0.1)
        answer = await rig.central.call("GetCompositeSchedule", connectorId=1, duration=60)
        assert answer["chargingSchedule"]["chargingSchedulePeriod"] == [
            {"startPeriod": 0, "limit": 10.0}
        ]


@virtual
async def test_a_profile_from_before_a_restart_switches_the_phases_too() -> None:
    store = StateStore()
    async with station("ac", store=store) as rig:
        await rig.accepted()
        await rig.set_profile(limit=10, phases=1)
    async with station("ac", store=store) as rig:
        await charge(rig)
        await asyncio.sleep(20)
        assert (rig.stage.state.phases, rig.stage.state.current) == (1, 10)


@pytest.mark.parametrize("before_the_start", [True, False])
@virtual
async def test_a_dc_limit_in_watts_follows_the_voltage(before_the_start: bool) -> None:
    async with station("dc") as rig:
        await rig.accepted()
        if before_the_start:
            await rig.set_profile(limit=20_000, unit="W")
        await charge(rig)
        if not before_the_start:
            await rig.set_profile(limit=20_000, unit="W")
        await asyncio.sleep(10)
        settled = len(rig.frames(0x210))
        for _ in range(300):
            await asyncio.sleep(1)
            assert 19_200 < rig.stage.state.power <= 20_000
        assert rig.central.statuses(1)[-1] == "Charging"
        assert 1 <= len(rig.frames(0x210)) - settled <= 5  # follows, and does not flutter


@virtual
async def test_the_limit_never_exceeds_the_rating() -> None:
    async with station() as rig:
        await charge(rig)
        await rig.set_profile(limit=1_000_000)
        await asyncio.sleep(1)
        assert rig.limits()[-1] == 200


@virtual
async def test_the_default_limit_can_be_configured_and_applies_at_once() -> None:
    async with station() as rig:
        await charge(rig)
        assert await rig.configure("EvtuiDefaultLimit", 42.5) == "Accepted"
        await asyncio.sleep(1)
        assert rig.limits() == [100, 42]


@virtual
async def test_a_limit_is_on_the_bus_before_anything_else_happens() -> None:
    async with station() as rig:
        await rig.until(lambda: rig.frames(0x300))
        await asyncio.sleep(0.01)
        first = next(f for f in rig.of(CanFrame) if f.node == "charge-point")
        assert (first.arbitration_id, first.data) == (0x210, bytes([100, 0]))


@virtual
async def test_a_profile_for_ever_is_in_force_and_kept() -> None:
    async with station() as rig:
        await rig.accepted()
        for_ever = profile(limit=10) | {"validTo": "9999-12-31T23:59:59.9999999Z"}
        answer = await rig.ask("SetChargingProfile", connectorId=1, csChargingProfiles=for_ever)
        assert answer == "Accepted"
        await rig.until(lambda: rig.limits()[-1] == 10)
        (kept,) = rig.charge_point.profiles.export()
        assert kept["csChargingProfiles"]["validTo"].startswith("9999-12-31T23:59:59.9")
