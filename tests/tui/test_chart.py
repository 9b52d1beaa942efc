from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual_plotext import Plot

from evtui.tui.chart import ChartWorker, Grid, Scene, draw
from evtui.tui.panels.current import CurrentPanel
from evtui.tui.rows import Piece, Row, changed_span, row_text, row_width, to_row
from evtui.tui.series import AlarmMark, AttackSpan, CurrentSeries, Point
from tests.patience import PATIENCE
from tests.tui.waves import fluctuation

PLOT = Plot()
CURVE = set("▘▝▖▗▀▄▌▐▚▞▛▜▙▟█")


def picture(scene: Scene) -> list[str]:
    return [row_text(row) for row in draw(scene, PLOT)]


def flat(seconds: float, current: float, limit: float = 100.0) -> tuple[Point, ...]:
    return tuple(Point(n / 10, current, limit, None) for n in range(int(seconds * 10)))


def wave(seconds: float = 70.0) -> tuple[Point, ...]:
    series = CurrentSeries()
    series.feed(fluctuation(seconds))
    return series.points


def roles(rows: tuple[Row, ...]) -> set[str]:
    return {run.role for row in rows for run in row}


@given(st.integers(8, 130), st.integers(2, 40), st.sampled_from([10, 60, 600]), st.floats(0, 90))
@settings(max_examples=30, deadline=None)
def test_picture_fills_any_size_exactly(width: int, height: int, window: int, now: float) -> None:
    rows = draw(Scene(Grid(width, height, window), now, wave(20)), PLOT)
    assert len(rows) == height
    assert {row_width(row) for row in rows} == {width}


@given(st.integers(0, 599))
@settings(max_examples=40, deadline=None)
def test_spike_of_one_sample_is_drawn_wherever_it_is(index: int) -> None:
    points = list(flat(60, 0.0))
    points[index] = Point(points[index].t, 100.0, 100.0, None)
    top = picture(Scene(Grid(60, 12, 60), 60.0, tuple(points)))[0]
    first_shown = Grid(60, 12, 60).first(60.0) * Grid(60, 12, 60).subcolumn_seconds
    if points[index].t >= first_shown + 0.1:
        assert CURVE & set(top)


def test_history_moves_by_whole_cells_and_keeps_its_shape() -> None:
    grid = Grid(64, 14, 60)
    points = wave(80)
    cell = grid.subcolumn_seconds * 2
    now = 61.0
    before = picture(Scene(grid, now, points))[:10]
    after = picture(Scene(grid, now + cell, points))[:10]
    # The cell at the right edge was not complete, nor the one the curve comes from.
    assert [row[5:-2] for row in after] == [row[6:-1] for row in before]


def test_only_the_right_edge_grows_when_half_a_cell_has_passed() -> None:
    grid = Grid(64, 14, 60)
    points = wave(80)
    half = grid.subcolumn_seconds
    even = half * (2 * 30 + 1) + 1e-6
    early = picture(Scene(grid, even + 30, points))
    moments = [early, *(picture(Scene(grid, even + 30 + half * n, points)) for n in (1, 2))]
    unmoved = [[row[:-2] for row in a] == [row[:-2] for row in b] for a, b in pairwise(moments)]
    assert sorted(unmoved) == [False, True]


def test_gap_in_the_samples_is_a_gap_in_the_curve() -> None:
    points = tuple(p for p in flat(60, 50.0) if not 20 < p.t < 40)
    rows = picture(Scene(Grid(64, 12, 60), 60.0, points))
    curve = next(row for row in rows if "▀" in row or "▄" in row)
    assert " " * 18 in curve.strip()


def test_limit_and_curve_at_the_same_value_share_a_row() -> None:
    for height in range(5, 25):
        rows = picture(Scene(Grid(40, height, 60), 60.0, flat(30, 100.0, limit=100.0)))
        assert all(not set(row) & {"┄"} for row in rows), height


def test_what_is_measured_beside_what_flows_is_a_series_of_its_own() -> None:
    honest = flat(30, 100.0)
    forged = tuple(Point(30 + n / 10, 100.0, 100.0, None, 40.0) for n in range(100))
    assert "measured" not in roles(draw(Scene(Grid(80, 14, 60), 40.0, honest), PLOT))
    rows = draw(Scene(Grid(80, 14, 60), 40.0, honest + forged), PLOT)
    drawn = [run.text for row in rows for run in row if run.role == "measured"]
    assert set("".join(drawn).replace(" ", "")) == {"×"}


