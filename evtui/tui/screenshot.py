"""The screen as a file."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from platformdirs import user_pictures_path
from textual.app import App

__all__ = ["save_screenshot"]


def save_screenshot(app: App[Any]) -> Path:
    """Write an SVG to the current folder, or to the pictures folder where that fails.

    Raises:
        OSError: neither can be written; it is about the current folder.
    """
    name = f"evtui-{datetime.now():%Y%m%d-%H%M%S}"
    picture = app.export_screenshot()
    try:
        return _write(Path.cwd(), name, picture)
    except OSError as error:
        pictures = user_pictures_path()
        try:
            pictures.mkdir(parents=True, exist_ok=True)
            return _write(pictures, name, picture)
        except OSError:
            raise error from None


def _write(folder: Path, name: str, text: str) -> Path:
    """A new file: several pictures of one second get numbers."""
    for number in count(1):
        path = folder / (f"{name}.svg" if number == 1 else f"{name}-{number}.svg")
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            continue
        try:
            path.write_text(text, "utf-8")
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path
    raise AssertionError
