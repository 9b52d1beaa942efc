"""Foreign text on its way out: one function for each place where it is shown.  Pure.

What peers send and what files of others hold may command a terminal, turn the reading
direction, hide in no width, be markup or a formula.  Whatever cannot be seen as it stands is
written as an escape, ``\\x1b`` or ``\\u202e``, so that two texts that differ look different too.
"""

from __future__ import annotations

import re

__all__ = ["for_html", "for_json", "for_markdown", "for_sheet", "for_terminal"]

# What str.isprintable takes for printable and nobody sees: joiners and fillers, variation
# selectors, the blank of Braille.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


def for_terminal(text: str) -> str:
    """One line for a terminal, with nothing in it that one would obey or that cannot be seen."""
    if text.isprintable() and (text.isascii() or not _UNSEEN.search(text)):
        return text
    return "".join(char if _is_seen(char) else _escape(char) for char in text)


def for_html(text: object) -> str:
    """Text of an HTML page, of an attribute in it too; line ends become blanks."""
    import html  # with a list of all entities, and only reports are HTML

    return html.escape(for_terminal(re.sub(_BLANKS, " ", str(text))))


def for_sheet(text: str) -> str:
    """Text in a cell of a CSV file, which no spreadsheet takes for a formula; -5 is a number."""
    shown = for_terminal(text)
    formula = shown.lstrip()[:1] in _FORMULA and not re.fullmatch(_NUMBER, shown)
    return f"'{shown}" if formula else shown


def for_json(text: str) -> str:
    """JSON text, of several lines too, with its own escapes for what cannot be seen.

    It means the same.
    """
    if text.replace("\n", "").isprintable() and (text.isascii() or not _UNSEEN.search(text)):
        return text
    return "".join(char if _is_seen(char) or char == "\n" else _json_escape(char) for char in text)


def for_markdown(text: str) -> str:
    """One line of text in Markdown, which is shown as it is written and is no markup."""
    line = for_terminal(" ".join(text.split()))
    return re.sub(_BLOCK, r"\1\\", re.sub(_MARKS, r"\\\g<0>", line))


_BLANKS = "[\t\n\r]"

_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a formula begins with; spreadsheets take the wide forms and blanks in front too."""

_NUMBER = r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?"

# The underscore is a mark outside of words only; $ begins a formula, & names a character.
_MARKS = r"[\\`*\[\]<>&|~$]|(?<!\w)_|_(?!\w)"
# At the beginning of a line: a heading, which for some needs no blank; a list; a rule.
_BLOCK = r"^(\d{1,9}(?=[.)](?: |$))|(?=#|[-+](?: |$)|[-=][-= ]*$))"


def _is_seen(char: str) -> bool:
    return char.isprintable() and not _UNSEEN.match(char)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()


def _json_escape(char: str) -> str:
    return "".join(
        f"\\u{unit:04x}" for unit in memoryview(char.encode("utf-16-le", "surrogatepass")).cast("H")
    )
