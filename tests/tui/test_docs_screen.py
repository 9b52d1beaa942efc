"""The documentation over the panels."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Markdown, OptionList

from evtui.chapters import TOPICS
from evtui.tui.app import EvtuiApp
from evtui.tui.markdown import GAP, LEAST, column_widths
from evtui.tui.screens import docs
from evtui.tui.screens.docs import DocsScreen
from evtui.tui.screens.help import HelpScreen
from evtui.tui.screens.main import MainScreen
from tests.tui.driving import Driven, driven, press
from tests.tui.fake_lab import FakeLab
from tests.tui.panel_app import until
from tests.tui.replay.driving import replayed

LONG = "```\n" + "line\n" * 60 + "```\n"

CHAPTERS = {
    "first": """# The first chapter

Words with `code` in them, and a [way to the second](second.md#far-down).

| key | does |
| --- | --- |
| `s` | Starts something, told at such length that no line of eighty columns holds it. |
| `x` | Stops it. |

## A heading

```sh
evtui run repeated-current-fluctuation --seed 7 --set high=50 --duration 1h --out out
```

- one thing
- another
""",
    "second": f"# The second chapter\n\n{LONG}\n## Far down\n\n{LONG}",
}


@pytest.fixture(autouse=True)
def chapters(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two short ones, so that pictures do not change with every word of the documentation."""
    about = {"first": "what comes first", "second": "what comes after it"}
    monkeypatch.setattr(docs, "TOPICS", about)
    monkeypatch.setattr(docs, "text_of", CHAPTERS.__getitem__)
    monkeypatch.setattr(docs, "title_of", lambda topic: f"The {topic} chapter")
    return iter(())


async def opened(one: Driven, *keys: str) -> DocsScreen:
    """The screen, once the title says that a chapter is there."""
    await one.press("D", *keys)
    screen = one.screen
    assert isinstance(screen, DocsScreen)
    return screen


def title(screen: DocsScreen) -> str:
    return str(screen._box.border_title)


async def test_a_chapter_is_chosen_read_and_left() -> None:
    async with driven() as one:
        screen = await opened(one)
        assert title(screen) == "Documentation"
        await one.press("down", "enter")
        await until(one.pilot, lambda: title(screen) == "Documentation: The second chapter")
        assert screen.focused is screen._text
        await one.press("end")
        await until(one.pilot, lambda: screen._text.scroll_y > 50)
        await one.press("escape")
        assert title(screen) == "Documentation"
        assert isinstance(screen.focused, OptionList)
        await one.press("escape")
        assert not one.shows(DocsScreen)


async def test_headings_and_links_are_ways_into_a_chapter() -> None:
    async with driven() as one:
        screen = await opened(one, "down", "enter")
        await until(one.pilot, lambda: "second" in title(screen))
        await one.press("tab", "down", "enter")
        await until(one.pilot, lambda: screen._text.scroll_y > 50)
        assert screen.focused is screen._text

        await one.press("escape", "up", "enter")
        await until(one.pilot, lambda: "first" in title(screen))
        assert screen._text.scroll_y == 0
        chapter = screen._chapter
        chapter.post_message(Markdown.LinkClicked(chapter, "second.md#far-down"))
        await until(one.pilot, lambda: screen._text.scroll_y > 50)
        assert "second" in title(screen)

        chapter.post_message(Markdown.LinkClicked(chapter, "https://example.org/[red]x"))
        await until(one.pilot, lambda: "example.org/" in str(screen._box.border_subtitle))


async def test_words_are_found_in_a_chapter_and_keys_go_on_to_the_next() -> None:
    async with driven(size=(80, 24)) as one:
        screen = await opened(one, "down", "enter")
        await until(one.pilot, lambda: "second" in title(screen))

        async def find(*keys: str) -> str:
            await one.press(*keys)
            await one.pilot.pause()
            return str(screen._box.border_subtitle)

        assert "/ find" in str(screen._box.border_subtitle)
        told = await find("slash", *"qD", "enter")
        assert "is not in this chapter" in told
        assert one.shows(DocsScreen)
        told = await find("slash", *"FAR down", "enter")
        assert told.startswith('"FAR down" 1 of 1')
        assert screen._text.scroll_y > 50
        assert "1 of 120" in await find("home", "slash", *"line", "enter")
        first = screen._text.scroll_y
        assert "2 of 120" in await find("n")
        assert screen._text.scroll_y == first + 1
        assert "1 of 120" in await find("N")
        assert "120 of 120" in await find("N")
        assert "119 of 120" in await find("N")
        await one.press("slash", "escape")
        assert screen.focused is screen._text
        assert not screen._words.display


async def test_words_are_found_where_a_line_is_broken_between_them() -> None:
    async with driven(size=(60, 24)) as one:
        screen = await opened(one, "enter")
        await until(one.pilot, lambda: "first" in title(screen))
        words = "length that no line of eighty columns holds it"
        await one.press("slash", *words, "enter")
        await one.pilot.pause()
        assert f'"{words}" 1 of 1' in str(screen._box.border_subtitle)


async def test_the_help_leads_to_it() -> None:
    async with driven() as one:
        await one.press("question_mark")
        assert one.shows(HelpScreen)
        await one.press("D")
        await until(one.pilot, lambda: one.shows(DocsScreen))
        await one.press("escape")
        assert one.shows(MainScreen)


async def test_it_is_there_in_a_replay() -> None:
    async with replayed() as replay:
        await replay.press("D")
        assert isinstance(replay.pilot.app.screen, DocsScreen)


def test_the_app_starts_without_the_reader_of_markdown() -> None:
    program = "import sys, evtui.tui.run, evtui.tui.replay.run; print('markdown_it' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_every_chapter_has_room_in_the_list_of_a_small_terminal() -> None:
    assert max(len(about) for about in TOPICS.values()) <= 60


@given(wanted=st.lists(st.integers(0, 200), min_size=1, max_size=6), room=st.integers(60, 200))
def test_columns_share_the_room_and_take_no_more_than_they_want(
    wanted: list[int], room: int
) -> None:
    widths = column_widths(wanted, room)
    assert all(0 <= width <= most for width, most in zip(widths, wanted, strict=True))
    assert sum(widths) + GAP * (len(widths) - 1) <= room
    if sum(wanted) + GAP * (len(wanted) - 1) <= room:
        assert widths == wanted
    else:
        assert all(width >= min(most, LEAST) for width, most in zip(widths, wanted, strict=True))


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
@pytest.mark.parametrize("keys", [(), ("enter",)], ids=["list", "chapter"])
def test_how_it_looks(
    snap_compare: Callable[..., bool], size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    app = EvtuiApp(FakeLab(), fps=0.001, theme="textual-dark")

    async def settle(pilot: Pilot[None]) -> None:
        main = pilot.app.screen_stack[0]
        assert isinstance(main, MainScreen)
        main.current.display = False
        await press(pilot, "D", *keys)
        screen = pilot.app.screen
        assert isinstance(screen, DocsScreen)
        if keys:
            await until(pilot, lambda: "first" in title(screen))

    assert snap_compare(app, terminal_size=size, run_before=settle)
