"""Logs that gzip has packed."""

from __future__ import annotations

import errno
import gzip
import os
import zlib
from pathlib import Path

from evtui.regular import open_regular

__all__ = ["LARGEST", "MAGIC", "unpack"]

MAGIC = b"\x1f\x8b"

LARGEST = 4 << 30
"""Bytes that are unpacked; a few MiB of zeros become that."""

_BLOCK = 1 << 20


def unpack(path: Path, out: Path, largest: int | None = None) -> str:
    """Unpack ``path`` to ``out``.

    Args:
        largest: bytes at most; default: :data:`LARGEST`.

    Returns:
        What is wrong with its end, empty where nothing is; what is in front of it is there.

    Raises:
        OSError: it cannot be read, the other not be written, or it holds too much.
    """
    most = LARGEST if largest is None else largest
    size = 0
    with (
        open_regular(path, follow=True) as file,
        gzip.GzipFile(fileobj=file) as packed,
        out.open("wb") as whole,
    ):
        while True:
            try:
                block = packed.read1(_BLOCK)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                return f"compressed data is broken after {size:,} bytes: {error}"
            if not block:
                return ""
            size += len(block)
            if size > most:
                text = f"unpacks to more than {most >> 20:,} MiB; unpack it with gunzip -k"
                raise OSError(errno.EFBIG, text, os.fspath(path))
            whole.write(block)
