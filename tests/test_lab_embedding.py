"""The lab in a program of one's own: started, stopped, and started wrongly."""

from __future__ import annotations

import asyncio

import pytest

from evtui import CentralSystem, Lab, Settings
from evtui.lab import CommandError
from tests.virtual_loop import run_virtual


def port_of(csms: CentralSystem) -> int:
    return int(csms.url.rpartition(":")[2])


def tasks() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks()}


async def test_labs_come_and_go_on_one_loop_and_one_port() -> None:
    before = tasks()
    port = 0
    for _ in range(3):
        async with Lab(Settings(port=port)) as lab:
            port = port_of(lab.central_system)
            assert await lab.central_system.call("CP1", "ClearCache") == {"status": "Accepted"}
        assert tasks() == before


async def test_a_lab_whose_port_is_taken_says_so_and_leaves_the_other_alone() -> None:
    async with Lab(Settings(port=0)) as first:
        csms = first.central_system
        before = tasks()
        with pytest.raises(OSError, match=r"cannot listen: .*address already in use"):
            async with Lab(Settings(port=port_of(csms))):
                pass
        assert tasks() == before
        assert csms.stations["CP1"].connections == 1


def test_a_lab_that_does_not_come_up_leaves_nothing_behind() -> None:
    async def scenario() -> None:
        before = tasks()
        with pytest.raises(TimeoutError, match="CP1 not accepted by the central system in 10 s"):
            async with Lab(Settings(csms="ws://127.0.0.1:1")):
                pass
        assert tasks() == before

    run_virtual(scenario())


async def test_a_lab_runs_once() -> None:
    lab = Lab(Settings(port=0))
    await lab.start()
    with pytest.raises(RuntimeError, match="runs once"):
        await lab.start()
    assert lab.central_system.is_connected("CP1")
    await lab.stop()
    await lab.stop()
    with pytest.raises(RuntimeError, match="runs once"):
        await lab.start()


async def test_a_lab_that_was_stopped_before_does_not_start() -> None:
    lab = Lab(Settings(port=0))
    await lab.stop()
    with pytest.raises(RuntimeError, match="runs once"):
        await lab.start()


async def test_what_a_command_does_not_take_is_named() -> None:
    async with Lab(Settings(port=0)) as lab:
        with pytest.raises(CommandError, match=r"^station\.charge: colour: no such argument; did"):
            await lab.execute("station.charge", colour="red")
        with pytest.raises(CommandError, match=r"^csms\.call: station: missing; expected 1 to 48"):
            await lab.execute("csms.call")
