"""What an app costs that nobody looks at: frames drawn when a test waits, style sheets read once.

Textual draws at each message that changes something, and reads every style sheet anew for each
app; over hundreds of apps that is most of their time.
"""

from __future__ import annotations

from typing import Any

import pytest
from textual._compositor import Compositor
from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

__all__ = ["draw", "draw_late", "read_style_sheets_once"]

_render_update = Compositor.render_update
_parse_rules = Stylesheet._parse_rules


def draw(app: App[Any]) -> None:
    """Draw what has changed since the last time, as the app would have by itself."""
    if app.is_running:
        _render_update(app.screen._compositor, screen_stack=app._background_screens)


def draw_late(patch: pytest.MonkeyPatch) -> None:
    """Keep what an app would draw by itself for :func:`draw`; whole pictures are drawn."""

    def update(compositor: Compositor, full: bool = False, **options: Any) -> object:
        return _render_update(compositor, full=True, **options) if full else None

    patch.setattr(Compositor, "render_update", update)


def read_style_sheets_once(patch: pytest.MonkeyPatch) -> None:
    """Share the rules of equal style sheets, with equal variables, among all apps."""
    known: dict[tuple[object, ...], list[RuleSet]] = {}

    def parse(sheet: Stylesheet, css: str, *place: Any, **options: Any) -> list[RuleSet]:
        variables = tuple(sheet._variables.items())
        key = (css, place, tuple(options.items()), variables)
        if key not in known:
            known[key] = _parse_rules(sheet, css, *place, **options)
        return known[key]

    patch.setattr(Stylesheet, "_parse_rules", parse)
