"""What a person types, told from text that comes faster than anybody does.  Pure."""

from __future__ import annotations

import re

__all__ = ["ESCAPE", "HELD", "TYPED", "Typing"]

TYPED = 16
"""Characters that come at once and may be keys: what a slow link or a program gathers."""

ROLLED = 2
"""Different keys that a person's hands press within one read: more wait for what follows."""

DIFFERENT = 5
"""Different keys that a person presses within :data:`RATE` s.

Measured typists come to 15 keys a second, and a held key repeats one at up to 50.
"""

RATE = 0.2
"""s in which different keys are counted."""

HELD = 64
"""Presses of one key that come at once and all act; it has been held for 2 s by then."""

WAIT = 0.1
"""s after a piece of text in which more of it may come, and of a sequence in which it may end."""

LINE = 200
"""Characters of a line that a program types into a field, and ends with enter."""

START, END = "\x1b[200~", "\x1b[201~"
"""Brackets that a terminal puts around what is pasted, if it knows them."""

ESCAPE = "\x1b"

# Sequences as in ECMA-48, and what terminals send beside them: pasted in brackets; the old report
# of the mouse; keys with or without numbers, of the Linux console and of the keypad; answers to
# what nobody asked; the escape key; text.
_PARTS = re.compile(
    "(?P<paste>\x1b\\[200~.*?(?:\x1b\\[201~|\\Z))"
    "|(?P<sequence>\x1b\\[M.{3}|\x1b\\[[0-?]+[ -/]*[@-~]|\x1b\\[\\[[A-E]|\x1b\\[[A-IO-SZa-d~]"
    "|\x1bO[A-DFHMP-Sa-dj-y])"
    "|(?P<answer>\x1b[]P_^X][^\x1b\x07]*(?:\x07|\x1b\\\\))"
    "|(?P<escape>\x1b)"
    "|(?P<text>[^\x1b]+)",
    re.DOTALL,
)

_CUT = re.compile("\x1b(?:\\[(?:[0-?]*[ -/]*|\\[|M.{0,2})|O)?\\Z", re.DOTALL)
"""The beginning of a sequence, at the end of a read."""

_LOST = re.compile("\x1b\\[[0-?]")
"""Begins what is nobody's keys where the end of it has not come."""

_BACKSPACE = "\b\x7f"
"""Keys of a field that are no text."""

_WORD_DELETED = "\x1b\x7f"
"""What terminals send for alt and backspace, which a field knows."""

_ENTERED = re.compile(rf"[^\r\n]{{1,{LINE - 1}}}\r")


class Typing:
    """Puts brackets around text that was pasted without any, so that it presses nothing.

    Text is what comes as more than :data:`TYPED` characters at once, or in several reads as more
    than :data:`DIFFERENT` different ones within :data:`RATE` s, and what follows it within
    :data:`WAIT` s.  A read of more than :data:`ROLLED` different characters waits that long, so
    that of text in pieces none acts; where it drips in pieces of one or two characters, the first
    :data:`DIFFERENT` act.  Into a field anything may be typed at any speed.

    The escape key is told from the beginning of a sequence by what follows it: a key that comes
    together with it is a key of its own, and not one with alt.
    """

    def __init__(self) -> None:
        self._inside = False
        self._pasting_until = 0.0
        self._pasted = ""
        self._waits = ""
        self._waits_until = 0.0
        self._recent: list[tuple[float, str]] = []

    def sort_out(self, text: str, now: float, *, in_field: bool = False) -> list[str]:
        """What came at once at ``now`` s, with brackets around the text that nobody typed.

        Args:
            text: empty where nothing came, for what has waited.
            in_field: a field of one line has the focus: there a single line may end with enter,
                as other programs type it.

        Returns:
            pieces for a parser of sequences; :data:`ESCAPE` alone is the escape key.
        """
        over: list[str] = []
        if self._waits and now >= self._waits_until:
            waited, self._waits = self._waits, ""
            over = self._sort_out(waited, now, in_field, waited=True)
        if not text:
            return over
        waited, self._waits = self._waits, ""
        return over + self._sort_out(waited + text, now, in_field)

    def _sort_out(
        self, text: str, now: float, in_field: bool, *, waited: bool = False
    ) -> list[str]:
        opened = START if self._inside else ""
        text = opened + text
        cut = _CUT.search(text)
        if cut is not None and cut.start() >= len(opened):
            if not waited:
                self._wait(cut[0], now)
                text = text[: cut.start()]
            elif _LOST.match(cut[0]) and not self._inside:
                text = text[: cut.start()]
        parts = [*_PARTS.finditer(text)]
        typed = "".join(part[0] for part in parts if part["text"])
        pasted = bool(typed) and self._is_pasted(typed, now, in_field)
        if typed and not pasted and not in_field:
            if not waited and len({*typed}) > ROLLED:
                self._wait(text.removeprefix(opened) + self._waits, now)
                return []
            self._recent.append((now, typed))
        entered = pasted and self._is_entered(typed, now, in_field)
        self._inside = (
            bool(parts) and parts[-1][0].startswith(START) and not parts[-1][0].endswith(END)
        )
        pieces = self._pieces(parts, pasted, in_field)
        if opened and pieces:
            pieces[0] = pieces[0].removeprefix(opened)
            pieces = [piece for piece in pieces if piece]
        if entered and pieces[-1].endswith(f"\r{END}"):
            return [*pieces[:-1], f"{pieces[-1].removesuffix(END)[:-1]}{END}", "\r"]
        return pieces

    def _wait(self, text: str, now: float) -> None:
        self._waits, self._waits_until = text, now + WAIT

    def _is_pasted(self, typed: str, now: float, in_field: bool) -> bool:
        self._recent = [(when, keys) for when, keys in self._recent if now - when < RATE]
        if now < self._pasting_until:
            return True
        if len(typed) > TYPED:
            held = len({*typed}) == 1 and (not in_field or typed[0] in _BACKSPACE)
            return not held or len(typed) > HELD
        if in_field or not self._recent:
            return False
        return len({*typed}.union(*(keys for _, keys in self._recent))) > DIFFERENT

    def _is_entered(self, typed: str, now: float, in_field: bool) -> bool:
        """Whether pasted text is a line that a program types into a field."""
        before = self._pasted if now < self._pasting_until else ""
        self._pasting_until = now + WAIT
        self._pasted = (before + typed)[: LINE + 1]
        return in_field and _ENTERED.fullmatch(self._pasted) is not None

    @staticmethod
    def _pieces(parts: list[re.Match[str]], pasted: bool, in_field: bool) -> list[str]:
        """The parts, without answers of the terminal that nobody asked for."""
        pieces: list[str] = []
        for part in parts:
            if part["answer"]:
                continue
            text = f"{START}{part[0]}{END}" if pasted and part["text"] else part[0]
            if in_field and pieces and pieces[-1] + text[:1] == _WORD_DELETED:
                pieces[-1] += text[:1]
                text = text[1:]
            if text:
                pieces.append(text)
        return pieces
