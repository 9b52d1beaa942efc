"""The line on a CAN bus, and the dialog on all of them."""

from __future__ import annotations

from typing import Any

import pytest

from evtui.events import BusLoad, CanFrame, EventReader, NodeState
from evtui.tui.models.buses import BUS_OFF, NODES_MAX, PASSIVE, BusBook
from evtui.tui.panels.bus_line import BusLine, bus_row
from evtui.tui.rows import row_text, row_width
from evtui.tui.screens.frame_detail import FrameDetailScreen
from tests.tui.driving import driven
from tests.tui.fake_lab import FakeLab


def frame(t: float, node: str = "module", bus: str = "CP1/can", **more: Any) -> CanFrame:
    return CanFrame(t=t, station=bus[:3], bus=bus, node=node, arbitration_id=1, data=b"", **more)


def load(pct: float, bus: str = "CP1/can", **more: Any) -> BusLoad:
    facts: dict[str, Any] = {"frames_per_s": 4000.0, "frames": 12_345, "bitrate": 500_000}
    return BusLoad(station=bus[:3], bus=bus, load_pct=pct, **facts | more)


def shown(book: BusBook, width: int = 100, station: str = "CP1") -> str:
    row = bus_row(book.of(station), width, named=len(book.buses) > 1)
    assert row_width(row) <= width
    return row_text(row)


def test_the_load_is_a_gauge_and_a_number() -> None:
    book = BusBook()
    book.feed([load(50.0), frame(0.1), frame(0.2, "charge-point")])
    assert "█████░░░░░ 50.0 % of 500k  4,000/s" in shown(book)
    assert "module ● charge-point ●" in shown(book)


def test_what_was_dropped_is_told_in_any_width() -> None:
    book = BusBook()
    book.feed([load(100.0, dropped=7), *(frame(n / 10, f"node-{n}") for n in range(20))])
    for width in (20, 40, 60, 100):
        assert "7 dropped" in shown(book, width)


def test_what_waits_in_transmit_queues_is_told_all_together_and_by_node() -> None:
    book = BusBook()
    book.feed([frame(0.1), load(100.0, queued={"module": 3, "can-flood": 61})])
    assert "queue 64" in shown(book)
    assert [(node.name, node.queued) for node in book.buses[0].nodes.values()] == [
        ("module", 3),
        ("can-flood", 61),
    ]
    book.feed([load(10.0)])
    assert "queue" not in shown(book)
    assert "queued      0" in book.buses[0].facts()


def test_frames_that_came_too_fast_to_be_taken_count_for_their_node() -> None:
    reader = EventReader(capacity=3)
    for number in range(10):
        reader.append(frame(number / 10, ("module", "charge-point")[number == 4]))
    book = BusBook()
    book.feed(reader.take())
    for _ in range(2):
        book.count_lost(reader.lost_frames())
    counts = {node.name: node.frames + node.lost for node in book.buses[0].nodes.values()}
    assert counts == {"module": 9, "charge-point": 1}


def test_a_node_in_trouble_is_told_with_its_counters_where_others_give_way() -> None:
    book = BusBook()
    book.feed([load(10.0), *(frame(n / 10, f"node-{n}") for n in range(9))])
    told: dict[str, Any] = {"station": "CP1", "bus": "CP1/can"}
    book.feed(
        [
            NodeState(node="node-3", state=PASSIVE, tec=136, rec=4, **told),
            NodeState(node="node-7", state=BUS_OFF, tec=256, rec=0, **told),
        ]
    )
    text = shown(book, 70)
    assert "node-3 ▲ error passive 136/4" in text
    assert "node-7 ✗ bus off 256/0" in text
    assert "node-1" not in text


def test_several_buses_are_named_and_that_of_the_chosen_station_is_shown() -> None:
    book = BusBook()
    book.feed([load(10.0), load(20.0, "CP2/can")])
    assert "CP2/can" in shown(book, station="CP2")
    assert "20.0 %" in shown(book, station="CP2")
    assert "10.0 %" in shown(book, station="CP1")


def test_before_anything_was_said_the_line_says_so() -> None:
    book = BusBook()
    assert "not told yet" in shown(book)
    book.feed([frame(0.0)])
    assert "not told yet" in shown(book)


def test_many_nodes_are_bounded_and_that_is_said() -> None:
    book = BusBook()
    book.feed(frame(n / 1000, f"guest-{n}") for n in range(10 * NODES_MAX))
    assert len(book.buses[0].nodes) == NODES_MAX
    assert "others are not told apart" in book.buses[0].table(1.0)


def test_an_error_frame_is_no_frame_of_its_node() -> None:
    book = BusBook()
    book.feed([frame(0.0), frame(0.1, error=True)])
    assert book.buses[0].nodes["module"].frames == 1


async def test_the_panel_has_the_line_where_there_is_room() -> None:
    async with driven(10.0) as one:
        assert "0.2 % of 500k  10/s" in one.text("BusLine")
    async with driven(10.0, size=(80, 24)) as one:
        assert not one.main.query_one(BusLine).display
        await one.press("2", "f")
        assert one.main.query_one(BusLine).display


@pytest.mark.parametrize("size", [(60, 15), (120, 36)])
async def test_a_key_shows_every_bus_with_its_nodes(size: tuple[int, int]) -> None:
    lab = FakeLab()
    async with driven(10.0, size=size, lab=lab) as one:
        lab.publish(frame(10.0, "\x1b[2Jguest", "CP2/can"))
        await one.tick()
        await one.press("B")
        assert one.shows(FrameDetailScreen)
        text = "\n".join(str(each.render()) for each in one.screen.query("Static"))
        assert "buses       2" in text
        assert "error active" in text
        assert "\\x1b[2Jguest" in text
        await one.press("down", "c", "escape")
        assert one.screen is one.main
