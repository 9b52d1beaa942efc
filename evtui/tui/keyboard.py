"""What a person types, told from text that comes faster than anybody does.  Pure."""

from __future__ import annotations

import re

__all__ = ["TYPED", "Typing"]

TYPED = 16
"""Characters that come at once and may be keys: what a slow link or a program gathers."""

STILL_PASTING = 0.1
"""s after a piece of pasted text in which more of it may come."""

LINE = 200
"""Characters of a line that a program types into a field, and ends with enter."""

START, END = "\x1b[200~", "\x1b[201~"
"""Brackets that a terminal puts around what is pasted, if it knows them."""

# Pasted in brackets; the old report of the mouse; sequences of keys and of the terminal; text.
_PARTS = re.compile(
    "(\x1b\\[200~.*?(?:\x1b\\[201~|\\Z)|\x1b\\[M.{0,3}|\x1b\\[[0-?]*[ -/]*[@-~]?|\x1bO?.?)"
    "|[^\x1b]+",
    re.DOTALL,
)

_ENTERED = re.compile(rf"[^\r\n]{{1,{LINE - 1}}}\r")


class Typing:
    """Puts brackets around text that was pasted without any, so that it presses nothing."""

    def __init__(self) -> None:
        self._inside = False
        self._pasting_until = 0.0
        self._pasted = ""

    def sort_out(self, text: str, now: float, *, in_field: bool = False) -> str:
        """What came at once at ``now`` s, with brackets around the text that nobody typed.

        Args:
            in_field: a field of one line has the focus: there a single line may end with enter,
                as other programs type it.
        """
        opened = START if self._inside else ""
        parts = [*_PARTS.finditer(opened + text)]
        plain = sum(len(part[0]) for part in parts if not part[1])
        going_on = now < self._pasting_until
        pasted = plain > TYPED or (plain > 0 and going_on)
        entered = False
        if pasted:
            self._pasting_until = now + STILL_PASTING
            before = self._pasted if going_on else ""
            self._pasted = (before + "".join(part[0] for part in parts if not part[1]))[: LINE + 1]
            entered = in_field and _ENTERED.fullmatch(self._pasted) is not None
        self._inside = (
            bool(parts) and parts[-1][0].startswith(START) and not parts[-1][0].endswith(END)
        )
        sorted_out = "".join(
            f"{START}{part[0]}{END}" if pasted and not part[1] else part[0] for part in parts
        ).removeprefix(opened)
        if entered and sorted_out.endswith(f"\r{END}"):
            return f"{sorted_out.removesuffix(END)[:-1]}{END}\r"
        return sorted_out
