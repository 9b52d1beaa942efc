from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.anomalies.ocpp.profile_oscillation import OscillationParameters, level
from evtui.events import AnomalyState
from tests.anomalies.ocpp.attack import Attack, attacked
from tests.virtual_loop import run_virtual

NAME = "profile-oscillation"


async def limits_of(seconds: float, seed: int = 1, **parameters: Any) -> list[float]:
    async with attacked(NAME, seed=seed) as attack:
        await attack.charge()
        await attack.run(seconds, **parameters)
        return attack.limits()


def test_a_square_wave_is_two_limits_that_share_the_period_by_its_duty() -> None:
    async def scenario() -> Attack:
        async with attacked(NAME) as attack:
            await attack.charge()
            await attack.run(29.9, period_s=10, duty=0.3)
            return attack

    attack = run_virtual(scenario())
    assert attack.limits() == [32, 6] * 3
    gaps = [later.t - call.t for call, later in pairwise(attack.calls("SetChargingProfile"))]
    assert gaps == pytest.approx([3, 7] * 2 + [3], abs=0.05)


def test_all_of_it_is_one_transaction_at_the_highest_stack_level() -> None:
    async def scenario() -> tuple[Attack, int]:
        async with attacked(NAME) as attack:
            await attack.charge()
            running = attack.rig.charge_point.connectors[1].transaction
            assert running is not None
            transaction = running.transaction_id
            await attack.run(25)
            assert attack.rig.charge_point.connectors[1].transaction is running
            assert transaction is not None
            return attack, transaction

    attack, transaction = run_virtual(scenario())
    profiles = [each["csChargingProfiles"] for each in attack.sent("SetChargingProfile")]
    assert {each["transactionId"] for each in profiles} == {transaction}
    assert {each["stackLevel"] for each in profiles} == {10}
    assert {each["chargingProfilePurpose"] for each in profiles} == {"TxProfile"}
    assert not attack.sent("RemoteStartTransaction") + attack.sent("RemoteStopTransaction")


def test_the_current_follows_and_is_what_it_was_when_it_is_over() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.charge()
            await attack.run(4.5)
            assert attack.rig.current == pytest.approx(32, abs=0.5)
            await asyncio.sleep(5.0)
            assert attack.rig.current == pytest.approx(6, abs=0.5)
            assert "safe" in await attack.stop()
            await asyncio.sleep(6.0)
            assert attack.rig.current == pytest.approx(100, abs=0.5)

    run_virtual(scenario())


def test_a_transaction_that_it_began_is_ended_with_it() -> None:
    async def scenario() -> Attack:
        async with attacked(NAME) as attack:
            await attack.run(20)
            assert attack.rig.current > 5
            await attack.stop()
            assert attack.rig.charge_point.connectors[1].transaction is None
            assert attack.rig.current < 1
            return attack

    attack = run_virtual(scenario())
    assert [step.step_label for step in attack.steps[:1]] == ["RemoteStartTransaction"]
    assert len(attack.sent("RemoteStopTransaction")) == 1


def test_a_profile_of_the_operator_is_still_there_afterwards() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.charge()
            profile = {
                "chargingProfileId": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": {
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 20}],
                },
            }
            await attack.ask("SetChargingProfile", connectorId=1, csChargingProfiles=profile)
            await attack.run(12)
            await attack.stop()
            assert await attack.limit() == 20

    run_virtual(scenario())


def test_ramp_and_sine_go_up_and_down_in_steps() -> None:
    ramp = run_virtual(limits_of(7.9, wave="ramp", low_a=0, high_a=40, period_s=8, update_s=1))
    sine = run_virtual(limits_of(7.9, wave="sine", low_a=0, high_a=40, period_s=8, update_s=1))
    assert ramp == [0, 10, 20, 30, 40, 30, 20, 10]
    assert sine == [0, 5.9, 20, 34.1, 40, 34.1, 20, 5.9]


def test_a_random_walk_repeats_for_the_same_seed_only() -> None:
    walk = {"wave": "random-walk", "update_s": 0.5}
    first, again, other = (run_virtual(limits_of(60, seed, **walk)) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) >= 119
    assert min(first) < 12
    assert max(first) > 26
    assert max(abs(b - a) for a, b in pairwise(first)) <= 26 / 4 + 0.1
    assert all(6 <= each <= 32 for each in first)


def test_each_step_of_a_random_walk_announces_the_limit_that_really_comes_next() -> None:
    async def scenario() -> list[AnomalyState]:
        async with attacked(NAME) as attack:
            await attack.charge()
            await attack.run(40, wave="random-walk")
            return [step for step in attack.steps if step.next_label]

    steps = run_virtual(scenario())
    assert len(steps) >= 39
    for this, following in pairwise(steps):
        assert this.next_label == following.step_label


def test_another_wave_takes_over_at_the_next_step() -> None:
    async def scenario() -> list[float]:
        async with attacked(NAME) as attack:
            await attack.charge()
            await attack.run(12)
            await attack.change(wave="ramp", low_a=0, high_a=10, period_s=10, update_s=1)
            await asyncio.sleep(13)
            return attack.limits()

    limits = run_virtual(scenario())
    assert limits[:3] == [32, 6, 32]
    assert limits[3:13] == [0, 2, 4, 6, 8, 10, 8, 6, 4, 2]


def test_low_above_high_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"low_a is 40 A, above high_a, 32 A"):
        OscillationParameters(low_a=40)


@given(
    phase=st.floats(0, 0.999),
    duty=st.floats(0.05, 0.95),
    wave=st.sampled_from(["ramp", "sine"]),
)
def test_a_wave_never_leaves_its_range(phase: float, duty: float, wave: Any) -> None:
    parameters = OscillationParameters(wave=wave, duty=duty)
    assert 6 <= level(parameters, phase) <= 32 + 1e-9
    assert level(parameters, 0) == 6
    assert level(parameters, duty) == pytest.approx(32)
