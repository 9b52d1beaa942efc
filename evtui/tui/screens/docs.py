"""The documentation over the panels: the list of chapters, and one of them."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Markdown, OptionList
from textual.widgets.option_list import Option

from evtui.chapters import TOPICS, text_of, title_of
from evtui.tui.dialog import Dialog
from evtui.tui.markdown import Chapter
from evtui.tui.scrolled import Scrolled

__all__ = ["DocsScreen"]

NAMES = max(map(len, TOPICS)) + 2
"""Cells of the column of names."""


class _Contents(OptionList):
    """Chapters, and below the open one its headings."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "cursor_up", "Up", show=False),
        Binding("j", "cursor_down", "Down", show=False),
    ]


class DocsScreen(Dialog[None]):
    """The list of chapters; then a chapter, with the list beside it where there is room.

    Args:
        topic: chapter to open at once; None shows the list.
    """

    DEFAULT_CSS = """
    DocsScreen {
        align: center middle;
        & > Horizontal {
            width: 100%;
            max-width: 140;
            height: 1fr;
            border: round $border;
            background: $surface;
            border-title-color: $foreground;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
        _Contents {
            width: 1fr;
            height: 1fr;
            border: none;
            padding: 0;
            background: $surface;
            scrollbar-size-vertical: 1;
            scrollbar-background: $surface;
        }
        Scrolled {
            display: none;
            width: 1fr;
            height: 1fr;
            scrollbar-size-vertical: 1;
            scrollbar-background: $surface;
        }
        &.-open {
            &.-wide _Contents { width: 32; }
            &.-wide Scrolled { display: block; }
        }
        &.-reading {
            Scrolled { display: block; }
            &.-narrow _Contents { display: none; }
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False, priority=True),
        Binding("q,D", "dismiss", "Close", show=False, priority=True),
        Binding("tab", "switch", "Contents or text", show=False, priority=True),
    ]

    def __init__(self, topic: str | None = None) -> None:
        super().__init__()
        self._topic = topic
        self._contents = _Contents(compact=True)
        self._chapter = Chapter()
        self._text = Scrolled(self._chapter)
        self._box = Horizontal(self._contents, self._text)

    def compose(self) -> ComposeResult:
        """The list beside the text."""
        yield self._box

    async def on_mount(self) -> None:
        """Show the chapter that was asked for, or the list."""
        if self._topic is None:
            self._show_list()
        else:
            await self._open(self._topic)

    @property
    def _reading(self) -> bool:
        return self.has_class("-reading")

    def _fill(self, *, told: bool) -> None:
        """List the chapters, with what each is about where there is room for it."""
        self._contents.clear_options()
        for topic, about in TOPICS.items():
            name = Content.styled(f"{topic:<{NAMES}}" if told else topic, "bold")
            prompt = Content.assemble(name, about) if told else name
            self._contents.add_option(Option(prompt, topic))
            if topic == self._topic:
                for level, label, place in self._chapter.table_of_contents[1:]:
                    self._contents.add_option(Option(Content("  " * (level - 1) + label), place))
        known = self._topic or next(iter(TOPICS))
        self._contents.highlighted = self._contents.get_option_index(known)

    def _show_list(self) -> None:
        """The list alone."""
        self.remove_class("-open", "-reading")
        self._fill(told=True)
        self.set_focus(self._contents)
        self._box.border_title = "Documentation"
        self.tell_keys(self._box, "↑↓ choose · enter read · escape close")

    def _read(self, *, reading: bool) -> None:
        """The text, or with ``reading`` false the list beside it, has the keys."""
        self.add_class("-open")
        self.set_class(reading, "-reading")
        self.set_focus(self._text if reading else self._contents)
        moving = "↑↓ scroll · tab contents" if reading else "↑↓ choose · enter go · tab text"
        self.tell_keys(self._box, f"{moving} · escape all chapters · q close")

    async def _open(self, topic: str, anchor: str = "") -> None:
        if topic != self._topic or not self._chapter.source:
            self._topic = topic
            await self._chapter.update(text_of(topic))
        self._fill(told=False)
        self._box.border_title = Content(f"Documentation: {title_of(topic)}")
        self._read(reading=True)
        self._text.scroll_home(animate=False)
        if anchor:
            self.call_after_refresh(self._chapter.goto_anchor, anchor)

    @on(OptionList.OptionSelected)
    async def _chosen(self, selected: OptionList.OptionSelected) -> None:
        chosen = selected.option_id or ""
        if chosen in TOPICS:
            await self._open(chosen)
        else:
            self._read(reading=True)
            heading = self._chapter.query_one(f"#{chosen}")
            self.call_after_refresh(heading.scroll_visible, animate=False, top=True)

    @on(Markdown.LinkClicked)
    async def _follow(self, clicked: Markdown.LinkClicked) -> None:
        place, _, anchor = clicked.href.partition("#")
        topic = place.removesuffix(".md") or self._topic
        if topic in TOPICS:
            await self._open(topic, anchor)
        else:
            self._box.border_subtitle = Content(clicked.href)

    def action_switch(self) -> None:
        """From the text to its headings, or back."""
        if self.has_class("-open"):
            self._read(reading=not self._reading)

    def action_back(self) -> None:
        """To the list of chapters; from there to the panels."""
        if self.has_class("-open"):
            self._show_list()
        else:
            self.dismiss()
