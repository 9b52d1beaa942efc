"""How many bits a CAN frame is on the wire.  Pure.

Bits are counted from the start of frame to the end of the intermission, the first moment at which
another frame can begin.  A classic frame (ISO 11898-1) is

====================== ============================ ============
field                  11-bit identifier            29-bit
====================== ============================ ============
start of frame         1                            1
arbitration            12                           32
control                6                            6
data                   8n                           8n
CRC sequence           15                           15
stuff bits             one after five equal bits    the same
CRC delimiter          1                            1
acknowledgement        2                            2
end of frame           7                            7
intermission           3                            3
====================== ============================ ============

Stuff bits stand between the start of frame and the end of the CRC sequence, and the longest run
that they leave counts with them.  In a CAN FD frame they end with the data; the CRC field behind
has fixed ones, so its length does not depend on the CRC: a stuff count of 4 bits and a CRC of 17
bits (21 from 20 bytes on), one stuff bit in front and one after each four bits.

Equal bits are followed with a table for each state (last bit, length of the run) that gives the
stuff bits of the next byte and the table behind it; the CRC is the sum of what each byte at its
place makes of it.  So a byte costs two look-ups.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, NamedTuple

__all__ = [
    "FD_LENGTHS",
    "INTERMISSION",
    "FdBits",
    "classic_bits",
    "fd_bits",
    "worst_classic_bits",
    "worst_fd_bits",
]

INTERMISSION = 3
"""Recessive bits between two frames."""

CLASSIC_TAIL = 1 + 2 + 7 + INTERMISSION
"""CRC delimiter, acknowledgement slot and delimiter, end of frame, intermission."""

FD_TAIL = 2 + 7 + INTERMISSION
"""The same in CAN FD, whose CRC delimiter still belongs to the data phase."""

CRC_15 = 0x4599
"""Generator of classic CAN, without its highest bit; the register begins with 0."""

FD_LENGTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64)
"""Bytes of data by data length code in CAN FD."""

FD_LONG_CRC = 20
"""Bytes from which a CAN FD frame has the CRC of 21 bits."""

_DLC = {length: code for code, length in enumerate(FD_LENGTHS)}

SHORT_KEPT = 4_096
"""Frames of less than 8 bytes whose length is remembered."""

HEADS_KEPT = 8_192
"""Arbitration and control fields whose stuffing is remembered."""

# A state is how the stuffed bits so far end: 0 before the first, 1 to 4 after as many dominant
# bits (0), 5 to 8 after recessive ones (1), 9 and 10 right after a stuff bit.
_STUFFED = 9
_STATES = 11

_Table = list[Any]
"""Of a state: for each byte the next table and the number of stuff bits in the byte; behind them a
list of the stuff bits in seven bits, the end of a CRC sequence; behind that the state."""

_SEVEN, _STATE = 256, 257


class FdBits(NamedTuple):
    """Length of a CAN FD frame.

    Attributes:
        nominal: bits at the bit rate of the arbitration, intermission included.
        data: bits at that of the data phase, from the error state indicator to the CRC delimiter;
            0 when the frame does not switch.  The rate changes at the sample points of the bits
            BRS and CRC delimiter, so where both rates have the same sample point, one bit of each
            is what those two take together.
    """

    nominal: int
    data: int


def classic_bits(
    arbitration_id: int,
    data: bytes = b"",
    *,
    extended: bool = False,
    remote: bool = False,
    requested: int = 0,
) -> int:
    """Bits of a classic frame as it is stuffed, intermission included.

    Args:
        arbitration_id: 11 bits, 29 if ``extended``.
        data: 0 to 8 bytes; none in a remote frame.
        requested: data length code of a remote frame.
    """
    length = len(data)
    if length != 8:
        length = requested if remote else length
        return _short_bits(arbitration_id, data, extended, remote, length)
    bits, crc, table = _classic_head(arbitration_id, extended, remote, 8)
    # Most frames of a busy bus: twice as fast as a loop.
    b0, b1, b2, b3, b4, b5, b6, b7 = data
    c0, c1, c2, c3, c4, c5, c6, c7 = _columns(8)
    crc ^= c0[b0] ^ c1[b1] ^ c2[b2] ^ c3[b3] ^ c4[b4] ^ c5[b5] ^ c6[b6] ^ c7[b7]
    table, s0 = table[b0]
    table, s1 = table[b1]
    table, s2 = table[b2]
    table, s3 = table[b3]
    table, s4 = table[b4]
    table, s5 = table[b5]
    table, s6 = table[b6]
    table, s7 = table[b7]
    bits += s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7
    table, stuffed = table[crc >> 7]
    return int(bits + stuffed + table[_SEVEN][crc & 0x7F])


@lru_cache(SHORT_KEPT)
def _short_bits(
    arbitration_id: int, data: bytes, extended: bool, remote: bool, length_code: int
) -> int:
    """The same of less than 8 bytes: a charger says the same few hundred frames all the time."""
    bits, crc, table = _classic_head(arbitration_id, extended, remote, length_code)
    for byte, column in zip(data, _columns(len(data)), strict=True):
        crc ^= column[byte]
        table, stuffed = table[byte]
        bits += stuffed
    table, stuffed = table[crc >> 7]
    return int(bits + stuffed + table[_SEVEN][crc & 0x7F])


def fd_bits(
    arbitration_id: int,
    data: bytes = b"",
    *,
    extended: bool = False,
    brs: bool = False,
    esi: bool = False,
) -> FdBits:
    """Bits of a CAN FD frame as it is stuffed, intermission included.

    Args:
        data: one of :data:`FD_LENGTHS` bytes.
        brs: the bit rate is switched for the data phase.
        esi: its sender is error passive.

    Raises:
        KeyError: there is no data length code for that many bytes.
    """
    head, body, table = _fd_head(arbitration_id, extended, brs, esi, _DLC[len(data)])
    for byte in data:
        table, stuffed = table[byte]
        body += stuffed
    if table[_STATE] >= _STUFFED:  # the fixed one in front of the CRC field stands in its place
        body -= 1
    return FdBits(head, body) if brs else FdBits(head + body, 0)


def worst_classic_bits(length: int, *, extended: bool = False) -> int:
    """Bits of the longest classic frame with ``length`` bytes of data, intermission included.

    One stuff bit after five bits and then after each four, as can-utils' ``canbusload`` counts
    the worst case and as the analysis of Davis, Burns, Bril and Lukkien (2007, section 3.1) does.
    """
    return (80 if extended else 55) + 10 * length


def worst_fd_bits(length: int, *, extended: bool = False, brs: bool = False) -> FdBits:
    """Bits of the longest CAN FD frame with ``length`` bytes of data, intermission included.

    With a switched rate the stuff bits are shared out as where each phase had its most, which no
    frame quite has: one stuff bit in the arbitration less may be one in the data phase more.

    Raises:
        KeyError: there is no data length code for that many bytes.
    """
    head = 36 if extended else 17
    control = 5 + 8 * length
    body = control + _crc_field(FD_LENGTHS[_DLC[length]]) + 1
    if not brs:
        return FdBits(head + body + (head + control - 1) // 4 + FD_TAIL, 0)
    stuffed = (head - 1) // 4
    return FdBits(head + stuffed + FD_TAIL, body + (head + control - 1) // 4 - stuffed)


def _crc_field(length: int) -> int:
    """Stuff count, CRC and fixed stuff bits of a CAN FD frame."""
    bits = 4 + (21 if length >= FD_LONG_CRC else 17)
    return bits + (bits + 3) // 4


@lru_cache(HEADS_KEPT)
def _classic_head(
    arbitration_id: int, extended: bool, remote: bool, dlc: int
) -> tuple[int, int, _Table]:
    """Of all in front of the data.

    Returns:
        Bits of the frame but for the stuff bits that are still to come; what these fields make of
        the CRC at its end; the table to go on with.
    """
    if extended:
        base, rest = divmod(arbitration_id, 1 << 18)
        # SRR and IDE behind the base, RTR and two reserved bits behind the rest.
        word, width = (((base << 2 | 0b11) << 18 | rest) << 3 | remote << 2) << 4 | dlc, 39
    else:
        word, width = (arbitration_id << 3 | remote << 2) << 4 | dlc, 19
    state, stuffed = _walk(0, word, width)
    data = 0 if remote else 8 * dlc
    crc = _remainder(word << data, width + data)
    return width + stuffed + data + 15 + CLASSIC_TAIL, crc, _tables()[state]


@lru_cache(HEADS_KEPT)
def _fd_head(
    arbitration_id: int, extended: bool, brs: bool, esi: bool, dlc: int
) -> tuple[int, int, _Table]:
    """Of all in front of the data.

    Returns:
        Bits outside the data phase; bits in it but for the stuff bits of the data; the table to go
        on with.
    """
    if extended:
        base, rest = divmod(arbitration_id, 1 << 18)
        # SRR and IDE behind the base; RRS, FDF, a reserved bit and BRS behind the rest.
        word, width = ((base << 2 | 0b11) << 18 | rest) << 4 | 0b0100 | brs, 36
    else:
        word, width = arbitration_id << 5 | 0b00100 | brs, 17  # RRS, IDE, FDF, reserved, BRS
    state, stuffed = _walk(0, word, width)
    state, more = _walk(state, esi << 4 | dlc, 5)
    length = FD_LENGTHS[dlc]
    body = 5 + more + 8 * length + _crc_field(length) + 1
    return width + stuffed + FD_TAIL, body, _tables()[state]


def _remainder(word: int, width: int) -> int:
    """CRC-15 of the ``width`` lowest bits of ``word``."""
    crc = 0
    for shift in range(width - 1, -1, -1):
        crc = (crc << 1 ^ (CRC_15 if (crc >> 14 ^ word >> shift) & 1 else 0)) & 0x7FFF
    return crc


def _walk(state: int, word: int, width: int) -> tuple[int, int]:
    """State and number of stuff bits after the ``width`` lowest bits of ``word``."""
    stuffed = 0
    for shift in range(width - 1, -1, -1):
        bit = word >> shift & 1
        if state == 0:
            last, run = bit, 0
        elif state >= _STUFFED:
            last, run = state - _STUFFED, 1
        else:
            last, run = (state - 1) >> 2, (state - 1 & 3) + 1
        run = run + 1 if bit == last else 1
        if run == 5:
            stuffed += 1
            state = _STUFFED + (1 - bit)
        else:
            state = 4 * bit + run
    return state, stuffed


@cache
def _tables() -> list[_Table]:
    """The table of each state."""
    tables: list[_Table] = [[] for _ in range(_STATES)]
    nibbles = [[_walk(state, nibble, 4) for nibble in range(16)] for state in range(_STATES)]
    for state, table in enumerate(tables):
        for middle, stuffed in nibbles[state]:
            table += [(tables[then], stuffed + more) for then, more in nibbles[middle]]
        seven = []
        for high in range(8):
            middle, stuffed = _walk(state, high, 3)
            seven += [stuffed + more for _, more in nibbles[middle]]
        table += [seven, state]
    return tables


@cache
def _columns(length: int) -> tuple[list[int], ...]:
    """For each byte of ``length``: what its value makes of the CRC at the end of the data."""
    if length == 0:
        return ()
    if length == 1:
        return ([_remainder(value, 8) for value in range(256)],)
    shorter = _columns(length - 1)
    last = _columns(1)[0]
    return ([last[crc >> 7] ^ (crc << 8 & 0x7FFF) for crc in shorter[0]], *shorter)
