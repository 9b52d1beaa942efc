"""Keys that come together: each dialog closes once, and the app stays."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from textual.app import App
from textual.events import Key, ScreenResume
from textual.keys import key_to_character
from textual.pilot import Pilot
from textual.screen import Screen

import evtui.tui
from evtui.commands import COMMANDS, STATIONS, Command, replay_commands
from evtui.tui.app import EvtuiApp
from evtui.tui.dialog import Dialog
from evtui.tui.replay.go_to import GoTo
from evtui.tui.screens.help import HelpScreen
from evtui.tui.screens.main import MainScreen
from evtui.tui.screens.panels import PanelScreen
from evtui.tui.screens.question import Question
from tests.tui.driving import driven, handled
from tests.tui.fake_lab import FakeLab
from tests.tui.frames import draw
from tests.tui.panel_app import until
from tests.tui.replay.driving import replayed

TIMES = pytest.mark.parametrize("times", [2, 3] if os.environ.get("EVTUI_FULL") else [3])

IN_BOTH = (
    ("question_mark", "enter"),
    ("D", "escape"),
    ("enter", "enter"),
    ("enter", "escape"),
    ("l", "escape"),
    ("l", "l"),
    ("l", "enter"),
    ("colon", "enter"),
    ("colon", "escape"),
    ("ctrl+p", "escape"),
)
DIALOGS = {
    "lab": (
        *IN_BOTH,
        ("q", "n"),
        ("q", "enter"),
        ("A", "escape"),
        ("a", "enter"),
        ("a", "escape"),
        ("m", "enter"),
        ("m", "escape"),
        ("e", "enter"),
        ("e", "escape"),
        ("o", "enter"),
        ("o", "escape"),
    ),
    "replay": (*IN_BOTH, ("g", "enter"), ("g", "escape")),
}
"""By the app: the key that opens a dialog, and one that closes it."""

DEEPEST = 5
"""Dialogs over each other, and a filter."""

CALM = 4
"""Looks in a row at queues that are all empty."""

IN_EACH_APP = pytest.mark.parametrize(
    "where", ["lab", pytest.param("replay", marks=pytest.mark.full)]
)


@asynccontextmanager
async def running(where: str) -> AsyncIterator[Pilot[None]]:
    """The app over a fake lab or recording, with rows to open and something that runs."""
    if where == "lab":
        async with driven(20.0) as lab:
            yield lab.pilot
    else:
        async with replayed() as replay:
            await replay.press("m")  # to a message: there is a row
            yield replay.pilot


def press(app: App[None], *keys: str) -> None:
    """As a terminal that gives all of them at once."""
    for key in keys:
        app.post_message(Key(key, key_to_character(key)))


async def settled(pilot: Pilot[None]) -> None:
    """Everything pressed is dealt with and drawn; a pause of the pilot is ten times as long."""
    calm = 0
    while calm < CALM:
        await asyncio.sleep(0.001)
        stack = pilot.app.screen_stack if pilot.app.is_running else ()
        nodes = (node for screen in stack for node in (pilot.app, screen, *screen.query("*")))
        calm = 0 if any(node.message_queue_size for node in nodes) else calm + 1
    draw(pilot.app)


async def assert_it_gets_to(pilot: Pilot[None], kind: type[Screen[Any]], key: str) -> None:
    """A screen of this kind is on top once the key was pressed a few times."""
    for _ in range(DEEPEST):
        press(pilot.app, key)
        await settled(pilot)
        if isinstance(pilot.app.screen, kind):
            break
    assert isinstance(pilot.app.screen, kind), pilot.app.screen_stack
    assert pilot.app.return_code is None


async def assert_it_goes_on(pilot: Pilot[None]) -> None:
    """Back to the panels with escape, to a dialog from there, and back."""
    await settled(pilot)
    await assert_it_gets_to(pilot, MainScreen, "escape")
    await assert_it_gets_to(pilot, Dialog, "l")
    await assert_it_gets_to(pilot, MainScreen, "escape")


async def opened(pilot: Pilot[None], key: str) -> Dialog[object]:
    press(pilot.app, key)
    await settled(pilot)
    assert isinstance(pilot.app.screen, Dialog)
    if isinstance(pilot.app.screen, GoTo):  # nothing is no time
        press(pilot.app, "1")
    return pilot.app.screen


@TIMES
@IN_EACH_APP
async def test_a_dialog_that_is_closed_several_times_at_once_closes_once(
    where: str, times: int
) -> None:
    async with running(where) as pilot:
        for opening, closing in DIALOGS[where]:
            dialog = await opened(pilot, opening)
            press(pilot.app, *[closing] * times)
            await settled(pilot)
            assert dialog not in pilot.app.screen_stack, (opening, closing)
            await assert_it_gets_to(pilot, MainScreen, "escape")
        await assert_it_goes_on(pilot)


@IN_EACH_APP
async def test_a_dialog_takes_keys_while_it_opens(where: str) -> None:
    async with running(where) as pilot:
        for opening, closing in DIALOGS[where]:
            press(pilot.app, opening, closing, closing, closing)
            await settled(pilot)
            await assert_it_gets_to(pilot, MainScreen, "escape")
        await assert_it_goes_on(pilot)


@IN_EACH_APP
async def test_a_dialog_takes_keys_while_it_closes(where: str) -> None:
    async with running(where) as pilot:
        for opening, closing in DIALOGS[where]:
            dialog = await opened(pilot, opening)
            for widget in (dialog, *dialog.query("*")):
                for _ in range(3):
                    widget.post_message(Key(closing, key_to_character(closing)))
            dialog.dismiss()
            dialog.dismiss()
            assert dialog not in pilot.app.screen_stack, (opening, closing)
            await assert_it_gets_to(pilot, MainScreen, "escape")
        await assert_it_goes_on(pilot)


@IN_EACH_APP
async def test_the_key_behind_escape_is_for_what_lies_behind_the_dialog(where: str) -> None:
    async with running(where) as pilot:
        for opening in ("slash", *(key for key, closing in DIALOGS[where] if closing == "escape")):
            press(pilot.app, opening)
            await settled(pilot)
            press(pilot.app, "escape", "question_mark")
            await settled(pilot)
            assert [type(each) for each in pilot.app.screen_stack[1:]] == [HelpScreen], opening
            press(pilot.app, "escape")
            await settled(pilot)


@TIMES
@pytest.mark.parametrize(("opening", "order"), [("m", "lab.mark"), ("e", "anomaly.set")])
async def test_what_a_dialog_orders_is_ordered_once(opening: str, order: str, times: int) -> None:
    async with driven(20.0) as one:
        await opened(one.pilot, opening)
        press(one.app, *["enter"] * times)
        await settled(one.pilot)
        assert one.lab.submitted == [order]


async def test_below_a_dialog_stand_its_keys_and_not_those_of_the_lab() -> None:
    async with driven(20.0) as one:

        def footer() -> str:
            return "".join(segment.text for segment in one.main.footer.render_line(0)).strip()

        async def says(words: str) -> None:
            await until(one.pilot, lambda: footer() == words)

        of_the_lab = footer()
        assert "s start" in of_the_lab
        for opening, told in (("D", "↑↓ choose · enter read · escape close"), ("q", ""), ("m", "")):
            await opened(one.pilot, opening)
            await says(told)
            press(one.app, "n" if opening == "q" else "escape")
            await says(of_the_lab)
        await opened(one.pilot, "D")
        press(one.app, "enter")
        await says("↑↓ scroll · / find · tab contents · escape all chapters · q close")


async def test_a_screen_that_hears_late_that_it_was_on_top_leaves_the_keys_of_the_dialog() -> None:
    async with driven(20.0) as one:
        dialog = await opened(one.pilot, "m")
        assert isinstance(dialog, Dialog)
        dialog.tell_keys(dialog.query("*").first(), "enter choose")
        one.main.post_message(ScreenResume())
        await settled(one.pilot)
        footer = "".join(segment.text for segment in one.main.footer.render_line(0))
        assert footer.strip() == "enter choose"


@TIMES
async def test_the_palette_runs_what_was_chosen_once(times: int) -> None:
    async with driven(20.0) as one:
        await opened(one.pilot, "colon")
        press(one.app, *"all clear", *["enter"] * times)
        await settled(one.pilot)
        assert one.lab.submitted == ["lab.all_clear"]


@TIMES
async def test_the_list_of_themes_closes_once(times: int) -> None:
    async with driven() as one:
        await one.main.do("app.theme")
        press(one.app, *["enter"] * times)
        await assert_it_goes_on(one.pilot)


@TIMES
@pytest.mark.parametrize("answer", ["y", "Y"])
async def test_leaving_is_said_as_often_as_one_likes(answer: str, times: int) -> None:
    async with driven(20.0) as one:
        press(one.app, "q", *[answer] * times)
        await settled(one.pilot)
        assert one.app.return_code == 0


@TIMES
@pytest.mark.parametrize("opening", ["m", "e", "l", "colon"])
async def test_a_dialog_below_another_stays_until_it_is_on_top_again(
    opening: str, times: int
) -> None:
    async with driven() as one:
        dialog = await opened(one.pilot, opening)
        one.app.push_screen(HelpScreen())  # as the form of an operation, which may come late
        for _ in range(times):
            dialog.dismiss()
        await settled(one.pilot)
        assert one.shows(HelpScreen)
        press(one.app, "escape")
        await settled(one.pilot)
        assert one.screen is dialog
        await assert_it_goes_on(one.pilot)


def test_whatever_comes_over_the_panels_is_such_a_dialog() -> None:
    for module in walk_packages(evtui.tui.__path__, "evtui.tui."):
        import_module(module.name)
    kinds = [kind for kind in subclasses(Screen) if kind.__module__.startswith("evtui.")]
    assert len([kind for kind in kinds if issubclass(kind, Dialog)]) > 8
    assert {kind for kind in kinds if not issubclass(kind, Dialog | PanelScreen)} == set()


def subclasses(kind: type) -> set[type]:
    """All of them, of subclasses too."""
    return {kind}.union(*map(subclasses, kind.__subclasses__()))


@IN_EACH_APP
async def test_every_key_is_taken_several_times_at_once(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # of pictures
    commands = (*COMMANDS, *STATIONS) if where == "lab" else replay_commands()
    async with running(where) as pilot:
        for key in keys_of(commands):
            if where == "lab" or key != "q":  # there it leaves: nothing is running
                press(pilot.app, key, key, key, "escape", "escape", "escape")
                await settled(pilot)
                assert pilot.app.is_running, key
        await assert_it_goes_on(pilot)


def keys_of(commands: Sequence[Command]) -> list[str]:
    """Each once."""
    return list(dict.fromkeys(key for command in commands for key in command.keys))


async def test_the_app_of_a_lab_without_an_answer_takes_keys_at_once() -> None:
    lab = FakeLab()
    lab.answer = ValueError("no")
    async with EvtuiApp(lab, fps=0.001).run_test() as pilot:
        press(pilot.app, *(key for key in keys_of(COMMANDS) if key != "q" for _ in range(3)))
        await assert_it_goes_on(pilot)


def drawn(app: App[Any]) -> str:
    """What is on the screen, without its colours."""
    return "\n".join(
        "".join(segment.text for segment in strip)
        for strip in app.screen._compositor.render_strips()
    )


@pytest.mark.parametrize("deep", [1, 2, 3])
async def test_the_lab_goes_on_behind_dialogs_however_many_there_are(deep: int) -> None:
    async with driven(2.0) as one:
        for _ in range(deep):
            one.app.push_screen(Question("Really?", "Nothing is done.", "yes", "no"))
            await handled(one.pilot)
        await one.play(4.0)
        await until(one.pilot, lambda: " 40 " in drawn(one.app))  # reports, ten a second
        await one.play(6.0)
        await until(one.pilot, lambda: " 60 " in drawn(one.app))
