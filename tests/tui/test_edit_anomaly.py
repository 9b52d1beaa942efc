from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App
from textual.containers import Vertical
from textual.widgets import Button, Input, Label

from evtui.anomalies import DEFAULT, anomaly_named
from evtui.config import SETTINGS
from evtui.durations import EXPECTED
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.screens.edit_anomaly import EditAnomaly, check, fields_of
from tests.tui.driving import handled, press
from tests.tui.waves import PARAMETERS

FLUCTUATION = anomaly_named(DEFAULT)
FIELDS = fields_of(FLUCTUATION)


class FormApp(App[None]):
    """The form over an empty screen."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Mapping[str, float] | None] = []

    def on_mount(self) -> None:
        form = EditAnomaly(FLUCTUATION, ChosenPlace("CP[2]", 1), PARAMETERS)
        self.push_screen(form, self.answers.append)

    def set(self, name: str, value: str) -> None:
        self.screen.query_one(f"#{name}", Input).value = value

    @property
    def problem(self) -> str:
        return str(self.screen.query_one("#problem", Label).render())


RIGHT = {name: f"{value:g}" for name, value in PARAMETERS.items()}


def test_parameters_of_the_anomaly_pass_unchanged() -> None:
    assert check(FLUCTUATION, RIGHT) == (PARAMETERS, {})


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("low_a", "-1", "low: -1 is not a number from 0 to 500 A"),
        ("high_a", "501", "high: 501 is not a number from 0 to 500 A"),
        ("wait_1_s", "0.01", "wait 1: 0.01 is 0.01 s, not 0.05 to 3600 s"),
        ("wait_1_s", "1h30m", "wait 1: 1h30m is 5400 s, not 0.05 to 3600 s"),
        ("wait_1_s", "1:23", f"wait 1: 1:23 is not {EXPECTED}, from 0.05 to 3600 s"),
        ("wait_4_s", "", f"wait 4: nothing is not {EXPECTED}, from 0.05 to 3600 s"),
        ("cycles", "1.5", "cycles: 1.5 is not an integer from 0 to 1000000"),
        ("jitter", "nan", "jitter: nan is not a number from 0 to 0.9"),
        ("jitter", "half", "jitter: half is not a number from 0 to 0.9"),
    ],
)
def test_error_names_the_value_and_the_range(name: str, text: str, problem: str) -> None:
    _, errors = check(FLUCTUATION, RIGHT | {name: text})
    assert errors == {name: problem}


def test_high_below_low_is_refused() -> None:
    _, errors = check(FLUCTUATION, RIGHT | {"low_a": "50", "high_a": "40"})
    assert errors == {"high_a": "low is 50 A, above high, 40 A"}


def test_high_may_equal_low() -> None:
    assert check(FLUCTUATION, RIGHT | {"low_a": "50", "high_a": "50"})[1] == {}


def test_decimal_comma_is_read() -> None:
    assert check(FLUCTUATION, RIGHT | {"wait_1_s": "2,5"})[0]["wait_1_s"] == 2.5


def test_a_wait_may_be_typed_with_its_unit() -> None:
    assert check(FLUCTUATION, RIGHT | {"wait_1_s": "1m30s"})[0]["wait_1_s"] == 90.0


@given(st.dictionaries(st.sampled_from([field.name for field in FIELDS]), st.text()))
def test_whatever_is_typed_is_either_in_range_or_an_error(texts: dict[str, str]) -> None:
    values, errors = check(FLUCTUATION, texts)
    for field in FIELDS:
        assert (field.name in values) or (field.name in errors)
        if field.name in values:
            assert field.kind.check(values[field.name]) == values[field.name]


async def test_the_title_says_whose_anomaly_it_is() -> None:
    app = FormApp()
    async with app.run_test(size=(80, 24)):
        assert "Edit repeated-current-fluctuation at CP[2]/1" in str(
            app.screen.query_one(Vertical)._border_title
        )


async def test_enter_saves_every_parameter() -> None:
    app = FormApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await handled(pilot)
        app.set("high_a", "80")
        await press(pilot, "enter")
        await handled(pilot)
        assert app.answers == [PARAMETERS | {"high_a": 80.0}]


async def test_wrong_value_is_named_at_once_and_not_sent() -> None:
    app = FormApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await handled(pilot)
        app.set("high_a", "600")
        await handled(pilot)
        assert app.problem == "high: 600 is not a number from 0 to 500 A"
        assert app.screen.query_one("#save", Button).disabled
        await press(pilot, "enter")
        await handled(pilot)
        assert app.answers == []
        assert app.screen.focused is app.screen.query_one("#high_a")
        app.set("high_a", "90")
        await handled(pilot)
        assert app.problem == ""


async def test_letters_are_not_typed_into_numbers() -> None:
    app = FormApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await handled(pilot)
        for name in ("low_a", "cycles"):
            entry = app.screen.query_one(f"#{name}", Input)
            entry.focus()
            await handled(pilot)
            entry.value = ""
            await press(pilot, *"a1e2,x-5")
            await handled(pilot)
            assert entry.value == ("125" if name == "cycles" else "12,5")


def test_the_ranges_are_those_of_the_command_line() -> None:
    limits = {each.name: each.kind.limits for each in SETTINGS}
    told = {field.name: field.kind.limits for field in FIELDS}
    assert limits["high_a"] == told["high_a"]
    assert limits["waits_s"] == f"each {told['wait_1_s']}"
    assert limits["cycles"] == told["cycles"]
    assert limits["jitter"] == told["jitter"]


async def test_each_wait_says_what_it_comes_after() -> None:
    app = FormApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await handled(pilot)
        told = [str(label.render()) for label in app.screen.query(".unit").results(Label)]
        assert told[2:6] == [
            f"0.05 to 3600 s, after the {step}"
            for step in ("low profile", "high profile", "remote start", "remote stop")
        ]


async def test_escape_changes_nothing() -> None:
    app = FormApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await handled(pilot)
        app.set("high_a", "80")
        await press(pilot, "escape")
        await handled(pilot)
        assert app.answers == [None]


async def test_mouse_can_save_and_cancel() -> None:
    for button, ended in (("#save", PARAMETERS), ("#cancel", None)):
        app = FormApp()
        async with app.run_test(size=(80, 24)) as pilot:
            await handled(pilot)
            await pilot.click(button)
            await handled(pilot)
            assert app.answers == [ended]


async def test_arrows_move_between_the_fields() -> None:
    app = FormApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await handled(pilot)
        await press(pilot, "down", "down", "up")
        assert app.screen.focused is app.screen.query_one("#high_a")
