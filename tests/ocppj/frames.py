"""WebSocket frames as they go over the wire, right or wrong (RFC 6455 section 5.2)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BINARY", "CONTINUATION", "PING", "PONG", "TEXT", "Frame", "fragments", "text"]

CONTINUATION, TEXT, BINARY, PING, PONG = 0, 1, 2, 9, 10

KEY = bytes((0x12, 0x34, 0x56, 0x78))


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
        reserved: the three reserved bits, 0 to 7.
    """

    opcode: int
    data: bytes
    fin: bool = True
    reserved: int = 0

    def wire(self, *, mask: bool) -> bytes:
        """The frame's bytes, masked as a client's or plain as a server's."""
        first = self.fin << 7 | self.reserved << 4 | self.opcode
        size = len(self.data)
        short = size if size < 126 else 126 if size < 1 << 16 else 127
        head = bytes((first, mask << 7 | short))
        if short >= 126:
            head += size.to_bytes(2 if short == 126 else 8, "big")
        if not mask:
            return head + self.data
        key = int.from_bytes(KEY * (size // 4 + 1), "big") >> 8 * (4 - size % 4)
        masked = int.from_bytes(self.data, "big") ^ key
        return head + KEY + masked.to_bytes(size, "big")


def text(message: str) -> tuple[Frame, ...]:
    """A text message in one frame."""
    return (Frame(TEXT, message.encode()),)


def fragments(message: str, count: int, between: Frame | None = None) -> tuple[Frame, ...]:
    """A text message in ``count`` frames, with another frame after the first."""
    data = message.encode()
    size = -(-len(data) // count)
    cut = [data[at : at + size] for at in range(0, len(data), size)]
    frames = [
        Frame(CONTINUATION if at else TEXT, part, fin=at == len(cut) - 1)
        for at, part in enumerate(cut)
    ]
    return tuple(frames if between is None else [frames[0], between, *frames[1:]])
