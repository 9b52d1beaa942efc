from __future__ import annotations

import asyncio
import inspect
import select
import textwrap
from collections.abc import Callable
from typing import Any

import can
import pytest

from evtui.canbus import Frame, LabBus, SimulatedBus, python_can
from evtui.canbus.controller import TRANSMIT_QUEUE
from evtui.canbus.packs.seed import ChargerModule, Current, SetLimit, StartCharging, encode
from evtui.events import CanFrame, Note
from evtui.power import PowerStage, Vehicle, preset
from tests.canbus.rig import START_UTC, Rig, frame, ignore, until
from tests.patience import PATIENCE


def foreign(frame: Frame) -> can.Message:
    """A frame as a python-can program makes it."""
    return can.Message(
        arbitration_id=frame.arbitration_id, data=frame.data, is_extended_id=frame.extended
    )


def documented_program() -> Callable[[SimulatedBus], int]:
    """The example in the module's docstring, as a function."""
    doc = inspect.cleandoc(python_can.__doc__ or "")
    code = doc.split("for instance::\n\n")[1].split("\n\nand is started")[0]
    namespace: dict[str, Any] = {}
    exec(textwrap.dedent(code), namespace)
    program: Callable[[SimulatedBus], int] = namespace["program"]
    return program


async def test_the_documented_program_sets_the_limit_and_reads_the_current() -> None:
    rig = Rig()
    stage = PowerStage(preset("seed"), Vehicle())
    running = asyncio.create_task(ChargerModule(rig.bus, stage).run())
    stage.start()
    current = await asyncio.to_thread(documented_program(), rig.bus)
    running.cancel()
    assert stage.limit == 50
    assert 0 < current < 50
    limit = next(event for event in rig.of(CanFrame) if event.arbitration_id == 0x210)
    assert (limit.node, limit.data) == ("guest", b"\x32\x00")
    assert "guest" not in {node.name for node in rig.bus.nodes}, "the guest has left"


async def test_a_program_in_a_thread_hears_0x300_through_a_notifier_and_commands_the_module() -> (
    None
):
    rig = Rig()
    stage = PowerStage(preset("seed"), Vehicle())
    running = asyncio.create_task(ChargerModule(rig.bus, stage).run())

    def program() -> int:
        with LabBus(rig.bus, "guest") as bus:
            reader = can.BufferedReader()
            with can.Notifier(bus, [reader], timeout=0.05):
                bus.send(foreign(encode(SetLimit(300))))
                bus.send(foreign(encode(StartCharging())))
                for _ in range(50):
                    message = reader.get_message(timeout=PATIENCE)
                    assert message is not None
                    current = int.from_bytes(message.data, "little")
                    if message.arbitration_id == 0x300 and current > 30:
                        return current
        return 0

    assert await asyncio.to_thread(program) > 30
    assert stage.limit == 300
    running.cancel()


async def test_timestamps_are_unix_time_and_a_log_written_by_python_can_keeps_them(
    tmp_path: Any,
) -> None:
    rig = Rig()
    sender = rig.bus.attach("sender", ignore)
    path = tmp_path / "run.log"
    with LabBus(rig.bus, "guest") as bus:
        log = can.CanutilsLogWriter(path)
        notifier = can.Notifier(bus, [log], loop=rig.loop)
        sender.send(encode(Current(98)))
        await until(lambda: rig.bus.frames == 1)
        await until(lambda: log.file.tell() > 0)
        notifier.stop()
    [message] = can.LogReader(path)
    [event] = rig.of(CanFrame)
    assert message.timestamp == pytest.approx(START_UTC + event.t, abs=1e-6)
    assert bytes(message.data) == b"\x62\x00"


@pytest.mark.parametrize("suffix", ["log", "asc", "blf", "trc"])
async def test_loggers_of_python_can_keep_the_buses_of_a_lab_apart(
    tmp_path: Any, suffix: str
) -> None:
    rig = Rig()
    second = SimulatedBus("CP2/can", "CP2", rig.stream, rig.clock, number=1)
    senders = [bus.attach("sender", ignore) for bus in (rig.bus, second)]
    path = tmp_path / f"run.{suffix}"
    with LabBus(rig.bus, "guest") as one, LabBus(second, "guest") as two:
        reader = can.AsyncBufferedReader()
        log = can.Logger(path)
        notifier = can.Notifier([one, two], [log, reader], loop=rig.loop)
        for number, sender in enumerate(senders):
            sender.send(encode(Current(10 + number)))
            message = await asyncio.wait_for(reader.get_message(), PATIENCE)
            assert message.channel == f"can{number}"
        notifier.stop()
    read = {bytes(message.data)[0]: message.channel for message in can.LogReader(path)}
    assert len(read) == 2
    assert len(set(read.values())) == 2


