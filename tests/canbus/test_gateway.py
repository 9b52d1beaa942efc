"""A gateway between the lab's bus and an interface that the test holds in its hands."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import can
import pytest

from evtui.can_addresses import Side, at_bitrate, parse_can_address
from evtui.canbus import CHARGE_POINT, Frame, Gateway, Node, adapter, gateway
from evtui.canbus.opening import arguments_of
from evtui.events import CanFrame, CanInterfaceState, Note
from tests.canbus.adapters import FakeBus, fake_interface
from tests.canbus.rig import Rig, frame, ignore, until


class Wired(Rig):
    """A bus that a gateway joins to a fake interface."""

    def __init__(self, channel: str, side: Side, *, listen_only: bool = False) -> None:
        super().__init__(bitrate=None)
        self.channel = channel
        self.gateway = Gateway(
            parse_can_address(f"fake:{channel}@250k,some=3"),
            side,
            self.bus,
            self.stream,
            random.Random(1),
            listen_only=listen_only,
        )

    @property
    def wires(self) -> list[FakeBus]:
        """Every connection to the interface so far."""
        return FakeBus.made.get(self.channel, [])

    @property
    def wire(self) -> FakeBus:
        """The connection that is open."""
        return self.wires[-1]

    @property
    def states(self) -> list[str]:
        """What was told of the interface, without what only the traffic changed."""
        told = [event.state for event in self.of(CanInterfaceState)]
        return [
            state for state, before in zip(told, [None, *told], strict=False) if state != before
        ]

    @property
    def newest(self) -> CanInterfaceState:
        return self.of(CanInterfaceState)[-1]

    @property
    def notes(self) -> list[str]:
        return [note.text for note in self.of(Note)]

    def node(self, name: str) -> Node:
        return self.bus.attach(name, ignore)


@asynccontextmanager
async def wired(
    side: Side = "controller", *, opened: bool = True, **more: Any
) -> AsyncIterator[Wired]:
    """A rig whose gateway runs."""
    with fake_interface() as channel:
        rig = Wired(channel, side, **more)
        running = asyncio.create_task(rig.gateway.run())
        if opened:
            await until(lambda: rig.gateway.state == "open")
        try:
            yield rig
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def message(arbitration_id: int, data: bytes = b"", **more: Any) -> can.Message:
    return can.Message(
        arbitration_id=arbitration_id, data=data, is_extended_id=arbitration_id > 0x7FF, **more
    )


# What passes


async def test_what_our_end_says_goes_out_and_what_comes_in_bears_the_name_of_the_interface() -> (
    None
):
    async with wired() as rig:
        rig.node(CHARGE_POINT).send(frame(0x210, b"\x32\x00"))
        rig.wire.arrive(message(0x300, b"\x31\x00"), message(0x1ABCDEFF, b"\x01"))
        await until(lambda: rig.wire.sent and len(rig.of(CanFrame)) == 3)
        assert rig.wire.heard == [(0x210, b"\x32\x00")]
        heard = [each for each in rig.of(CanFrame) if each.node == rig.gateway.name]
        assert [(each.arbitration_id, each.extended, each.data) for each in heard] == [
            (0x300, False, b"\x31\x00"),
            (0x1ABCDEFF, True, b"\x01"),
        ]
        assert all(each.cause is None for each in heard)


async def test_the_interface_is_opened_as_its_address_says() -> None:
    async with wired() as rig:
        assert rig.wire.arguments == {"bitrate": 250_000, "some": 3}
        assert rig.gateway.name == f"fake:{rig.channel}"


async def test_extended_and_remote_frames_go_out_as_what_they_are_and_error_frames_do_not() -> None:
    async with wired() as rig:
        node = rig.node(CHARGE_POINT)
        node.send(Frame(0x1ABCDEFF, b"\x05", extended=True))
        node.send(Frame(0x7, error=True))
        node.send(Frame(0x6, remote=True, requested=3))
        await until(lambda: len(rig.wire.sent) == 2)
        extended, remote = sorted(rig.wire.sent, key=lambda each: -each.arbitration_id)
        assert (extended.is_extended_id, bytes(extended.data)) == (True, b"\x05")
        assert (remote.is_remote_frame, remote.dlc, remote.is_extended_id) == (True, 3, False)


async def test_frames_of_can_fd_pass_in_both_directions_with_their_flags() -> None:
    async with wired() as rig:
        coming = message(0x1ABCDEFF, bytes(64), is_fd=True, dlc=64, bitrate_switch=True)
        rig.wire.arrive(coming)
        rig.bus.attach(CHARGE_POINT, ignore, fd=True).send(
            Frame(0x55, bytes(12), fd=True, brs=True, esi=True)
        )
        await until(lambda: rig.wire.sent and len(rig.of(CanFrame)) == 2)
        (sent,) = rig.wire.sent
        assert (sent.is_fd, sent.bitrate_switch, sent.error_state_indicator) == (True, True, True)
        assert bytes(sent.data) == bytes(12)
        heard = next(each for each in rig.of(CanFrame) if each.node == rig.gateway.name)
        assert (heard.fd, heard.brs, heard.esi, heard.data) == (True, True, False, bytes(64))


async def test_the_load_of_the_wire_is_told_by_its_own_bit_rate() -> None:
    async with wired() as rig:
        rig.wire.arrive(*[message(0x555, b"\x55" * 8)] * 100)
        node = rig.node(CHARGE_POINT)
        for _ in range(100):
            node.send(frame(0x555, b"\x55" * 8))
        await until(lambda: rig.gateway.traffic.received == 100 and len(rig.wire.sent) == 100)
        rig.gateway._measure(0.2)
        rig.gateway._publish()
        # 47 bits around 64 of data, in which nothing but the CRC may need to be stuffed
        assert rig.newest.load_pct == pytest.approx(100 * 200 * 111 / 250_000 / 0.2, rel=0.05)
        assert rig.newest.bitrate == 250_000
        rig.gateway._measure(0.2)
        assert rig.gateway._load == 0.0


SIDES: list[tuple[Side, set[str]]] = [
    ("controller", {CHARGE_POINT}),
    ("module", {"module", "module-2", "module/2"}),
    ("both", {CHARGE_POINT, "module", "module-2", "module/2"}),
    ("neither", set()),
]


@pytest.mark.parametrize(("side", "ours"), SIDES, ids=[side for side, _ in SIDES])
async def test_each_side_sends_what_its_own_ends_say_and_no_more(
    side: Side, ours: set[str]
) -> None:
    names = [CHARGE_POINT, "module", "module-2", "module/2", "can-flood", "modules", "python-can"]
    async with wired(side) as rig:
        for number, name in enumerate(names):
            rig.node(name).send(frame(number))
        await until(lambda: rig.bus.frames == len(names) and len(rig.wire.sent) == len(ours))
        assert {names[number] for number, _ in rig.wire.heard} == ours
        assert rig.gateway.blocked == len(names) - len(ours)


async def test_where_both_ends_are_ours_the_wire_says_nothing_to_them() -> None:
    async with wired("both") as rig:
        rig.wire.arrive(message(0x210, b"\x00\x00"))
        await until(lambda: rig.gateway.traffic.received == 1)
        rig.node("module").send(frame(0x300))
        await until(lambda: rig.wire.sent)
        assert rig.ids() == [0x300]


# Arming


async def test_a_frame_of_nobody_in_particular_stays_off_the_wire_until_it_is_armed() -> None:
    async with wired() as rig:
        node = rig.node("by-hand")
        node.send(frame(0x123))
        await until(lambda: rig.gateway.blocked == 1)
        assert rig.bus.guard() == (
            f"fake:{rig.channel} is a real bus and not armed: ! in the terminal arms it, or "
            "can.arm, or --arm from the start"
        )
        rig.gateway.arm(60)
        assert rig.bus.guard() == ""
        node.send(frame(0x124))
        await until(lambda: rig.wire.sent)
        assert rig.gateway.disarm()
        node.send(frame(0x125))
        await until(lambda: rig.bus.frames == 3)
        assert rig.wire.heard == [(0x124, b"")]
        assert not rig.gateway.disarm()
        assert f"by-hand: frame kept off fake:{rig.channel}, not armed" in rig.notes


async def test_arming_ends_by_itself_and_says_so() -> None:
    async with wired() as rig:
        ended = asyncio.Event()
        rig.gateway.disarmed = ended.set
        rig.gateway.arm(3600)
        rig.gateway.arm(0.05)  # from now, whatever was said before
        assert rig.newest.armed_until == pytest.approx(rig.clock.now() + 0.05, abs=0.02)
        await asyncio.wait_for(ended.wait(), 10)
        assert rig.bus.guard() != ""
        assert rig.newest.armed_until is None
        assert rig.notes[-1] == f"fake:{rig.channel} is no longer armed"


async def test_what_is_only_listened_to_cannot_be_armed_and_needs_not_to_be() -> None:
    async with wired(listen_only=True) as rig:
        assert rig.bus.guard() == ""
        with pytest.raises(ValueError, match="only listened to"):
            rig.gateway.arm(60)


# Listening only


@pytest.mark.parametrize("side", ["controller", "module", "both", "neither"])
async def test_nothing_is_sent_where_it_is_only_listened_whoever_wants_to(side: Side) -> None:
    async with wired(side, listen_only=True) as rig:
        rig.gateway._armed_until = 1e9  # as if somebody had found a way
        for number, name in enumerate([CHARGE_POINT, "module", "can-flood", "python-can"]):
            rig.node(name).send(frame(number, bytes(8)))
        rig.node("module-2").send(Frame(9, remote=True, requested=8))
        rig.wire.arrive(message(0x300, b"\x01\x00"))
        await until(lambda: rig.gateway.traffic.withheld == 5 and rig.gateway.traffic.received)
        wire = rig.wire
        assert wire.sent == []
    assert wire.is_shut_down
    assert wire.sent == []
    assert rig.gateway.traffic.sent == 0


# Opening, losing, opening again


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ModuleNotFoundError("No module named 'usb'", name="usb"), "pip install pyusb"),
        (can.CanInterfaceNotImplementedError("msgpack not installed"), "pip install msgpack"),
        (NameError("name 'canOpen' is not defined"), "driver of the adapter is not installed"),
        (OSError(97, "whatever"), "address family not supported by protocol"),
        (can.CanInitializationError("two\nlines " + "x" * 500), "two lines xxx"),
        (SystemExit("a driver that wants to leave"), "wants to leave"),
    ],
    ids=["no module", "no package", "NameError", "OSError", "lines", "SystemExit"],
)
async def test_what_cannot_be_opened_is_one_line_and_is_tried_again(
    error: BaseException, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "FIRST_RETRY", 0.01)
    async with wired(opened=False) as rig:
        FakeBus.failures[rig.channel] = [error, error]
        await until(lambda: rig.gateway.state == "open")
        failed = [event for event in rig.of(CanInterfaceState) if event.state == "failed"]
        assert len(failed) == 2
        assert told in failed[0].detail
        assert "\n" not in failed[0].detail
        assert len(failed[0].detail) < 200
        first, second = (event.next_try for event in failed)
        assert first is not None
        assert second is not None
        assert second - failed[1].t > first - failed[0].t
        lines = [text for text in rig.notes if "cannot be opened" in text]
        assert lines == [f"fake:{rig.channel} cannot be opened: {failed[0].detail}; tried again"]


async def test_a_driver_that_takes_long_to_open_does_not_hold_up_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "SLOW", 0.05)
    with fake_interface() as channel:
        FakeBus.opening[channel] = threading.Event()
        rig = Wired(channel, "controller")
        running = asyncio.create_task(rig.gateway.run())
        await until(lambda: "has not answered" in rig.newest.detail if rig.events else False)
        rig.node(CHARGE_POINT).send(frame(0x1))
        await until(lambda: rig.bus.frames == 1)
        assert rig.gateway.traffic.unsent == 1
        FakeBus.opening[channel].set()
        await until(lambda: rig.gateway.state == "open")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_an_interface_that_is_lost_is_opened_again_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "FIRST_RETRY", 0.01)
    async with wired() as rig:
        opened: list[int] = []
        rig.gateway.opened = lambda: opened.append(len(rig.wires))
        node = rig.node(CHARGE_POINT)
        rig.wire.arrive(OSError(19, "No such device"))
        await until(lambda: "lost" in rig.states)
        node.send(frame(0x1))
        await until(lambda: len(rig.wires) == 2 and rig.gateway.state == "open")
        node.send(frame(0x2))
        rig.wire.arrive(message(0x300))
        await until(lambda: rig.wire.sent and 0x300 in rig.ids())
        assert rig.wires[0].is_shut_down
        assert opened == [2]
        assert rig.states == ["opening", "open", "lost", "opening", "open"]
        assert f"fake:{rig.channel} is lost: no such device; tried again" in rig.notes


async def test_a_driver_that_fails_to_send_is_lost_too_but_not_for_one_frame_it_has_no_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "FIRST_RETRY", 0.01)
    async with wired() as rig:
        node = rig.node(CHARGE_POINT)
        rig.wire.refuses = can.CanTimeoutError("full")
        node.send(frame(0x1))
        await until(lambda: rig.gateway.traffic.unsent == 1)
        assert rig.gateway.state == "open"
        rig.wire.refuses = OSError(5, "Input/output error")
        node.send(frame(0x2))
        await until(lambda: len(rig.wires) == 2 and rig.gateway.state == "open")
        assert rig.gateway.traffic.unsent == 2
        assert any("is lost: input/output error" in text for text in rig.notes)


async def test_what_was_said_last_still_goes_out_when_the_lab_ends() -> None:
    async with wired() as rig:
        held = rig.wire.holds = threading.Event()
        node = rig.node(CHARGE_POINT)
        for number in range(10):
            node.send(frame(number))
        await until(lambda: rig.bus.frames == 10)
        wire = rig.wire
        held.set()
    assert [number for number, _ in wire.heard] == list(range(10))
    assert rig.states[-1] == "closed"
    assert [node.name for node in rig.bus.nodes] == ["somebody", CHARGE_POINT]


# A hostile wire


async def test_a_flood_on_the_wire_is_bounded_counted_and_leaves_the_loop_its_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapter, "INBOX", 16)  # whoever reads gets further in one turn of its own
    async with wired() as rig:
        late: list[float] = []

        async def tick() -> None:
            loop = asyncio.get_running_loop()
            while True:
                due = loop.time() + 0.01
                await asyncio.sleep(0.01)
                late.append(loop.time() - due)

        ticking = asyncio.create_task(tick())
        flood = [message(0x7FF, bytes(8))] * 20_000
        await asyncio.to_thread(rig.wire.arrive, *flood)

        def all_counted() -> bool:
            traffic = rig.gateway.traffic
            return traffic.received + traffic.dropped + len_waiting() == len(flood)

        def len_waiting() -> int:
            assert rig.gateway._adapter is not None
            return rig.gateway._adapter.waiting

        await until(all_counted)
        ticking.cancel()
        assert rig.gateway.traffic.dropped > 0
        assert max(late) < 3.0
        lines = [text for text in rig.notes if "faster than they can be taken" in text]
        assert len(lines) < 10


@pytest.mark.parametrize(
    ("hostile", "told"),
    [
        (message(0x1, is_fd=True, data=bytes(9), dlc=9), "9 bytes of data; a CAN FD frame has"),
        (message(0x1, is_fd=True, data=bytes(8), dlc=64), "8 bytes of data where 64 are"),
        (message(0x1, data=bytes(3), dlc=8), "3 bytes of data where 8 are announced"),
        (can.Message(arbitration_id=0x800, is_extended_id=False), "0x800 does not fit"),
        (can.Message(arbitration_id=1 << 29, is_extended_id=True), "does not fit into 29"),
        (can.Message(arbitration_id=-1, is_extended_id=False), "-0x1 does not fit"),
        (message(0x1, data=bytes(9), dlc=9), "at most 8"),
        (message(0x1, is_remote_frame=True, dlc=64), "64 bytes asked for"),
        (ValueError("invalid literal for int()"), "no CAN frame: invalid literal"),
        (IndexError("string index out of range"), "string index out of range"),
        (RecursionError("too deep"), "too deep"),
    ],
    ids=str,
)
async def test_what_is_no_frame_is_left_out_counted_and_said(
    hostile: can.Message | Exception, told: str
) -> None:
    async with wired() as rig:
        rig.wire.arrive(hostile, message(0x300, b"\x01\x00"))
        await until(lambda: rig.ids() == [0x300])
        assert rig.gateway.traffic.malformed == 1
        assert any(told in text for text in rig.notes)
        assert rig.gateway.state == "open"


async def test_nonsense_without_end_costs_neither_the_connection_nor_many_lines() -> None:
    async with wired() as rig:
        rig.wire.arrive(*[ValueError(f"nonsense {number}") for number in range(300)])
        await until(lambda: rig.gateway.traffic.malformed == 300)
        assert len(rig.wires) == 1
        assert len(rig.notes) < 10


async def test_remote_frames_come_in_as_such_and_error_frames_raise_the_question_of_the_bit_rate() -> (  # noqa: E501
    None
):
    async with wired() as rig:
        rig.wire.arrive(message(0x20000004, bytes(8), is_error_frame=True))
        await until(lambda: rig.gateway.traffic.errors == 1)
        await until(lambda: rig.notes)
        assert any(text.endswith("is the bit rate right?") for text in rig.notes)
        rig.wire.arrive(message(0x55, is_remote_frame=True, dlc=4))
        await until(lambda: any(each.remote for each in rig.of(CanFrame)))
        (asked,) = (each for each in rig.of(CanFrame) if each.remote)
        assert (asked.arbitration_id, asked.dlc) == (0x55, 4)
        assert any(each.error for each in rig.of(CanFrame))


async def test_a_wire_that_does_not_take_frames_costs_frames_but_not_the_lab(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapter, "OUTBOX", 8)
    async with wired() as rig:
        held = rig.wire.holds = threading.Event()
        node = rig.node(CHARGE_POINT)
        for number in range(50):
            node.send(frame(number))
        await until(lambda: rig.bus.frames == 50)
        assert rig.gateway.traffic.unsent >= 41
        held.set()
        await until(lambda: rig.gateway.traffic.sent + rig.gateway.traffic.unsent == 50)
        assert any("its queue is full" in text for text in rig.notes)


# Echoes


def test_an_echo_is_known_once_each_and_only_for_a_while() -> None:
    now = 0.0
    echoes = adapter._Echoes(lambda: now)
    ours = frame(0x300, b"\x01")
    assert not echoes.heard(ours)
    echoes.sent(ours)
    echoes.sent(ours)
    assert not echoes.heard(frame(0x300, b"\x02"))
    assert [echoes.heard(ours) for _ in range(3)] == [True, True, False]
    echoes.sent(ours)
    now = 2.0
    assert not echoes.heard(ours), "it was lost: this one is somebody else's"
    for number in range(3 * adapter.OUTBOX):
        now += 0.01
        echoes.sent(frame(0x1, number.to_bytes(2, "big")))
    assert len(echoes._sent) <= adapter.OUTBOX + 1, "what never came back is forgotten"


@pytest.mark.parametrize(
    ("text", "bitrate"),
    [
        ("slcan:/dev/ttyACM0", 125_000),
        ("pcan:PCAN_USBBUS1", 125_000),
        ("pcan:PCAN_USBBUS1@250k", 250_000),
        ("socketcan:can0", None),
        ("udp_multicast:239.74.163.2", None),
    ],
)
def test_an_adapter_is_opened_at_the_bit_rate_of_the_protocol_unless_told_another(
    text: str, bitrate: int | None
) -> None:
    address = at_bitrate(parse_can_address(text), 125_000)
    given = arguments_of(address, listen_only=False)
    assert given.get("bitrate") == bitrate
