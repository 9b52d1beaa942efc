"""Where a recording goes."""

from __future__ import annotations

import os
import re
from pathlib import Path

from evtui.recording.write.folder import RecordingError

__all__ = ["new_folder", "prepare_folder"]


def prepare_folder(folder: Path) -> None:
    """Make ``folder``, before anything starts that could be recorded.

    Raises:
        RecordingError: there is something in it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
    except (OSError, ValueError) as error:
        why = str(getattr(error, "strerror", None) or error).lower()
        raise RecordingError(f"cannot record to {folder}: {why}; name another folder") from None
    if used:
        raise RecordingError(
            f"cannot record to {folder}: there is something in it; name a new folder"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RecordingError(f"cannot record to {folder}: permission denied; name another folder")


def new_folder(parent: Path, stamp: str, station: str) -> Path:
    """A folder that is not there yet: ``<parent>/<stamp>-<station>``, numbered when it has to be.

    Args:
        station: identity of a charge point, which may contain anything.
    """
    name = f"{stamp}-{re.sub(r'[^A-Za-z0-9._-]+', '_', station)}"
    folder, number = parent / name, 1
    while folder.exists():
        number += 1
        folder = parent / f"{name}-{number}"
    return folder
