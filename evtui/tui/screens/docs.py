"""The documentation over the panels: the list of chapters, one of them, and words in it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Region
from textual.widgets import Input, Markdown, OptionList
from textual.widgets.option_list import Option

from evtui.chapters import TOPICS, text_of, title_of
from evtui.kinds import quoted
from evtui.tui.dialog import Dialog
from evtui.tui.entry import Entry
from evtui.tui.markdown import Chapter
from evtui.tui.scrolled import Scrolled

__all__ = ["DocsScreen"]

LONGEST_WORDS = 80
"""Characters of what is looked for."""

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
        #chapter { display: none; width: 1fr; height: 1fr; }
        Scrolled {
            width: 1fr;
            height: 1fr;
            scrollbar-size-vertical: 1;
            scrollbar-background: $surface;
        }
        &.-open {
            &.-wide _Contents { width: 32; }
            &.-wide #chapter { display: block; }
        }
        &.-reading {
            #chapter { display: block; }
            &.-narrow _Contents { display: none; }
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False, priority=True),
        Binding("q,D", "dismiss", "Close", show=False, priority=True),
        Binding("tab", "switch", "Contents or text", show=False, priority=True),
        Binding("slash", "find", "Find", show=False),
        Binding("n", "go_on(1)", "Next", show=False),
        Binding("N", "go_on(-1)", "The one before", show=False),
    ]

    def __init__(self, topic: str | None = None) -> None:
        super().__init__()
        self._topic = topic
        self._contents = _Contents(compact=True)
        self._chapter = Chapter()
        self._text = Scrolled(self._chapter)
        self._wanted, self._at = "", 0
        self._words = Entry(placeholder="find", compact=True, max_length=LONGEST_WORDS)
        self._words.display = False
        self._box = Horizontal(self._contents, Vertical(self._text, self._words, id="chapter"))

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
        self._words.display = False
        moving = (
            "↑↓ scroll · / find · tab contents" if reading else "↑↓ choose · enter go · tab text"
        )
        self.tell_keys(self._box, f"{moving} · escape all chapters · q close")

    async def _open(self, topic: str, anchor: str = "") -> None:
        if topic != self._topic or not self._chapter.source:
            self._topic, self._wanted = topic, ""
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

    # Words in the chapter

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Leave every key but escape to the words that are typed."""
        return action == "back" or self.focused is not self._words

    def action_find(self) -> None:
        """Ask for words."""
        if self._reading:
            self._words.display = True
            self._words.value = ""
            self.set_focus(self._words)
            self.tell_keys(self._box, "enter find · escape text")

    @on(Input.Submitted)
    def _find(self, submitted: Input.Submitted) -> None:
        self._wanted = " ".join(submitted.value.split())
        self._read(reading=True)
        if not self._wanted:
            return
        # The field has taken a line of the text.
        self.call_after_refresh(self._go_to, self._text.scroll_offset.y - 1, 1)

    def action_go_on(self, by: int) -> None:
        """To the next line with the words, or the one before; round and round."""
        if self._reading and self._wanted:
            shown, last = self._text.scroll_offset.y, self._text.max_scroll_y
            # What is on the last screen is not at the top of it.
            self._go_to(self._at if min(self._at, last) == shown else shown, by)

    def _go_to(self, line: int, by: int) -> None:
        """Show the next line with the words behind ``line``, or with a negative ``by`` before."""
        found = self._lines_with(self._wanted)
        if not found:
            self.tell_keys(self._box, f"{quoted(self._wanted)} is not in this chapter · / find")
            return
        in_order = found if by > 0 else found[::-1]
        self._at = next((each for each in in_order if (each - line) * by > 0), in_order[0])
        self._text.scroll_to(y=self._at, animate=False)
        place = f"{found.index(self._at) + 1} of {len(found)}"
        self.tell_keys(self._box, f"{quoted(self._wanted)} {place} · n next · N before · / find")

    def _lines_with(self, words: str) -> list[int]:
        """The lines of the text as it is laid out now in which the words begin."""
        found: dict[int, None] = {}
        for each in self._chapter.query("*"):
            if each.children or not each.size:
                continue
            lines = [strip.text.strip() for strip in each.render_lines(Region(0, 0, *each.size))]
            whole = " ".join(lines).casefold()
            top = each.content_region.y - self._chapter.region.y
            start = whole.find(words.casefold())
            while start >= 0:
                before = len(whole[: start + 1])
                line, end = 0, len(lines[0]) + 1
                while end < before:
                    line += 1
                    end += len(lines[line]) + 1
                found[top + line] = None
                start = whole.find(words.casefold(), start + 1)
        return sorted(found)

    def action_switch(self) -> None:
        """From the text to its headings, or back."""
        if self.has_class("-open"):
            self._read(reading=not self._reading)

    def action_back(self) -> None:
        """To the list of chapters; from there to the panels."""
        if self.focused is self._words:
            self._read(reading=True)
        elif self.has_class("-open"):
            self._show_list()
        else:
            self.dismiss()
