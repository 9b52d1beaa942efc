"""The OCPP and the CAN list as a person uses them."""

from __future__ import annotations

from textual.events import Key, MouseScrollUp
from textual.keys import key_to_character
from textual.widgets import Input

from evtui.tui.line_view import LineView
from evtui.tui.panels.list_panel import FilterLine
from evtui.tui.screens.main import MainScreen
from tests.tui.driving import driven, handled
from tests.tui.fake_lab import FakeLab

# Lists


async def test_a_row_tells_time_direction_action_outcome_fact_and_latency() -> None:
    async with driven(6.0) as one:
        lines = one.text("#ocpp-list").splitlines()
        assert any(
            "12:01:06.000 → SetChargingProfile     ✓ 0 A" in line and "2 ms" in line
            for line in lines
        )


async def test_before_anything_happens_the_lists_say_what_they_wait_for() -> None:
    async with driven(0.0) as one:
        await one.tick()
        assert "waiting for the charge point to boot" in one.text("#ocpp-list")
        assert "waiting for the bus" in one.text("#can-ids")
        await one.press("enter", "y", "up", "end")


async def test_a_second_station_brings_a_station_column() -> None:
    async with driven(1.0, size=(200, 50)) as one:
        assert "CP1" not in one.text("#ocpp-list")
        one.lab.call("charge_point", "Heartbeat", {}, {}, station="EVIL\x1b[2J")
        await one.tick()
        assert "CP1" in one.text("#ocpp-list")
        assert "EVIL\\x1b[" in one.text("#ocpp-list")


async def test_a_reader_who_moved_up_stays_put_and_sees_how_much_is_new() -> None:
    async with driven(20.0) as one:
        await one.press("up", "up")
        before = one.text("#ocpp-list")
        await one.play(30.0)
        assert one.text("#ocpp-list") == before
        assert "+11 new" in one.title("#ocpp")
        await one.press("end")
        assert "new" not in one.title("#ocpp")
        assert one.text("#ocpp-list") != before


async def test_a_reader_does_not_drift_when_the_oldest_rows_leave() -> None:
    async with driven(0.0, size=(120, 24)) as one:
        store = one.main.ocpp.log_model.store
        store._capacity = 40
        for _ in range(40):
            one.lab.call("charge_point", "Heartbeat", {}, {})
        await one.tick()
        await one.press("up")
        entry = one.main.ocpp.view.entry
        before = one.text("#ocpp-list")
        for _ in range(15):
            one.lab.call("charge_point", "Heartbeat", {}, {})
        await one.tick()
        assert one.main.ocpp.view.entry is entry
        assert one.text("#ocpp-list") == before
        assert "15 dropped" in one.title("#ocpp")


async def test_moving_down_onto_the_last_row_follows_again() -> None:
    async with driven(20.0) as one:
        view = one.main.ocpp.view
        await one.press("up", "up", "down")
        assert not view.following
        await one.press("down")
        assert view.following


async def test_the_wheel_scrolls_and_a_click_chooses() -> None:
    async with driven(30.0, size=(80, 24)) as one:
        view = one.main.query_one("#ocpp-list", LineView)
        last = one.text("#ocpp-list").splitlines()[-1]
        view._wheel_up(_wheel(view))
        await handled(one.pilot)
        assert not view.following
        assert one.text("#ocpp-list").splitlines()[-1] != last
        await one.pilot.click("#ocpp-list", offset=(5, 1))
        await handled(one.pilot)
        assert one.text("#ocpp-list").splitlines()[1].startswith("▌")


def _wheel(view: LineView) -> MouseScrollUp:
    return MouseScrollUp(view, 0, 0, 0, 0, 0, False, False, False)


async def test_the_trace_lists_every_frame() -> None:
    async with driven(10.0) as one:
        await one.press("t")
        assert "trace" in one.title("#can")
        lines = one.text("#can-trace").splitlines()
        assert "12:01:11.000 300 Current" in lines[-1]
        await one.press("t")
        assert "by id" in one.title("#can")


async def test_changed_bytes_are_marked_without_colour_too() -> None:
    async with driven(8.3) as one:
        view = one.main.query_one("#can-ids", LineView)
        strip = view.render_line(2)
        marked = [s.text for s in strip if s.style is not None and s.style.underline]
        assert len(marked) == 1


async def test_a_chosen_message_lights_up_the_frames_it_caused_and_back() -> None:
    async with driven(8.0) as one:
        await one.press("t")
        while "SetChargingProfile" not in one.main.ocpp.view.entry.title:  # type: ignore[union-attr]
            await one.press("up")
        lit = [line for line in one.text("#can-trace").splitlines() if line.startswith("»")]
        assert len(lit) == 1
        assert "210 SetLimit" in lit[0]
        await one.press("2")
        for _ in range(60):
            await one.press("up")
            entry = one.main.can.view.entry
            if entry is not None and entry.id_text == "210":
                break
        lit = [line for line in one.text("#ocpp-list").splitlines() if line.startswith("»")]
        assert len(lit) == 1
        assert "SetChargingProfile" in lit[0]


