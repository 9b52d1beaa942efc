"""Everything can be read, in every theme, in sixteen colours and in none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import get_args

import pytest
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual import constants
from textual.color import Color
from textual.theme import BUILTIN_THEMES
from textual.widgets import Input

from evtui.config import Theme
from evtui.tui.app import EvtuiApp
from evtui.tui.colours import (
    LEAST_CONTRAST,
    contrast,
    only_sixteen,
    readable,
    sixteen_colour_theme,
)
from evtui.tui.line_view import LineView
from tests.tui.driving import Driven, handled
from tests.tui.fake_lab import FakeLab

TELLING = ("ansi-dark", "ansi-light", "atom-one-light", "solarized-dark", "textual-light")
"""Themes of which each was hard to read in its own way."""

THEMES = get_args(Theme) if os.environ.get("EVTUI_FULL") else TELLING[:2]

LEAST = 3.0
"""What text that is bold or is no more than a hint has at least."""

XTERM = [
    *(0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5),
    *(0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF),
]
"""What a terminal makes of the sixteen colours."""

SCREENS = {
    "the panels": (),
    "the stations": ("l",),
    "the keys": ("question_mark",),
    "a message": ("enter",),
    "the palette": ("colon", "a"),
    "the palette without a match": ("colon", "q", "q"),
    "the anomaly": ("e",),
    "a mark": ("m", "a"),
    "the question": ("q",),
}


def app_over(lab: FakeLab, theme: str, *, sixteen: bool = False) -> EvtuiApp:
    lab.play(26.5)
    return EvtuiApp(lab, fps=0.001, theme=theme, sixteen_colours=sixteen)


def texts(app: EvtuiApp) -> Iterator[tuple[Segment, Style]]:
    """What is written on the topmost screen, and how."""
    over = len(app.screen_stack) > 1
    area = (app.screen.children[0] if over else app.screen).region
    for strip in app.screen._compositor.render_strips()[area.y : area.bottom]:
        for segment in strip.crop(area.x, area.right):
            if any(letter.isalnum() for letter in segment.text):
                yield segment, segment.style or Style()


def seen(colour: RichColor | None, *, dark: bool, ink: bool) -> Color:
    """The colour as a terminal shows it."""
    if colour is None or colour.is_default:
        return Color.parse("#e5e5e5" if ink and dark else "black" if ink or dark else "white")
    if colour.triplet:
        return Color(*colour.triplet)
    assert colour.number is not None
    return Color(*XTERM[colour.number].to_bytes(3, "big"))


@pytest.mark.parametrize(("screen", "keys"), SCREENS.items(), ids=SCREENS)
async def test_every_text_can_be_read_in_every_theme(screen: str, keys: tuple[str, ...]) -> None:
    lab = FakeLab()
    app = app_over(lab, "textual-dark")
    async with app.run_test(size=(120, 36)) as pilot:
        one = Driven(pilot, lab)
        await one.tick()
        await one.press("k", "k", "k", "k", "k", *keys)
        for theme in THEMES:
            app.show_theme(theme)
            await handled(pilot)
            dark = app.current_theme.dark
            # Green on white is what a light terminal is, and whoever uses one knows it.
            least = 2.0 if theme == "ansi-light" else LEAST
            for segment, style in texts(app):
                ink = seen(style.color, dark=dark, ink=True)
                paper = seen(style.bgcolor, dark=dark, ink=False)
                assert contrast(ink, paper) >= least, (theme, segment)


async def test_each_role_of_a_row_can_be_read_on_the_row_that_is_chosen() -> None:
    app = app_over(FakeLab(), "textual-dark")
    async with app.run_test(size=(120, 36)) as pilot:
        view = app.screen.query_one("#ocpp-list", LineView)
        for theme in get_args(Theme):
            app.show_theme(theme)
            await handled(pilot)
            for name in view.COMPONENT_CLASSES:
                style = view._style(name.removeprefix("line--") + " cursor")
                assert style.color
                assert style.bgcolor
                assert style.color != style.bgcolor
                if not app.current_theme.ansi:
                    ink, paper = map(Color.from_rich_color, (style.color, style.bgcolor))
                    assert contrast(ink, paper) >= LEAST_CONTRAST - 0.1, (theme, name)


@pytest.mark.full
async def test_what_is_selected_in_a_field_stands_out_and_can_be_read() -> None:
    lab = FakeLab()
    app = app_over(lab, "textual-dark")
    async with app.run_test(size=(120, 36)) as pilot:
        await Driven(pilot, lab).press("e")
        field = app.screen.query_one(Input)
        for theme in get_args(Theme):
            app.show_theme(theme)
            await handled(pilot)
            style = field.get_component_rich_style("input--selection")
            assert style.color
            assert style.bgcolor
            if not app.current_theme.ansi:
                ink, paper = map(Color.from_rich_color, (style.color, style.bgcolor))
                assert contrast(ink, paper) >= LEAST_CONTRAST - 0.1, theme
                assert contrast(paper, field.styles.background) >= 1.05, theme


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "nord", "ansi-light"])
async def test_in_sixteen_colours_what_is_wrong_has_a_colour_of_its_own(theme: str) -> None:
    lab = FakeLab()
    app = app_over(lab, theme, sixteen=True)
    assert app.theme == sixteen_colour_theme(BUILTIN_THEMES[theme])
    async with app.run_test(size=(120, 36)) as pilot:
        one = Driven(pilot, lab)
        await one.tick()
        told = {segment.text.strip(): style.color for segment, style in texts(app)}
        alarm = next(colour for text, colour in told.items() if text.startswith("ALARM ▲"))
        anomaly = next(colour for text, colour in told.items() if text.startswith("ANOMALY ▶"))
        link = next(colour for text, colour in told.items() if text.startswith("CSMS ●"))
        assert all(colour and colour.number is not None for colour in (alarm, anomaly, link))
        assert len({alarm, anomaly, link}) == 3


async def test_a_theme_that_is_chosen_in_sixteen_colours_is_kept_and_stood_in_for() -> None:
    app = app_over(FakeLab(), "ansi-dark", sixteen=True)
    async with app.run_test():
        assert app.show_theme("rose-pine-dawn") == "ansi-light"
        assert app.theme == "ansi-light"


async def test_without_colours_the_chosen_row_stands_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "NO_COLOR", "1")
    lab = FakeLab()
    app = app_over(lab, "textual-dark")
    async with app.run_test(size=(120, 36)) as pilot:
        one = Driven(pilot, lab)
        await one.tick()
        await one.press("k")
        chosen = [segment.text for segment, style in texts(app) if style.reverse]
        assert len(chosen) > 3
        await one.press("colon")
        chosen = [segment.text for segment, style in texts(app) if style.underline]
        assert "Anomaly: start (s)" in "".join(chosen)


@pytest.mark.parametrize(
    ("system", "sixteen"), [("standard", True), ("256", False), ("truecolor", False)]
)
def test_how_many_colours_there_are_is_what_the_terminal_says(
    system: str, sixteen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "COLOR_SYSTEM", system)
    assert only_sixteen() is sixteen


@pytest.mark.parametrize(
    ("ink", "paper"), [("#123", "#124"), ("#fff", "#eee"), ("#808080", "#777")]
)
def test_text_is_moved_away_from_its_background(ink: str, paper: str) -> None:
    style = readable(
        Style(color=Color.parse(ink).rich_color, bgcolor=Color.parse(paper).rich_color)
    )
    assert style.color
    assert contrast(Color.from_rich_color(style.color), Color.parse(paper)) >= LEAST_CONTRAST - 0.1


def test_the_terminals_own_colours_stay() -> None:
    style = Style(color="blue", bgcolor="black")
    assert readable(style) == style
