from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus.packs.infy import (
    Available,
    Command,
    Content,
    InfyController,
    Message,
    Output,
    Rating,
    Read,
    SetOutput,
    Status,
    StatusBits,
    Switch,
    WalkIn,
    decode,
    encode,
)
from evtui.station import ChargerFault, ChargerReport, ChargerState

RATING = Rating(1000, 150, 100.0, 30_000)
SOUND = Status(1, 30, StatusBits(0))
OFF = Status(1, 30, StatusBits.DC_OFF)
BROKEN = Status(1, 30, StatusBits.DC_OFF | StatusBits.MODULE_FAULT)


def told(controller: InfyController, now: float, *contents: Content, by: int = 0) -> list[Message]:
    """What is sent for what a module says."""
    sent: list[Message] = []
    for content in contents:
        sent += controller.hear(Message(content, 0xF0, by), now)[1]
    return sent


def of_two() -> InfyController:
    controller = InfyController([0, 1])
    for address in (0, 1):
        told(controller, 0.0, RATING, OFF, by=address)
    return controller


def set_points(messages: list[Message]) -> dict[int, float]:
    return {
        each.destination: each.content.current
        for each in messages
        if isinstance(each.content, SetOutput)
    }


def test_a_limit_is_divided_and_said_once() -> None:
    controller = of_two()
    assert set_points(controller.set_limits(100.0, None, 1.0)) == {0: 50.0, 1: 50.0}
    assert controller.set_limits(100.0, None, 2.0) == []
    assert set_points(controller.set_limits(0.0, None, 3.0)) == {0: 0.0, 1: 0.0}
    controller.forget()
    assert set_points(controller.set_limits(0.0, None, 4.0)) == {0: 0.0, 1: 0.0}


@given(st.floats(0, 400), st.integers(1, 8))
def test_what_is_said_is_never_more_than_the_limit(limit: float, count: int) -> None:
    controller = InfyController(range(count))
    parts = set_points(controller.set_limits(limit, None, 0.0))
    assert len(parts) == count
    assert limit - 0.001 - 1e-6 <= sum(parts.values()) <= limit + 1e-6
    assert max(parts.values()) - min(parts.values()) <= 0.001 + 1e-6


def test_modules_are_set_before_they_are_switched_on_and_only_switched_to_stop() -> None:
    controller = of_two()
    controller.set_limits(100.0, None, 1.0)
    controller.forget()
    started = controller.start(2.0)
    assert [each.content for each in started if each.destination == 1] == [
        WalkIn(on=False),
        SetOutput(1000.0, 50.0),
        Switch(on=True),
    ]
    assert [(each.destination, each.content) for each in controller.stop(3.0)] == [
        (0, Switch(on=False)),
        (1, Switch(on=False)),
    ]


def test_the_voltage_is_what_the_modules_are_made_for_or_less_if_asked() -> None:
    controller = InfyController([0])
    told(controller, 0.0, Rating(750, 100, 25.6, 15_000))
    assert controller.set_limits(20.0, None, 0.0)[0].content == SetOutput(750.0, 20.0)
    assert controller.set_limits(20.0, 420.0, 0.0)[0].content == SetOutput(420.0, 20.0)
    assert controller.set_limits(20.0, 900.0, 0.0)[0].content == SetOutput(750.0, 20.0)


def test_what_is_echoed_to_the_millivolt_is_not_said_again() -> None:
    controller = InfyController([0])
    (order,) = controller.set_limits(33.33333, 378.97234567, 0.0)
    frame = encode(order)
    assert frame.data == bytes.fromhex("0005C85C00008235")
    echo = decode(frame)
    assert echo is not None
    told(controller, 0.1, echo.content)
    sent = [controller.turn(0.05 * turn) for turn in range(2, 100)]
    assert all(each is None or isinstance(each.content, Read) for each in sent)


def test_a_write_that_nobody_echoes_is_said_again_until_somebody_does() -> None:
    controller = InfyController([0])
    (order,) = controller.stop(0.0)
    again = [controller.turn(0.5 + 0.05 * n) for n in range(40)]
    assert again.count(order) == 2  # at 1 s and at 2 s
    told(controller, 3.0, Switch(on=True))
    assert controller.turn(3.1) == order, "an echo of something else is none"
    told(controller, 3.2, Switch(on=False))
    assert order not in [controller.turn(3.2 + 0.05 * n) for n in range(60)]


