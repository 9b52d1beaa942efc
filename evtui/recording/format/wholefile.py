"""A small file that is written as a whole: a reader sees the old one or the new one."""

from __future__ import annotations

import contextlib
from pathlib import Path

from evtui.regular import new_regular

__all__ = ["SUFFIX", "replace_file"]

SUFFIX = ".new"
"""Of the file beside it, which is there for a moment only; a kill may leave it behind."""


def replace_file(path: Path, data: bytes) -> None:
    """Put ``data`` in the place of what ``path`` holds, in one step.

    Raises:
        OSError: it cannot be written; the old file is still there.
    """
    beside = path.with_name(path.name + SUFFIX)
    try:
        with new_regular(beside) as file:
            file.write(data)
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
