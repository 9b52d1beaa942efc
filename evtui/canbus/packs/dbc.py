"""The DBC of a protocol for the addresses in use, made from the one that lies beside its codec.

A DBC knows an identifier as one number, while the identifiers of some protocols carry the address
of a module in their bits.  So the file of such a protocol describes one module, and is written out
anew with a copy of each message for each of the modules that there are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

__all__ = ["Copies", "copied"]

Copies = Callable[[int, str], Sequence[tuple[int, str]]]
"""From the 29-bit identifier and the name of a message to those of all its copies."""

EXTENDED = 0x8000_0000
"""Set in a DBC's number of a message with a 29-bit identifier."""

_MESSAGE = re.compile(r"BO_ (\d+) (\w+):")
_OF_A_MESSAGE = re.compile(r"(?:CM_ (?:BO_|SG_)|BA_ \"\w+\" BO_|VAL_|SIG_VALTYPE_) (\d+) ")


def copied(text: str, copies: Copies) -> str:
    """The DBC ``text`` with every message, and all that is said of it, in each of its copies.

    Args:
        text: a DBC with 29-bit identifiers.
        copies: of each message; its own identifier and name stand among them or are gone.
    """
    numbers = {
        int(number): [(EXTENDED | identifier, new) for identifier, new in copies(_id(number), name)]
        for number, name in _MESSAGE.findall(text)
    }
    return "".join(_blocks(text.splitlines(keepends=True), numbers))


def _id(number: str) -> int:
    return int(number) & ~EXTENDED


def _blocks(lines: list[str], numbers: dict[int, list[tuple[int, str]]]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if message := _MESSAGE.match(line):
            block = ""
            while at < len(lines) and lines[at].strip():
                block += lines[at]
                at += 1
            for number, name in numbers[int(message[1])]:
                yield f"BO_ {number} {name}:{line[message.end() :]}{block}\n"
            at += 1  # the empty line that ends each message
        elif about := _OF_A_MESSAGE.match(line):
            for number, _ in numbers[int(about[1])]:
                yield f"{line[: about.start(1)]}{number}{line[about.end(1) :]}"
        else:
            yield line
