"""What SQLite does not say of a write-ahead log: that it has left out a part of it.

Reading stops at the first frame whose checksum is wrong, without a word, and what comes behind
is overwritten.  That is right for the frame that a process was writing when it was killed, and
loses commits anywhere else.  The format: https://sqlite.org/fileformat2.html#walformat
"""

from __future__ import annotations

import struct

__all__ = ["problem_in"]

MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
"""First word of the header, with the order of bytes in which checksums are reckoned."""

HEADER = struct.Struct(">8I")
"""Magic, version, page size, count of checkpoints, two salts, two checksums."""

FRAME = struct.Struct(">6I")
"""Page number, pages of the database after a commit, two salts, two checksums."""

Sums = tuple[int, int]


def problem_in(log: bytes) -> str:
    """What is wrong with a log, in one line; empty when all that was committed can be read.

    Args:
        log: a file FILE-wal; nothing at all is a log without frames.
    """
    if not log:
        return ""
    if len(log) < HEADER.size or struct.unpack_from(">I", log)[0] not in MAGIC:
        return "it is no write-ahead log"
    magic, _, page, _, *salts, first, second = HEADER.unpack_from(log)
    order = MAGIC[magic]
    sums = _add(order, (0, 0), log[: HEADER.size - 8])
    if sums != (first, second):
        return "its header is damaged"
    if page % 8:
        return f"pages of {page} bytes"
    size = FRAME.size + page
    starts = range(HEADER.size, len(log) - size + 1, size)
    broken = None
    for number, start in enumerate(starts, 1):
        fields = FRAME.unpack_from(log, start)
        if list(fields[2:4]) != salts:
            continue  # left over from before the last checkpoint
        if broken is not None:
            return f"frame {broken} of {len(starts)} is damaged"
        sums = _add(order, sums, log[start : start + 8])
        sums = _add(order, sums, log[start + FRAME.size : start + size])
        if sums != fields[4:6]:
            broken = number
    return ""


def _add(order: str, sums: Sums, data: bytes) -> Sums:
    one, two = sums
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for a, b in zip(words, words, strict=True):
        one = (one + a + two) & 0xFFFFFFFF
        two = (two + b + one) & 0xFFFFFFFF
    return one, two
