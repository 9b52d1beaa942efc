"""Keys, mouse, time line and panels over a recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input, Static

from evtui.commands import COMMANDS, REPLAY, replay_commands
from evtui.events import CanFrame, ScenarioState
from evtui.tui.keymap import footer_entries
from evtui.tui.line_view import LineView
from evtui.tui.panels.current import CurrentPanel
from evtui.tui.panels.footer import KeyFooter
from evtui.tui.replay.go_to import GoTo
from evtui.tui.replay.overview import Overview
from evtui.tui.replay.scrubber import Scrubber
from evtui.tui.rows import RowsWidget, row_text
from evtui.tui.screens.help import HelpScreen
from evtui.tui.screens.stations import StationsScreen
from tests.tui.driving import driven, handled
from tests.tui.fake_lab import FakeLab
from tests.tui.fleet import several
from tests.tui.panel_app import until
from tests.tui.replay.driving import Replayed, app_over, replayed
from tests.tui.replay.fake_recording import FakeRecording, Stopwatch, story

MOVES = (
    ("right", 21.0),
    ("left", 19.0),
    ("shift+right shift+right", 40.0),
    ("shift+left", 10.0),
    ("right shift+right left left", 29.0),
    ("home", 0.0),
    ("end", 60.0),
    ("shift+left shift+left shift+left", 0.0),
    ("m", 21.0),
    ("M", 18.0),
    ("c", 20.1),
    ("C", 19.9),
    ("a", 25.3),
    ("E", 5.0),
)
"""Keys, and where they lead from 20 s."""

# The panels


async def test_it_plays_at_once_and_says_what() -> None:
    async with replayed() as one:
        assert "REPLAY night-run-7" in one.text("#status")
        assert "▶ 1x    00:00:00.0 / 00:01:00" in one.text("#scrubber")
        await one.let_pass(20.0)
        assert "▶ 1x    00:00:20.0 / 00:01:00" in one.text("#scrubber")
        assert "CP1 ● Finishing" in one.text("#status")


async def test_after_a_seek_every_panel_shows_what_it_showed_live() -> None:
    # A row less for the live one, which has no time line.
    async with driven(0.0, size=(120, 35)) as live, replayed() as one:
        one.handle.player.pause()
        for t in (3.0, 12.3, 25.4, 59.9):
            await live.play(t)
            await live.tick()
            for way in (60.0, t):
                one.handle.seek(way)
                await one.settle()
            for view in ("#ocpp-list", "#can-ids"):
                assert one.text(view) == live.text(view)
            for panel in ("#ocpp", "#can"):
                assert one.title(panel) == live.title(panel)
            series, expected = one.main.current._series, live.main.current._series
            assert series.points == expected.points
            assert series.attacks == expected.attacks
            assert series.alarms == expected.alarms
            story = live.main.anomaly._story.shown
            without_keys = replace(story, orders=False)
            rows = without_keys.rows(*one.main.anomaly.size, t)
            told = [row_text(row) for row in one.main.anomaly.rows]
            assert told[: len(rows)] == [row_text(row) for row in rows]
            assert one.main.summary.segments(0.0) == live.main.summary.segments(0.0)


async def test_the_anomaly_panel_names_no_key_that_would_do_something_else_here() -> None:
    async with replayed() as one:
        for t in (0.0, 20.0):
            one.handle.seek(t)
            await one.settle()
            assert "[" not in one.text("#anomaly")
            assert "press" not in one.text("#anomaly")
        assert one.main.anomaly.border_subtitle == ""


async def test_empty_panels_say_that_it_is_the_recording_that_has_nothing() -> None:
    frames = [event for event in story(5.0) if isinstance(event, CanFrame)]
    async with replayed(FakeRecording(frames[1:])) as one:
        assert "nothing up to this moment of the recording" in one.text("#ocpp-list")
        assert "waiting" not in one.text("#ocpp-list")
        assert "■ idle" in one.text("#anomaly")
        await one.let_pass(2.0)
        assert "300 Current" in one.text("#can-ids")


async def test_a_recording_of_nothing_opens() -> None:
    async with replayed(FakeRecording([])) as one:
        assert "00:00:00.0 / 00:00:00" in one.text("#scrubber")
        await one.press("space", "a", "right", "end", "g", "escape")


async def test_a_time_line_that_cannot_be_made_is_told_and_the_rest_is_played() -> None:
    class Torn(FakeRecording):
        def overview(self) -> Overview:
            raise OSError("Input/output error")

    recording, clock = Torn(), Stopwatch()
    app = app_over(recording, clock)
    async with app.run_test(size=(80, 24)) as pilot:
        one = Replayed(pilot, recording, clock)
        await one.until(
            lambda: "no attacks and alarms on the time line: Inp" in one.text("#footer")
        )
        await one.press("end")
        assert one.handle.now() == 60.0
    app._replay.close()


async def test_a_filter_outlives_a_seek() -> None:
    async with replayed() as one:
        await one.press("end", "slash")
        await one.type("tx")
        await one.press("enter")
        await one.press("home", "space")
        await one.let_pass(9.0)
        one.handle.seek(30.0)
        await one.settle()
        assert "filter tx" in one.title("#ocpp")
        rows = [row for row in one.text("#ocpp-list").splitlines() if row.strip()]
        assert rows
        assert all("tx" in row for row in rows)


async def test_a_chosen_message_lights_up_the_frame_it_caused_and_its_moment() -> None:
    async with replayed() as one:
        one.handle.seek(18.0)
        one.handle.player.pause()
        await one.settle()
        await one.press("up", "up")
        assert "RemoteStopTransaction" in one.main.ocpp.view.entry.text  # type: ignore[union-attr]
        assert "»201 StopCharging" in one.text("#can-ids")
        assert one.main.current._mark == 18.0
        await one.press("home")
        assert one.main.current._mark is None


async def test_the_keys_of_the_views_work_as_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with replayed() as one, driven(0.0) as live:
        await one.let_pass(12.0)
        await live.play(12.0)
        for key in ("up", "enter", "escape", "y", "f", "f", "t", "comma", "2", "3", "tab", "G"):
            await one.press(key)
            await live.press(key)
            screens = [type(screen).__name__ for screen in one.pilot.app.screen_stack]
            expected = [type(screen).__name__ for screen in live.app.screen_stack]
            assert screens[1:] == expected[1:]
            assert one.main.focused_panel.id == live.main.focused_panel.id
            assert one.main.current._window == live.main.current._window
            assert one.title("#can") == live.title("#can")
        await one.press("f8")
        assert "screen saved as" in one.text("#footer")


# The cursor


async def test_keys_move_the_cursor() -> None:
    async with replayed() as one:
        await one.press("space")
        for keys, t in MOVES:
            one.handle.seek(20.0)
            await one.settle()
            await one.press(*keys.split())
            assert one.handle.now() == pytest.approx(t), keys


async def test_a_step_stops_playing_and_says_when_there_is_none() -> None:
    async with replayed() as one:
        await one.press("a")
        assert not one.handle.player.playing
        assert one.handle.now() == 25.3
        await one.press("a")
        assert "no alarm after this moment" in one.text("#footer")


async def test_speed_goes_by_halves_and_doubles() -> None:
    async with replayed() as one:
        await one.press("right_square_bracket", "plus", "equals_sign")
        assert "▶ 8x" in one.text("#scrubber")
        assert "speed 8x" in one.text("#footer")
        await one.press(*["minus"] * 9, "left_square_bracket")
        assert "▶ 0.25x" in one.text("#scrubber")


async def test_space_pauses_and_plays() -> None:
    async with replayed() as one:
        await one.let_pass(10.0)
        await one.press("space")
        assert "‖ 1x    00:00:10.0" in one.text("#scrubber")
        await one.let_pass(10.0)
        assert one.handle.now() == pytest.approx(10.0)
        await one.press("space")
        await one.let_pass(1.0)
        assert one.handle.now() == pytest.approx(11.0)


async def test_at_the_end_it_stops_and_says_so_and_plays_again() -> None:
    async with replayed() as one:
        await one.let_pass(1000.0)
        one.clock.t += 1.0
        await one.until(lambda: not one.handle.player.playing)
        await one.settle()
        assert "■ 1x    00:01:00.0 / 00:01:00" in one.text("#scrubber")
        assert "end of the recording – space plays it again" in one.text("#footer")
        await one.press("space")
        assert one.handle.now() < 1.0
        assert one.handle.player.playing


async def test_while_it_reads_it_says_seeking_and_shows_where_to() -> None:
    async with replayed() as one:
        one.recording.gate.clear()
        await one.let_pass(0.0)
        await one.main.do("replay.end")
        assert "00:01:00.0 seeking …" in one.text("#scrubber")
        one.recording.gate.set()
        await one.settle()
        assert "00:01:00.0 / 00:01:00" in one.text("#scrubber")


@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
async def test_a_click_on_the_time_line_goes_there(size: tuple[int, int]) -> None:
    async with replayed(size=size) as one:
        await one.press("space")
        line = one.text("#scrubber")
        first, last = line.index("●"), len(line.rstrip()) - 1
        await one.pilot.click(Scrubber, offset=((first + last) // 2, 0))
        await one.settle()
        assert one.handle.now() == pytest.approx(30.0, abs=2.0)
        await one.pilot.click(Scrubber, offset=(last, 0))
        await one.settle()
        assert one.handle.now() == 60.0
        await one.pilot.click(Scrubber, offset=(first - 3, 0))  # the clock, not the line
        await one.settle()
        assert one.handle.now() == 60.0


async def test_the_time_line_can_be_dragged_along() -> None:
    async with replayed() as one:
        await one.press("space")
        start = one.text("#scrubber").index("●")
        await one.pilot.mouse_down(Scrubber, offset=(start, 0))
        await one.pilot.hover(Scrubber, offset=(start + 20, 0))
        await one.settle()
        dragged = one.handle.now()
        assert dragged > 5.0
        await one.pilot.mouse_up(Scrubber, offset=(start + 20, 0))
        await one.pilot.hover(Scrubber, offset=(start + 40, 0))
        await one.settle()
        assert one.handle.now() == dragged


async def test_a_click_on_the_chart_goes_there() -> None:
    async with replayed() as one:
        await one.press("space", "end")
        grid = one.main.current._grid
        x = 4 + grid.cell(25.3, 60.0)
        offset = one.main.current.content_region.offset - one.main.current.region.offset
        await one.pilot.click(CurrentPanel, offset=(offset.x + x, offset.y + 4))
        await one.settle()
        assert one.handle.now() == pytest.approx(25.3, abs=grid.window / grid.columns)


async def test_in_the_live_app_a_click_on_the_chart_changes_nothing() -> None:
    async with driven(30.0) as live:
        before = live.text("#ocpp-list")
        await live.pilot.click(CurrentPanel, offset=(20, 5))
        assert live.text("#ocpp-list") == before
        assert live.lab.submitted == []


# Going to a time


async def test_a_typed_time_is_gone_to() -> None:
    async with replayed() as one:
        await one.press("space", "g")
        assert isinstance(one.pilot.app.screen, GoTo)
        await one.type("0:42")
        await one.press("enter")
        assert one.handle.now() == 42.0


async def test_a_time_that_is_none_or_not_in_the_recording_is_refused_with_the_way_out() -> None:
    async with replayed() as one:
        await one.press("space", "g")
        for text, problem in (
            ("soon", 'expected a time such as 90, 1h30m, 1:23 or 1:02:03, got "soon"'),
            ("2min", "00:02:00.0 is not in this recording, which goes from 00:00:00.0 to"),
        ):
            one.pilot.app.screen.query_one(Input).value = ""
            await one.type(text)
            await one.press("enter")
            assert isinstance(one.pilot.app.screen, GoTo)
            told = str(one.pilot.app.screen.query_one("#problem", Static).content)
            assert problem in told.replace("\n", " ")
        await one.press("escape")
        assert one.handle.now() == 0.0


# What is not there


async def test_what_needs_a_lab_is_refused_and_says_why() -> None:
    known = {command.name for command in replay_commands()}
    async with replayed() as one:
        for command in COMMANDS:
            if command.name not in known:
                await one.main.action_command(command.name)
                refusal = f"! this is a recording: {command.label} needs a running lab"
                assert refusal in one.text("#footer")
                assert one.pilot.app.screen is one.main


async def test_a_key_of_the_lab_alone_is_answered_too() -> None:
    async with replayed() as one:
        await one.press("s")
        assert "this is a recording: start needs a running lab" in one.text("#footer")


async def test_the_live_app_does_not_know_the_keys_of_a_replay() -> None:
    async with driven() as live:
        keys = {key for command in COMMANDS for key in command.keys}
        for key in {key for command in REPLAY for key in command.keys} - keys:
            await live.press(key)
        assert live.lab.submitted == []
        assert live.app.screen is live.main
        assert not list(live.main.query(Scrubber))


async def test_what_is_missing_is_told_at_once_and_in_the_help() -> None:
    problems = ["can.log is not there", "signals.csv: the last line is torn"]
    async with replayed(problems=problems) as one:
        assert "! can.log is not there (and 1 more, see ?)" in one.text("#footer")
        assert "! not complete" in one.text("#status")
        await one.press("question_mark")
        screen = one.pilot.app.screen
        assert isinstance(screen, HelpScreen)
        told = [str(static.content) for static in screen.query(Static)]
        assert told[:5] == [
            "This recording",
            "/data/night-run-7",
            "recorded in virtual time",
            "! can.log is not there",
            "! signals.csv: the last line is torn",
        ]


async def test_the_help_names_the_keys_of_a_replay_and_no_others() -> None:
    async with replayed() as one:
        await one.press("question_mark")
        shown = (str(static.content) for static in one.pilot.app.screen.query(Static))
        told = " ".join(" ".join(shown).split())
        assert "Play or pause; at the end, play again from the start." in told
        assert not any(command.help in told for command in COMMANDS if command.scope == "lab")
        assert "safe state" not in told
        assert "and home go" not in told


async def test_a_jump_into_a_scenario_makes_room_for_its_panel() -> None:
    events = story()
    begun = ScenarioState(scenario="s", change="begin", seq=10**6, t=events[-1].t)
    async with replayed(FakeRecording([*events, begun])) as one:
        await one.press("space")
        assert not one.main.scenario.display
        await one.press("end")
        assert one.main.scenario.display


async def test_at_eighty_columns_the_chart_keeps_its_seconds_beside_a_scenario() -> None:
    begun = ScenarioState(scenario="s", change="begin", seq=0, t=0.0)
    async with replayed(FakeRecording([begun, *story()]), size=(80, 24)) as one:
        await one.press("end")
        while "-60 " not in one.text("#current"):
            await one.pilot.pause(0.01)
        assert one.main.scenario.size.height == 1


async def test_what_was_said_of_another_moment_is_gone_with_the_next_step() -> None:
    async with replayed() as one:
        await one.press("home", "M")
        assert "no message before this moment" in one.text("#footer")
        await one.press("m")
        assert "no message" not in one.text("#footer")


@pytest.mark.parametrize("width", range(60, 210, 7))
def test_the_footer_fits_and_always_offers_help_and_quit(width: int) -> None:
    entries = footer_entries(width, replay_commands())
    assert [entry.label for entry in entries[-2:]] == ["help", "quit"]
    assert sum(entry.cells for entry in entries) <= width


def test_at_80_cells_the_footer_offers_all_it_takes_to_get_around() -> None:
    labels = [
        " ".join((*entry.keys, entry.label)) for entry in footer_entries(80, replay_commands())
    ]
    assert labels == [
        "space play",
        "← → 1 s",
        "[ ] speed",
        "e E anomaly",
        "a A alarm",
        "g time",
        "? help",
        "q quit",
    ]


def test_no_two_commands_of_a_replay_share_a_key() -> None:
    keys = [key for command in replay_commands() for key in command.keys]
    assert len(keys) == len(set(keys))


async def test_q_leaves_without_a_question_though_a_transaction_was_running() -> None:
    async with replayed() as one:
        await one.let_pass(9.0)
        assert one.main.summary.running
        await one.press("q")
        assert one.pilot.app.return_code == 0


async def test_too_small_a_terminal_hides_the_time_line_as_well() -> None:
    async with replayed(size=(50, 12)) as one:
        assert not one.main.scrubber.display or not one.main.scrubber.region
        await one.pilot.resize_terminal(80, 24)
        await handled(one.pilot)
        await one.settle()
        assert one.main.scrubber.region.height == 1


async def test_a_pause_writes_nothing() -> None:
    async with replayed() as one:
        await one.let_pass(12.0)
        await one.press("space")
        await one.settle()
        views = [*one.main.query(LineView), *one.main.query(RowsWidget)]
        await until(one.pilot, lambda: not any(view._repaint_regions for view in views))
        one.main.tick()
        assert not any(view._repaint_regions for view in views)


async def test_a_recording_of_several_connectors_is_looked_at_one_by_one() -> None:
    lab = FakeLab(capacity=1_000_000)
    several(lab, 26.0)
    async with replayed(FakeRecording(lab.events.take())) as one:
        await one.let_pass(20.0)
        assert one.title("#current") == "Current · CP1/1"
        await one.press("right_curly_bracket")
        assert one.title("#current") == "Current · CP1/2"
        assert "· CP1/2 is shown " in one.text("#footer")
        assert "CP1/2 ● Charging tx 9" in one.text("#status")
        one.handle.seek(10.0)
        await one.settle()
        assert one.title("#current") == "Current · CP1/2"
        assert "actual  31 A" in one.text("#current")
        await one.press("left_curly_bracket")
        assert one.title("#current") == "Current · CP1/1"


async def test_the_list_of_stations_in_a_recording_only_shows_and_chooses() -> None:
    lab = FakeLab(capacity=1_000_000)
    several(lab, 26.0)
    async with replayed(FakeRecording(lab.events.take())) as one:
        await one.let_pass(20.0)
        await one.press("space", "l")
        listed = one.pilot.app.screen
        assert isinstance(listed, StationsScreen)
        assert listed.list.source.total == 3
        await one.press("a", "x", "o")
        assert one.pilot.app.screen is listed
        footer = listed.query_one(KeyFooter)
        assert "operation" not in "".join(run.text for run in footer.rows[0])
        await one.press("down", "enter")
        assert one.title("#current") == "Current · CP2/1"
