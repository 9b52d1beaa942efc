"""The last line: which keys there are, and for a moment what a command answered."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.events import Click, Resize
from textual.timer import Timer

from evtui.commands import COMMANDS, Command
from evtui.tui.keymap import ALWAYS, footer_entries
from evtui.tui.models.notices import LEVEL_MARKS, NoticeLevel, Notices
from evtui.tui.models.text import clean, cut, fit
from evtui.tui.rows import Piece, Row, RowsWidget, row_width

__all__ = ["KeyFooter"]

NOTICE_SECONDS = 4.0
ERROR_SECONDS = 8.0

MOST_LINES = 3
"""That a notice may take."""


class KeyFooter(RowsWidget):
    """Keys from the registry, as many as fit; help and quit always.

    A notice takes the place of the keys for a few seconds, and further lines where it is long.

    Args:
        commands: those there are.
        notices: where what is said is kept.
    """

    DEFAULT_CSS = """
    KeyFooter {
        height: 1;
        background: $panel;
        & > .footer--key { color: $text-accent; background: $panel; text-style: bold; }
        & > .footer--label { color: $foreground; background: $panel; }
        & > .footer--info { color: $foreground; background: $panel; text-style: bold; }
        & > .footer--warning { color: $text-warning; background: $panel; text-style: bold; }
        & > .footer--error { color: $text-error; background: $panel; text-style: bold; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "footer--key",
        "footer--label",
        "footer--info",
        "footer--warning",
        "footer--error",
    }
    ROLE_PREFIX = "footer"

    def __init__(
        self,
        commands: tuple[Command, ...] = COMMANDS,
        *,
        notices: Notices | None = None,
        id: str = "footer",  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._commands = commands
        self.notices = notices or Notices()
        self._notice: tuple[str, NoticeLevel] | None = None
        self._earlier = 0
        self._is_news = False
        self._later: tuple[str, NoticeLevel] | None = None
        self._timer: Timer | None = None
        self._spans: list[tuple[int, int, str]] = []
        self._lent: str | None = None

    def lend(self, keys: str | None) -> None:
        """Show the keys of a dialog that lies above; None: those of the commands again."""
        if keys != self._lent:
            self._lent = keys
            self.redraw()

    def say(self, text: str, level: NoticeLevel = "info", *, news: bool = False) -> None:
        """Show one line in the place of the keys for a few seconds.

        Args:
            news: of the lab, and no answer to a key; when it takes the place of other news, how
                many they were is said.  It waits for a warning that answers a key, unless it is
                an error.
        """
        said = clean(text)
        self.notices.add(said, level)
        if news and level != "error" and self._warns_of_a_key:
            self._later = (said, level)
            return
        self._show(said, level, news=news)

    @property
    def _warns_of_a_key(self) -> bool:
        return self._notice is not None and not self._is_news and self._notice[1] != "info"

    def _show(self, said: str, level: NoticeLevel, *, news: bool) -> None:
        if not (news and self._is_news and self._notice is not None):
            self._earlier = 0
        elif self._notice[0] != said:
            self._earlier += 1
        self._is_news = news
        self._notice = (said, level)
        if self._timer is not None:
            self._timer.stop()
        seconds = ERROR_SECONDS if level == "error" else NOTICE_SECONDS
        self._timer = self.set_timer(seconds, self.clear)
        self.redraw()

    @property
    def notice(self) -> str:
        """What stands in the place of the keys, empty while nothing does."""
        if self._notice is None:
            return ""
        earlier = f"+{self._earlier} earlier · " if self._earlier else ""
        return earlier + self._notice[0]

    def clear(self) -> None:
        """Show the keys again, or the news that waited, if a notice stands in their place."""
        if not self.notice:
            return
        later, self._notice, self._later = self._later, None, None
        if later is None:
            self.redraw()
        else:
            self._show(*later, news=True)

    @on(Resize)
    def redraw(self) -> None:
        """Show the notice, or the keys that fit."""
        width = self.size.width
        entries = footer_entries(width, self._commands) if self._lent is None else []
        if self._notice is not None:
            entries = [entry for entry in entries if entry.commands[0].name in ALWAYS]
        room = width - sum(entry.cells for entry in entries)
        *above, last = self._said(width, room)
        runs = [last] if last.text else []
        self._spans = []
        column = row_width(tuple(runs))
        for entry in entries:
            for command, key in zip(entry.commands, entry.keys, strict=True):
                runs.append(Piece(f" {key}", "key"))
                self._spans.append((column, column + len(key) + 2, command.name))
                column += len(key) + 1
            runs.append(Piece(f" {entry.label} ", "label"))
            column += len(entry.label) + 2
            # The label belongs to the last key: for a single command to its own.
            start, _, name = self._spans[-1]
            self._spans[-1] = (start, column, name)
        runs.append(Piece(" " * max(0, width - column)))
        rows: list[Row] = [*((line,) for line in above), tuple(runs)]
        self.styles.height = len(rows)
        self.show(rows)

    def _said(self, width: int, room: int) -> list[Piece]:
        """The lines of the notice, the last of ``room`` cells; one empty line without one."""
        if self._notice is None:
            return [
                Piece(cut(f" {clean(self._lent)}", width), "label") if self._lent else Piece("")
            ]
        level = self._notice[1]
        text = f"{LEVEL_MARKS[level]} {self.notice}"
        lines = wrap(text, max(8, width - 2), subsequent_indent="  ") or [""]
        if cell_len(lines[-1]) > room - 1:
            lines.append("")
        if len(lines) > MOST_LINES:
            lines = [*lines[: MOST_LINES - 1], cut(" ".join(lines[MOST_LINES - 1 :]), room - 1)]
        return [
            *(Piece(fit(f" {line}", width), level) for line in lines[:-1]),
            Piece(fit(f" {lines[-1]}", room), level),
        ]

    @on(Click)
    async def _press(self, event: Click) -> None:
        for start, end, name in self._spans:
            if start <= event.x < end and event.y == self.size.height - 1:
                await self.run_action(f"screen.command({name!r})")
