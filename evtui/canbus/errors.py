"""Errors on the line: what comes of a frame that meets one, and who counts what.

Pure; all of it from ISO 11898-1, with these simplifications: all receivers see the same, and of the
6 to 12 bits that superposed error flags take inside a frame it is always 12.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evtui.canbus.bits import INTERMISSION
from evtui.canbus.controller import Controller, Disturbance, ErrorKind
from evtui.canbus.frame import Frame

__all__ = ["ERROR_FRAME", "QUIET", "SUSPEND", "count", "cut_short", "what_happens"]

FLAG = 6
"""Bits of an error flag: dominant of an active node, recessive of a passive one."""

DELIMITER = 8
"""Recessive bits behind the flags."""

ERROR_FRAME = 2 * FLAG + DELIMITER + INTERMISSION
"""Bits of the longest error frame with its intermission."""

SUSPEND = 8
"""Bits that an error passive node waits for behind the intermission after a frame of its own."""

QUIET = 11
"""Recessive bits in each of the 128 sequences that a node waits for that is bus off.

Behind each frame there is one: ACK delimiter, end of frame and intermission; behind each error
frame as well: error delimiter and intermission."""

_BY_RECEIVERS: frozenset[ErrorKind] = frozenset({"stuff", "CRC", "form"})

_UNACKNOWLEDGED = Disturbance("acknowledgement")

_HEAD = {False: 17, True: 36}
"""Bits from the start of frame to the bit rate switch of a CAN FD frame, without stuff bits."""

_LEFT = {"form": 12, "acknowledgement": 11, "CRC": 10}
"""Bits of a frame that its error flag comes in place of: it begins behind the CRC delimiter, the
ACK slot, the ACK delimiter."""


def what_happens(
    frame: Frame, receivers: Sequence[Controller], disturbance: Disturbance | None
) -> Disturbance | None:
    """The error that a frame meets, None for one that goes through.

    Nobody who acknowledges means an acknowledgement error.  A receiver that is error passive
    destroys no frame by what it sees, but does not acknowledge it either.  A receiver that knows
    classic CAN only gives up within six bits behind the bit rate switch of a CAN FD frame.

    Args:
        receivers: nodes other than the sender that acknowledge and are not bus off.
        disturbance: what somebody does to the frame.
    """
    seeing = receivers
    if disturbance is None and frame.fd:
        seeing = [each for each in receivers if not each.fd]
        if seeing:
            disturbance = Disturbance("form", at=_HEAD[frame.extended] + FLAG)
    if disturbance is not None and disturbance.kind not in _BY_RECEIVERS:
        return disturbance
    if disturbance is not None and any(each.state == "error active" for each in seeing):
        return disturbance
    deaf = len(seeing) if disturbance is not None else 0
    return None if len(receivers) > deaf else _UNACKNOWLEDGED


def count(
    sender: Controller, nodes: Iterable[Controller], frame: Frame, error: Disturbance | None
) -> None:
    """Step the error counters for a frame that has gone through or met an error.

    A sender that is error passive and is not acknowledged counts nothing, so a node alone on its
    bus never gets bus off.

    Args:
        nodes: all that take part; those that are bus off do not.
    """
    others = [each for each in nodes if each is not sender and each.state != "bus off"]
    if error is None:
        sender.transmitted()
        for each in others:
            each.received()
        return
    passive = sender.state == "error passive"
    overwritten = passive and error.by is not None
    if error.kind == "acknowledgement" and passive:
        return
    sender.transmission_failed()
    first = error.kind in _BY_RECEIVERS
    by_classic_only = first and frame.fd and not all(each.fd for each in others)
    for each in others:
        if each is error.by and overwritten:
            each.transmitted()
        elif each is error.by:
            each.transmission_failed()
        elif overwritten:  # its error flag changes nothing for whoever hears the other frame
            each.received()
        else:
            each.reception_failed(first=first and not (by_classic_only and each.fd))


def cut_short(
    frame: Frame,
    disturbance: Disturbance,
    duration: float,
    bit: float,
    data_bit: float,
    *,
    passive: bool,
    active: bool,
) -> float:
    """Seconds from the start of a frame to the end of the intermission behind its error frame.

    Args:
        duration: s that the frame takes without an error.
        bit: s of a bit; ``data_bit`` in the data phase of a CAN FD frame that switches.
        passive: its transmitter is error passive.
        active: some receiver is error active.
    """
    kind = disturbance.kind
    if disturbance.at is None and kind in _LEFT:
        before = duration - _LEFT[kind] * bit
        # Who sees the flag of the other end sees it in the bit behind: one bit more.
        flags = FLAG + (1 if active and not passive else 0)
    else:
        before = min(_seconds(frame, disturbance.at, bit, data_bit), duration - INTERMISSION * bit)
        # The others see six equal bits in it, and then send their own.
        flags = 2 * FLAG if active else FLAG
    return before + (flags + DELIMITER + INTERMISSION) * bit


def _seconds(frame: Frame, at: int | None, bit: float, data_bit: float) -> float:
    head = _HEAD[frame.extended]
    if at is None:
        at = head + (6 if frame.fd else 3)
    if not frame.brs or at <= head:
        return at * bit
    return head * bit + (at - head) * data_bit
