"""A file that grows by whole lines, and knows its hash without being read again."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from evtui.recording.format.manifest import FileInfo

__all__ = ["LineFile"]


class LineFile:
    """An append-only text file.  Lines are collected in ``lines`` and written all at once.

    Args:
        path: must not exist.
        header: its first line with its line end, for a CSV file.

    Attributes:
        lines: what the next :meth:`write` writes; each ends in a line feed.
        size: bytes written.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, path: Path, header: str = "") -> None:
        self.path = path
        self.lines: list[str] = []
        self.size = 0
        self._rows = 0
        self._hash = hashlib.sha256()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._descriptor: int | None = os.open(path, flags, 0o666)
        if header:
            self.lines.append(header)
            self._rows = -1

    def write(self) -> None:
        """Hand the collected lines to the operating system.

        Raises:
            OSError: not all went; the file then ends in the last whole line that did, and
                the rest is gone.  Also when the file is no longer where it was: writing on
                into what was deleted would be a silent gap.
        """
        if not self.lines or self._descriptor is None:
            return
        os.stat(self.path)
        data = "".join(self.lines).encode("utf-8", "backslashreplace")
        self.lines.clear()
        done = 0
        try:
            while done < len(data):
                done += os.write(self._descriptor, data[done:] if done else data)
        except OSError:
            data = data[: data.rfind(b"\n", 0, done) + 1]
            os.ftruncate(self._descriptor, self.size + len(data))
            raise
        finally:
            self.size += len(data)
            self._rows += data.count(b"\n")
            self._hash.update(data)

    def close(self) -> None:
        """Give the file back; what was not written is gone."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def info(self) -> FileInfo:
        """Rows, bytes and hash of what was written."""
        return FileInfo(rows=max(0, self._rows), bytes=self.size, sha256=self._hash.hexdigest())
