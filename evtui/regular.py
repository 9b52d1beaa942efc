"""Opens files that somebody else may have made: regular ones only, and none that is endless.

Nothing here waits: a FIFO without a writer, a device and a socket are refused before they are
opened.  Every refusal is an ``OSError`` whose ``strerror`` completes "cannot be read: ...".
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Literal

__all__ = [
    "LARGEST_FILE",
    "Irregular",
    "check_regular",
    "new_regular",
    "open_regular",
    "read_regular",
    "reason",
]

LARGEST_FILE = 64 << 30
"""Bytes; a larger one was not recorded, and a file with holes costs its maker nothing."""

_FLAGS = {
    "rb": os.O_RDONLY,
    "r+b": os.O_RDWR,
    "ab": os.O_WRONLY | os.O_APPEND | os.O_CREAT,
}
# O_NONBLOCK and O_NOCTTY: something else may have taken its place since it was looked at.
_ALWAYS = os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class Irregular(OSError):
    """A file that is not opened for what it is; ``strerror`` says what that is."""


def reason(error: OSError) -> str:
    """Why a file cannot be opened, read or written, to stand behind a colon."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


def open_regular(
    path: Path,
    mode: Literal["rb", "r+b", "ab"] = "rb",
    *,
    follow: bool = False,
    largest: int = LARGEST_FILE,
) -> BinaryIO:
    """Open a regular file.

    Args:
        mode: as of :func:`open`; what is written to must have this one name only, since with
            another one it stands somewhere else too.
        follow: a symbolic link is followed, as for a path that the user has given.
        largest: bytes that it may have.

    Raises:
        FileNotFoundError: there is none.
        Irregular: it is something else, too large, or not to be written to.
        OSError: it cannot be opened.
    """
    try:
        check_regular(path, follow=follow)
    except FileNotFoundError:
        if mode != "ab":
            raise
    descriptor = os.open(path, _FLAGS[mode] | _ALWAYS | (0 if follow else os.O_NOFOLLOW), 0o666)
    try:
        found = os.fstat(descriptor)
        _check(path, found, largest)
        if mode != "rb" and found.st_nlink > 1:
            text = f"has {found.st_nlink} names (hard links) and is not written to; copy it"
            raise Irregular(errno.EMLINK, text, os.fspath(path))
        return open(path, mode, opener=lambda *_: descriptor)  # so that it has its name
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, largest: int, *, follow: bool = False) -> bytes:
    """All that is in a regular file, as it was when it was opened.

    Raises:
        OSError: see :func:`open_regular`.
    """
    with open_regular(path, follow=follow, largest=largest) as file:
        return file.read(os.fstat(file.fileno()).st_size)


def new_regular(path: Path) -> BinaryIO:
    """Make a file in the place of whatever has its name, which is no file of the user's.

    Raises:
        OSError: it cannot be made.
    """
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _ALWAYS
    return open(path, "wb", opener=lambda name, _: os.open(name, flags, 0o666))


def check_regular(path: Path, *, follow: bool = False) -> None:
    """Refuse, without opening it, what is no regular file.

    Raises:
        OSError: see :func:`open_regular`.
    """
    _check(path, path.stat() if follow else path.lstat(), None)


_KINDS = {
    stat.S_IFLNK: "a symbolic link, which is not followed",
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def _check(path: Path, found: os.stat_result, largest: int | None) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "no regular file")
        raise Irregular(errno.EINVAL, f"is {kind}", os.fspath(path))
    if largest is not None and found.st_size > largest:
        raise _too_large(path, largest)


def _too_large(path: Path, largest: int) -> Irregular:
    unit, shift = next(each for each in _UNITS if largest >> each[1])
    text = f"is larger than {largest >> shift} {unit}"
    return Irregular(errno.EFBIG, text, os.fspath(path))


_UNITS = (("GiB", 30), ("MiB", 20), ("KiB", 10), ("bytes", 0))
