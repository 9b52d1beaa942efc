"""A classic CAN frame, checked when it is made."""

from __future__ import annotations

import msgspec

__all__ = ["LONGEST", "Frame"]

LONGEST = 8
"""Bytes of data in a classic CAN frame, or asked for by one."""


class Frame(msgspec.Struct, frozen=True):
    """What a node sends; what is on the bus is a :class:`~evtui.events.CanFrame`.

    Attributes:
        arbitration_id: 11 bits, 29 if ``extended``.
        data: 0 to 8 bytes; none in a remote frame.
        requested: bytes that a remote frame asks for (its data length code); 0 for others.

    Raises:
        ValueError: there is no such frame in classic CAN.
    """

    arbitration_id: int
    data: bytes = b""
    extended: bool = False
    remote: bool = False
    error: bool = False
    requested: int = 0

    def __post_init__(self) -> None:
        bits = 29 if self.extended else 11
        if self.arbitration_id >> bits:  # of a negative number it is -1 at least
            given = f"{self.arbitration_id:#x}"
            raise ValueError(f"arbitration id {given} does not fit into {bits} bits")
        if len(self.data) > LONGEST:
            raise ValueError(f"{len(self.data)} bytes of data; a classic CAN frame has at most 8")
        if self.remote and (self.data or self.error):
            raise ValueError("a remote frame has no data and is no error frame")
        if not 0 <= self.requested <= (LONGEST if self.remote else 0):
            raise ValueError(
                f"{self.requested} bytes asked for; a remote frame asks for 0 to 8, others for none"
            )
