"""The palette runs what was asked for by name, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from textual.events import Key
from textual.keys import key_to_character
from textual.widgets import OptionList

from evtui.commands import COMMANDS, Command, replay_commands
from evtui.config import Theme
from evtui.ocpp16.forms import OPERATIONS
from evtui.tui.models.finding import find, matches
from evtui.tui.palette import Palette, command_choices
from evtui.tui.screens.main import MainScreen
from evtui.tui.screens.operation import OperationScreen
from evtui.tui.theme_choice import theme_at_start
from tests.tui.driving import Driven, driven, handled

CHOICES = command_choices(COMMANDS)


def first(typed: str) -> str:
    return next((choice.action for choice in find(typed, CHOICES)), "nothing")


async def at_once(one: Driven, *keys: str) -> None:
    """Keys that arrive together, as from a paste or a slow link."""
    for key in keys:
        one.app.post_message(Key(key, key_to_character(key)))
    while one.shows(Palette) and keys[-1] == "enter" and listed(one) != ["no matches"]:
        await one.pilot.pause(0.01)
    await handled(one.pilot)


def listed(one: Driven) -> list[str]:
    found = one.screen.query_one(OptionList)
    return [str(option.prompt).splitlines()[0] for option in found.options]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("anom start", "Anomaly: start (s)"),
        ("ALL CL", "Anomaly: all clear (0)"),
        ("allcl", "Anomaly: all clear (0)"),
        ("diag", "Send GetDiagnostics…"),
        ("get diag", "Send GetDiagnostics…"),
        ("getdiagn", "Send GetDiagnostics…"),
        ("GetDiagnostics", "Send GetDiagnostics…"),
        ("zoom-in", "View: zoom in (,)"),
        ("größ", "Größe: ändern"),
    ],
)
def test_the_beginnings_of_words_are_found_in_their_order(typed: str, text: str) -> None:
    assert matches(typed, text)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("export", "Next power stage: seed, dc, ccs, ac."),
        ("heartb", "Begin or end ordinary charging by a remote start or stop."),
        ("tart", "Anomaly: start (s)"),
        ("start anom", "Anomaly: start (s)"),
        ("start start", "Anomaly: start (s)"),
        ("stopp", "Anomaly: stop (x)"),
    ],
)
def test_letters_within_words_are_not(typed: str, text: str) -> None:
    assert not matches(typed, text)


@pytest.mark.parametrize(
    ("typed", "action"),
    [
        ("dark", "command('app.theme')"),
        ("light", "command('app.theme')"),
        ("fluct", "command('anomaly.start')"),
        ("attack", "command('anomaly.start')"),
        ("s", "command('anomaly.start')"),
        ("station", "command('view.stations')"),
        ("anomaly", "command('view.anomaly')"),
        ("f8", "command('app.screenshot')"),
        ("clipboard", "command('view.copy')"),
        ("export", "nothing"),
        ("heartb", "nothing"),
        ("xyzzy", "nothing"),
        ("!?", "nothing"),
    ],
)
def test_a_word_finds_what_it_names_and_else_nothing(typed: str, action: str) -> None:
    assert first(typed) == action


@pytest.mark.parametrize("commands", [COMMANDS, replay_commands()])
def test_every_command_is_found_by_its_title_and_by_its_label(
    commands: tuple[Command, ...],
) -> None:
    choices = command_choices(commands)
    for choice in choices:
        assert find(choice.title, choices)[0] == choice
        assert choice in find(choice.label, choices)[:2]


@pytest.mark.parametrize("typed", ["export", "heartb", "qqq", "..."])
async def test_enter_does_nothing_where_nothing_matches(typed: str) -> None:
    async with driven() as one:
        await at_once(one, "colon", *typed, "enter", "enter")
        assert one.shows(Palette)
        assert listed(one) == ["no matches"]
        assert one.lab.submitted == []
        await one.press("escape")
        assert one.shows(MainScreen)


async def test_enter_that_comes_with_the_letters_runs_what_they_say() -> None:
    async with driven() as one:
        await at_once(one, "colon", *"all clear", "enter")
        assert one.lab.submitted == ["lab.all_clear"]
        await at_once(one, "colon", *"trigger", "enter")
        assert one.shows(OperationScreen)


async def test_the_arrows_choose_among_what_was_found() -> None:
    async with driven() as one:
        await one.press("colon", *"anomaly: st", "down", "enter")
        await handled(one.pilot)
        assert one.lab.submitted == ["anomaly.stop"]


async def test_the_palette_lists_every_command_and_every_operation() -> None:
    async with driven() as one:
        await one.press("ctrl+p")
        by_hand = ["Send CAN frame…", "Send CAN message again and again…", "Play CAN log…"]
        forms = [*by_hand, *(f"Send {action}…" for action in OPERATIONS)]
        assert listed(one) == [*(choice.title for choice in CHOICES), *forms]


# The theme


async def test_the_theme_chosen_is_there_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("TEXTUAL_THEME", raising=False)
    async with driven() as one:
        await one.press("T")
        assert listed(one) == list(get_args(Theme))
        await at_once(one, *"gruv", "enter")
        assert one.app.theme == "gruvbox"
    assert theme_at_start(None) == "gruvbox"
    assert theme_at_start("nord") == "nord"
    monkeypatch.setenv("TEXTUAL_THEME", "monokai")
    assert theme_at_start(None) is None


async def test_a_state_folder_that_takes_nothing_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    (tmp_path / "file").touch()
    async with driven() as one:
        await at_once(one, "T", *"nord", "enter")
        assert one.app.theme == "nord"
        assert "not kept for the next time" in one.main.footer.notice
    assert theme_at_start(None) is None


@pytest.mark.parametrize("kept", [b"", b"no-such-theme\n", b"\xff\xfe", b"nord" * 1000])
def test_what_is_no_theme_is_not_taken(
    kept: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "evtui").mkdir()
    (tmp_path / "evtui" / "theme").write_bytes(kept)
    assert theme_at_start(None) is None
