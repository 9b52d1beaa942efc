"""Frames by identifier: what is counted and timed, marked, muted, sorted and left out."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.events import CanFrame, EventReader
from evtui.tui.models.can_columns import Shape, columns_for
from evtui.tui.models.filter import RowFilter
from evtui.tui.models.identifiers import COLUMNS, IdColumn, IdTable, seconds_text


def frame(t: float, arbitration_id: int = 0x300, data: bytes = b"\0\0", **more: Any) -> CanFrame:
    facts: dict[str, Any] = {"station": "CP1", "bus": "CP1/can", "node": "module"}
    return CanFrame(
        seq=round(t * 1e6) + 1, t=t, arbitration_id=arbitration_id, data=data, **facts | more
    )


def table_of(*frames: CanFrame, now: float) -> IdTable:
    table = IdTable()
    table.feed(frames)
    table.publish(now)
    return table


def ids(table: IdTable) -> list[str]:
    return [table.row(place).id_text for place in range(len(table))]


def test_an_identifier_has_count_rate_period_and_jitter() -> None:
    times = (0.0, 0.1, 0.2, 0.32, 0.4, 0.5)
    row = table_of(*(frame(t) for t in times), now=1.0).row(0)
    assert (row.count_text, row.rate_text, row.period_text) == ("6", "6.00", "100 ms")
    assert row.jitter == pytest.approx(0.04)


def test_the_rate_of_what_comes_seldom_is_its_mean_over_ten_seconds() -> None:
    table = IdTable()
    for second in range(20):
        if second % 4 == 0:
            table.feed([frame(float(second), 0x210)])
        table.publish(second + 0.5)
    assert table.row(0).rate == pytest.approx(0.25, abs=0.1)


def test_the_rate_is_right_whenever_the_view_looks() -> None:
    table = IdTable()
    for tick in range(1, 40):  # a view that is late by a tenth each time
        table.feed([frame(tick * 1.1 + n * 0.1 + 0.01) for n in range(-11, 0)])
        table.publish(tick * 1.1)
    assert table.row(0).rate == pytest.approx(10.0)


def test_counting_does_not_depend_on_being_looked_at() -> None:
    frames = [frame(n / 1000, data=bytes([n & 0xFF])) for n in range(5000)]
    seldom, often = IdTable(), IdTable()
    seldom.feed(frames)
    for n in range(0, 5000, 100):
        often.feed(frames[n : n + 100])
        often.publish(n / 1000 + 0.1)
    for table in (seldom, often):
        table.publish(6.2)
    assert seldom.row(0).count == often.row(0).count == 5000
    assert seldom.row(0).period == often.row(0).period


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=60),
    st.integers(1, 20),
    st.lists(st.integers(0, 59), max_size=6),
)
def test_every_frame_counts_however_many_a_slow_view_loses(
    frames: list[tuple[int, bool]], capacity: int, looks: list[int]
) -> None:
    reader, table = EventReader(capacity), IdTable()

    def look(now: float) -> None:
        table.feed(each for each in reader.take() if isinstance(each, CanFrame))
        table.count_lost(reader.lost_frames())
        table.publish(now)

    for number, (arbitration_id, extended) in enumerate(frames):
        node = ("module", "can-flood")[number % 2]
        reader.append(frame(number / 100, arbitration_id, extended=extended, node=node))
        if number in looks:
            look(number / 100)
    look(10.0)
    assert table.frames == len(frames)
    rows = map(table.row, range(len(table)))
    counted = {(row.frame.arbitration_id, row.frame.extended): row.count for row in rows}
    assert counted == Counter(frames)


def test_a_period_that_is_not_the_databases_is_marked() -> None:
    fast = table_of(*(frame(n * 0.05) for n in range(10)), now=1.0).row(0)
    right = table_of(*(frame(n * 0.1) for n in range(10)), now=1.0).row(0)
    assert (fast.cycle, fast.off_cycle, right.off_cycle) == (0.1, True, False)


def test_what_is_overdue_is_stale() -> None:
    cyclic = table_of(*(frame(n * 0.1) for n in range(10)), now=1.0).row(0)
    once = table_of(frame(0.0, 0x210), now=1.0).row(0)
    assert (cyclic.stale(1.5), cyclic.stale(2.0)) == (False, True)
    assert (once.stale(4.9), once.stale(5.1)) == (False, True)


def test_bits_that_are_muted_are_marked_no_more_and_others_are() -> None:
    table = table_of(frame(0.0), frame(0.1, data=b"\x01\0"), now=0.1)
    assert table.row(0).changed(0.1) == {0}
    assert table.mute() == 1
    table.feed([frame(0.2)])
    table.publish(0.2)
    assert table.row(0).changed(0.2) == frozenset()
    assert table.row(0).muted_bytes(2) == {0}
    table.feed([frame(0.3, data=b"\x02\x01")])
    table.publish(0.3)
    assert table.row(0).changed(0.3) == {0, 1}
    table.unmute()
    table.feed([frame(0.4, data=b"\x03\x01")])
    table.publish(1.35)
    assert table.row(0).changed(1.35) == {0}


def test_a_byte_that_was_not_there_has_changed() -> None:
    table = table_of(frame(0.0, data=b"\0"), frame(0.1, data=b"\0\0"), now=0.1)
    assert table.row(0).changed(0.1) == {1}


def test_error_remote_and_extended_frames_have_rows_of_their_own() -> None:
    table = table_of(
        frame(0.0, 0),
        frame(0.1, 0, b"", error=True),
        frame(0.2, 0, b"", remote=True),
        frame(0.3, 0, extended=True),
        now=0.3,
    )
    assert ids(table) == ["000", "000", "00000000", "ERR"]
    assert [table.row(n).name for n in (1, 3)] == ["remote frame", "error frame"]


@pytest.mark.parametrize("column", COLUMNS)
def test_it_can_be_sorted_by_each_column_and_turned_round(column: IdColumn) -> None:
    table = table_of(
        *(frame(n * 0.1) for n in range(12)),
        *(frame(n * 0.2, 0x210, b"\x64\0", node="charge-point") for n in range(6)),
        frame(0.3, 0x18FF50E5, b"\x01", extended=True, node="guest"),
        now=2.0,
    )
    table.sort(column)
    order = ids(table)
    values = [table.row(place).sorted_by(column) for place in range(3)]
    assert values == sorted(values)
    table.sort(column, upside_down=True)
    assert ids(table) == order[::-1]


def test_the_busiest_comes_first_by_count_and_by_rate() -> None:
    table = table_of(
        frame(0.0, 0x100), *(frame(n / 10) for n in range(5)), frame(0.2, 0x7FF), now=1.0
    )
    for column in ("count", "rate"):
        table.sort(column)
        assert ids(table)[0] == "300"


def test_the_order_changes_once_a_second_and_a_row_keeps_its_key() -> None:
    table = table_of(*(frame(n / 10, 0x100) for n in range(3)), frame(0.0, 0x200), now=1.0)
    table.sort("count")
    key = table.row(1).key
    table.feed(frame(1 + n / 100, 0x200) for n in range(9))
    table.publish(1.5)
    assert ids(table) == ["100", "200"]
    table.publish(2.1)
    assert ids(table) == ["200", "100"]
    assert table.position(key) == 0


def test_a_filter_looks_again_at_what_changes() -> None:
    table = table_of(frame(0.0), frame(0.0, 0x210, b"\x20\0"), now=0.1)
    table.set_filter(RowFilter("64 00"))
    assert (len(table), table.total) == (0, 2)
    table.feed([frame(0.2, 0x210, b"\x64\0")])
    table.publish(0.2)
    assert ids(table) == ["210"]


def test_more_identifiers_than_there_is_room_for_push_out_the_silent_ones() -> None:
    table = IdTable(capacity=40)
    for n in range(1000):
        table.feed([frame(n / 1000), frame(n / 1000, 0x18000000 + n, extended=True)])
        if n % 50 == 0:
            table.publish(n / 1000)
    table.publish(2.0)
    assert table.total <= 40
    assert table.dropped == 1001 - table.total
    assert "300" in ids(table)
    assert next(table.row(n).count for n in range(len(table)) if ids(table)[n] == "300") == 1000
    assert table.frames == 2000


@given(st.lists(st.tuples(st.integers(0, 0x7FF), st.booleans()), max_size=60), st.integers(0, 10))
def test_a_place_is_always_a_row_or_the_end(frames: list[tuple[int, bool]], column: int) -> None:
    table = IdTable(capacity=8)
    for n, (number, extended) in enumerate(frames):
        table.feed([frame(n / 100, number, extended=extended)])
        table.publish(n / 10)
        table.sort(COLUMNS[column % len(COLUMNS)], upside_down=column > 5)
        for key in (0, 1, number << 1, 1 << 60):
            assert 0 <= table.position(key) <= len(table)
        for place in range(len(table)):
            assert table.position(table.row(place).key) == place


@given(
    st.builds(
        Shape, st.integers(0, 250), st.sampled_from([3, 8]), st.integers(1, 40), st.integers(0, 64)
    )
)
def test_columns_fit_into_any_width_that_has_room_for_identifier_and_data(shape: Shape) -> None:
    columns = columns_for(shape)
    taken = sum(column.width for column in columns) + len(columns) - 1
    assert taken <= max(shape.width, shape.id_width + 1 + shape.data_width)
    order = [COLUMNS.index(column.name) for column in columns]
    assert order == sorted(set(order))
    assert {"id", "data"} <= {column.name for column in columns}


@pytest.mark.parametrize(("width", "data", "asked"), [(61, 2, 5), (61, 8, 4), (76, 8, 6)])
def test_a_wider_list_has_more_columns(width: int, data: int, asked: int) -> None:
    columns = [each.name for each in columns_for(Shape(width, 3, 13, data))]
    assert len(columns) >= asked
    assert {"id", "name", "data", "count"} <= set(columns)


@given(st.floats(0, 1e7))
def test_a_length_of_time_stays_in_its_column(seconds: float) -> None:
    assert 1 <= len(seconds_text(seconds)) <= 7


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.000_25, "0.25 ms"),
        (0.009_996, "10.0 ms"),
        (0.1, "100 ms"),
        (0.9996, "1.0 s"),
        (8.0, "8.0 s"),
        (99.97, "100 s"),
        (313.4, "313 s"),
        (4000.0, "67 min"),
    ],
)
def test_lengths_of_time_are_written_in_their_unit(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


def test_a_count_of_millions_stays_in_its_column() -> None:
    row = table_of(frame(0.0), now=0.0).row(0)
    row.count = 2_400_000
    assert row.count_text == "2.40M"
