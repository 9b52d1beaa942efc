"""Which numbers were seen, in a bit for each: a day's two million events take 250 KiB.  Pure."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["Numbers"]


class Numbers:
    """A set of event numbers, which should have no gaps.

    Args:
        largest: a number above it is absurd and is not taken.

    Attributes:
        count: how many different ones.
        first: the lowest, 0 for none.
        last: the highest, 0 for none.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._bits = bytearray()
        self.count = 0
        self.first = 0
        self.last = 0

    def __contains__(self, number: int) -> bool:
        place, bit = divmod(number, 8)
        return 0 <= place < len(self._bits) and bool(self._bits[place] >> bit & 1)

    def add(self, number: int) -> bool:
        """Take a number; False when it is there already, is below 1 or absurd."""
        if not 1 <= number <= self._largest or number in self:
            return False
        place, bit = divmod(number, 8)
        if place >= len(self._bits):
            self._bits.extend(bytes(max(place + 1 - len(self._bits), len(self._bits))))
        self._bits[place] |= 1 << bit
        self.count += 1
        self.first = min(self.first or number, number)
        self.last = max(self.last, number)
        return True

    @property
    def missing(self) -> int:
        """How many are missing between the first and the last."""
        return self.last - self.first + 1 - self.count if self.count else 0

    def gaps(self) -> Iterator[range]:
        """The missing numbers between the first and the last, each run of them as a range."""
        begin = 0
        for place in range(self.first // 8, self.last // 8 + 1) if self.count else ():
            if self._bits[place] == (0 if begin else 0xFF):
                continue
            for number in range(max(place * 8, self.first), min(place * 8 + 8, self.last + 1)):
                if number in self:
                    if begin:
                        yield range(begin, number)
                    begin = 0
                elif not begin:
                    begin = number
