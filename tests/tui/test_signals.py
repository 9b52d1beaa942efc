"""Signals of CAN frames: extremes, history, and those on the current chart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evtui.events import CanFrame
from evtui.tui.models.charted import CHARTED_MAX, Charted
from evtui.tui.models.meanings import signals_of, values_of
from evtui.tui.models.signals import SignalBook, SignalTrack, Span
from evtui.tui.models.small_chart import small_chart
from evtui.tui.screens.frame_detail import FrameDetailScreen
from tests.tui.driving import Driven, driven
from tests.tui.fake_lab import FakeLab
from tests.tui.panel_app import until


def frame(t: float, amperes: int, arbitration_id: int = 0x300, **more: Any) -> CanFrame:
    facts: dict[str, Any] = {"station": "CP1", "bus": "CP1/can", "node": "module"}
    data = amperes.to_bytes(2, "little")
    return CanFrame(t=t, arbitration_id=arbitration_id, data=data, **facts | more)


def track_of(*frames: CanFrame) -> SignalTrack:
    book = SignalBook()
    book.feed(frames)
    (track,) = book.of(frames[-1])
    return track


def test_a_signal_has_its_value_its_unit_and_its_name() -> None:
    (said,) = values_of(frame(0.0, 98)) or ()
    assert said == ("Current", "A", 98.0, "98 A")
    assert values_of(frame(0.0, 1, arbitration_id=0x555)) is None
    assert values_of(frame(0.0, 98, station="")) is None


@given(st.lists(st.integers(0, 500), min_size=1, max_size=200), st.sampled_from([0.01, 0.1, 1.0]))
def test_extremes_and_mean_are_those_of_every_frame(values: list[int], period: float) -> None:
    track = track_of(*(frame(n * period, value) for n, value in enumerate(values)))
    assert (track.low, track.high, track.count) == (min(values), max(values), len(values))
    assert track.mean == pytest.approx(sum(values) / len(values))


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 500)), min_size=1, max_size=100))
def test_the_history_keeps_every_extreme_of_the_last_minute(
    steps: list[tuple[float, int]],
) -> None:
    t, frames = 0.0, []
    for wait, value in steps:
        t += wait
        frames.append(frame(t, value))
    recent = [int.from_bytes(each.data, "little") for each in frames if each.t > t - 55]
    history = track_of(*frames).history
    assert min(span.low for span in history) <= min(recent)
    assert max(span.high for span in history) >= max(recent)
    assert history[-1].last == steps[-1][1]
    assert [span.t for span in history] == sorted({span.t for span in history})


def test_frames_of_another_bus_are_another_signal() -> None:
    book = SignalBook()
    book.feed([frame(0.0, 5), frame(0.1, 7, bus="CP2/can", station="CP2")])
    assert [book.of(frame(0.0, 0))[0].high, book.of(frame(0, 0, bus="CP2/can"))[0].high] == [5, 7]


@pytest.mark.parametrize(
    ("arbitration_id", "data", "text"),
    [
        (0x01063000, "0000000000000000", "Voltage 0 V · Current 0 A"),
        (0x0106B000, "00", "initialising"),
        (0x029B3FF0, "0000000000000000", "Voltage 0 V · Current 0 A"),
        (0x0106B000, "0000", "2 of 1 bytes"),
    ],
)
def test_frames_of_every_protocol_are_decoded(arbitration_id: int, data: str, text: str) -> None:
    row = CanFrame(
        station="CP1",
        bus="CP1/can",
        node="module",
        arbitration_id=arbitration_id,
        data=bytes.fromhex(data),
        extended=True,
    )
    assert signals_of(row).startswith(text)


def test_error_and_unknown_frames_have_no_signals() -> None:
    book = SignalBook()
    book.feed([frame(0.0, 5, error=True), frame(0.0, 5, arbitration_id=0x123)])
    assert book.of(frame(0.0, 5)) == ()


def test_a_small_chart_shows_a_spike_of_a_single_frame() -> None:
    spans = [Span(n / 4, 10, 10, 10) for n in range(240)]
    spans[100] = Span(25.0, 10, 400, 10)
    rows = small_chart(spans, 60.0, 60.0, 80, 7)
    assert "400┤" in rows[0]
    assert "█" in rows[0] or "▀" in rows[0]
    assert rows[5].strip().startswith("10┤")
    assert {len(row) for row in rows} == {80}


def test_a_value_that_does_not_come_again_goes_on_in_the_chart() -> None:
    rows = small_chart([Span(1.0, 5, 5, 5)], 60.0, 60.0, 60, 5)
    drawn = "".join(rows[:4])
    assert drawn.count("▀") + drawn.count("▄") + drawn.count("█") >= 45


@given(
    st.lists(
        st.tuples(st.floats(-100, 200), st.floats(allow_nan=False, allow_infinity=False)),
        max_size=40,
    ),
    st.integers(0, 120),
    st.integers(0, 12),
)
@example([(0.0, 2.2250738585072014e-308), (46.0, 0.0)], 20, 4)
@example([(0.0, 1.7e308), (46.0, -1.7e308)], 20, 4)
def test_a_small_chart_never_leaves_its_room(
    values: list[tuple[float, float]], width: int, height: int
) -> None:
    spans = [Span(t, value, value, value) for t, value in sorted(values)]
    rows = small_chart(spans, 100.0, 60.0, width, height)
    assert len(rows) in (0, height)
    assert all(len(row) <= max(width, 0) for row in rows)


def test_the_chart_has_room_for_three_signals_and_each_its_own_glyph() -> None:
    charted, book = Charted(), SignalBook()
    frames = [frame(0.0, 5, 0x300 + 0x20 * n) for n in range(CHARTED_MAX + 1)]
    book.feed(frames)
    tracks = [book.of(each)[0] for each in frames]
    assert [charted.put(track, "x") for track in tracks] == [True] * CHARTED_MAX + [False]
    assert len({signal.glyph for signal in charted.signals}) == CHARTED_MAX
    charted.remove(tracks[0].key)
    assert charted.put(tracks[-1], "x")


def test_a_charted_signal_begins_with_what_is_known_and_goes_on_with_frames() -> None:
    charted = Charted()
    charted.put(track_of(frame(0.0, 5), frame(1.0, 9)), "Current")
    charted.feed([frame(2.0, 700), frame(2.1, 3, bus="CP2/can")])
    (signal,) = charted.signals
    assert [*signal.points] == [(0.0, 5), (1.0, 9), (2.0, 700)]
    assert (signal.text, signal.on_axis(0.0)) == ("700 A", True)
    charted.forget()
    assert [len(each.points) for each in charted.signals] == [0]


# On the screen


def detail(one: Driven) -> str:
    assert isinstance(one.screen, FrameDetailScreen)
    return "\n".join(str(each.render()) for each in one.screen.query("Static"))


async def test_a_row_opens_with_its_signals_and_follows_the_lab() -> None:
    async with driven(10.0) as one:
        await one.press("2", "end", "enter")
        assert "of 100 ms in the database" in detail(one)
        assert "▸ Current" in detail(one)
        before = detail(one)
        await one.play(13.0)
        await one.tick()
        assert detail(one) != before
        await one.press("escape")
        assert one.screen is one.main


async def test_a_signal_goes_on_the_current_chart_and_off_again() -> None:
    async with driven(12.0) as one:
        await one.press("2", "end", "enter", "c")
        assert "● on the chart" in detail(one)
        await one.press("escape")
        assert "+ Current" in one.text("#current")
        await one.press("enter", "c", "escape")
        assert "+ Current" not in one.text("#current")


async def test_a_key_takes_every_signal_off_the_chart() -> None:
    async with driven(12.0) as one:
        await one.press("K")
        assert "no signal is on the current chart" in one.main.footer.notice
        await one.press("2", "end", "enter", "c", "escape", "K")
        assert "1 off" in one.main.footer.notice
        await until(one.pilot, lambda: "+ Current" not in one.text("#current"))


async def test_what_was_forged_shows_on_the_chart_as_it_was_said() -> None:
    lab = FakeLab()
    async with driven(6.0, lab=lab) as one:
        await one.press("2", "end", "enter", "c", "escape")
        lab.frame(0x300, (321).to_bytes(2, "little"), node="attacker")
        await one.tick()
        await until(one.pilot, lambda: "321 A" in one.text("#current"))


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (200, 50)])
async def test_the_detail_of_a_frame_fits_into_any_size(size: tuple[int, int]) -> None:
    async with driven(12.0, size=size) as one:
        await one.press("2", "t", "up", "enter", "down", "c", "y", "up")
        assert "copied" in str(one.screen.query_one(".dialog").border_subtitle)
        await one.pilot.resize_terminal(100, 30)
        await one.press("escape")
        assert one.screen is one.main
