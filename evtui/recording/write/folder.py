"""The files of a run folder while it is written."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from pathlib import Path

from evtui.recording.format import ALARMS, FRAMES, SIGNALS, layout
from evtui.recording.format.manifest import FileInfo, Manifest
from evtui.recording.format.wholefile import replace_file
from evtui.recording.write.linefile import LineFile

__all__ = ["FolderWriter", "RecordingError", "in_short"]

_GROWING: dict[str, str] = {
    layout.SIGNALS: SIGNALS.header,
    layout.OCPP: "",
    layout.CAN_LOG: "",
    layout.CAN_LABELS: FRAMES.header,
    layout.ALARMS: ALARMS.header,
    layout.EVENTS: "",
}
"""Files that grow line by line, with their headers."""


_RESERVE = 1 << 16
"""Bytes kept back so that the manifest can say that the disk is full."""


class RecordingError(Exception):
    """A folder cannot be recorded into; the text is one line.

    Attributes:
        reason: why, in a few words.
    """

    def __init__(self, text: str, reason: str = "") -> None:
        super().__init__(text)
        self.reason = reason or text


def in_short(error: OSError) -> str:
    """Why something cannot be written, in a few words."""
    return "disk full" if error.errno == errno.ENOSPC else str(error.strerror or error)


class FolderWriter:
    """Makes a run folder and writes its files.

    Args:
        path: must be absent or an empty directory.

    Raises:
        RecordingError: it is neither, or nothing can be written there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._growing: dict[str, LineFile] = {}
        self._whole: dict[str, FileInfo] = {}
        self._reserve: int | None = None
        self._is_new = not path.exists()
        try:
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise RecordingError(
                    f"cannot record to {path}: there is something in it; name a new folder",
                    "there is something in its folder",
                )
            for name, header in _GROWING.items():
                self._growing[name] = LineFile(path / name, header)
            self._keep_reserve()
        except OSError as error:
            self.discard()
            why = str(error.strerror or error).lower()
            raise RecordingError(
                f"cannot record to {path}: {why}; name a folder that can be written",
                in_short(error),
            ) from None

    @property
    def size(self) -> int:
        """Bytes written, manifest excluded."""
        growing = sum(file.size for file in self._growing.values())
        return growing + sum(info.bytes for info in self._whole.values())

    def lines(self, name: str) -> list[str]:
        """Where to put the next lines of a file that grows."""
        return self._growing[name].lines

    def write(self) -> None:
        """Write all lines collected.

        Raises:
            OSError: a file could not be written, ``filename`` says which; the others were.
        """
        first: OSError | None = None
        for name, file in self._growing.items():
            try:
                file.write()
            except OSError as error:
                first = first or OSError(error.errno, error.strerror, name)
        if first is not None:
            raise first

    def replace(self, name: str, text: str) -> None:
        """Write a small file as a whole.

        Raises:
            OSError: it could not be written, ``filename`` says which; the old one is there.
        """
        data = text.encode("utf-8", "backslashreplace")
        try:
            replace_file(self.path / name, data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, name) from None
        rows = data.count(b"\n") - name.endswith(".csv")
        digest = hashlib.sha256(data).hexdigest()
        self._whole[name] = FileInfo(rows=rows, bytes=len(data), sha256=digest)

    def save(self, manifest: Manifest) -> None:
        """Write the manifest.

        Raises:
            OSError: see :meth:`replace`.
        """
        try:
            manifest.save(self.path / layout.MANIFEST)
        except OSError as error:
            raise OSError(error.errno, error.strerror, layout.MANIFEST) from None

    def files(self) -> dict[str, FileInfo]:
        """What has been written, by name."""
        growing = {name: file.info() for name, file in self._growing.items()}
        return dict(sorted((growing | self._whole).items()))

    def free_reserve(self) -> None:
        """Give back the space that was kept for the last words."""
        if self._reserve is not None:
            os.close(self._reserve)
            self._reserve = None

    def close(self) -> None:
        """Give the files back; lines that were not written are gone."""
        self.free_reserve()
        for file in self._growing.values():
            file.close()

    def discard(self) -> None:
        """Take back what was made, before there is anything in it: empty files tell nobody."""
        self.close()
        with contextlib.suppress(OSError):
            for file in self.path.iterdir():  # nothing was there before
                file.unlink()
            if self._is_new:
                self.path.rmdir()

    def _keep_reserve(self) -> None:
        # A file without a name: nobody sees it, and it goes with the process however that ends.
        path = self.path / ".reserve"
        self._reserve = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC)
        os.unlink(path)
        os.write(self._reserve, bytes(_RESERVE))
