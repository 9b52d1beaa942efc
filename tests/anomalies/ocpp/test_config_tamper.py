from __future__ import annotations

import asyncio

import pytest

from evtui.anomalies.ocpp.config_tamper import SETS
from tests.anomalies.ocpp.attack import Attack, attacked
from tests.virtual_loop import run_virtual

NAME = "config-tamper"


async def all_keys(attack: Attack) -> dict[str, str]:
    answer = await attack.ask("GetConfiguration")
    return {each["key"]: each["value"] for each in answer["configurationKey"]}


@pytest.mark.parametrize("aim", SETS)
def test_the_keys_of_an_aim_are_changed_and_all_are_what_they_were_afterwards(aim: str) -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            before = await all_keys(attack)
            await attack.run(5, aim=aim)
            during = await all_keys(attack)
            assert {key: during[key] for key in SETS[aim]} == SETS[aim]
            assert before != during
            assert "safe" in await attack.stop()
            assert await all_keys(attack) == before

    run_virtual(scenario())


def test_a_blind_central_system_hears_nothing_while_the_current_flows() -> None:
    async def scenario() -> None:
        async with attacked(NAME, meter_interval=1, heartbeat_interval=2) as attack:
            await attack.charge()
            await attack.run(30)
            assert not attack.sent("MeterValues") + attack.sent("Heartbeat")
            assert attack.rig.current > 90
            await attack.stop()
            await asyncio.sleep(10)
            assert len(attack.sent("MeterValues")) >= 9
            assert len(attack.sent("Heartbeat")) >= 4

    run_virtual(scenario())


def test_one_key_of_ones_own_is_changed_and_put_back() -> None:
    async def scenario() -> Attack:
        async with attacked(NAME) as attack:
            await attack.run(1, key="ConnectionTimeOut", value="7")
            assert await attack.key("ConnectionTimeOut") == "7"
            await attack.change(value="8")
            await asyncio.sleep(1)
            assert await attack.key("ConnectionTimeOut") == "8"
            await attack.stop()
            assert await attack.key("ConnectionTimeOut") == "60"
            return attack

    attack = run_virtual(scenario())
    values = [each["value"] for each in attack.sent("ChangeConfiguration")]
    assert values == ["7", "8", "60"]


def test_a_key_under_two_spellings_is_put_back_to_what_it_was_first() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.run(1, key="ConnectionTimeOut", value="7")
            await attack.change(key="connectiontimeout", value="8")
            await asyncio.sleep(1)
            await attack.stop()
            assert await attack.key("ConnectionTimeOut") == "60"

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("key", "value", "answer"),
    [
        ("NumberOfConnectors", "9", "Rejected"),
        ("NoSuchKey", "9", "NotSupported"),
        ("HeartbeatInterval", "often", "Rejected"),
    ],
)
def test_a_station_that_refuses_is_noted_and_the_anomaly_ends(
    key: str, value: str, answer: str
) -> None:
    async def scenario() -> Attack:
        async with attacked(NAME) as attack:
            await attack.run(0, key=key, value=value)
            await attack.ended()
            return attack

    attack = run_virtual(scenario())
    assert [note for note in attack.rig.notes if note.endswith(f": {answer}")]
    assert f"no key was changed: {key}" in attack.rig.notes
    assert attack.rig.changes == ["on", "off", "safe"]


def test_a_value_that_the_station_would_not_take_back_is_left_alone() -> None:
    async def scenario() -> None:
        async with attacked(NAME, meter_interval=0.5) as attack:
            assert await attack.key("MeterValueSampleInterval") == "0.5"
            await attack.run(2)
            assert await attack.key("MeterValueSampleInterval") == "0.5"
            assert await attack.key("HeartbeatInterval") == "86400"
            assert "safe" in await attack.stop()

    run_virtual(scenario())


def test_who_drops_messages_is_not_in_the_way_of_putting_it_back_once_all_is_cleared() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            before = await all_keys(attack)
            execute = attack.rig.execute
            await execute("anomaly.start", name="link-drop", parameters={"action": "Heartbeat"})
            await attack.run(5)
            lost = {"action": "any", "probability": 1.0}
            await execute("anomaly.set", name="link-drop", parameters=lost)
            begun = attack.rig.lab.clock.now()
            await execute("lab.all_clear")
            assert attack.rig.lab.clock.now() - begun < 10
            assert await all_keys(attack) == before
            assert "failed" not in attack.rig.changes

    run_virtual(scenario())
