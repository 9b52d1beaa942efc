"""Charge points of other people on the screen: what passes, the question, the red line."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import Static

from evtui.events import (
    AnomalyState,
    ArmingState,
    CentralSystemState,
    LinkState,
    OcppMessage,
    as_json,
)
from evtui.tui.models.proxied import Proxied
from evtui.tui.screens.main import MainScreen
from evtui.tui.screens.question import Question
from tests.tui.driving import Driven, driven
from tests.tui.fake_lab import FakeLab
from tests.tui.test_summary import told as status_line


def through() -> CentralSystemState:
    return CentralSystemState(
        source="proxy",
        url="ws://10.0.0.5:8180/steve",
        listening=True,
        ours=False,
        detail="through ws://127.0.0.1:9000",
    )


def joined(lab: FakeLab, station: str = "CP7") -> None:
    """A lab with nothing of its own, and a charge point that has just come."""
    lab.publish(through())
    lab.publish(LinkState(source="proxy", station=station, side="central_system", state="accepted"))
    lab.publish(
        AnomalyState(
            source="injector",
            station=station,
            connector=1,
            attack_id="",
            anomaly="link-delay",
            layer="link",
            change="parameters",
            active=False,
            variant="both",
            parameters={"probability": 1.0, "delay_s": 2.0},
        )
    )


def meter(lab: FakeLab, amperes: float, uid: str) -> None:
    sampled = [{"measurand": "Current.Import", "unit": "A", "value": f"{amperes}"}]
    payload = {"connectorId": 1, "meterValue": [{"sampledValue": sampled}]}
    facts: dict[str, Any] = {
        "source": "proxy",
        "station": "CP7",
        "sender": "charge_point",
        "kind": "call",
        "uid": uid,
        "action": "MeterValues",
        "body": as_json(payload),
        "connector": 1,
    }
    lab.publish(OcppMessage(phase="sent", **facts))
    lab.publish(OcppMessage(phase="delivered", **facts))


@pytest.mark.parametrize(
    ("width", "said"),
    [(200, "PROXY ● 127.0.0.1:9000 → 10.0.0.5:8180/steve  "), (60, "PROXY ● :9000 → :8180  ")],
)
def test_the_status_line_says_between_whom_it_stands(width: int, said: str) -> None:
    lab = FakeLab()
    joined(lab)
    line = status_line(lab, width)
    assert line.startswith(f" {said}") or line.startswith(said)
    assert "CAN" not in line


def test_the_banner_names_who_is_armed_the_time_left_and_the_key() -> None:
    proxied = Proxied()
    proxied.take(ArmingState(station="CP7", armed_until=65.0))
    assert proxied.banner(5.0)[0] == (
        "ARMED CP7: anomalies act on what passes there, 1:00 left, ! disarms"
    )
    assert proxied.banner(65.0) == ()
    proxied.take(ArmingState(station="CP7"))
    assert proxied.banner(5.0) == ()


def test_what_a_charge_point_calls_itself_does_not_reach_the_terminal() -> None:
    proxied = Proxied()
    proxied.take(ArmingState(station="\x1b[2J", armed_until=65.0))
    assert all(form.isprintable() for form in proxied.banner(0.0))


async def began(one: Driven) -> None:
    joined(one.lab)
    await one.tick()


async def test_the_key_asks_names_the_charge_point_and_arms_it_only_for_a_yes() -> None:
    async with driven(0) as one:
        await began(one)
        await one.press("exclamation_mark")
        assert one.shows(Question)
        told = " ".join(str(each.render()) for each in one.screen.query(Static))
        assert "CP7" in told
        await one.press("enter")
        assert one.shows(MainScreen)
        assert one.lab.submitted == []
        await one.press("exclamation_mark", "y")
        assert one.lab.submitted == ["proxy.arm"]
        assert one.lab.arguments == [{"station": "CP7", "connector": 1}]


async def test_an_armed_one_is_disarmed_without_a_question() -> None:
    async with driven(0) as one:
        await began(one)
        one.lab.publish(ArmingState(station="CP7", armed_until=1e6))
        await one.tick()
        assert one.text("#armed").strip().startswith("ARMED CP7")
        await one.press("exclamation_mark")
        assert one.lab.submitted == ["proxy.disarm"]


async def test_before_any_charge_point_has_come_it_says_where_to_connect_one() -> None:
    async with driven(0, size=(80, 24)) as one:
        one.lab.publish(through())
        await one.tick()
        assert "connect a charge point to ws://127.0.0.1:9000/ID" in one.text("#ocpp-list")


async def test_without_any_charge_point_there_is_nothing_to_arm() -> None:
    async with driven(0) as one:
        one.lab.publish(through())
        await one.tick()
        await one.press("exclamation_mark")
        assert "no charge point has connected yet" in one.main.notices.told()


async def test_there_is_no_bus_to_see_and_the_chart_has_what_meter_values_tell() -> None:
    async with driven(0, size=(120, 36)) as one:
        await began(one)
        assert not one.main.can.display
        meter(one.lab, 80.0, "1")
        await one.tick()
        assert "80 A" in one.text("#current")


async def test_keys_act_on_the_charge_point_that_has_come() -> None:
    async with driven(0) as one:
        await began(one)
        await one.press("s")
        assert one.lab.submitted == ["anomaly.start"]
        assert one.lab.arguments == [{"station": "CP7", "connector": 1}]
