"""A CAN or CAN FD frame, checked when it is made."""

from __future__ import annotations

import msgspec

from evtui.canbus.bits import FD_LENGTHS

__all__ = ["LONGEST", "LONGEST_FD", "Frame"]

LONGEST = 8
"""Bytes of data in a classic CAN frame, or asked for by one."""

LONGEST_FD = FD_LENGTHS[-1]
"""Bytes of data in a CAN FD frame."""


class Frame(msgspec.Struct, frozen=True):
    """What a node sends; what is on the bus is a :class:`~evtui.events.CanFrame`.

    Attributes:
        arbitration_id: 11 bits, 29 if ``extended``.
        data: 0 to 8 bytes; none in a remote frame.  In CAN FD also 12, 16, 20, 24, 32, 48 or 64.
        requested: bytes that a remote frame asks for (its data length code); 0 for others.
        fd: a CAN FD frame (ISO 11898-1:2015).
        brs: its data phase is sent at the second bit rate.
        esi: its sender says that it is error passive; a node that is says so by itself.

    Raises:
        ValueError: there is no such frame in CAN.
    """

    arbitration_id: int
    data: bytes = b""
    extended: bool = False
    remote: bool = False
    error: bool = False
    requested: int = 0
    fd: bool = False
    brs: bool = False
    esi: bool = False

    def __post_init__(self) -> None:
        bits = 29 if self.extended else 11
        if self.arbitration_id >> bits:  # of a negative number it is -1 at least
            given = f"{self.arbitration_id:#x}"
            raise ValueError(f"arbitration id {given} does not fit into {bits} bits")
        if self.fd:
            self._check_fd()
        elif self.brs or self.esi:
            raise ValueError("only a CAN FD frame has a bit rate switch or an error state (ESI)")
        elif len(self.data) > LONGEST:
            raise ValueError(f"{len(self.data)} bytes of data; a classic CAN frame has at most 8")
        if self.remote and (self.data or self.error):
            raise ValueError("a remote frame has no data and is no error frame")
        if not 0 <= self.requested <= (LONGEST if self.remote else 0):
            raise ValueError(
                f"{self.requested} bytes asked for; a remote frame asks for 0 to 8, others for none"
            )

    def _check_fd(self) -> None:
        if self.remote or self.error:
            raise ValueError("CAN FD has no remote frames, and an error frame is of no format")
        if len(self.data) not in FD_LENGTHS:
            lengths = ", ".join(map(str, FD_LENGTHS[9:-1]))
            raise ValueError(
                f"{len(self.data)} bytes of data; a CAN FD frame has 0 to 8, {lengths} "
                f"or {LONGEST_FD}"
            )
