from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.anomalies.ocpp.attack import Attack, attacked
from tests.virtual_loop import run_virtual

NAME = "limit-override"


async def operator_says(attack: Attack, amperes: float, stack_level: int = 0) -> str:
    profile: dict[str, Any] = {
        "chargingProfileId": 1 + stack_level,
        "stackLevel": stack_level,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": amperes}],
        },
    }
    answer = await attack.ask("SetChargingProfile", connectorId=1, csChargingProfiles=profile)
    return str(answer["status"])


@pytest.mark.parametrize(
    ("parameters", "flows"),
    [
        ({"mode": "denial"}, 0),
        ({"mode": "overload"}, 200),
        ({"mode": "overload", "limit_a": 150}, 150),
        ({"mode": "shadow"}, 32),
    ],
)
def test_its_limit_holds_against_whatever_the_operator_says(
    parameters: dict[str, Any], flows: float
) -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.charge()
            await operator_says(attack, 32)
            await asyncio.sleep(5)
            await attack.run(10, **parameters)
            assert attack.rig.current == pytest.approx(flows, abs=0.5)
            assert await operator_says(attack, 10) == "Accepted"
            await asyncio.sleep(10)
            assert attack.rig.current == pytest.approx(flows, abs=0.5)
            assert "safe" in await attack.stop()
            await asyncio.sleep(10)
            assert attack.rig.current == pytest.approx(10, abs=0.5)

    run_virtual(scenario())


def test_a_car_that_comes_later_is_under_it_too() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.run(5)
            await attack.rig.execute("station.charge")
            await attack.rig.until(lambda: attack.rig.status == "SuspendedEVSE")
            await asyncio.sleep(2)
            purposes = [
                each["csChargingProfiles"]["chargingProfilePurpose"]
                for each in attack.sent("SetChargingProfile")
            ]
            assert purposes == ["TxDefaultProfile", "TxProfile"]
            await attack.stop()
            await attack.rig.until(lambda: attack.rig.current > 90)

    run_virtual(scenario())


def test_denial_becomes_overload_while_it_is_on() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.charge()
            await attack.run(10)
            assert attack.rig.current < 1
            await attack.change(mode="overload")
            await asyncio.sleep(15)
            assert attack.rig.current == pytest.approx(200, abs=0.5)

    run_virtual(scenario())


def test_shadow_asks_the_station_what_holds_and_says_nothing_else() -> None:
    async def scenario() -> Attack:
        async with attacked(NAME) as attack:
            await attack.charge()
            await operator_says(attack, 48)
            await attack.run(5, mode="shadow")
            return attack

    attack = run_virtual(scenario())
    assert len(attack.sent("GetCompositeSchedule")) == 1
    assert attack.limits() == [48, 48]


def test_a_transaction_goes_on_when_it_is_over() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.charge()
            running = attack.rig.charge_point.connectors[1].transaction
            await attack.run(5)
            await attack.stop()
            assert attack.rig.charge_point.connectors[1].transaction is running

    run_virtual(scenario())
