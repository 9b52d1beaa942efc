"""CAN frames bit by bit, as ISO 11898-1 describes them: slow, and as plain as it gets.

The tests hold :mod:`evtui.canbus.bits` against it; nothing of it is used there.
"""

from __future__ import annotations

__all__ = ["CODES", "FD_BYTES", "classic", "crc", "fd", "stuff"]

CODES = {**{n: n for n in range(9)}, 12: 9, 16: 10, 20: 11, 24: 12, 32: 13, 48: 14, 64: 15}
"""Data length code by bytes of data in CAN FD."""

FD_BYTES = tuple(CODES)

POLYNOMIALS = {
    15: 0b1100010110011001,
    17: 0b110110100001011011,
    21: 0b1100000010100010011001,
}
"""Generators with their highest bit: x15 + x14 + x10 + x8 + x7 + x4 + x3 + 1, and so on."""


def crc(bits: str, width: int) -> str:
    """Remainder of a bit string; the registers of CAN FD begin with a 1 in front."""
    register = 1 << width - 1 if width > 15 else 0
    for bit in bits:
        register = register << 1 ^ int(bit) << width
        if register >> width & 1:
            register ^= POLYNOMIALS[width]
    return f"{register:0{width}b}"


def stuff(bits: str) -> str:
    """The same bits with a complementary one after each five that are equal."""
    out = ""
    for bit in bits:
        out += bit
        if out[-5:] in ("00000", "11111"):
            out += "1" if bit == "0" else "0"
    return out


def _binary(data: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in data)


def classic(
    arbitration_id: int, data: bytes, *, extended: bool, remote: bool = False, requested: int = 0
) -> str:
    """All bits of a classic frame, with an ACK slot that is dominant, and the intermission."""
    rtr = "1" if remote else "0"
    if extended:
        whole = f"{arbitration_id:029b}"
        arbitration = whole[:11] + "11" + whole[11:] + rtr + "00"
    else:
        arbitration = f"{arbitration_id:011b}" + rtr + "00"
    length = requested if remote else len(data)
    plain = "0" + arbitration + f"{length:04b}" + _binary(data)
    return stuff(plain + crc(plain, 15)) + "1" + "01" + "1111111" + "111"


def fd(
    arbitration_id: int, data: bytes, *, extended: bool, brs: bool, esi: bool
) -> tuple[str, str]:
    """Bits of a CAN FD frame at the rate of the arbitration and at that of the data phase."""
    switched, passive = str(int(brs)), str(int(esi))
    if extended:
        whole = f"{arbitration_id:029b}"
        head = "0" + whole[:11] + "11" + whole[11:] + "0" + "1" + "0" + switched
    else:
        head = "0" + f"{arbitration_id:011b}" + "0" + "0" + "1" + "0" + switched
    plain = head + passive + f"{CODES[len(data)]:04b}" + _binary(data)
    stuffed = stuff(plain)
    if stuff(plain[:-1]) + plain[-1] != stuffed:
        stuffed = stuffed[:-1]  # where a fixed stuff bit follows no other one does
    stuff_bits = len(stuffed) - len(plain)
    gray = f"{stuff_bits % 8 ^ stuff_bits % 8 >> 1:03b}"
    count = gray + str(gray.count("1") % 2)
    width = 21 if len(data) > 16 else 17
    field = count + crc(stuffed + count, width)
    fixed = ""
    for place, bit in enumerate(field):
        if place % 4 == 0:
            fixed += "1" if (fixed or stuffed)[-1] == "0" else "0"
        fixed += bit
    at = len(stuff(head))
    tail = "01" + "1111111" + "111"
    if brs:
        return stuffed[:at] + tail, stuffed[at:] + fixed + "1"
    return stuffed + fixed + "1" + tail, ""
