"""The theme chosen in the terminal, kept from one time to the next."""

from __future__ import annotations

import os
from pathlib import Path
from typing import get_args

from evtui.config import Theme

__all__ = ["remember_theme", "theme_at_start"]

LONGEST = 100
"""Characters read: no theme's name is longer."""


def _file() -> Path:
    from platformdirs import user_state_path

    return user_state_path("evtui") / "theme"


def theme_at_start(named: str | None) -> str | None:
    """The theme that is named, else the one chosen last; None leaves it to Textual.

    ``TEXTUAL_THEME`` in the environment names one, too.
    """
    if named is not None or "TEXTUAL_THEME" in os.environ:
        return named
    try:
        if not _file().is_file():
            return None
        with _file().open(encoding="utf-8") as kept:
            name = kept.read(LONGEST).strip()
    except (OSError, UnicodeError):
        return None
    return name if name in get_args(Theme) else None


def remember_theme(name: str) -> None:
    """Keep it for the next time.

    Raises:
        OSError: it cannot be written.
    """
    _file().parent.mkdir(parents=True, exist_ok=True)
    _file().write_text(f"{name}\n", "utf-8")
