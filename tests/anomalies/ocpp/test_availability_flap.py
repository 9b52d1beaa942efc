from __future__ import annotations

import asyncio

import pytest

from evtui.events import ConnectorState
from tests.anomalies.ocpp.attack import attacked
from tests.virtual_loop import run_virtual

NAME = "availability-flap"


def test_the_connector_is_unavailable_and_back_at_its_pace() -> None:
    async def scenario() -> list[tuple[float, str]]:
        async with attacked(NAME) as attack:
            await attack.run(19.9, out_s=4, back_s=6)
            begun = attack.steps[0].t
            return [
                (each.t - begun, each.status)
                for each in attack.rig.of(ConnectorState)
                if each.connector == 1 and each.t >= begun
            ]

    seen = run_virtual(scenario())
    assert [status for _, status in seen] == ["Unavailable", "Preparing"] * 2
    assert [t for t, _ in seen] == pytest.approx([0, 4, 10, 14], abs=0.1)


def test_nobody_can_start_while_it_is_out_of_use() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.run(5)
            start = {"connectorId": 1, "idTag": "DRIVER"}
            answer = await attack.ask("RemoteStartTransaction", **start)
            assert answer["status"] == "Rejected"
            await attack.stop()
            answer = await attack.ask("RemoteStartTransaction", **start)
            assert answer["status"] == "Accepted"

    run_virtual(scenario())


def test_who_charges_is_left_in_peace_and_it_is_no_trouble() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.charge()
            await attack.run(30)
            assert attack.rig.status == "Charging"
            assert not [note for note in attack.rig.notes if "Scheduled" in note]
            await attack.stop()
            await attack.rig.execute("station.charge")
            await asyncio.sleep(2)
            assert attack.rig.status == "Finishing"

    run_virtual(scenario())


@pytest.mark.parametrize("seconds", [0.0, 3.0, 11.0])
def test_a_connector_that_was_out_of_use_before_is_so_afterwards(seconds: float) -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.ask("ChangeAvailability", connectorId=1, type="Inoperative")
            await attack.run(seconds)
            assert "safe" in await attack.stop()
            await asyncio.sleep(1)
            assert attack.rig.status == "Unavailable"

    run_virtual(scenario())
