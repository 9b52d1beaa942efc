"""Finding something to do by what is typed: words and their beginnings, in order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["FoundChoice", "find", "matches"]

_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class FoundChoice:
    """One thing that can be chosen.

    Attributes:
        title: what is shown.
        action: what choosing it runs, as Textual writes actions.
        help: one sentence under the title.
        label: the part of the title that names it best.
        also: other words people have for it.
    """

    title: str
    action: str
    help: str = ""
    label: str = ""
    also: str = ""


def _words(text: str) -> list[str]:
    return _WORD.findall(_INNER_CAPITAL.sub(" ", text).casefold())


def matches(typed: str, text: str) -> bool:
    """Whether each word that is typed begins a word of ``text``, in order.

    ``GetDiagnostics`` is two words, found by ``get diag``, ``diagnostics`` and ``getdiag``.
    """
    words = _words(text)
    after = 0
    for word in _words(typed):
        begun = (n for n in range(after, len(words)) if "".join(words[n:]).startswith(word))
        found = next(begun, None)
        if found is None:
            return False
        after = found + 1
    return True


def find(typed: str, choices: Iterable[FoundChoice]) -> list[FoundChoice]:
    """Those that match, best first: by label, by title, by another word, by help."""
    if not typed.strip():
        return list(choices)
    ranked = [(_rank(typed, choice), choice) for choice in choices if _words(typed)]
    found = [(rank, choice) for rank, choice in ranked if rank is not None]
    return [choice for _, choice in sorted(found, key=lambda pair: pair[0])]


def _rank(typed: str, choice: FoundChoice) -> int | None:
    if typed in (choice.title, choice.label):  # signs are no words: low −, low +
        return -1
    texts = (choice.label, choice.title, choice.also, choice.help)
    return next((rank for rank, text in enumerate(texts) if matches(typed, text)), None)
