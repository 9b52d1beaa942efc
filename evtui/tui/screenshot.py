"""The screen as a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from platformdirs import user_pictures_path
from textual.app import App

__all__ = ["save_screenshot"]


def save_screenshot(app: App[Any]) -> Path:
    """Write an SVG to the current folder, or to the pictures folder where that fails.

    Raises:
        OSError: neither can be written.
    """
    name = f"evtui-{datetime.now():%Y%m%d-%H%M%S}.svg"
    picture = app.export_screenshot()
    try:
        return _write(Path.cwd() / name, picture)
    except OSError:
        return _write(user_pictures_path() / name, picture)


def _write(path: Path, text: str) -> Path:
    try:
        path.write_text(text, "utf-8")
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path
