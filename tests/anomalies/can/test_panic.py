"""Whatever is injected on CAN: once it is stopped, nothing of it is on the bus any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from evtui.anomalies import anomaly_named, listed
from evtui.events import AnomalyState, CanFrame
from tests.anomalies.can.stand import Stand, charging
from tests.virtual_loop import run_virtual

NAMES = [
    name
    for name, each in listed().items()
    if each.package == "evtui" and anomaly_named(name).layer == "can"
]

ON_THE_LINE = 0.001
"""s that a frame of ours which was on the line already may take, and be tried again."""


async def stop(stand: Stand) -> None:
    assert (await stand.rig.execute("anomaly.stop")).startswith("safe")


async def all_clear(stand: Stand) -> None:
    await stand.rig.execute("lab.all_clear")


def of_ours(stand: Stand, since: float) -> list[CanFrame]:
    """Frames that some injector has caused, or that no node of the station has sent."""
    steps = {each.seq for each in stand.rig.of(AnomalyState)}
    own = {"charge-point", "module"}
    return [
        each
        for each in stand.rig.of(CanFrame)
        if each.t > since
        and (each.node not in own or each.cause in steps)
        # The station is told by us to say once more what its module should do.
        and not (each.node == "charge-point" and not each.error)
    ]


def test_there_are_anomalies_on_can() -> None:
    assert {"can-flood", "bus-off", "babbling-idiot", "ack-loss"} <= {*NAMES}


@pytest.mark.parametrize("ends", [stop, all_clear])
@pytest.mark.parametrize("name", NAMES)
def test_an_anomaly_leaves_nothing_on_the_bus(
    name: str, ends: Callable[[Stand], Awaitable[None]]
) -> None:
    async def scenario() -> None:
        async with charging(name) as stand:
            await stand.rig.execute("anomaly.choose", name=name)
            await stand.start()
            await asyncio.sleep(2.05)
            ordered = stand.now
            await ends(stand)
            over = max(
                [each.t for each in stand.rig.of(AnomalyState) if each.change == "safe"],
                default=ordered,
            )
            await asyncio.sleep(5)
            assert of_ours(stand, over + ON_THE_LINE) == []
            assert [each.name for each in stand.bus.nodes] == ["charge-point", "module"]
            assert not stand.bus.disturbed
            assert stand.bus.mutes == []
            assert {each.state for each in stand.bus.nodes} == {"error active"}

    run_virtual(scenario())


@pytest.mark.parametrize("ends", ["can.stop", "lab.all_clear"])
def test_so_it_is_with_what_is_sent_by_hand_even_behind_a_flood(ends: str) -> None:
    async def scenario() -> None:
        async with charging("can-flood") as stand:
            await stand.start(burst_s=3)
            for message in ("SetLimit", "StopCharging"):
                await stand.rig.execute("can.periodic", message=message, period=0.005)
            await asyncio.sleep(1)
            assert not [each for each in stand.rig.of(CanFrame) if each.node == "by-hand"]
            await stand.rig.execute(ends)
            await asyncio.sleep(6)
            # What waited was taken back, so it never came, not even when the flood was over.
            assert not [each for each in stand.rig.of(CanFrame) if each.node == "by-hand"]
            await stand.rig.execute("lab.all_clear")

    run_virtual(scenario())