def test_series_differ_by_shape_and_not_only_by_colour() -> None:
    rows = draw(Scene(Grid(80, 14, 60), 69.0, wave()), PLOT)
    glyphs: dict[str, set[str]] = {}
    for row in rows[:12]:
        for run in row:
            glyphs.setdefault(run.role, set()).update(run.text.replace(" ", ""))
    assert glyphs["limit"] == {"┄"}
    assert glyphs["reported"] == {"•"}
    assert glyphs["actual"] <= CURVE


def test_axis_starts_at_zero_and_ends_at_a_round_value() -> None:
    rows = picture(Scene(Grid(60, 12, 60), 60.0, flat(60, 130.0)))
    assert rows[0].startswith("150┤")
    assert rows[9].startswith("  0┤")


def test_high_value_keeps_the_axis_until_it_has_left_the_window() -> None:
    spike = Point(0.05, 180.0, 100.0, None)
    points = (spike, *flat(80, 50.0)[1:])
    tops = [picture(Scene(Grid(60, 12, 60), now, points))[0][:3] for now in (1.5, 58.0, 63.0)]
    assert tops == ["200", "200", "100"]


def test_time_axis_says_seconds_before_now() -> None:
    labels = picture(Scene(Grid(60, 12, 60), 60.0, flat(60, 50.0)))[-1]
    assert labels.split() == ["-60", "-45", "-30", "-15", "0", "s"]


def test_attack_its_fading_alarms_and_marks_are_marked_on_the_time_axis() -> None:
    scene = Scene(
        Grid(64, 12, 60),
        60.0,
        flat(60, 50.0),
        attacks=(AttackSpan(10.0, off=40.0, safe=50.0),),
        alarms=(AlarmMark(30.0, True), AlarmMark(55.0, False)),
        mark=35.0,
        marks=(25.0, 58.0),
    )
    band = picture(scene)[-2]
    assert band.index("▓") < band.index("▼") < band.index("▲") < band.index("◆")
    assert band.index("◆") < band.index("▒") < band.index("△") < band.rindex("▼")
    assert abs(band.index("▲") - 34) <= 1


@given(st.floats(0, 90), st.sampled_from([10, 60, 600]))
@settings(max_examples=40, deadline=None)
def test_what_happens_at_this_moment_is_marked_at_the_right_edge(now: float, window: int) -> None:
    grid = Grid(64, 14, window)
    for scene in (
        Scene(grid, now, flat(90, 50.0), alarms=(AlarmMark(now, True),)),
        Scene(grid, now, flat(90, 50.0), marks=(now,)),
        Scene(grid, now, flat(90, 50.0), mark=now),
    ):
        assert picture(scene)[-2][-1] in "▲▼◆"


def test_alarm_is_never_written_into_the_word_attack() -> None:
    grid = Grid(64, 12, 60)
    for t in range(10, 40):
        scene = Scene(
            grid, 60.0, flat(60, 50.0), (AttackSpan(10.0),), alarms=(AlarmMark(float(t), True),)
        )
        band = picture(scene)[-2]
        assert "▲" in band
        assert ("attack" in band) or set(band[15:]) == {"▓", "▲"}


def overlapping(height: int, *spans: tuple[str, float, float | None]) -> list[str]:
    """The rows below the curve, but for the times."""
    attacks = tuple(AttackSpan(start, off, off, attack_id=name) for name, start, off in spans)
    rows = picture(Scene(Grid(84, height, 60), 60.0, flat(60, 50.0), attacks=attacks))
    return [row for row in rows[:-1] if "▓" in row]


def test_attacks_that_overlap_have_a_row_each_with_their_names() -> None:
    first, second, third = overlapping(
        20, ("fluctuation-1", 5.0, None), ("can-flood-2", 20.0, 50.0), ("delay-3", 30.0, None)
    )
    assert " fluctuation-1 " in first
    assert " can-flood-2 " in second
    assert " delay-3 " in third
    assert first.index("▓") < second.index("▓") < third.index("▓")


def test_attacks_that_follow_each_other_share_a_row() -> None:
    (row,) = overlapping(20, ("fluctuation-1", 5.0, 25.0), ("can-flood-2", 30.0, None))
    assert " fluctuation-1 " in row
    assert " can-flood-2 " in row


def test_a_low_chart_gives_no_row_away() -> None:
    assert len(overlapping(8, ("a-1", 5.0, None), ("b-2", 20.0, None))) == 1


