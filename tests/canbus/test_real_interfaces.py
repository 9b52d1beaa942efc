"""The lab behind interfaces of python-can's that need no hardware: slcan, socketcand, multicast.

Something at the far end plays the controller of a charger: it starts our module, sets its limit and
hears it report a current.  Then the plug is pulled, and put back.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from evtui import Lab, Settings
from evtui.canbus import gateway
from evtui.events import CanFrame, CanInterfaceState, Note, OcppMessage
from tests.canbus.adapters import SlcanAdapter, SocketcandServer
from tests.canbus.rig import until
from tests.patience import PATIENCE

START = (0x200, b"")
LIMIT_32_A = (0x210, b"\x20\x00")
LIMIT_64_A = (0x210, b"\x40\x00")


class FarEnd:
    """What somebody on the real bus has heard."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, bytes]] = []

    def hear(self, arbitration_id: int, data: bytes) -> None:
        self.frames.append((arbitration_id, data))

    @property
    def current(self) -> int:
        """A in the newest report of the module; -1 before the first."""
        reports = [data for arbitration_id, data in self.frames if arbitration_id == 0x300]
        return int.from_bytes(reports[-1], "little") if reports else -1


class RealLab:
    """A lab that has joined a real bus, with what it says of it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.states: list[CanInterfaceState] = []
        self.notes: list[str] = []
        self.frames: list[CanFrame] = []
        lab.stream.subscribe(self.states.append, CanInterfaceState)
        lab.stream.subscribe(lambda note: self.notes.append(note.text), Note)
        lab.stream.subscribe(self.frames.append, CanFrame)

    @property
    def state(self) -> str:
        return self.states[-1].state if self.states else ""

    @property
    def stage_current(self) -> float:
        return self.lab.stands["CP1"].outlets[1].stage.state.current


@asynccontextmanager
async def joined(address: str, **settings: Any) -> AsyncIterator[RealLab]:
    """A lab that runs with that real bus."""
    lab = Lab(Settings(port=0, can=(address,), **settings))
    real = RealLab(lab)
    async with lab:
        yield real


async def commands_the_module(
    real: RealLab, far_end: FarEnd, say: Callable[[int, bytes], None]
) -> None:
    """Start the module from the far end, and see its current follow two limits."""
    say(*LIMIT_32_A)
    say(*START)
    await until(lambda: 30 <= far_end.current <= 32)
    say(*LIMIT_64_A)
    await until(lambda: 60 <= far_end.current <= 64)
    assert real.stage_current == pytest.approx(far_end.current, abs=8)


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "FIRST_RETRY", 0.05)
    monkeypatch.setattr(gateway, "LONGEST_RETRY", 0.1)


async def test_over_slcan_our_module_answers_a_controller_and_again_after_the_plug_was_pulled(
    tmp_path: Any,
) -> None:
    far_end = FarEnd()
    adapter = SlcanAdapter(far_end.hear)
    plug = tmp_path / "ttyACM0"  # as udev names it, whatever it is called this time
    plug.symlink_to(adapter.path)
    address = f"slcan:{plug}@500k,sleep_after_open=0"
    async with joined(address, can_side="module") as real:
        await until(lambda: real.state == "open")
        await commands_the_module(real, far_end, adapter.say)
        assert adapter.commands[:2] == ["C", "S6"]
        assert adapter.commands[-1] == "O"

        plug.unlink()
        adapter.unplug()
        await until(lambda: real.state == "failed")
        assert any(each.state == "lost" for each in real.states)
        assert real.states[-1].detail == "no such file or directory"
        assert real.stage_current > 50, "the module goes on: the seed protocol has no watchdog"

        again = SlcanAdapter(far_end.hear)
        plug.symlink_to(again.path)
        await until(lambda: real.state == "open")
        await commands_the_module(real, far_end, again.say)
    assert real.state == "closed"
    again.unplug()


async def test_an_slcan_adapter_is_told_to_listen_only_and_hears_nothing_of_ours() -> None:
    far_end = FarEnd()
    adapter = SlcanAdapter(far_end.hear)
    address = f"slcan:{adapter.path}@500k,sleep_after_open=0"
    async with joined(address, can_side="both", can_listen_only=True) as real:
        await until(lambda: real.state == "open" and len(real.frames) > 10)
        await until(lambda: real.states[-1].withheld > 5)
        await until(lambda: adapter.commands[-1] == "L")
    assert far_end.frames == []
    adapter.unplug()


async def test_a_bit_rate_that_slcan_has_not_is_one_line() -> None:
    adapter = SlcanAdapter(FarEnd().hear)
    async with joined(f"slcan:{adapter.path}@123456,sleep_after_open=0") as real:
        await until(lambda: real.state == "failed")
        assert real.states[-1].detail.startswith("Invalid bitrate, choose one of 10000, 20000")
    adapter.unplug()


async def test_over_socketcand_our_module_answers_and_again_after_the_server_was_gone() -> None:
    far_end = FarEnd()
    server = SocketcandServer(far_end.hear)
    address = f"socketcand:can0,host=127.0.0.1,port={server.port}"
    async with joined(address, can_side="module") as real:
        await until(lambda: real.state == "open")
        await commands_the_module(real, far_end, server.say)

        server.unplug()
        await until(lambda: real.state == "failed")
        lost = next(each for each in real.states if each.state == "lost")
        assert lost.detail in (
            "the server has closed the connection",
            "connection reset by peer",
            "broken pipe",
        )
        assert real.states[-1].detail == f"127.0.0.1:{server.port}: connection refused"

        again = SocketcandServer(far_end.hear, server.port)
        await until(lambda: real.state == "open")
        await commands_the_module(real, far_end, again.say)
        again.say_raw(b"< frame nonsense >")
        await until(lambda: real.states[-1].malformed or real.state != "open")
    again.unplug()


async def test_a_socketcand_that_is_not_there_costs_no_processor_and_no_lines() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        begun = time.process_time()
        async with joined(f"socketcand:can0,host=127.0.0.1,port={port}") as real:
            await until(lambda: sum(each.state == "failed" for each in real.states) >= 5)
            told = [text for text in real.notes if "socketcand" in text]
            assert told == [
                f"socketcand:can0 cannot be opened: 127.0.0.1:{port}: connection refused; "
                "tried again"
            ]
        assert time.process_time() - begun < 5.0


# Between two processes

GROUP = "239.74.163.2"

CONTROLLER = """
import sys, can

