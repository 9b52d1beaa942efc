"""Keys, dialogs, sizes and colours, over a lab without an engine."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections import Counter
from itertools import cycle
from pathlib import Path

import pytest
from textual.events import Key, Paste
from textual.geometry import Offset
from textual.keys import key_to_character
from textual.selection import SELECT_ALL, Selection

from evtui.commands import COMMANDS, STATIONS
from evtui.events import Note, PartState
from evtui.tui.app import EvtuiApp
from evtui.tui.keymap import bindings, footer_entries
from evtui.tui.line_view import LineView
from evtui.tui.models.text import clock
from evtui.tui.panels.footer import KeyFooter
from evtui.tui.panels.status import StatusLine
from evtui.tui.screens.detail import DetailScreen
from evtui.tui.screens.help import HelpScreen, KeyTable
from evtui.tui.screens.main import LAB_FAILED, MainScreen
from evtui.tui.screens.question import Question
from tests.tui.driving import Driven, driven, handled
from tests.tui.fake_lab import FakeLab
from tests.tui.panel_app import until

# The clock


async def test_no_tick_comes_before_every_panel_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    async def slow(screen: MainScreen) -> None:
        await asyncio.sleep(0.1)

    monkeypatch.setattr(MainScreen, "on_mount", slow, raising=False)
    monkeypatch.setattr(MainScreen, "tick", lambda screen: seen.append(screen.is_mounted))
    async with EvtuiApp(FakeLab(), fps=500).run_test() as pilot:
        while not seen:
            await pilot.pause(0.01)
    assert all(seen)


async def test_a_tick_finds_its_panels_even_when_the_screen_is_being_taken_down() -> None:
    async with driven() as one:
        one.lab.publish(Note(text="last words", level="error"))
        await one.main.query("*").remove()
        one.main.tick()
        one.main.notice("still here")


def crash() -> PartState:
    return PartState(part="lab", state="crashed", detail="lab.db: damaged")


async def test_a_warning_names_its_station_and_says_how_many_it_has_hidden() -> None:
    async with driven() as one:
        for number in (1, 2, 3):
            text = f"transaction {number} is gone"
            one.lab.publish(Note(station="ODD", level="warning", text=text))
        await one.tick()
        assert one.main.footer.notice == "+2 earlier · ODD: transaction 3 is gone"


async def test_a_warning_that_answers_a_key_is_not_covered_by_news_which_come_after_it() -> None:
    async with driven() as one:
        footer = one.main.footer
        one.main.notice("it presses no keys", "warning")
        one.main.notice("the clock was set", "warning", news=True)
        assert footer.notice == "it presses no keys"
        footer.clear()
        assert footer.notice == "the clock was set"
        footer.clear()
        assert footer.notice == ""


async def test_a_lab_that_crashes_is_shown_with_its_reason() -> None:
    async with driven() as one:
        await one.play(4.0)
        one.lab.publish(crash())
        await one.tick()
        assert one.main.footer.notice == "the lab has ended: lab.db: damaged"
        assert one.app.return_code is None


async def test_a_lab_that_never_came_up_ends_the_app() -> None:
    async with driven(0) as one:
        one.lab.publish(crash())
        await one.tick()
        assert one.app.return_code == LAB_FAILED


# Keys


def test_every_command_has_a_binding_and_none_takes_what_multiplexers_and_shells_use() -> None:
    ids = {binding.id for binding in bindings() if not isinstance(binding, tuple)}
    assert ids == {command.name for command in COMMANDS}
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))
    assert not {f"ctrl+{letter}" for letter in "abjosz"} & set(keys)


async def test_every_key_of_the_lab_reaches_it_whatever_has_the_focus() -> None:
    ours = [command for command in COMMANDS if command.scope == "lab"]
    async with driven() as one:
        for panel, command in zip(cycle("1234"), ours, strict=False):
            await one.press(panel, *command.keys)
        keys = [command.name for command in ours for _ in command.keys]
        assert one.lab.submitted == keys


async def test_the_answer_of_a_command_is_shown_for_a_moment() -> None:
    async with driven() as one:
        one.lab.answer = "period 6.4 s"
        await one.press("left_square_bracket")
        assert "· CP1/1: period 6.4 s" in one.text("#footer")
        one.lab.answer = ValueError("no such \x1b[31mthing")
        await one.press("s")
        assert r"✗ CP1/1: no such \x1b[31mthing" in one.text("#footer")
        assert "? help" in one.text("#footer")
        assert "q quit" in one.text("#footer")


@pytest.mark.parametrize("width", range(60, 210, 7))
def test_the_footer_fits_and_always_offers_help_and_quit(width: int) -> None:
    entries = footer_entries(width)
    assert [entry.label for entry in entries[-2:]] == ["help", "quit"]
    assert sum(entry.cells for entry in entries) <= width


def test_at_80_cells_the_footer_offers_all_it_takes_to_run_the_anomaly() -> None:
    labels = [" ".join((*entry.keys, entry.label)) for entry in footer_entries(80)]
    assert labels == [
        "s start",
        "x stop",
        "a anomalies",
        "[ ] pace",
        "- + level",
        "0 all clear",
        "? help",
        "q quit",
    ]


@pytest.mark.parametrize(("offset", "name"), [(0, "anomaly.shorter"), (2, "anomaly.longer")])
async def test_each_key_of_a_pair_in_the_footer_presses_its_own_command(
    offset: int, name: str
) -> None:
    async with driven() as one:
        column = one.text("#footer").index("[ ] pace")
        await one.pilot.click(KeyFooter, offset=(column + offset, 0))
        await handled(one.pilot)
        assert one.lab.submitted == [name]


async def test_a_click_on_a_key_in_the_footer_presses_it() -> None:
    async with driven() as one:
        column = one.text("#footer").index("x stop")
        await one.pilot.click(KeyFooter, offset=(column, 0))
        await handled(one.pilot)
        assert one.lab.submitted == ["anomaly.stop"]


async def test_pasting_outside_an_input_does_nothing() -> None:
    async with driven() as one:
        view = one.main.query_one("#ocpp-list")
        view.post_message(Paste("sx0q\r"))
        one.main.post_message(Paste("sx0q\r"))
        await handled(one.pilot)
        assert one.lab.submitted == []
        assert one.shows(MainScreen)


async def test_tab_goes_round_the_panels() -> None:
    async with driven() as one:
        order = []
        for _ in range(4):
            order.append(one.main.focused_panel.id)
            await one.press("tab")
        assert order == ["ocpp", "can", "current", "anomaly"]
        assert one.main.focused_panel.id == "ocpp"


async def test_a_maximised_panel_has_the_screen_and_gives_it_back() -> None:
    async with driven(size=(80, 24)) as one:
        await one.press("2", "f")
        shown = [name for name in ("ocpp", "can", "current", "anomaly") if _shown(one, name)]
        assert shown == ["can"]
        assert one.main.query_one("#can").size.height > 18
        await one.press("3")
        assert [name for name in ("ocpp", "can", "current") if _shown(one, name)] == ["current"]
        await one.press("f")
        assert _shown(one, "ocpp")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_a_maximised_panel_is_as_large_as_the_screen_whichever_it_is(
    size: tuple[int, int],
) -> None:
    async with driven(size=size) as one:
        for key, name in ("1", "ocpp"), ("2", "can"), ("3", "current"), ("4", "anomaly"):
            await one.press(key, "f")
            region = one.main.query_one(f"#{name}").region
            # Status line above, footer below.
            assert (region.width, region.height) == (size[0], size[1] - 2), name
            await one.press("f")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (60, 15)])
async def test_the_palette_can_be_paged_at_once(size: tuple[int, int]) -> None:
    async with driven(size=size) as one:
        for page in ("pageup", "pagedown"):
            for key in ("colon", page, "s", page, page):
                one.app.post_message(Key(key, key_to_character(key)))
            await handled(one.pilot)
            await one.press(page, "escape", "escape")
            assert one.shows(MainScreen), page


async def test_ctrl_q_asks_like_q() -> None:
    async with driven(20.0) as one:
        await one.press("ctrl+q")
        assert one.app.is_running
        assert not one.shows(MainScreen)


async def test_the_palette_stays_away_while_the_terminal_is_too_small() -> None:
    async with driven(size=(120, 36)) as one:
        await one.pilot.resize_terminal(40, 10)
        await one.press("colon")
        assert one.shows(MainScreen)


def _shown(one: Driven, name: str) -> bool:
    region = one.main.query_one(f"#{name}").region
    return bool(region) and one.main.query_one(f"#{name}").display


# Dialogs


async def test_enter_opens_the_json_of_both_directions_and_what_it_caused() -> None:
    async with driven(6.0) as one:
        one.lab.call("charge_point", "DataTransfer", {"vendorId": "[b]x[/b]\x1b\u202e"}, {})
        await one.tick()
        await one.press("enter")
        assert one.shows(DetailScreen)
        shown = "\n".join(str(static.render()) for static in one.screen.query("Static"))
        assert '"vendorId": "[b]x[/b]\\u001b\\u202e"' in shown
        assert "request · DataTransfer" in shown
        await one.press("q")
        assert one.shows(MainScreen)


async def test_a_frame_opens_with_the_message_that_caused_it() -> None:
    async with driven(6.0) as one:
        await one.press("2", "enter")
        shown = "\n".join(str(static.render()) for static in one.screen.query("Static"))
        assert "SetLimit" in shown
        assert '"csChargingProfiles"' in shown
        for closing in ("enter", "escape"):
            await one.press(closing)
            assert one.shows(MainScreen)
            await one.press("enter")


def on_screen(one: Driven) -> str:
    """All text of a dialog, as one line."""
    told = " ".join(str(static.render()) for static in one.screen.query("Static"))
    return " ".join(told.split())


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (60, 15)])
async def test_help_lists_every_command_and_every_sign_of_the_chart(size: tuple[int, int]) -> None:
    async with driven(size=size) as one:
        await one.press("question_mark")
        assert one.shows(HelpScreen)
        shown = on_screen(one)
        together = shown.replace(" ", "")  # a name longer than a line is broken
        assert all(each.help.replace(" ", "") in together for each in (*COMMANDS, *STATIONS))
        assert all(sign in shown for sign in ["▟▙", "┄┄", "•", "▓", "▒", "▲", "△", "▼", "◆"])
        assert (
            max(len(line) for line in str(one.screen.query(KeyTable).first().render()).splitlines())
            <= size[0]
        )
        await one.press("j", "j", "j", "k")
        assert one.screen.query_one(".dialog").scroll_target_y == 2
        await one.press("escape")
        assert one.shows(MainScreen)


async def test_help_is_as_quick_as_any_other_screen() -> None:
    async with driven() as one:
        calls: Counter[str] = Counter()  # not seconds, which say what else goes on
        for key in ("question_mark", "colon", "e", "l", "enter"):

            def count(_frame: object, event: str, _argument: object, key: str = key) -> None:
                calls[key] += event == "call"

            sys.setprofile(count)
            try:
                await one.press(key)
            finally:
                sys.setprofile(None)
            await one.press("escape")
        of_help = calls.pop("question_mark")
        assert of_help <= 1.5 * max(calls.values()), (of_help, calls)


# What is said


async def test_what_was_said_can_be_read_again_with_its_times() -> None:
    async with driven() as one:
        await one.press("h")
        assert "nothing was said yet" in on_screen(one)
        await one.press("escape")
        one.lab.answer = "period 6.4 s"
        await one.press("left_square_bracket")
        one.lab.answer = ValueError("no such \x1b[31mthing")
        await one.press("s", "h")
        newest, older = str(one.screen.query(".block").first().render()).splitlines()
        assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}  ✗ CP1/1: no such \\x1b\[31mthing", newest)
        assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}  · CP1/1: period 6.4 s", older)


async def test_messages_and_details_go_by_one_clock_and_say_when_it_is_not_utc() -> None:
    async with driven(6.0) as one:
        one.main.notice("something")
        shown = clock(one.lab.start_utc + one.lab.now())
        await one.press("h")
        assert f"{shown} · something" in on_screen(one)
        for behind, scale in ((0.0, "UTC"), (5.0, "lab time")):
            one.lab.behind = behind
            await one.press("escape", "enter")
            assert f" {scale}" in str(one.screen.query_one(".dialog").border_title)
            await one.press("escape", "2", "enter")
            assert f" {scale} station" in on_screen(one)
            await one.press("escape", "1")


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_a_long_message_is_read_to_its_end(width: int) -> None:
    text = "recording to runs/20260101T120000Z-CP1 stopped: the disk is full; free some space, or "
    text += "name another folder with --record"
    async with driven(size=(width, 24)) as one:
        one.main.notice(text, "error")
        await handled(one.pilot)
        told = one.text("#footer")
        assert " ".join(told.replace("? help", "").replace("q quit", "").split()) == f"✗ {text}"
        assert "q quit" in told.splitlines()[-1]
        one.main.footer.clear()
        await handled(one.pilot)
        assert one.main.footer.size.height == 1


async def test_a_message_without_end_takes_three_lines_and_says_that_there_is_more() -> None:
    async with driven(size=(80, 24)) as one:
        one.main.notice("word " * 500)
        await handled(one.pilot)
        lines = one.text("#footer").splitlines()
        assert len(lines) == 3
        assert "…" in lines[-1]


# Copying


async def test_ctrl_c_copies_text_that_is_selected_and_then_leaves() -> None:
    async with driven(10.0) as one:
        await one.press("enter")
        block = one.screen.query(".block").first()
        one.screen.selections = {block: SELECT_ALL}
        await one.press("ctrl+c")
        assert one.app.is_running
        assert one.app.clipboard == str(block.render())
        assert "copied" in one.main.footer.notice
        await one.press("ctrl+c")
        assert not one.app.is_running


async def test_ctrl_c_copies_from_the_rows_of_a_list() -> None:
    async with driven(10.0) as one:
        view = one.main.ocpp.view
        first = "".join(run.text for run in view.rows[0])
        one.main.selections = {view: Selection(Offset(1, 0), Offset(13, 0))}
        assert any(segment.style and segment.style.bgcolor for segment in view.render_line(0))
        await one.press("ctrl+c")
        assert one.app.clipboard == first[1:13]
        assert one.app.is_running


@pytest.mark.parametrize(
    "keys", [("m", *"odd dip", "shift+home"), ("slash", *"limit", "shift+home")]
)
async def test_ctrl_c_copies_from_what_is_being_typed(keys: tuple[str, ...]) -> None:
    async with driven(10.0) as one:
        await one.press(*keys, "ctrl+c")
        assert one.app.clipboard in ("odd dip", "limit")
        assert one.app.is_running
        await one.press("ctrl+c")
        assert one.app.return_code == 130


async def test_y_copies_a_message_in_full() -> None:
    async with driven(6.0) as one:
        await one.press("enter", "y")
        assert '"chargingProfilePurpose": "TxDefaultProfile"' in one.app.clipboard or (
            "request" in one.app.clipboard
        )
        assert "copied" in str(one.screen.query_one(".dialog").border_subtitle)


async def test_q_leaves_at_once_while_nothing_runs() -> None:
    async with driven(3.0) as one:
        await one.press("q")
        assert one.app.return_code == 0
        assert not one.app.is_running


@pytest.mark.parametrize(("answer", "leaves"), [("y", True), ("n", False), ("enter", False)])
async def test_q_asks_while_the_anomaly_runs(answer: str, leaves: bool) -> None:
    async with driven(10.0) as one:
        await one.press("q")
        assert one.shows(Question)
        await one.press(answer)
        assert one.app.is_running is not leaves


async def test_ctrl_c_leaves_at_once_even_from_a_dialog() -> None:
    async with driven(10.0) as one:
        await one.press("q", "ctrl+c")
        assert one.app.return_code == 130
        assert not one.app.is_running


async def test_a_screenshot_is_written_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with driven() as one:
        await one.press("f8")
        assert "screen saved as" in one.text("#footer")
        await one.press(*["f8"] * 4)
    names = os.listdir(tmp_path)
    assert len(names) == 5
    assert all(name.startswith("evtui-") and name.endswith(".svg") for name in names)


async def test_a_screenshot_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    monkeypatch.chdir(tmp_path)
    async with driven() as one:
        await one.press("f8")
        assert "✗ screen not saved: No space left on device" in one.text("#footer")


async def test_in_a_folder_that_takes_nothing_the_message_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", denied)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    async with driven() as one:
        await one.press("f8")
        told = f"screen not saved: Permission denied in {tmp_path}, nor can the folder of pictures"
        assert told in one.main.footer.notice


# Sizes and colours


async def test_too_small_a_terminal_says_what_is_needed_and_recovers() -> None:
    async with driven(size=(120, 36)) as one:
        for width, height in ((40, 10), (1, 1), (80, 24), (59, 30), (200, 50), (60, 15)):
            await one.pilot.resize_terminal(width, height)
            await one.tick()
            small = width < 60 or height < 15
            assert one.main.query_one("#too-small").display is small
            assert one.main.query_one(StatusLine).display is not small


async def test_the_focus_is_where_it_was_when_the_terminal_is_large_enough_again() -> None:
    async with driven(size=(120, 36)) as one:
        await one.press("2")
        for size in ((40, 10), (30, 8), (120, 36)):
            await one.pilot.resize_terminal(*size)
            await one.tick()
        await handled(one.pilot)
        assert one.main.can.view.has_focus


async def test_a_view_with_nothing_new_writes_nothing() -> None:
    async with driven(3.0) as one:
        await one.tick()
        views = [*one.main.query(LineView), *one.main.query(StatusLine), *one.main.query(KeyFooter)]
        await until(one.pilot, lambda: not any(view._repaint_regions for view in views))
        rows = [view._rows for view in views]
        one.main.tick()
        assert all(view._rows == before for view, before in zip(views, rows, strict=True))
        assert not any(view._repaint_regions for view in views)


@pytest.mark.parametrize(
    ("theme", "no_color"),
    [
        ("textual-dark", False),
        ("textual-light", False),
        ("ansi-dark", False),
        ("ansi-light", False),
        ("textual-dark", True),
        ("ansi-dark", True),
    ],
)
async def test_no_text_has_the_colour_of_its_background(
    theme: str, no_color: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if no_color:
        monkeypatch.setitem(os.environ, "NO_COLOR", "1")
    else:
        monkeypatch.delitem(os.environ, "NO_COLOR", raising=False)
    lab = FakeLab()
    lab.play(26.0)
    app = EvtuiApp(lab, fps=0.001, theme=theme)
    async with app.run_test(size=(120, 36)) as pilot:
        one = Driven(pilot, lab)
        await one.tick()
        await one.press("up")
        for strip in one.main._compositor.render_strips():
            for segment in strip:
                style = segment.style
                if segment.text.strip() and style is not None and style.color is not None:
                    default = style.color.is_default and (
                        style.bgcolor is None or style.bgcolor.is_default
                    )
                    assert default or style.color != style.bgcolor, segment
                    assert not no_color or style.color.is_default
