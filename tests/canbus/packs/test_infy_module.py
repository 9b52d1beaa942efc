from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus.packs.infy import (
    BROADCAST,
    Addressing,
    Available,
    Barcode,
    Command,
    Content,
    ErrorCode,
    Group,
    InfyModule,
    Input,
    Led,
    Measured,
    Message,
    ModuleCount,
    Opaque,
    Output,
    OutputFixed,
    Rating,
    Read,
    SetOutput,
    SetSystemOutput,
    Sleep,
    Status,
    StatusBits,
    Switch,
    SystemOutput,
    SystemOutputFixed,
    WalkIn,
)
from evtui.canbus.packs.sharing import ModuleRating

PLATE = ModuleRating(voltage_max=1000, voltage_min=150, current_max=100.0, power=30_000.0)


def module(*, refuses: bool = False) -> InfyModule:
    made = InfyModule(2, 1, PLATE, refuses=refuses)
    made.measured = Measured(voltage=300.0, current=20.0, total=60.0, modules=3, temperature=31.4)
    return made


def ask(to: InfyModule, content: Content, now: float = 0.0) -> Content | None:
    answer = to.hear(Message(content, to.address), now, master=False)
    assert answer is None or (answer.source, answer.destination) == (to.address, 0xF0)
    return None if answer is None else answer.content


def status(of: InfyModule, now: float = 0.0) -> Status:
    answer = ask(of, Read(Command.READ_STATUS), now)
    assert isinstance(answer, Status)
    return answer


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (Command.READ_SYSTEM_OUTPUT, SystemOutput(300.0, 60.0)),
        (Command.READ_MODULE_COUNT, ModuleCount(3)),
        (Command.READ_OUTPUT, Output(300.0, 20.0)),
        (Command.READ_STATUS, Status(1, 31, StatusBits.DC_OFF)),
        (Command.READ_INPUT, Input(400.0, 400.0, 400.0)),
        (Command.READ_SYSTEM_OUTPUT_FIXED, SystemOutputFixed(300.0, 60.0)),
        (Command.READ_OUTPUT_FIXED, OutputFixed(300.0, 20.0)),
        (Command.READ_RATING, Rating(1000, 150, 100.0, 30_000)),
        (Command.READ_BARCODE, Barcode("000000000002V0001")),
        (Command.READ_AVAILABLE, Available(300.5, 0.0)),
    ],
)
def test_each_read_is_answered(command: Command, answer: Content) -> None:
    assert ask(module(), Read(command)) == answer


WRITES: list[Content] = [
    SetOutput(400.0, 50.0),
    Switch(on=True),
    Switch(on=False),
    WalkIn(on=True),
    Sleep(asleep=True),
    Led(blinking=True),
    Group(4),
    Addressing(by_dial=True),
]


@pytest.mark.parametrize("content", WRITES, ids=repr)
def test_what_is_written_is_echoed(content: Content) -> None:
    assert ask(module(), content) == content


@pytest.mark.parametrize("orders", [(0, 1), (1, 0)], ids=["set, on", "on, set"])
def test_set_points_and_switching_are_taken_in_either_order(orders: tuple[int, int]) -> None:
    both: list[Content] = [SetOutput(400.0, 50.0), Switch(on=True)]
    obeying = module()
    for order in orders:
        ask(obeying, both[order])
    assert obeying.capacity(0.0) == 50.0
    ask(obeying, Switch(on=False))
    assert obeying.capacity(0.0) == 0.0


@given(st.floats(0, 2000), st.floats(0, 500), st.floats(0, 1100))
def test_it_never_gives_more_than_set_or_than_it_is_made_for(
    voltage: float, current: float, output: float
) -> None:
    obeying = module()
    ask(obeying, SetOutput(voltage, current))
    ask(obeying, Switch(on=True))
    obeying.measured = Measured(voltage=output)
    capacity = obeying.capacity(0.0)
    assert 0.0 <= capacity <= min(current, 100.0)
    assert capacity * output <= 30_000.0 * (1 + 1e-9)
    assert capacity == 0.0 or output <= voltage


def test_more_than_its_power_allows_is_told_as_power_limited() -> None:
    obeying = module()
    ask(obeying, SetOutput(1000.0, 90.0))
    ask(obeying, Switch(on=True))
    assert StatusBits.POWER_LIMITED not in status(obeying).bits
    obeying.measured = Measured(voltage=400.0)
    assert obeying.capacity(0.0) == 75.0
    assert StatusBits.POWER_LIMITED in status(obeying).bits
    assert ask(obeying, Read(Command.READ_AVAILABLE)) == Available(400.0, 75.0)


