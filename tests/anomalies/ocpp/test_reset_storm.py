from __future__ import annotations

from itertools import pairwise

import pytest

from tests.anomalies.ocpp.attack import Attack, attacked
from tests.virtual_loop import run_virtual

NAME = "reset-storm"


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_each_reset_is_followed_by_a_boot_and_the_first_ends_the_transaction(kind: str) -> None:
    async def scenario() -> Attack:
        async with attacked(NAME) as attack:
            await attack.charge()
            await attack.run(0, kind=kind, interval_s=8, cycles=4)
            await attack.ended()
            assert attack.rig.charge_point.accepted
            return attack

    attack = run_virtual(scenario())
    assert attack.sent("Reset") == [{"type": kind}] * 4
    assert len(attack.sent("BootNotification")) == 4
    assert [each["reason"] for each in attack.sent("StopTransaction")] == [f"{kind}Reset"]
    gaps = [b.t - a.t for a, b in pairwise(attack.calls("Reset"))]
    assert gaps == pytest.approx([8] * 3, abs=0.05)
    assert attack.rig.current < 1


def test_it_is_not_over_before_the_station_is_back() -> None:
    async def scenario() -> None:
        async with attacked(NAME) as attack:
            await attack.run(0.05)
            assert "safe" in await attack.stop()
            boots = attack.sent("BootNotification")
            assert len(boots) == 1
            assert attack.rig.charge_point.accepted
            assert not any(each.rebooting for each in attack.rig.charge_point.connectors.values())

    run_virtual(scenario())


def test_resets_at_the_shortest_interval_all_find_the_station() -> None:
    async def scenario() -> Attack:
        async with attacked(NAME) as attack:
            await attack.run(0, interval_s=6, cycles=8)
            await attack.ended(within=80)
            return attack

    attack = run_virtual(scenario())
    assert len(attack.sent("Reset")) == len(attack.sent("BootNotification")) == 8


def test_every_connector_of_the_station_is_hit() -> None:
    async def scenario() -> None:
        async with attacked(NAME, connectors=2) as attack:
            await attack.rig.execute("station.charge", connector=2)
            second = attack.rig.lab.stands["CP1"].outlets[2].connector
            await attack.rig.until(lambda: second.transaction is not None)
            await attack.run(2)
            assert second.transaction is None

    run_virtual(scenario())
