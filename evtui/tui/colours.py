"""Colours that can be told apart: by eyes, and by terminals that have sixteen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from rich.console import Console
from rich.style import Style
from textual import constants
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

__all__ = [
    "ANSI_THEMES",
    "LEAST_CONTRAST",
    "contrast",
    "only_sixteen",
    "readable",
    "sixteen_colour_theme",
]

LEAST_CONTRAST = 4.5
"""Of text and its background: level AA of the Web Content Accessibility Guidelines 2."""

FOCUS_TINT = 0.05
"""Share of the foreground in the background of a field that has the focus, as Textual has it."""

LEAST_DIFFERENCE = 1.1
"""Contrast of two backgrounds that can be told apart."""

ANSI_THEMES: tuple[Theme, ...] = (
    # Textual's have dark blue on black, one green for what is fine and what is chosen, and dark
    # red, which is hardly there on black.
    replace(
        BUILTIN_THEMES["ansi-dark"],
        primary="ansi_bright_cyan",
        error="ansi_bright_red",
        accent="ansi_bright_magenta",
        variables=BUILTIN_THEMES["ansi-dark"].variables | {"link-color": "ansi_bright_cyan"},
    ),
    # Yellow and white are hardly there on white and cyan, and the two reds are one.
    replace(
        BUILTIN_THEMES["ansi-light"],
        warning="ansi_magenta",
        accent="ansi_blue",
        variables=BUILTIN_THEMES["ansi-light"].variables
        | {
            "input-selection-foreground": "ansi_black",
            "screen-selection-foreground": "ansi_black",
        },
    ),
)
"""Textual's two themes of the terminal's own colours, with every role told apart."""


def only_sixteen() -> bool:
    """Whether the terminal says that it has sixteen colours, or ``TEXTUAL_COLOR_SYSTEM`` does."""
    named: Any = constants.COLOR_SYSTEM
    console = Console(color_system=named, force_terminal=True)
    return console.color_system == "standard"


COLOURS = (
    "foreground",
    *(f"text-{role}" for role in ("primary", "secondary", "accent", "success", "warning", "error")),
)
"""Variables of a theme that colour text."""


def sixteen_colour_theme(theme: Theme) -> str:
    """The name of the one that stands for ``theme`` where there are sixteen colours."""
    if theme.ansi:
        return theme.name
    return "ansi-dark" if theme.dark else "ansi-light"


def _luminance(colour: Color) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, colour.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio, 1 to 21, of the Web Content Accessibility Guidelines 2."""
    lower, higher = sorted((_luminance(one), _luminance(other)))
    return (higher + 0.05) / (lower + 0.05)


def legible(variables: Mapping[str, str]) -> dict[str, str]:
    """A theme's variables with its colours of text made readable on each of its backgrounds."""

    def on(name: str, *papers: str) -> str:
        if variables[name].startswith("auto"):  # Textual's own word for readable
            return variables[name]
        parsed = (Color.parse(variables[paper]) for paper in papers)
        return _readable(Color.parse(variables[name]), tuple(parsed)).hex

    changed = {name: on(name, "background", "surface", "panel") for name in COLOURS}
    changed["block-cursor-foreground"] = on("block-cursor-foreground", "block-cursor-background")
    return {**variables, **changed, **_selection(variables)}


def _selection(variables: Mapping[str, str]) -> dict[str, str]:
    """What is selected in a field: it stands out, and can be read."""
    surface, chosen, ink = (
        _parsed(variables[name])
        for name in ("surface", "input-selection-background", "input-selection-foreground")
    )
    if any(colour.ansi is not None for colour in (chosen, ink)):
        return {}
    changed = {}
    if contrast(surface + chosen, surface) < LEAST_DIFFERENCE:
        chosen = _parsed(variables["block-cursor-background"])
        changed["input-selection-background"] = chosen.hex
    focused = surface.tint(_parsed(variables["foreground"]).with_alpha(FOCUS_TINT))
    papers = (surface + chosen, focused + chosen)
    changed["input-selection-foreground"] = _readable(ink, papers).hex
    return changed


def _parsed(text: str) -> Color:
    """A colour, with an opacity behind it if it has one: ``#81a1c1 35%``."""
    colour, _, opacity = text.partition(" ")
    parsed = Color.parse(colour)
    return parsed.with_alpha(float(opacity.rstrip("%")) / 100) if opacity else parsed


def readable(style: Style) -> Style:
    """``style`` with its text lighter or darker, until it can be read on its background.

    The terminal's own colours stay as they are: what they look like is its affair.
    """
    text, background = style.color, style.bgcolor
    if text is None or background is None or not (text.triplet and background.triplet):
        return style
    paper = Color.from_rich_color(background)
    return style + Style(color=_readable(Color.from_rich_color(text), (paper,)).rich_color)


@lru_cache(1024)
def _readable(ink: Color, papers: tuple[Color, ...]) -> Color:
    if any(colour.ansi is not None for colour in (ink, *papers)):
        return ink

    def least(text: Color) -> float:
        return min(contrast(text, paper) for paper in papers)

    end = max(Color(0, 0, 0), Color(255, 255, 255), key=least)
    shades = (ink.blend(end, tenths / 10, 1) for tenths in range(11))
    return next((shade for shade in shades if least(shade) >= LEAST_CONTRAST), end)
