"""evtui as an interface of python-can: found by name in the process that holds the lab."""

from __future__ import annotations

import asyncio
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import can
import pytest

from evtui import Lab, Settings
from evtui.canbus import LabBus, SimulatedBus, publish
from evtui.canbus.python_can_interface import PublishedBus
from evtui.events import CanFrame
from tests.canbus.rig import Rig, frame, ignore, until
from tests.patience import PATIENCE


def test_python_can_finds_the_interface_by_its_entry_point() -> None:
    (found,) = entry_points(group="can.interface", name="evtui")
    assert found.load() is PublishedBus
    assert "evtui" in can.VALID_INTERFACES


async def test_a_program_that_knows_only_python_can_reads_logs_and_commands_the_lab(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.asc"

    def program() -> int:
        with can.Bus(interface="evtui", channel="lab") as bus, can.Logger(path) as log:
            reader = can.BufferedReader()
            with can.Notifier(bus, [reader, log], timeout=0.05):
                limit = can.Message(arbitration_id=0x210, data=[48, 0], is_extended_id=False)
                heard = [reader.get_message(PATIENCE) for _ in range(5)]
                bus.send(limit)  # the first limit of the charge point itself has passed
                heard += [reader.get_message(PATIENCE) for _ in range(2)]
        return sum(message is not None and message.arbitration_id == 0x300 for message in heard)

    frames: list[CanFrame] = []
    async with Lab(Settings(port=0)) as lab:
        lab.stream.subscribe(frames.append, CanFrame)
        reports = await asyncio.to_thread(program)
        assert lab.stands["CP1"].outlets[1].stage.limit == 48
    assert reports >= 4
    assert sum(each.arbitration_id == 0x300 for each in can.LogReader(path)) >= 4
    assert {(each.node, each.data) for each in frames if each.node.startswith("python-can")} == {
        ("python-can", b"\x30\x00")
    }


async def test_each_charge_point_has_a_bus_and_programs_on_one_bus_have_nodes_of_their_own() -> (
    None
):
    async with Lab(Settings(port=0, stations=2)) as lab:

        def names(station: str) -> list[str]:
            return [node.name for node in lab.stands[station].bus.nodes]

        first = can.Bus(interface="evtui", channel="lab")
        again = can.Bus(interface="evtui", channel="CP1/can")
        other = can.Bus(interface="evtui", channel="CP2/can", node="my-tool")
        assert {"python-can", "python-can-2"} <= {*names("CP1")}
        assert "my-tool" in names("CP2")
        assert again.channel_info == "CP1/can as python-can-2"
        again.send(can.Message(arbitration_id=0x55, is_extended_id=False))
        await until(
            lambda: any(m.arbitration_id == 0x55 for m in iter(lambda: first.recv(0), None))
        )
        heard = list(iter(lambda: other.recv(0), None))
        assert all(message.arbitration_id != 0x55 for message in heard)
        channels = [each["channel"] for each in can.detect_available_configs("evtui")]
        assert channels == ["CP1/can", "CP2/can"]
        for bus in (first, again, other):
            bus.shutdown()


def refusal(channel: str = "lab", **more: Any) -> str:
    with pytest.raises(can.CanInitializationError) as raised:
        can.Bus(interface="evtui", channel=channel, **more)
    return str(raised.value)


def test_where_no_lab_runs_the_error_says_so_and_what_to_do() -> None:
    assert refusal() == (
        "evtui: no lab runs in this process; the lab of another one is reached over its --can, "
        "such as udp_multicast"
    )


async def test_a_lab_that_has_ended_is_found_no_more() -> None:
    async with Lab(Settings(port=0)):
        can.Bus(interface="evtui", channel="lab").shutdown()
    assert "no lab runs in this process" in refusal()


def test_a_lab_whose_loop_is_gone_is_found_no_more() -> None:
    async def engine() -> None:
        publish([Rig().bus])

    asyncio.run(engine())
    assert "no lab runs in this process" in refusal()


async def test_a_bus_that_is_not_there_is_told_with_those_that_are() -> None:
    rig = Rig()
    withdraw = publish([rig.bus])
    assert refusal("can0") == "evtui: no bus is called 'can0'; there are lab, CP1/can"
    rig.bus.attach("taken", ignore)
    assert "'taken'" in refusal(node="taken")
    withdraw()


async def test_a_bit_rate_that_the_bus_does_not_have_is_refused() -> None:
    rig = Rig(bitrate=250_000)
    withdraw = publish([rig.bus])
    assert refusal(bitrate=500_000) == "evtui: CP1/can runs at 250000 bit/s, not at 500000"
    with can.Bus(interface="evtui", channel="lab", bitrate=250_000) as bus:
        assert isinstance(bus, LabBus)
    withdraw()


async def test_where_two_labs_run_a_name_of_both_is_ambiguous() -> None:
    rig = Rig()
    second = SimulatedBus("CP2/can", "CP2", rig.stream, rig.clock)
    first, other = publish([rig.bus]), publish([second])
    assert refusal().startswith("evtui: 2 labs run in this process, so 'lab' is no name of one bus")
    with can.Bus(interface="evtui", channel="CP2/can") as bus:
        second.attach("sender", ignore).send(frame(0x77))
        await until(lambda: second.frames)
        message = bus.recv(0)
        assert message is not None
        assert message.arbitration_id == 0x77
    twin = publish([SimulatedBus("CP2/can", "CP2", rig.stream, rig.clock)])
    assert "'CP2/can' is no name of one bus" in refusal("CP2/can")
    for withdraw in (first, other, twin):
        withdraw()
