"""Make the README's pictures from the real app and a real lab.

Run from the project's folder, with the ``dev`` extra installed::

    python -m screenshots.make

It starts the lab on a free port of loopback, presses keys, waits for what the pictures are
about (about half a minute: the alarm needs four reversals of the current) and writes each as
SVG and PNG beside this file.  The PNGs need the font DejaVu Sans Mono.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import resvg_py
from textual.pilot import Pilot

from evtui.config import Settings
from evtui.live import LiveLab
from evtui.tui.app import EvtuiApp
from evtui.tui.models.exchanges import Exchange
from evtui.tui.screens.main import MainScreen

SIZES = ((80, 24), (120, 36))
"""Columns and rows; the first is what most terminals open with, the second is comfortable."""

PATIENCE = 60.0
"""s to wait for anything."""

SETTLE = 0.5
"""s after a change of size: the chart redraws at most four times a second, on its own thread."""

RISE = 0.5
"""s after a remote start at which the current has left the floor in both sizes' pictures."""

FONT = "DejaVu Sans Mono"
FONT_FILES = ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf")
FONT_FOLDERS = (
    "/usr/share/fonts/truetype/dejavu",
    "/usr/share/fonts/dejavu-sans-mono-fonts",
    "/usr/share/fonts/TTF",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
)
MONOSPACE = "'DejaVu Sans Mono', Menlo, Consolas, monospace"
"""Fonts with box drawing, block and braille glyphs, wherever the picture is opened."""


class FontMissing(Exception):
    """The font of the PNGs is not on this machine; the text says what to install."""


def font_files() -> list[str]:
    """Paths of the font's regular and bold files.

    Raises:
        FontMissing: neither the usual folders nor fontconfig have them.
    """
    folders = [Path(folder).expanduser() for folder in FONT_FOLDERS]
    if shutil.which("fc-match"):
        asked = ["fc-match", "--format=%{file}", FONT]
        found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        folders.append(Path(found).parent)
    for folder in folders:
        files = [folder / name for name in FONT_FILES]
        if all(file.is_file() for file in files):
            return [str(file) for file in files]
    raise FontMissing(
        f"{FONT} was not found; install it (Debian: fonts-dejavu-core, macOS: brew install "
        "--cask font-dejavu) or run fc-list to see what there is"
    )


def self_contained(svg: str) -> str:
    """A picture of Textual's that loads nothing: local fonts instead of a web font.

    Textual draws a 20 px font in lines of 24.4 px and clips each line.  At 21 px and unclipped
    the box and block glyphs of DejaVu Sans Mono (1.164 em high) reach from line to line.
    """
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;]+;", f"font-family: {MONOSPACE};", svg)
    svg = re.sub(r'\s*<clipPath id="[^"]+-line-\d+">.*?</clipPath>', "", svg, flags=re.DOTALL)
    svg = re.sub(r' clip-path="url\(#[^"]+-line-\d+\)"', "", svg)
    return svg.replace("font-size: 20px;", "font-size: 21px;")


def render(svg: str, fonts: list[str]) -> bytes:
    """The picture as PNG, with nothing but ``fonts``."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, font_files=fonts, skip_system_fonts=True, monospace_family=FONT
        )
    )


class Photographer:
    """Takes pictures of one running app.

    Args:
        pilot: drives the app.

    Attributes:
        pictures: name to SVG.
    """

    def __init__(self, pilot: Pilot[None]) -> None:
        self._pilot = pilot
        self.pictures: dict[str, str] = {}

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Let the app run until ``condition`` holds.

        Raises:
            TimeoutError: it does not within :data:`PATIENCE`.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    await self._pilot.pause(0.02)
        except TimeoutError:
            raise TimeoutError(f"never came: {what}") from None

    async def take(self, name: str) -> None:
        """Keep the screen as it is now, in every size."""
        for columns, rows in SIZES:
            await self._pilot.resize_terminal(columns, rows)
            await self._pilot.pause(SETTLE)
            svg = self._pilot.app.export_screenshot(simplify=True)
            self.pictures[f"{name}-{columns}x{rows}"] = self_contained(svg)


async def tell_the_story(photographer: Photographer, pilot: Pilot[None]) -> None:
    """Press the keys of a first visit and take a picture of each thing to see."""
    main = pilot.app.screen
    assert isinstance(main, MainScreen)
    summary = main.summary

    def anomaly_at(cycle: int, step: str) -> bool:
        anomaly = summary.anomaly
        return anomaly is not None and (anomaly.cycle, anomaly.step_label) == (cycle, step)

    def alarm_raised() -> bool:
        return any(segment.role == "alarm" for segment in summary.segments())

    def answered(action: str) -> bool:
        entry = main.ocpp.view.entry
        return isinstance(entry, Exchange) and entry.action == action and bool(entry.answer)

    await photographer.until(lambda: summary.load and "CP1" in summary.stations, "the station")
    await photographer.until(lambda: summary.stations["CP1"].status == "Preparing", "a vehicle")
    await photographer.take("idle")

    await pilot.press("comma", "s")  # a window of 30 s: the waves fill it
    await photographer.until(
        lambda: anomaly_at(2, "RemoteStartTransaction"), "the second remote start"
    )
    await pilot.pause(RISE)
    await photographer.take("fluctuating")

    await photographer.until(alarm_raised, "the alarm")
    await photographer.take("alarm")

    await pilot.press("question_mark")
    await photographer.take("help")
    await pilot.press("escape", "1")

    while not answered("StartTransaction"):
        await pilot.press("up")
    await pilot.press("enter")
    await photographer.take("detail")


async def pictures() -> dict[str, str]:
    """Every picture as SVG, by name, of a lab that is started and stopped for it."""
    lab = LiveLab(Settings(port=0))
    lab.start()
    try:
        app = EvtuiApp(lab)
        async with app.run_test(size=SIZES[0]) as pilot:
            photographer = Photographer(pilot)
            await tell_the_story(photographer, pilot)
            return photographer.pictures
    finally:
        lab.stop(timeout=6.0)


def main() -> None:
    """Write every picture beside this file."""
    try:
        fonts = font_files()
    except FontMissing as missing:
        sys.exit(f"screenshots: {missing}")
    folder = Path(__file__).parent
    for name, svg in asyncio.run(pictures()).items():
        (folder / f"{name}.svg").write_text(svg, "utf-8")
        (folder / f"{name}.png").write_bytes(render(svg, fonts))
        print(f"{name}.svg {name}.png")


if __name__ == "__main__":
    main()