def test_10_s_without_a_controller_switch_it_off_until_it_is_switched_on() -> None:
    obeying = module()
    ask(obeying, SetOutput(400.0, 50.0), 1.0)
    ask(obeying, Switch(on=True), 1.0)
    ask(obeying, Read(Command.READ_OUTPUT), 5.0)  # a read is enough
    assert not obeying.watch(15.0)
    assert obeying.capacity(15.0)
    assert obeying.watch(15.1)
    assert not obeying.watch(15.2), "it says so once"
    assert not obeying.capacity(15.2)
    off = StatusBits.COMMUNICATION_INTERRUPTED | StatusBits.DC_OFF
    assert status(obeying, 16.0).bits == off
    assert status(obeying, 16.5).bits == off, "a read does not clear it"
    ask(obeying, SetOutput(400.0, 20.0), 16.7)
    assert status(obeying, 16.7).bits == off, "nor does a set-point"
    ask(obeying, Switch(on=True), 17.0)
    assert status(obeying, 17.0).bits == StatusBits(0)


def test_what_is_said_to_others_does_not_keep_it_on() -> None:
    obeying = module()
    ask(obeying, Switch(on=True))
    assert obeying.hear(Message(Read(Command.READ_OUTPUT), 3), 9.0, master=True) is None
    assert obeying.hear(Message(Switch(on=True), 2, grouped=True), 9.0, master=True) is None
    assert obeying.hear(Message(Output(1.0, 1.0), 0xF0, 2), 9.0, master=True) is None
    assert obeying.watch(10.1)


@pytest.mark.parametrize("grouped", [False, True], ids=["all", "its group"])
def test_those_that_are_told_together_obey_and_one_answers(grouped: bool) -> None:
    to = 1 if grouped else BROADCAST
    master, other = module(), module()
    order = Message(SetSystemOutput(400.0, 150.0), to, grouped=grouped)
    echo = master.hear(order, 0.0, master=True)
    assert echo == Message(SetSystemOutput(400.0, 150.0), 0xF0, to, grouped=grouped)
    assert other.hear(order, 0.0, master=False) is None
    assert master.current == other.current == 50.0  # of 150 A, three of them


def test_a_soft_start_takes_5_s() -> None:
    obeying = module()
    ask(obeying, WalkIn(on=True))
    ask(obeying, SetOutput(400.0, 50.0))
    ask(obeying, Switch(on=True), 10.0)
    assert obeying.capacity(10.0) == 0.0
    assert obeying.capacity(12.5) == 25.0
    assert obeying.capacity(15.0) == 50.0
    assert StatusBits.WALK_IN in status(obeying, 15.0).bits
    ask(obeying, Switch(on=True), 16.0)
    assert obeying.capacity(16.0) == 50.0, "it is on already"


def test_asleep_or_failed_it_gives_nothing_and_says_so() -> None:
    obeying = module()
    ask(obeying, SetOutput(400.0, 50.0))
    ask(obeying, Switch(on=True))
    ask(obeying, Sleep(asleep=True))
    assert obeying.capacity(0.0) == 0.0
    assert {StatusBits.SLEEPING, StatusBits.PFC_OFF, StatusBits.DC_OFF} == {*status(obeying).bits}
    ask(obeying, Sleep(asleep=False))
    assert obeying.capacity(0.0) == 50.0
    obeying.failed = True
    assert obeying.capacity(0.0) == 0.0
    assert {StatusBits.MODULE_FAULT, StatusBits.DC_OFF} == {*status(obeying).bits}


def test_errors_are_answered_only_where_that_is_asked_for() -> None:
    unknown = Message(Opaque(0x30, bytes(8)), 2)
    too_much = Message(SetOutput(1200.0, 50.0), 2)
    assert module().hear(unknown, 0.0, master=False) is None
    obeying = module()
    assert obeying.hear(too_much, 0.0, master=False) == too_much.reply(too_much.content)
    assert obeying.voltage == 1000.0, "what it takes is what it is made for"
    strict = module(refuses=True)
    assert strict.hear(unknown, 0.0, master=False) == unknown.reply(
        unknown.content, ErrorCode.COMMAND_INVALID
    )
    refused = strict.hear(too_much, 0.0, master=False)
    payload = bytes.fromhex("00124F800000C350")
    assert refused == too_much.reply(Opaque(Command.SET_OUTPUT, payload), ErrorCode.DATA_INVALID)
    assert strict.voltage == 0.0
