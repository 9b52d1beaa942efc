"""Reads a page as a browser would, strictly."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """The elements of a page.

    Attributes:
        tags: name to how many there are.
        attributes: all of them: element, name, value.
        text: of the body, in one line.
        open: elements that were never closed.
    """

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self._words: list[str] = []
        self.rows: list[list[str]] = []
        self._cell = False
        self.feed(page)
        self.close()
        self.text = re.sub(r"\s+", " ", " ".join(self._words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._cell = True

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("style", "title", "script"):
            return
        self._words.append(data)
        if self._cell:
            self.rows[-1][-1] += data

    def values(self, name: str) -> list[str]:
        """Values of all attributes called ``name``."""
        return [value for _, attribute, value in self.attributes if attribute == name]

    def row(self, first: str) -> list[str]:
        """The table row that begins with ``first``."""
        return next(row for row in self.rows if row and row[0] == first)
