"""Error frames in words.

An error frame of the lab's own bus says which error which frame has met.  One that comes from a
real interface, or from a log of one, says in its identifier which classes of error were seen and in
its data which of each: the layout of Linux' SocketCAN (``linux/can/error.h``).
"""

from __future__ import annotations

from evtui.events import CanFrame

__all__ = ["error_words"]

_CLASSES = (
    (0x001, "transmit timeout"),
    (0x002, "arbitration lost"),
    (0x004, "controller"),
    (0x008, "protocol"),
    (0x010, "transceiver"),
    (0x020, "no acknowledgement"),
    (0x040, "bus off"),
    (0x080, "bus error"),
    (0x100, "restarted"),
)

_CONTROLLER = (
    (0x01, "receive buffer overflow"),
    (0x02, "transmit buffer overflow"),
    (0x04, "receive warning"),
    (0x08, "transmit warning"),
    (0x10, "receive error passive"),
    (0x20, "transmit error passive"),
    (0x40, "error active again"),
)
"""Bits of data[1]."""

_PROTOCOL = (
    (0x01, "bit error"),
    (0x02, "form error"),
    (0x04, "stuff error"),
    (0x08, "dominant bit not sent"),
    (0x10, "recessive bit not sent"),
    (0x20, "bus overload"),
    (0x40, "active error announced"),
    (0x80, "while transmitting"),
)
"""Bits of data[2]."""

_PLACES = {
    0x03: "in the start of frame",
    0x02: "in the identifier",
    0x06: "in the identifier",
    0x07: "in the identifier",
    0x0F: "in the identifier",
    0x0E: "in the identifier",
    0x04: "in SRR",
    0x05: "in IDE",
    0x0C: "in RTR",
    0x0D: "in a reserved bit",
    0x09: "in a reserved bit",
    0x0B: "in the length",
    0x0A: "in the data",
    0x08: "in the CRC",
    0x18: "in the CRC delimiter",
    0x19: "in the acknowledgement slot",
    0x1B: "in the acknowledgement delimiter",
    0x1A: "in the end of frame",
    0x12: "in the intermission",
}
"""Values of data[3]."""


def error_words(frame: CanFrame) -> str:
    """What an error frame says, ``bit error in the data``; empty where it says nothing."""
    if frame.problem:
        digits = f"{frame.arbitration_id:0{8 if frame.extended else 3}X}"
        return f"{frame.problem} error in {digits}"
    mask, data = frame.arbitration_id, frame.data.ljust(8, b"\0")
    if not mask & 0x1FF:
        return ""
    words: list[str] = []
    for bit, word in _CLASSES:
        if not mask & bit:
            continue
        if bit == 0x004 and data[1] & 0x7F:
            words += [each for flag, each in _CONTROLLER if data[1] & flag]
        elif bit == 0x008 and (data[2] or data[3]):
            kinds = [each for flag, each in _PROTOCOL if data[2] & flag] or ["protocol error"]
            words.append(" ".join((*kinds, _PLACES.get(data[3], ""))).rstrip())
        elif bit == 0x002 and data[0]:
            words.append(f"{word} at bit {data[0]}")
        else:
            words.append(f"{word} error" if bit in (0x004, 0x008, 0x010) else word)
    if mask & 0x200 or data[6] or data[7]:
        words.append(f"transmit/receive errors {data[6]}/{data[7]}")
    return ", ".join(words)
