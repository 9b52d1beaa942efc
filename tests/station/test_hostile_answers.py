"""Answers to a station's calls that hold their schema, with values nobody would send."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.ocpp16.hostile import payloads
from tests.station.rig import station
from tests.virtual_loop import run_virtual

ACCEPTED = {"status": "Accepted"}


async def charge_with(answers: dict[str, dict[str, Any]]) -> None:
    """Boot, charge for a while by a tag, end it, begin again: the station goes on living."""
    async with station() as rig:
        await asyncio.sleep(5)
        rig.central.answers |= answers
        await rig.central.hang_up()
        await asyncio.sleep(60)
        for _ in range(2):
            rig.connector.present("TAG")
            await asyncio.sleep(30)
        assert "failed" not in rig.notes()
        assert "Error" not in rig.notes(), rig.notes()
        assert await rig.central.call("GetLocalListVersion") == {"listVersion": 0}


@settings(
    deadline=None,
    max_examples=60,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            action: payloads(f"{action}Response", status="Accepted", idTagInfo=ACCEPTED)
            for action in (
                *("Authorize", "BootNotification", "Heartbeat", "StartTransaction"),
                *("StatusNotification", "MeterValues", "StopTransaction"),
            )
        },
    )
)
def test_a_station_lives_through_any_answer(answers: dict[str, dict[str, Any]]) -> None:
    run_virtual(charge_with(answers))
