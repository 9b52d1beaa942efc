from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.tui.replay.overview import Overview, Track
from evtui.tui.rows import row_text
from evtui.tui.series import AttackSpan

WHEN = st.floats(-10, 110)


@given(cells=st.integers(1, 300), t=st.floats(0, 100))
def test_a_click_on_the_cell_of_a_moment_leads_close_to_it(cells: int, t: float) -> None:
    track = Track(0.0, 100.0, cells)
    assert abs(track.time(track.cell(t)) - t) <= 100.0 / max(1, cells - 1)


@given(first=st.floats(0, 1e5), length=st.floats(0.1, 1e5), cells=st.integers(2, 300))
def test_the_outer_cells_are_the_beginning_and_the_end(
    first: float, length: float, cells: int
) -> None:
    track = Track(first, first + length, cells)
    assert (track.time(0), track.time(cells - 1)) == pytest.approx((first, first + length))
    assert (track.time(-5), track.time(cells + 5)) == (track.time(0), track.time(cells - 1))


@given(
    cells=st.integers(1, 120),
    cursor=st.floats(0, 100),
    attacks=st.lists(st.tuples(WHEN, st.none() | WHEN, st.none() | WHEN), max_size=5),
    moments=st.lists(WHEN, max_size=5),
)
def test_the_line_is_as_long_as_it_should_be_and_has_one_cursor(
    cells: int,
    cursor: float,
    attacks: list[tuple[float, float | None, float | None]],
    moments: list[float],
) -> None:
    overview = Overview(
        tuple(AttackSpan(*attack) for attack in attacks), tuple(moments), tuple(moments)
    )
    text = row_text(Track(0.0, 100.0, cells).row(overview, cursor))
    assert len(text) == cells
    assert text.count("●") == 1


def test_attacks_alarms_and_marks_stand_where_they_happened() -> None:
    overview = Overview((AttackSpan(2.0, 5.0, 7.0), AttackSpan(9.0)), alarms=(4.0,), marks=(8.0,))
    assert row_text(Track(0.0, 10.0, 11).row(overview, 1.0)) == "━●▓▓▲▓▒▒▼▓▓"


def test_a_recording_without_length_has_a_line_too() -> None:
    track = Track(3.0, 3.0, 5)
    assert row_text(track.row(Overview(alarms=(3.0,)), 3.0)) == "●────"
    assert track.time(4) == 3.0