@pytest.mark.parametrize("count", range(1, 9))
def test_every_module_is_asked_everything_in_turns_of_50_ms(count: int) -> None:
    controller = InfyController(range(count))
    asked: dict[tuple[int, int], list[float]] = {}
    for turn in range(1200):
        now = turn * 0.05
        message = controller.turn(now)
        if message is None:
            continue
        assert isinstance(message.content, Read)
        asked.setdefault((message.destination, message.content.command), []).append(now)
        if message.content.command == Command.READ_RATING:
            told(controller, now, RATING, by=message.destination)
    for address in range(count):
        gaps = {
            command: max(b - a for a, b in pairwise(times))
            for (whom, command), times in asked.items()
            if whom == address and len(times) > 1
        }
        assert gaps[Command.READ_OUTPUT] <= 0.2 * ((count + 1) // 2) + 0.5
        assert gaps[Command.READ_STATUS] <= 1.5
        assert gaps[Command.READ_AVAILABLE] <= 6.5
        assert len(asked[address, Command.READ_RATING]) == 1, "what it is made for does not change"


def test_the_report_is_of_all_modules_together() -> None:
    controller = of_two()
    controller.set_limits(100.0, None, 0.0)
    controller.start(0.0)
    told(controller, 1.0, Output(400.0, 49.0), SOUND, Available(400.5, 75.0))
    told(controller, 1.0, Output(400.2, 48.0), Status(1, 41, StatusBits(0)), by=1)
    told(controller, 1.0, Available(400.5, 75.0), by=1)
    assert controller.report(1.0) == ChargerReport(
        97.0, 400.2, 41, ChargerState.DELIVERING, available=150.0
    )
    assert controller.capabilities.current_max == 200.0
    assert controller.capabilities.power_max == 60_000.0


def test_what_a_failed_module_cannot_give_the_others_do() -> None:
    controller = of_two()
    controller.set_limits(100.0, None, 0.0)
    controller.start(0.0)
    told(controller, 1.0, SOUND)
    told(controller, 1.0, SOUND, by=1)
    assert set_points(told(controller, 2.0, BROKEN, by=1)) == {0: 100.0, 1: 0.0}
    report = controller.report(2.0)
    assert report.state is ChargerState.DELIVERING
    assert report.faults == (ChargerFault.HARDWARE,)
    back = told(controller, 9.0, OFF, by=1)
    assert set_points(back) == {0: 50.0, 1: 50.0}
    assert Message(Switch(on=True), 1) in back


def test_no_module_left_is_a_fault() -> None:
    controller = of_two()
    controller.start(0.0)
    told(controller, 1.0, BROKEN)
    told(controller, 1.0, BROKEN, by=1)
    assert controller.report(1.0).state is ChargerState.FAULT
    controller.stop(2.0)
    assert controller.report(2.0).state is ChargerState.OFF


def test_a_module_without_a_status_for_15_s_counts_no_more() -> None:
    controller = of_two()
    controller.set_limits(100.0, None, 0.0)
    controller.start(0.0)
    told(controller, 1.0, SOUND, Output(400.0, 50.0))
    told(controller, 1.0, SOUND, Output(400.0, 50.0), by=1)
    assert controller.report(15.9).current == 100.0
    told(controller, 16.5, SOUND, Output(400.0, 50.0))
    assert controller.report(16.5).current == 50.0


def test_a_module_that_was_cut_off_from_us_is_told_that_we_are_back() -> None:
    controller = InfyController([0])
    cut = Status(1, 30, StatusBits.DC_OFF | StatusBits.COMMUNICATION_INTERRUPTED)
    assert told(controller, 1.0, cut) == [Message(Switch(on=False), 0)]
    controller.start(2.0)
    assert told(controller, 3.0, cut) == []
    report = controller.report(3.0)
    assert (report.state, report.faults) == (ChargerState.FAULT, (ChargerFault.COMMUNICATION,))


def test_a_fan_that_fails_is_a_warning() -> None:
    controller = InfyController([0])
    controller.start(0.0)
    told(controller, 1.0, Status(1, 50, StatusBits.FAN_FAULT))
    report = controller.report(1.0)
    assert report.faults == (ChargerFault.VENDOR_WARNING,)
    assert report.state is ChargerState.DELIVERING


def test_what_is_not_about_its_modules_is_left_alone() -> None:
    controller = InfyController([0])
    for message in (
        Message(Output(400.0, 50.0), 0xF0, 5),
        Message(Output(400.0, 50.0), 0xF0, 0, grouped=True),
        Message(Output(400.0, 50.0), 0xF0, 0, error=3),
    ):
        assert controller.hear(message, 1.0) == (False, [])
    assert controller.report(1.0) == ChargerReport(0.0)
