"""Frames as people write them: the identifier in hexadecimal, ``#``, the data."""

from __future__ import annotations

from evtui.canbus import Frame


def frame_of(text: str) -> Frame:
    """The data frame with a 29-bit identifier that ``text`` stands for."""
    identifier, _, data = text.partition("#")
    return Frame(int(identifier, 16), bytes.fromhex(data), extended=True)


def text_of(frame: Frame) -> str:
    return f"{frame.arbitration_id:08X}#{frame.data.hex().upper()}"
