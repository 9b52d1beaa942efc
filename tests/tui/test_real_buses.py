"""A real CAN bus on the screen: its state, the question before it is armed, the red line."""

from __future__ import annotations

from typing import Any

import pytest
from textual.geometry import Size
from textual.widgets import Static

from evtui.events import CanInterfaceState
from evtui.tui.models.real_buses import RealBuses
from evtui.tui.screens.main import MainScreen
from evtui.tui.screens.question import Question
from tests.tui.driving import Driven, driven
from tests.tui.fake_lab import FakeLab
from tests.tui.test_summary import told as status_line

NAME = "slcan:/dev/ttyACM0"


def state(state: str = "open", **more: Any) -> CanInterfaceState:
    known: dict[str, Any] = {
        "station": "CP1",
        "bus": "CP1/can",
        "interface": NAME,
        "side": "controller",
        "listen_only": False,
        "state": state,
    }
    return CanInterfaceState(**(known | more))


def notices(one: Driven) -> str:
    return one.main.notices.told()


def banner(one: Driven) -> str:
    return one.text("#armed")


@pytest.mark.parametrize(
    ("event", "width", "said"),
    [
        (state(), 200, f"  {NAME} ●  "),
        (state(listen_only=True), 200, f"  {NAME} ● listening  "),
        (state(dropped=3, unsent=1, malformed=2), 200, f"  {NAME} ● ! 6 lost  "),
        (state("opening"), 200, f"  {NAME} ◐  "),
        (
            state("failed", detail="no such device", next_try=4.2),
            200,
            f"  {NAME} ✗ no such device, again in 4 s  ",
        ),
        (state("lost", detail="no such device"), 60, "  slcan…"),
        (state("lost", interface="slcan:\x1b[2J", detail="\x07"), 200, "slcan:"),
    ],
)
def test_the_status_line_says_how_the_interface_is(
    event: CanInterfaceState, width: int, said: str
) -> None:
    lab = FakeLab()
    lab.play(2.0)
    lab.publish(event)
    line = status_line(lab, width)
    assert said in line
    assert line.isprintable()


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (state(bitrate=250_000, load_pct=12.34), "  CAN ● 250k 12.3 %  "),
        (state(), " frames/s  "),
    ],
)
def test_the_load_is_that_of_the_real_bus_where_its_bit_rate_is_known(
    event: CanInterfaceState, said: str
) -> None:
    lab = FakeLab()
    lab.play(2.0)
    lab.publish(event)
    assert said in status_line(lab, 200)


def test_the_banner_names_the_bus_the_time_left_and_the_key() -> None:
    buses = RealBuses()
    buses.take(state())
    assert buses.banner(0.0) == ()
    buses.take(state(armed_until=65.0))
    assert buses.banner(5.0)[0] == (
        f"ARMED {NAME}: anomalies and frames by hand reach a real bus, 1:00 left, ! disarms"
    )
    assert buses.banner(65.0) == (), "the time is up, whatever the lab has said meanwhile"


async def test_the_key_asks_names_the_bus_and_arms_it_only_for_a_yes() -> None:
    async with driven(1.0) as one:
        one.lab.publish(state())
        await one.tick()
        await one.press("exclamation_mark")
        assert one.shows(Question)
        told = " ".join(str(each.render()) for each in one.screen.query(Static))
        assert NAME in told
        await one.press("enter")
        assert one.shows(MainScreen)
        assert one.lab.submitted == []
        await one.press("exclamation_mark", "y")
        assert one.lab.submitted == ["can.arm"]
        assert one.lab.arguments == [{"station": "CP1", "connector": 1, "bus": NAME}]


async def test_a_red_line_is_there_while_it_is_armed_and_the_key_disarms() -> None:
    async with driven(1.0) as one:
        assert banner(one) == ""
        one.lab.publish(state(armed_until=one.lab.now() + 60))
        await one.tick()
        assert f"ARMED {NAME}" in banner(one)
        assert one.main.armed.size.width == one.main.size.width
        await one.press("exclamation_mark")
        assert one.lab.submitted == ["can.disarm"]
        one.lab.publish(state())
        await one.tick()
        assert banner(one) == ""
        assert one.main.armed.size == Size(0, 0)


async def test_where_there_is_nothing_to_arm_the_key_says_so() -> None:
    async with driven(1.0) as one:
        await one.press("exclamation_mark")
        assert "no real CAN bus: start evtui with --can to join one" in notices(one)
        one.lab.publish(state(listen_only=True))
        await one.tick()
        await one.press("exclamation_mark")
        assert f"{NAME} is only listened to: nothing to arm" in notices(one)
        assert one.lab.submitted == []
