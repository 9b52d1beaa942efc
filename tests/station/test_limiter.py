"""Two connectors under one ChargePointMaxProfile (OCPP 1.6 section 3.13.3)."""

from __future__ import annotations

import asyncio

from evtui.power import preset
from evtui.runtime.clock import LoopClock
from evtui.smart_charging import StoredProfile
from evtui.station.connector.limiter import Limiter
from tests.smart_charging.station import cap, hold, tx
from tests.station.rig import START_UTC, virtual


class Keys:
    """The configuration keys of a limiter; 100 A without a profile."""

    def number(self, key: str) -> float:
        return {"EvtuiDefaultLimit": 100.0}[key]


def two_limiters(*profiles: StoredProfile) -> list[Limiter]:
    """Limiters of connectors 1 and 2 of a DC station that holds these profiles."""
    clock = LoopClock(asyncio.get_running_loop(), START_UTC)
    held = hold(*profiles)
    first, second = (Limiter(number, preset("dc"), clock, Keys(), held) for number in (1, 2))
    first.neighbours, second.neighbours = [second], [first]
    return [first, second]


def limits(limiters: list[Limiter]) -> list[float]:
    """A that each connector may draw."""
    return [limiter.limit for limiter in limiters]


@virtual
async def test_a_transaction_at_one_connector_halves_what_the_other_has() -> None:
    first, second = two_limiters(cap(60))
    first.charging_since = 0.0
    first.apply()
    assert first.limit == 60
    second.charging_since = 0.0
    second.apply()
    assert limits([first, second]) == [30, 30]
    second.charging_since = None
    second.apply()
    assert first.limit == 60


@virtual
async def test_a_share_grows_as_the_current_of_the_other_falls() -> None:
    first, second = two_limiters(cap(60))
    first.charging_since = 0.0
    first.on_current(60)
    second.charging_since = 0.0
    second.apply()
    assert limits([first, second]) == [30, 0]
    for current, share in ((45, 15), (31, 29), (30, 30), (10, 30)):
        first.on_current(current)
        assert limits([first, second]) == [30, share]


@virtual
async def test_a_vehicle_that_gets_nothing_leaves_its_share_to_the_other() -> None:
    first, second = two_limiters(cap(60))
    first.charging_since = second.charging_since = 0.0
    second.barred = True
    second.apply()
    assert limits([first, second]) == [60, 0]


@virtual
async def test_a_voltage_that_rises_at_one_connector_takes_watts_from_the_other() -> None:
    first, second = two_limiters(cap(20_000, unit="W"), tx(10, connector=2))
    first.charging_since = second.charging_since = 0.0
    first.on_voltage(400)
    second.on_voltage(400)
    assert limits([first, second]) == [40, 10]  # 16 and 4 kW
    second.on_voltage(800)
    assert limits([first, second]) == [30, 10]  # 12 and 8 kW


@virtual
async def test_both_follow_a_period_that_ends() -> None:
    first, second = two_limiters(cap({"0:00": 60, "0:01": 20}))
    first.charging_since = second.charging_since = 0.0
    first.apply()
    assert limits([first, second]) == [30, 30]
    await asyncio.sleep(60.01)
    assert limits([first, second]) == [10, 10]


@virtual
async def test_a_composite_schedule_reckons_with_a_vehicle_that_is_to_come() -> None:
    idle, _ = two_limiters()
    assert (idle.outlet.watts_per_ampere, idle.planned_outlet.watts_per_ampere) == (0, 400)
    idle.on_voltage(350)
    assert idle.planned_outlet == idle.outlet