async def test_a_notifier_on_the_engines_loop_needs_no_thread_and_gets_everything_in_order() -> (
    None
):
    rig = Rig()
    sender = rig.bus.attach("sender", ignore)
    heard: list[int] = []
    with LabBus(rig.bus, "guest") as bus:
        notifier = can.Notifier(bus, [lambda m: heard.append(m.data[0])], loop=rig.loop)
        assert notifier._readers == [bus.fileno()]
        for number in range(100):
            sender.send(frame(0x100, bytes([number])))
        await until(lambda: len(heard) == 100)
        notifier.stop()
    assert heard == list(range(100))


async def test_its_file_descriptor_is_readable_exactly_while_a_frame_waits() -> None:
    rig = Rig()
    sender = rig.bus.attach("sender", ignore)
    with LabBus(rig.bus, "guest") as bus:

        def readable() -> bool:
            return bool(select.select([bus], [], [], 0)[0])

        assert not readable()
        for number in range(3):
            sender.send(frame(number))
        await until(lambda: rig.bus.frames == 3)
        for _ in range(3):
            assert readable()
            assert bus.recv(0) is not None
        assert not readable()


async def test_a_blocking_recv_on_the_engines_thread_raises_and_a_non_blocking_one_works() -> None:
    rig = Rig()
    sender = rig.bus.attach("sender", ignore)
    with LabBus(rig.bus, "guest") as bus:
        for timeout in (None, 1.0):
            with pytest.raises(can.CanOperationError, match="engine's thread"):
                bus.recv(timeout)
        assert bus.recv(0) is None
        sender.send(frame(0x1))
        await until(lambda: rig.bus.frames == 1)
        message = bus.recv(0)
        assert message is not None
        assert message.arbitration_id == 0x1
        assert bus.recv(0) is None


async def test_a_recv_with_a_timeout_gives_up_in_time() -> None:
    rig = Rig()

    def program() -> can.Message | None:
        with LabBus(rig.bus, "guest") as bus:
            return bus.recv(0.01)

    assert await asyncio.to_thread(program) is None


async def test_filters_decide_before_the_queue() -> None:
    rig = Rig()
    sender = rig.bus.attach("sender", ignore)
    only_300 = [can.typechecking.CanFilter(can_id=0x300, can_mask=0x7FF)]
    with LabBus(rig.bus, "guest", can_filters=only_300) as bus:
        for arbitration_id in (0x100, 0x300, 0x200):
            sender.send(frame(arbitration_id))
        await until(lambda: rig.bus.frames == 3)
        message = bus.recv(0)
        assert message is not None
        assert message.arbitration_id == 0x300
        assert bus.recv(0) is None

        bus.set_filters(None)
        sender.send(frame(0x100))
        await until(lambda: rig.bus.frames == 4)
        assert bus.recv(0) is not None


async def test_send_periodic_sends_copies_so_that_a_counter_in_the_data_is_seen() -> None:
    rig = Rig()

    def program() -> None:
        def count(message: can.Message) -> None:
            message.data[0] += 1

        with LabBus(rig.bus, "guest") as bus:
            bus.send_periodic(foreign(frame(0x55, b"\x00")), period=0.005, modifier_callback=count)
            while rig.bus.frames < 5:
                bus.recv(0.002)

    await asyncio.to_thread(program)
    counted = [event.data[0] for event in rig.of(CanFrame)]
    assert counted[:5] == [1, 2, 3, 4, 5]


async def test_frames_a_program_does_not_read_are_dropped_counted_and_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(python_can, "RECEIVE_QUEUE", 10)
    rig = Rig()
    sender = rig.bus.attach("sender", ignore)
    with LabBus(rig.bus, "sleeper") as bus:
        for number in range(15):
            sender.send(frame(0x100, bytes([number])))
        await until(lambda: rig.bus.frames == 15)
        assert bus.dropped == 5
        kept = [message.data[0] for message in iter(lambda: bus.recv(0), None)]
        assert kept == list(range(10))
    assert [note.text for note in rig.of(Note)] == [
        "sleeper: frame dropped, the program does not read its queue"
    ]


