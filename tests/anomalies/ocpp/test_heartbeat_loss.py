from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from evtui.events import AnomalyState, OcppMessage, Sample
from evtui.lab import CommandError
from tests.anomalies.rig import AnomalyRig, charging_lab, run_anomaly
from tests.virtual_loop import run_virtual


def times(rig: AnomalyRig) -> tuple[float, float]:
    on, off = (s.t for s in rig.of(AnomalyState) if s.change in ("on", "off"))
    return on, off


@pytest.mark.parametrize("mode", ["silent", "closed"])
def test_nothing_is_heard_and_the_current_flows_on(mode: str) -> None:
    rig = run_anomaly("heartbeat-loss", 60.0, mode=mode)
    on, off = times(rig)
    assert [m for m in rig.of(OcppMessage, on) if m.t < off] == []
    assert min(s.current for s in rig.of(Sample, on) if s.t < off) > 99.0
    assert len([f for f in rig.frames(0x300, on) if f.t < off]) > 590
    # A silent one is still connected, a closed one connects again.
    links = {m.link for m in rig.calls("MeterValues", "sent", off)}
    assert links == ({1} if mode == "silent" else {2})


@pytest.mark.parametrize("mode", ["silent", "closed"])
def test_afterwards_every_meter_value_comes_with_the_time_at_which_it_was_taken(mode: str) -> None:
    rig = run_anomaly("heartbeat-loss", 60.0, mode=mode)
    taken = [m.payload["meterValue"][0]["timestamp"] for m in rig.calls("MeterValues", "delivered")]
    assert len(taken) >= 75
    assert all(before < after for before, after in pairwise(taken))


def test_a_call_to_a_silent_station_runs_out_of_time_and_is_answered_too_late() -> None:
    async def ask(rig: AnomalyRig) -> None:
        with pytest.raises(TimeoutError):
            await rig.lab.central_system.call("CP1", "GetConfiguration", {})

    rig = run_anomaly("heartbeat-loss", 5.0, ask, mode="silent")
    _, off = times(rig)
    (call,) = rig.calls("GetConfiguration", "delivered")
    assert call.t >= off
    # It was held and not changed: nobody has injected it.
    assert call.cause == rig.calls("GetConfiguration", "sent")[0].seq


def test_a_status_that_changed_meanwhile_is_told_afterwards() -> None:
    async def unplug(rig: AnomalyRig) -> None:
        await rig.lab.execute("station.plug")

    rig = run_anomaly("heartbeat-loss", 20.0, unplug, mode="silent")
    _, off = times(rig)
    told = [m.payload["status"] for m in rig.calls("StatusNotification", "delivered", off)]
    assert told[-1] in ("Available", "Finishing")


def test_it_can_go_over_from_silence_to_a_closed_connection() -> None:
    async def turn(rig: AnomalyRig) -> None:
        await asyncio.sleep(10.0)
        assert rig.charge_point.accepted
        await rig.set("heartbeat-loss", mode="closed")
        await asyncio.sleep(10.0)
        assert not rig.charge_point.accepted

    run_anomaly("heartbeat-loss", 1.0, turn, mode="silent")


def test_a_station_that_is_not_accepted_is_refused_in_one_line() -> None:
    async def scenario() -> None:
        async with charging_lab(charging=False) as rig:
            await rig.start("heartbeat-loss", mode="closed")
            await asyncio.sleep(1.0)
            with pytest.raises(CommandError, match=r"^CP1 is not accepted by the central system$"):
                await rig.start("boot-flood")

    run_virtual(scenario())