async def test_copying_puts_the_row_on_the_clipboard() -> None:
    async with driven(6.0) as one:
        await one.press("2", "y")
        assert one.app.clipboard.endswith("210 SetLimit charge-point 00 00 0 A")
        assert "copied" in one.text("#footer")


# Pause


async def test_pause_freezes_the_view_and_counts_what_is_new() -> None:
    async with driven(10.0) as one:
        await one.press("space")
        before = [one.text("#ocpp-list"), one.text("#can-ids"), one.text("#anomaly")]
        await one.play(16.0)
        await one.press("up", "down")
        assert [one.text("#ocpp-list"), one.text("#can-ids"), one.text("#anomaly")] == before
        assert "PAUSED +" in one.text("#status")
        await one.press("space")
        await one.tick()
        assert "PAUSED" not in one.text("#status")
        assert one.text("#ocpp-list") != before[0]


async def test_events_the_view_was_too_slow_for_are_counted_on_screen() -> None:
    async with driven(0.0, lab=FakeLab(capacity=100)) as one:
        await one.play(20.0)
        assert "events dropped" in one.text("#status")


# Filter


async def test_a_filter_acts_while_one_types_and_stays_with_enter() -> None:
    async with driven(20.0) as one:
        await one.press("slash", *"setch")
        assert "filter setch · 4/" in one.title("#ocpp")
        await one.press("enter")
        assert one.main.ocpp.view.has_focus
        rows = [line for line in one.text("#ocpp-list").splitlines() if line.strip()]
        assert len(rows) == 4
        assert all("SetChargingProfile" in line for line in rows)
        await one.play(24.0)
        assert "filter setch · 6/" in one.title("#ocpp")


async def test_enter_keeps_no_filter_that_is_none() -> None:
    async with driven(5.0) as one:
        await one.press("slash", *"/(a", "enter")
        line = one.main.ocpp.query_one(FilterLine)
        assert line.display
        assert "✗" in str(line.query_one("#hint").render())
        await one.press("right_parenthesis", "enter")
        assert not line.display


async def test_keys_typed_into_a_filter_do_not_reach_the_lab() -> None:
    async with driven() as one:
        await one.press("slash", "s", "x", "0", "space", "question_mark")
        assert one.lab.submitted == []
        assert one.shows(MainScreen)
        assert one.main.query_one("#ocpp Input", Input).value == "sx0 ?"


async def test_keys_in_quick_succession_go_where_they_should() -> None:
    async with driven(20.0) as one:
        for key in ("2", "t", "slash", "2", "1", "0"):
            one.app.post_message(Key(key, key_to_character(key)))
        while "trace · filter 210 · 4/" not in one.title("#can"):
            await handled(one.pilot)


async def test_a_filter_that_matches_nothing_says_so() -> None:
    async with driven(20.0) as one:
        await one.press("slash", *"nothing")
        assert "no row matches the filter" in one.text("#ocpp-list")


async def test_escape_clears_a_filter() -> None:
    async with driven(20.0) as one:
        await one.press("2", "slash", *"300")
        assert "1/4" in one.title("#can")
        await one.press("escape")
        assert one.main.can.view.source.filter is None
        assert one.main.can.view.has_focus


async def test_escape_clears_a_filter_that_was_kept_in_the_list_that_has_the_focus() -> None:
    async with driven(20.0) as one:
        await one.press("slash", *"heart", "enter", "2", "slash", *"limit", "enter")
        await one.press("escape")
        assert one.main.can.view.source.filter is None
        assert "filter heart" in one.title("#ocpp")
        await one.press("1", "escape", "escape")
        assert "filter" not in one.title("#ocpp")
        assert one.shows(MainScreen)


async def test_j_and_k_move_like_the_arrows() -> None:
    async with driven(20.0) as one:
        view = one.main.ocpp.view
        last = view.cursor
        await one.press("k", "k", "k", "j")
        assert view.cursor == last - 2
        await one.press("j", "j")
        assert view.following
        assert one.lab.submitted == []


async def test_a_bad_regex_is_said_so_and_changes_nothing() -> None:
    async with driven(20.0) as one:
        await one.press("slash", *"/(a+)+")
        hint = one.main.query_one("#ocpp #hint")
        assert hint.has_class("-wrong")
        await one.press("enter", "slash", "escape")
        assert one.main.ocpp.view.source.filter is None