with can.Bus(sys.argv[2], interface="udp_multicast", port=int(sys.argv[1]), hop_limit=0) as bus:

    def say(arbitration_id, *data):
        bus.send(can.Message(arbitration_id=arbitration_id, data=data, is_extended_id=False))

    def current():
        while True:
            message = bus.recv(60.0)
            assert message is not None, "the module says nothing"
            if message.arbitration_id == 0x300:
                return int.from_bytes(message.data, "little")

    current()
    say(0x210, 48, 0)
    say(0x200)
    while current() < 46:
        pass
    print("the module delivers", flush=True)
    say(0x201)
    while current() > 1:
        pass
    print("the module has stopped", flush=True)
"""


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def multicast_trouble() -> str:
    """Why a frame sent to the group does not come back on this machine; empty where it does."""
    port = free_udp_port()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        receiver.settimeout(2.0)
        try:
            receiver.bind(("", port))
            membership = socket.inet_aton(GROUP) + socket.inet_aton("0.0.0.0")
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
            sender.sendto(b"there?", (GROUP, port))
            receiver.recv(16)
        except OSError as error:
            return f"no multicast on this machine: {error}"
    return ""


@pytest.fixture
def udp_port() -> int:
    if trouble := multicast_trouble():
        pytest.skip(trouble)
    return free_udp_port()


async def test_over_udp_multicast_our_module_answers_a_controller_in_another_process(
    udp_port: int,
) -> None:
    address = f"udp_multicast:{GROUP},port={udp_port},hop_limit=0"
    async with joined(address, can_side="module") as real:
        await until(lambda: real.state == "open")
        for _ in range(2):  # whoever ends and comes again finds the same bus
            controller = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                CONTROLLER,
                f"{udp_port}",
                GROUP,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            said, wrong = await asyncio.wait_for(controller.communicate(), 2 * PATIENCE)
            assert controller.returncode == 0, wrong.decode()
            assert said.decode().splitlines() == [
                "the module delivers",
                "the module has stopped",
            ]
        ours = [each for each in real.frames if each.arbitration_id == 0x300]
        assert {each.node for each in ours} == {"module"}, "our own echo is no frame of another"
        theirs = {each.node for each in real.frames if each.arbitration_id != 0x300}
        assert theirs == {f"udp_multicast:{GROUP}"}


@pytest.mark.parametrize("protocol", ["seed", "infy", "advantics"])
async def test_two_labs_are_the_two_ends_of_one_bus_and_a_vehicle_charges_over_it(
    udp_port: int, protocol: str
) -> None:
    """The charge point of one drives the module of the other, and meters what that reports."""
    address = f"udp_multicast:{GROUP},port={udp_port},hop_limit=0"
    async with (
        joined(address, can_side="module", protocol=protocol) as modules,
        joined(address, can_side="controller", protocol=protocol) as controllers,
    ):
        await until(lambda: modules.state == controllers.state == "open")
        outlet = controllers.lab.stands["CP1"].outlets[1]
        metered: list[str] = []
        controllers.lab.stream.subscribe(
            lambda message: metered.append(str(message.payload)),
            OcppMessage,
        )
        wire = f"udp_multicast:{GROUP}"
        await until(lambda: any(each.node == wire for each in controllers.frames))
        await controllers.lab.execute("station.charge")
        await until(lambda: modules.stage_current > 95 and outlet.current > 95)
        assert outlet.connector.status == "Charging"
        assert outlet.current == pytest.approx(modules.stage_current, abs=2)
        await until(lambda: any("'Current.Import'" in text for text in metered))
        await controllers.lab.execute("station.charge")
        await until(lambda: modules.stage_current < 1 and outlet.current < 1)
        assert {each.node for each in controllers.frames} == {wire, "charge-point"}
        assert {each.node for each in modules.frames} == {wire, "module"}


async def test_what_is_no_frame_on_the_group_is_counted_and_costs_nothing_else(
    udp_port: int,
) -> None:
    address = f"udp_multicast:{GROUP},port={udp_port},hop_limit=0"
    async with joined(address, can_side="neither") as real:
        await until(lambda: real.state == "open")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
            for nonsense in (b"", b"\xff" * 4000, b"\x81\xa1x\x01", b"\x93\x01\x02\x03", b"\xc1"):
                sender.sendto(nonsense, (GROUP, udp_port))
        await until(lambda: real.states[-1].malformed >= 4)
        assert real.state == "open"
        assert real.frames == []