def test_names_in_one_row_do_not_cover_each_other() -> None:
    (row,) = overlapping(8, ("fluctuation-1", 5.0, None), ("can-flood-2", 12.0, None))
    assert "fluct" not in row
    assert " can-flood-2 " in row


def test_more_attacks_than_rows_share_the_last_one() -> None:
    spans = [(f"attack-{n}", 5.0 + 8 * n, None) for n in range(5)]
    assert len(overlapping(16, *spans)) == 3


@pytest.mark.parametrize("height", [8, 12, 20])
def test_rows_for_attacks_leave_the_picture_as_high_as_it_is(height: int) -> None:
    attacks = tuple(AttackSpan(5.0 + n, attack_id=f"a-{n}") for n in range(4))
    scene = Scene(Grid(64, height, 60), 60.0, flat(60, 50.0), attacks=attacks)
    rows = picture(scene)
    assert len(rows) == height
    assert {len(row) for row in rows} == {64}


def test_running_attack_is_marked_up_to_now() -> None:
    scene = Scene(Grid(64, 12, 60), 60.0, flat(60, 50.0), attacks=(AttackSpan(55.0),))
    assert picture(scene)[-2].endswith("▓")


def test_what_lies_outside_the_window_is_not_marked() -> None:
    scene = Scene(
        Grid(64, 12, 60),
        200.0,
        (),
        attacks=(AttackSpan(1.0, off=9.0, safe=10.0),),
        alarms=(AlarmMark(5.0, True),),
        mark=300.0,
        marks=(5.0, 300.0),
    )
    assert not set(picture(scene)[-2]) & set("▓▒▲◆▼")


def test_without_current_the_chart_says_what_to_press() -> None:
    hints = ("press b to charge or s to start", "press b")
    for points in ((), flat(60, 0.0)):
        text = "\n".join(picture(Scene(Grid(60, 10, 60), 60.0, points, hints=hints)))
        assert hints[0] in text
    assert hints[1] in "\n".join(picture(Scene(Grid(20, 10, 60), 60.0, (), hints=hints)))
    assert "press" not in "\n".join(
        picture(Scene(Grid(60, 10, 60), 60.0, flat(60, 5.0), hints=hints))
    )


def test_blanks_take_no_style_of_their_own() -> None:
    assert to_row([("a", "x"), (" ", ""), ("b", "x"), ("c", "y")]) == (
        Piece("a b", "x"),
        Piece("c", "y"),
    )


@pytest.mark.parametrize(
    ("old", "new", "span"),
    [
        ((Piece("abc"),), (Piece("abc"),), None),
        ((Piece("abcd"),), (Piece("axyd"),), (1, 3)),
        ((Piece("abcd"),), (Piece("ab"), Piece("c", "x"), Piece("d")), (2, 3)),
        ((Piece("ab"),), (Piece("abc"),), (0, 3)),
        ((), (Piece("ab"),), (0, 2)),
    ],
)
def test_only_the_changed_part_of_a_row_is_written(
    old: Row, new: Row, span: tuple[int, int] | None
) -> None:
    assert changed_span(old, new) == span


def test_worker_draws_the_newest_scene_and_skips_the_ones_between() -> None:
    begun, go = threading.Event(), threading.Event()
    drawn: list[Scene] = []
    finished = threading.Event()

    def deliver(scene: Scene, rows: tuple[Row, ...]) -> None:
        drawn.append(scene)
        begun.set()
        go.wait(PATIENCE)
        if len(drawn) == 2:
            finished.set()

    worker = ChartWorker(deliver)
    scenes = [Scene(Grid(30, 6, 60), float(n), ()) for n in range(5)]
    worker.ask(scenes[0])
    assert begun.wait(PATIENCE)
    for scene in scenes[1:]:
        worker.ask(scene)
    go.set()
    assert finished.wait(PATIENCE)
    assert worker.close()
    assert drawn == [scenes[0], scenes[4]]


def test_worker_ends_when_it_is_closed_without_ever_being_asked() -> None:
    assert ChartWorker(lambda scene, rows: None).close()


def test_picture_has_no_role_that_the_panel_does_not_know() -> None:
    scene = Scene(
        Grid(64, 12, 60),
        60.0,
        wave(),
        (AttackSpan(10.0),),
        (AlarmMark(30.0, True),),
        40.0,
        ("hint",),
        marks=(50.0,),
    )
    known = {name.removeprefix("current--") for name in CurrentPanel.COMPONENT_CLASSES}
    assert "marked" in roles(draw(scene, PLOT)) <= known | {""}
