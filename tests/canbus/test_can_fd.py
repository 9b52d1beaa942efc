"""CAN FD on the bus."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evtui.canbus import Frame
from evtui.canbus.bits import fd_bits
from evtui.events import CanFrame, NodeState
from tests.canbus.rig import Rig, frame, ignore, until
from tests.virtual_loop import run_virtual

LONG = Frame(0x123, bytes(range(64)), fd=True, brs=True)


def fd_rig() -> Rig:
    rig = Rig(heard=False, data_bitrate=2_000_000)
    rig.bus.attach("listener", ignore, fd=True)
    return rig


def test_64_bytes_are_carried_with_their_flags_and_timed_with_both_bit_rates() -> None:
    async def scenario() -> None:
        rig = fd_rig()
        heard: list[CanFrame] = []
        rig.bus.attach("other", heard.append, fd=True)
        sender = rig.bus.attach("sender", ignore, fd=True)
        sender.send(LONG)
        await asyncio.sleep(1)
        (sent,) = heard
        assert (sent.data, sent.fd, sent.brs, sent.esi) == (bytes(range(64)), True, True, False)
        nominal, data = fd_bits(0x123, bytes(range(64)), brs=True)
        assert sent.t == pytest.approx(nominal / 500_000 + data / 2_000_000)
        load = rig.bus.load_by_identifier()[0x123, False]
        assert load.busy == pytest.approx(sent.t)
        assert load.worst_bits >= nominal + data / 4
        assert load.worst_bits == pytest.approx(nominal + data / 4, rel=0.3)

    run_virtual(scenario())


def test_a_classic_node_answers_a_can_fd_frame_with_an_error_frame_until_one_gives_up() -> None:
    async def scenario() -> None:
        rig = fd_rig()
        classic = rig.bus.attach("classic", ignore)
        sender = rig.bus.attach("sender", ignore, fd=True)
        listener = rig.bus.nodes[0]
        sender.send(LONG)
        await asyncio.sleep(0.1)
        destroyed = [each for each in rig.of(CanFrame) if each.error]
        assert {each.problem for each in destroyed} == {"form"}
        # The classic one was the first to see each error: 9 for it, 1 for the others.
        assert len(destroyed) == 15
        passive = next(each for each in rig.of(NodeState) if each.node == "classic")
        assert (passive.state, passive.rec) == ("error passive", 135)
        # From then on its flags are recessive, and the frame goes through to who understands it.
        assert rig.bus.frames == 1
        assert (sender.tec, listener.rec, classic.tec) == (119, 14, 0)

    run_virtual(scenario())


def test_a_passive_sender_says_so_in_its_frame() -> None:
    async def scenario() -> bool:
        rig = fd_rig()
        sender = rig.bus.attach("sender", ignore, fd=True)
        end = rig.bus.disturb(lambda *_: "bit")
        sender.send(LONG)
        await until(lambda: sender.state == "error passive")
        end()
        await asyncio.sleep(0.1)
        return next(each for each in rig.of(CanFrame) if not each.error).esi

    assert run_virtual(scenario())


def test_a_classic_node_sends_no_can_fd_frame() -> None:
    async def scenario() -> None:
        rig = Rig()
        with pytest.raises(ValueError, match="classic CAN"):
            rig.bus.attach("classic", ignore).send(LONG)

    run_virtual(scenario())


def test_classic_frames_go_by_on_a_bus_of_can_fd_nodes() -> None:
    async def scenario() -> list[bool]:
        rig = fd_rig()
        rig.bus.attach("sender", ignore, fd=True).send(frame(0x1, bytes(8)))
        await asyncio.sleep(1)
        return [each.fd for each in rig.of(CanFrame)]

    assert run_virtual(scenario()) == [False]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"data": bytes(9), "fd": True}, "9 bytes of data; a CAN FD frame has 0 to 8, 12, 16"),
        ({"data": bytes(65), "fd": True}, "65 bytes"),
        ({"fd": True, "remote": True}, "no remote frames"),
        ({"brs": True}, "only a CAN FD frame"),
        ({"esi": True}, "only a CAN FD frame"),
    ],
)
def test_what_is_no_can_fd_frame_cannot_be_made(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Frame(1, **fields)
