"""What a frame, of whatever kind, takes on the line, and who goes before whom.  Pure."""

from __future__ import annotations

from evtui.canbus.bits import FdBits, classic_bits, fd_bits, worst_classic_bits, worst_fd_bits
from evtui.canbus.errors import ERROR_FRAME
from evtui.canbus.frame import Frame

__all__ = ["arbitration_rank", "fd_frame_bits", "frame_bits", "seconds", "worst_case_bits"]


def frame_bits(frame: Frame) -> int:
    """Bits that ``frame`` occupies the line for, stuffed as it is, intermission included.

    Of a CAN FD frame with a switched bit rate it counts the bits of both phases.  An error frame
    is two superposed flags, one after the other (12), delimiter (8) and intermission (3).
    """
    if frame.error:
        return ERROR_FRAME
    if frame.fd:
        return sum(fd_frame_bits(frame))
    return classic_bits(
        frame.arbitration_id,
        frame.data,
        extended=frame.extended,
        remote=frame.remote,
        requested=frame.requested,
    )


def worst_case_bits(frame: Frame, data_bit: float = 1.0) -> float:
    """The same for the most stuff bits that a frame of its length may have.

    Args:
        data_bit: what a bit of the data phase of a CAN FD frame that switches counts.
    """
    if frame.error:
        return ERROR_FRAME
    if frame.fd:
        nominal, data = worst_fd_bits(len(frame.data), extended=frame.extended, brs=frame.brs)
        return nominal + data * data_bit
    return worst_classic_bits(len(frame.data), extended=frame.extended)


def fd_frame_bits(frame: Frame, *, passive: bool = False) -> FdBits:
    """Bits of a CAN FD frame, of a sender that may be error passive and then says so."""
    return fd_bits(
        frame.arbitration_id,
        frame.data,
        extended=frame.extended,
        brs=frame.brs,
        esi=frame.esi or passive,
    )


def arbitration_rank(frame: Frame) -> int:
    """The arbitration field as a number; the lowest one wins the line.

    Bits in the order in which they are sent: 11 of the identifier, RTR (SRR in an extended
    frame), IDE, 18 more of an extended identifier, its RTR.  An error frame ranks before
    everything, since an error flag overwrites whatever is sent.
    """
    if frame.error:
        return -1
    if frame.extended:
        base, rest = divmod(frame.arbitration_id, 1 << 18)
        return base << 21 | 0b11 << 19 | rest << 1 | frame.remote
    return frame.arbitration_id << 21 | frame.remote << 20


def seconds(frame: Frame, bit: float, data_bit: float, *, passive: bool = False) -> float:
    """How long a frame takes.

    Args:
        bit: s of a bit; ``data_bit`` in the data phase of a CAN FD frame that switches.
        passive: its sender is error passive, and says so in a CAN FD frame.
    """
    if not frame.fd:
        return frame_bits(frame) * bit
    nominal, data = fd_frame_bits(frame, passive=passive)
    return nominal * bit + data * data_bit
