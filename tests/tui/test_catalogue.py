"""The catalogue: every anomaly is found, told of, edited, chosen and started from one screen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from evtui.anomalies import catalogue
from evtui.commands import COMMANDS
from evtui.config import FAVOURITES
from evtui.tui.app import EvtuiApp
from evtui.tui.models.catalogue import described, entries, found
from evtui.tui.palette import command_choices
from evtui.tui.screens.catalogue import CatalogueScreen
from evtui.tui.screens.edit_anomaly import EditAnomaly
from evtui.tui.screens.main import MainScreen
from evtui.tui.scrolled import Scrolled
from tests.tui.driving import Driven, driven, handled, press
from tests.tui.fake_lab import FakeLab
from tests.tui.toys import install
from tests.tui.waves import anomaly

PLACE = {"station": "CP1", "connector": 1}


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    install(monkeypatch)
    yield
    monkeypatch.undo()
    catalogue.listed.cache_clear()
    catalogue.anomaly_named.cache_clear()


def listed(one: Driven) -> list[str]:
    options = one.screen.query_one(OptionList).options
    return [" ".join(str(option.prompt).split()) for option in options]


def told(one: Driven) -> str:
    assert isinstance(one.screen, CatalogueScreen)
    return "\n".join("".join(run.text for run in row) for row in one.screen.told.rows)


async def opened(one: Driven, name: str) -> None:
    """Open the catalogue with the cursor on an anomaly."""
    await one.press("a", *name)
    assert isinstance(one.screen, CatalogueScreen)
    assert one.screen.highlighted == name


async def test_the_list_is_by_layer_and_then_by_package() -> None:
    async with driven(1.0, size=(120, 60)) as one:
        await one.press("a")
        rows = listed(one)
        assert rows.index("OCPP") < rows.index("• repeated-current-fluctuation 6")
        at = rows.index("of tests")
        assert rows[at + 1 : at + 4] == ["bare", "broken", "forged-current"]


async def test_names_are_listed_without_importing_what_is_not_under_the_cursor() -> None:
    sys.modules.pop("tests.tui.no_such_module", None)
    known = {each.name for each in entries()}
    assert {"bare", "broken", "forged-current"} < known
    async with driven(1.0) as one:
        await one.press("a")
        assert "broken" in listed(one)


async def test_a_broken_one_is_a_line_with_its_reason_and_cannot_be_chosen() -> None:
    async with driven(1.0, size=(80, 24)) as one:
        await opened(one, "broken")
        assert "✗ broken is broken" in listed(one)
        assert "No module named 'tests.tui.no_such_module'" in " ".join(told(one).split())
        await one.press("enter", "tab")
        assert one.shows(CatalogueScreen)
        assert one.lab.submitted == []


def test_what_is_told_has_everything_that_is_declared() -> None:
    text = " ".join(" ".join(line for line, _ in described("forged-current", {}, 42)).split())
    for part in (
        "Forged current",
        "can · severity ■■■□□ 3 of 5, fraud",
        "A second node says on the bus that less current flows than the module delivers.",
        "OCPP MeterValues follow the forgery",
        "CAN two senders of 0x300",
        "current nothing",
        "share 20 %",
        "shape steady",
        "gap 0.1 s",
        "quiet no",
        "T0856",
        "ROAD, PLoS ONE 0296879",
    ):
        assert part in text


@pytest.mark.parametrize("width", [20, 42, 80, 160])
def test_no_line_is_wider_than_its_place(width: int) -> None:
    for entry in entries():
        assert max(len(line) for line, _ in described(entry.name, {}, width)) <= width


def test_parameters_are_told_as_they_were_last() -> None:
    lines = [line for line, _ in described("forged-current", {"share": 35.0, "quiet": True}, 80)]
    assert any(line.startswith("share  35 %") for line in lines)
    assert any(line.startswith("quiet  yes") for line in lines)


@pytest.mark.parametrize(
    ("typed", "name"),
    [("forged", "forged-current"), ("cur", "forged-current"), ("ocpp rep", FAVOURITES[0])],
)
def test_words_of_a_name_and_of_a_layer_find_it(typed: str, name: str) -> None:
    assert name in [each.name for each in found(typed, entries())]


def test_what_no_name_has_finds_nothing() -> None:
    assert found("no such thing", entries()) == []


async def test_enter_chooses_the_one_under_the_cursor_and_leaves() -> None:
    async with driven(1.0) as one:
        await opened(one, "forged-current")
        await one.press("enter")
        assert one.shows(MainScreen)
        assert one.lab.submitted == ["anomaly.choose"]
        assert one.lab.arguments == [{**PLACE, "name": "forged-current"}]


async def test_every_letter_is_typed_and_none_is_a_command() -> None:
    async with driven(1.0) as one:
        await one.press("a", *"jskesx", "0")
        assert one.screen.query_one(Input).value == "jskesx0"
        assert one.lab.submitted == []
        assert listed(one) == ["no matches"]
        await one.press("enter", "tab")
        assert one.shows(CatalogueScreen)


async def test_letters_that_come_with_the_key_that_opens_it_are_typed() -> None:
    async with driven(1.0) as one:
        for key in "asx0":
            one.app.post_message(Key(key, key))
        await handled(one.pilot)
        assert one.screen.query_one(Input).value == "sx0"
        assert one.lab.submitted == []


async def test_a_slash_before_the_letters_finds_the_same() -> None:
    async with driven(1.0) as one:
        await one.press("a", "slash", *"bare")
        assert listed(one)[1:] == ["bare"]


async def test_the_arrows_move_in_the_list_while_letters_are_typed() -> None:
    async with driven(1.0) as one:
        await one.press("a", *"cur", "down", "enter")
        names = [each.name for each in found("cur", entries())]
        assert one.lab.arguments == [{**PLACE, "name": names[1]}]


async def test_left_and_right_turn_pages_where_they_have_no_letter_to_move_over() -> None:
    async with driven(1.0, size=(80, 24)) as one:
        await one.press("a", *"fluct")
        text, entry = one.screen.query_one(Scrolled), one.screen.query_one(Input)
        await one.press("left")
        assert (entry.cursor_position, text.scroll_target_y) == (4, 0)
        await one.press("right")
        assert (entry.cursor_position, text.scroll_target_y) == (5, 0)
        await one.press("right")
        assert text.scroll_target_y > 0
        await one.press("home", "left")
        assert text.scroll_target_y == 0


async def test_escape_goes_back_to_the_whole_list_and_then_leaves() -> None:
    async with driven(1.0) as one:
        await one.press("a")
        whole = listed(one)
        await one.press(*"bare")
        assert len(listed(one)) == 2
        assert one.screen.highlighted == "bare"  # type: ignore[attr-defined]
        await one.press("escape")
        assert listed(one) == whole
        await one.press("escape")
        assert one.shows(MainScreen)
        assert one.lab.submitted == []


async def test_letters_are_typed_after_a_click_on_the_list_too() -> None:
    async with driven(1.0) as one:
        await one.press("a")
        await one.pilot.click(OptionList, offset=(5, 3))
        assert one.shows(CatalogueScreen)
        await one.press(*"bare")
        assert listed(one)[1:] == ["bare"]


async def test_its_parameters_are_edited_without_choosing_it() -> None:
    async with driven(1.0) as one:
        await one.press("a", *"forged", "tab")
        assert one.shows(EditAnomaly)
        one.screen.query_one("#share", Input).value = "45"
        await handled(one.pilot)
        await one.press("enter")
        assert one.shows(CatalogueScreen)
        assert one.lab.submitted == ["anomaly.set"]
        (arguments,) = one.lab.arguments
        assert arguments["name"] == "forged-current"
        assert isinstance(arguments["parameters"], dict)
        assert arguments["parameters"]["share"] == 45.0


async def test_what_was_changed_is_told_at_once() -> None:
    async with driven(1.0) as one:
        await one.press("a", *"forged")
        changed = anomaly(
            1.0,
            "parameters",
            active=False,
            anomaly="forged-current",
            attack_id="",
            variant="",
            parameters={"share": 45.0, "shape": "ramp", "gap_s": 0.1, "quiet": False},
        )
        one.lab.publish(changed)
        await one.tick()
        assert "share  45 %" in told(one)


async def test_the_list_says_what_is_on() -> None:
    async with driven(1.0) as one:
        await one.press("a")
        on = anomaly(1.0, "on", anomaly="forged-current", attack_id="forged-current-2", layer="can")
        one.lab.publish(on)
        await one.tick()
        assert "▶ forged-current" in listed(one)


async def test_one_without_parameters_says_so() -> None:
    async with driven(1.0) as one:
        await one.press("a", *"bare", "tab")
        assert one.shows(CatalogueScreen)
        assert one.main.footer.notice == "bare has no parameters"


async def test_keys_that_come_together_do_what_they_do_one_by_one() -> None:
    async with driven(1.0) as one:
        await press(one.pilot, "a", *"forged", "enter", "s")
        assert one.lab.submitted == ["anomaly.choose", "anomaly.start"]


@pytest.mark.parametrize(("key", "place"), [("6", 0), ("7", 1), ("8", 2), ("9", 3)])
async def test_a_favourite_is_chosen_and_started_on_one_key(key: str, place: int) -> None:
    async with driven(1.0) as one:
        await one.press(key)
        assert one.lab.submitted == ["anomaly.choose", "anomaly.start"]
        assert one.lab.arguments == [{**PLACE, "name": FAVOURITES[place]}] * 2


async def test_the_same_key_stops_it() -> None:
    async with driven(20.0) as one:
        await one.press("6")
        assert one.lab.submitted == ["anomaly.stop"]
        assert one.lab.arguments == [{**PLACE, "name": FAVOURITES[0]}]


async def test_favourites_are_a_setting_and_the_help_names_them() -> None:
    lab = FakeLab()
    app = EvtuiApp(lab, fps=0.001, favourites=("bare", "forged-current"))
    async with app.run_test(size=(120, 36)) as pilot:
        one = Driven(pilot, lab)
        await one.play(1.0)
        await one.press("7")
        assert lab.arguments[-1]["name"] == "forged-current"
        await one.press("8")
        assert "no favourite has this key" in one.main.footer.notice
        helps = {each.title: each.help for each in command_choices(one.main.commands)}
        assert helps["Anomaly: favourite 2 (7)"] == "Start or stop a favourite: forged-current."
        assert "Anomaly: favourite 3 (8)" not in helps


def test_the_help_of_the_registry_names_the_favourites_of_the_defaults() -> None:
    told = {each.name: each.help for each in COMMANDS}
    for place, name in enumerate(FAVOURITES, start=1):
        assert name in told[f"anomaly.favourite_{place}"]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
def test_how_it_looks(snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    lab = FakeLab()
    lab.play(20.0)

    async def settle(pilot: Pilot[None]) -> None:
        main = pilot.app.screen_stack[0]
        assert isinstance(main, MainScreen)
        main.tick()
        await handled(pilot)
        await press(pilot, "a", *"current")
        await handled(pilot)

    app = EvtuiApp(lab, fps=0.001, theme="textual-dark")
    assert snap_compare(app, terminal_size=size, run_before=settle)