async def test_a_program_that_sends_faster_than_the_line_is_told_so() -> None:
    rig = Rig()

    def program() -> int:
        with LabBus(rig.bus, "flooder") as bus:
            for sent in range(100_000):
                try:
                    bus.send(foreign(frame(0x000, bytes(8))))
                except can.CanOperationError:
                    return sent
        return 0

    sent = await asyncio.to_thread(program)
    assert sent >= TRANSMIT_QUEUE
    await until(lambda: rig.bus.frames == sent)


async def test_what_is_sent_just_before_shutdown_still_goes_out() -> None:
    rig = Rig()

    def program() -> None:
        with LabBus(rig.bus, "guest") as bus:
            bus.send(foreign(frame(0x1)))

    await asyncio.to_thread(program)
    await until(lambda: rig.ids() == [0x1])


async def test_an_invalid_frame_is_refused_in_the_senders_own_thread() -> None:
    rig = Rig()

    def program() -> None:
        with LabBus(rig.bus, "guest") as bus, pytest.raises(ValueError, match="11"):
            bus.send(can.Message(arbitration_id=0x800, is_extended_id=False))

    await asyncio.to_thread(program)


@pytest.mark.parametrize(
    "message",
    [
        can.Message(arbitration_id=0x1, is_fd=True),
        can.Message(arbitration_id=0x1, data=bytes(9)),
        can.Message(arbitration_id=0x1, is_remote_frame=True, dlc=9),
    ],
    ids=["CAN FD", "9 bytes", "9 bytes asked for"],
)
async def test_what_is_no_classic_can_frame_is_refused(message: can.Message) -> None:
    rig = Rig()
    with LabBus(rig.bus, "guest") as bus, pytest.raises(ValueError, match=r"CAN|bytes"):
        bus.send(message)


async def test_remote_error_and_extended_frames_keep_what_they_are() -> None:
    rig = Rig()
    sender = rig.bus.attach("sender", ignore)
    with LabBus(rig.bus, "guest") as bus:
        bus.send(can.Message(arbitration_id=0x7, is_extended_id=False, is_remote_frame=True, dlc=2))
        bus.send(can.Message(arbitration_id=0x1ABCDEFF, data=b"x"))
        await until(lambda: rig.bus.frames == 2)
        sender.send(Frame(0x1ABCDEFE, extended=True, remote=True, requested=3))
        sender.send(Frame(0x9, error=True))
        await until(lambda: rig.bus.frames == 4)
        heard = list(iter(lambda: bus.recv(0), None))
    remote, long, *_ = rig.of(CanFrame)
    assert (remote.arbitration_id, remote.remote, remote.dlc) == (0x7, True, 2)
    assert (long.arbitration_id, long.extended, long.data) == (0x1ABCDEFF, True, b"x")
    asked, error = heard
    assert (error.is_error_frame, error.is_extended_id) == (True, False)
    assert (asked.is_remote_frame, asked.is_extended_id, asked.dlc) == (True, True, 3)


async def test_a_name_that_is_taken_is_an_initialization_error() -> None:
    rig = Rig()
    rig.bus.attach("module", ignore)

    def program() -> None:
        with pytest.raises(can.CanInitializationError, match="'module'"):
            LabBus(rig.bus, "module")

    await asyncio.to_thread(program)
    program()


async def test_when_the_lab_closes_a_waiting_program_is_told_instead_of_waiting_for_ever() -> None:
    rig = Rig()

    def program() -> str:
        with LabBus(rig.bus, "guest") as bus:
            with pytest.raises(can.CanOperationError, match="shut down"):
                bus.recv()
            with pytest.raises(can.CanOperationError, match="shut down"):
                bus.send(foreign(frame(0x1)))
        return "left"

    waiting = asyncio.create_task(asyncio.to_thread(program))
    await until(lambda: len(rig.bus.nodes) == 2)
    rig.bus.close()
    assert await asyncio.wait_for(waiting, 5) == "left"


def test_after_the_engine_has_ended_send_raises_and_shutdown_does_not() -> None:
    async def engine() -> LabBus:
        return LabBus(Rig().bus, "guest")

    bus = asyncio.run(engine())
    with pytest.raises(can.CanOperationError, match="engine has ended"):
        bus.send(foreign(frame(0x1)))
    bus.shutdown()
    bus.shutdown()
