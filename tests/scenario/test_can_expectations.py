"""Expectations of frames, of the load of a bus, and of what is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from evtui.canbus import ErrorState
from evtui.events import BusLoad, CanFrame, NodeState
from evtui.scenario.expectations.current import CurrentRange
from evtui.scenario.expectations.frames import (
    FrameExpected,
    LoadExpected,
    LoadRange,
    NoFrameExpected,
)
from evtui.scenario.expectations.node_state import NodeExpected
from evtui.scenario.expectations.reported import ReportedExpected
from evtui.scenario.language.loader import ScenarioError
from evtui.scenario.language.model import Amperes, Percent
from tests.scenario.events import judge, sample, seconds
from tests.scenario.files import minimal, plan_of


def frame(t: float, arbitration_id: int = 0x210, data: str = "64 00", node: str = "x") -> CanFrame:
    return CanFrame(
        t=t,
        station="CP1",
        bus="CP1/can",
        node=node,
        arbitration_id=arbitration_id,
        data=bytes.fromhex(data),
    )


def load(t: float, per_cent: float) -> BusLoad:
    return BusLoad(
        t=t,
        station="CP1",
        bus="CP1/can",
        bitrate=500_000,
        load_pct=per_cent,
        frames_per_s=0.0,
        frames=0,
        dropped=0,
    )


def test_a_frame_is_met_by_id_node_and_data() -> None:
    wanted = FrameExpected(frame=0x210, sender="x", data="64 00", count=2)
    others = frame(1, 0x201), frame(2, node="module"), frame(3, data="65 00")
    assert judge(wanted, *others).found == "not seen"
    once = judge(wanted, *others, frame(4))
    assert (once.met, once.found) == (False, "seen once, first at 4.0 s")
    twice = judge(wanted, *others, frame(4), frame(5))
    assert twice == (
        "frame 0x210#6400 from x, 2 times at least",
        True,
        "seen 2 times, first at 4.0 s",
    )


def test_a_frame_that_must_not_be_seen_may_be_outside_its_window() -> None:
    never = NoFrameExpected(no_frame=0x210, start=seconds(2), end=seconds(4))
    assert judge(never, frame(1), frame(3, 0x300), frame(5)).met
    assert judge(never, frame(1), frame(3), frame(3.5)).found == "seen at 3.0 s"
    nothing = judge(never, frame(1), frame(5))
    assert (nothing.met, nothing.found) == (False, "no frame at all in that time")


def test_the_highest_load_counts() -> None:
    wanted = LoadExpected(bus_load=LoadRange(between=(Percent(50), Percent(60))))
    assert judge(wanted, load(1, 3), load(2, 55)) == (
        "peak bus load 50 to 60 %",
        True,
        "55.0 % at 2.0 s",
    )
    assert not judge(wanted, load(1, 55), load(2, 61)).met
    assert not judge(wanted).met


def test_what_is_reported_is_not_what_flows() -> None:
    bounds = CurrentRange(between=(Amperes(40), Amperes(60)))
    wanted = ReportedExpected(reported=bounds)
    assert judge(wanted, sample(1, 100), sample(2, 100, reported=50)) == (
        "reported current 40 to 60 A",
        True,
        "50.0 to 50.0 A",
    )
    assert not judge(wanted, sample(1, 50, reported=100)).met
    assert not judge(wanted, sample(1, 50)).met


@pytest.mark.parametrize(
    ("expectation", "mistake"),
    [
        ('{frame: 0x210, data: "6"}', "expected hexadecimal bytes"),
        ("{bus_load: {between: [5 %, 1 %]}}", "expected the lower bound first"),
        ("{reported: {between: [5 A, 1 A]}}", "expected the lower bound first"),
    ],
)
def test_a_mistake_is_told_before_anything_starts(
    expectation: str, mistake: str, tmp_path: Path
) -> None:
    with pytest.raises(ScenarioError, match=mistake):
        plan_of(minimal(more=f"expect: [{expectation}]\n"), tmp_path)


def becomes(t: float, state: ErrorState, tec: int = 0, node: str = "module") -> NodeState:
    return NodeState(t=t, station="CP1", bus="CP1/can", node=node, state=state, tec=tec, rec=0)


def test_an_error_state_is_counted_when_a_node_comes_into_it() -> None:
    told = (
        becomes(1, "error passive", 128),
        becomes(1.5, "error passive", 200),  # its counters only
        becomes(2, "bus off", 256),
        becomes(2.5, "error active"),
        becomes(3, "error active", 8),
        becomes(4, "bus off", 256, node="charge-point"),
        becomes(5, "bus off", 256),
    )
    off = NodeExpected(node="module", becomes="bus off", count=2)
    assert judge(off, *told) == (
        "module becomes bus off, 2 times at least",
        True,
        "2 times, first at 2.000 s",
    )
    assert not judge(off, *told[:-1]).met
    assert judge(NodeExpected(node="module", becomes="error active"), *told).found == (
        "once, first at 2.500 s"
    )
    never = NodeExpected(node="module", becomes="bus off")
    assert judge(never).found == "it never had an error"
    assert judge(never, told[0]).found == "it is error passive"


def test_an_expected_node_needs_a_name_and_a_known_state(tmp_path: Path) -> None:
    for said, why in (
        ("{node: '', becomes: bus off}", "expected the name of a node, such as module"),
        ("{node: module, becomes: asleep}", "becomes"),
    ):
        with pytest.raises(ScenarioError, match=why):
            plan_of(minimal(more=f"expect: [{said}]"), tmp_path)
