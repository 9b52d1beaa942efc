"""Where an export goes: a file that appears whole or not at all, or a stream that stays open."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from evtui.regular import new_regular, reason

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Borrowed", "TargetError", "new_file"]


class TargetError(Exception):
    """The file cannot be written; its text is one line."""


class Borrowed(io.BufferedIOBase):
    """Somebody else's stream: what is written goes there, closing this leaves that open.

    Once that stream has failed nothing more is tried on it, so that layers above that still hold
    text can be dropped without failing anew.
    """

    name = "standard output"

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._failed = False

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        if not self._failed:
            try:
                self._stream.write(data)
            except OSError:
                self._failed = True
                raise
        return memoryview(data).nbytes


@contextmanager
def new_file(
    path: Path, *, force: bool = False, folders: Iterable[Path] = ()
) -> Iterator[BinaryIO]:
    """Write under a temporary name beside ``path``; rename when the block ends well.

    Args:
        path: a link is followed, so that it stays one.
        force: replace a file that exists.
        folders: of runs, which somebody else may have made: a link in or below one is not followed.

    Raises:
        TargetError: the file exists, is no regular file, or cannot be written.
    """
    _check(path, force, folders)
    whole = Path(os.path.realpath(path))
    part = whole.with_name(f".evtui-{os.getpid()}.part")
    try:
        file = new_regular(part)
    except OSError as error:
        raise _cannot_write(path, error) from None
    try:
        with file:
            yield file
        part.replace(whole)
    except OSError as error:
        if error.filename not in (None, os.fspath(part)):
            raise  # not about this file: what is read may fail as well
        raise _cannot_write(path, error) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _check(path: Path, force: bool, folders: Iterable[Path]) -> None:
    if os.path.islink(path) and any(
        map(path.parent.resolve().is_relative_to, map(Path.resolve, folders))
    ):
        raise TargetError(
            f"{path} is a symbolic link in a run folder, which is not followed; "
            "choose another place with --out"
        )
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise TargetError(
                f"cannot write {path}: there is no folder {path.parent}; make it first"
            ) from None
        return
    except OSError as error:
        raise _cannot_write(path, error) from None
    if stat.S_ISDIR(mode):
        raise TargetError(f"{path} is a folder; give --out a file name in it")
    if not stat.S_ISREG(mode):
        raise TargetError(f"{path} is no regular file; use --out - for standard output")
    if not force:
        raise TargetError(f"{path} exists; choose another name, or replace it with --force")


def _cannot_write(path: Path, error: OSError) -> TargetError:
    return TargetError(f"cannot write {path}: {reason(error)}; choose another place with --out")
