"""Make the pictures from the real app and a real lab.

Run from the project's folder, with the ``dev`` extra installed::

    python screenshots/make.py

It starts the lab on a free port of loopback, presses keys, waits for what the pictures are
about (about a minute: an alarm needs four reversals of the current) and writes each as SVG and
PNG beside this file.  The PNGs need the font DejaVu Sans Mono; the picture of the report needs
Chromium and is left as it is where there is none.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import resvg_py
from textual.pilot import Pilot
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from evtui.config import Settings
from evtui.live import LiveLab, settings_for
from evtui.recording.read.reader import RunFolder
from evtui.scenario.language.loader import load
from evtui.tui.app import EvtuiApp
from evtui.tui.models.exchanges import Exchange
from evtui.tui.models.summary import LabSummary
from evtui.tui.replay.app import ReplayApp
from evtui.tui.replay.handle import ReplayHandle
from evtui.tui.replay.overview import Overview, overview_of
from evtui.tui.replay.screen import About, ReplayScreen
from evtui.tui.screens.main import MainScreen

SIZES = ((80, 24), (120, 36))
"""Columns and rows; the first is what most terminals open with, the second is comfortable."""

WIDE = SIZES[1:]

REPORT_SIZE = (1100, 1400)
"""Pixels of the report's picture, which shows the beginning of the page."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

SCENARIO = "repeated-current-fluctuation"
SEED = 7

PATIENCE = 60.0
"""s to wait for anything."""

SETTLE = 0.5
"""s after a change of size: the chart redraws at most four times a second, on its own thread."""

RISE = 0.5
"""s after a remote start at which the current has left the floor in both sizes' pictures."""

APART = 2.0
"""s from an alarm to a mark, so that both can be seen in the picture."""

CHARGED = 8.0
"""s of charging before a picture of it."""

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

    async def take(self, name: str, sizes: Sequence[tuple[int, int]] = SIZES) -> None:
        """Keep the screen as it is now, in every one of ``sizes``."""
        for columns, rows in sizes:
            await self._pilot.resize_terminal(columns, rows)
            await self._pilot.pause(SETTLE)
            svg = self._pilot.app.export_screenshot(simplify=True)
            self.pictures[f"{name}-{columns}x{rows}"] = self_contained(svg)


def alarm_raised(summary: LabSummary) -> bool:
    """Whether the status line says so."""
    return any(segment.role == "alarm" for segment in summary.segments(0.0))


def told(summary: LabSummary, text: str) -> bool:
    """Whether the status line says ``text``."""
    return any(text in segment.forms[0] for segment in summary.segments(0.0))


async def tell_the_story(photographer: Photographer, pilot: Pilot[None]) -> None:
    """Press the keys of a first visit and take a picture of each thing to see."""
    main = pilot.app.screen
    assert isinstance(main, MainScreen)
    summary = main.summary

    def anomaly_at(cycle: int, step: str) -> bool:
        anomaly = summary.anomaly
        return anomaly is not None and (anomaly.cycle, anomaly.step_label) == (cycle, step)

    def answered(action: str) -> bool:
        entry = main.ocpp.view.entry
        return isinstance(entry, Exchange) and entry.action == action and bool(entry.answer)

    await photographer.until(lambda: told(summary, "Preparing"), "a vehicle")
    await photographer.until(lambda: told(summary, "CAN ●"), "the load of the bus")
    await photographer.take("idle")

    await pilot.press("comma", "s")  # a window of 30 s: the waves fill it
    await photographer.until(
        lambda: anomaly_at(2, "RemoteStartTransaction"), "the second remote start"
    )
    await pilot.pause(RISE)
    await photographer.take("fluctuating")

    await photographer.until(lambda: alarm_raised(summary), "the alarm")
    await photographer.take("alarm")

    await pilot.press("question_mark")
    await photographer.take("help")
    await pilot.press("escape", "1")

    while not answered("StartTransaction"):
        await pilot.press("up")
    await pilot.press("enter")
    await photographer.take("detail")


async def first_visit() -> dict[str, str]:
    """Pictures as SVG, by name, of a lab that is started and stopped for them."""
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


async def stations() -> dict[str, str]:
    """A charge point with two connectors, a foreign one that asks to be let in, an operation."""
    lab = LiveLab(Settings(port=0, preset="dc", connectors=2, unknown_stations="ask"))
    lab.start()
    try:
        app = EvtuiApp(lab, known={"idTag": "ANOM_TEST"})
        async with app.run_test(size=WIDE[0]) as pilot:
            main, photographer = app.screen, Photographer(pilot)
            assert isinstance(main, MainScreen)
            await photographer.until(lambda: told(main.summary, "Preparing"), "a vehicle")
            await pilot.press("comma", "c", "s", "C", "b")
            await photographer.until(lambda: told(main.summary, "Charging"), "charging")
            await pilot.pause(CHARGED)
            async with guest(main.stations.url):
                await photographer.until(lambda: "GARAGE-7" in main.stations.by_identity, "a guest")
                await pilot.pause(SETTLE)
                main.footer.clear()
                await pilot.press("l", "down")
                await photographer.take("stations", WIDE)
                await pilot.press("escape")
            await main.run_action("send_operation('SetChargingProfile')")
            await photographer.until(lambda: app.screen is not main, "the form")
            await photographer.take("operation", WIDE)
            return photographer.pictures
    finally:
        lab.stop(timeout=6.0)


@contextlib.asynccontextmanager
async def guest(url: str) -> AsyncIterator[None]:
    """A charge point of somebody else's that boots and waits."""
    boot = {"chargePointVendor": "Somebody", "chargePointModel": "Wallbox 22"}
    async with connect(f"{url}/GARAGE-7", subprotocols=[Subprotocol("ocpp1.6")]) as connection:
        await connection.send(json.dumps([2, "1", "BootNotification", boot]))
        await connection.recv()
        yield


async def recording() -> dict[str, str]:
    """A scenario in the lab, recorded below the working directory and marked."""
    plan = load(SCENARIO, {"lead": "2s"}, seed=SEED)
    lab = LiveLab(settings_for(plan, Settings(port=0, record="runs/monday")), plan=plan)
    lab.start()
    try:
        app = EvtuiApp(lab)
        async with app.run_test(size=WIDE[0]) as pilot:
            main, photographer = app.screen, Photographer(pilot)
            assert isinstance(main, MainScreen)
            await pilot.press("comma")
            await photographer.until(lambda: alarm_raised(main.summary), "the alarm")
            await pilot.pause(APART)
            await pilot.press("m", *"first", "enter")
            await photographer.until(lambda: main.footer.notice == "marked: first", "the mark")
            main.footer.clear()
            await photographer.take("recording", WIDE)
            return photographer.pictures
    finally:
        lab.stop(timeout=6.0)


async def replay(path: Path) -> dict[str, str]:
    """A run folder, stepped to its first alarm."""
    folder = RunFolder(path)
    handle = ReplayHandle(folder, time.monotonic)
    about = About(path.name, (), lambda: folder.problems, lambda: overview_of(RunFolder(path)))
    try:
        app = ReplayApp(handle, about)
        async with app.run_test(size=WIDE[0]) as pilot:
            main, photographer = app.screen, Photographer(pilot)
            assert isinstance(main, ReplayScreen)
            await pilot.press("a")
            await photographer.until(lambda: alarm_raised(main.summary), "the alarm")
            await photographer.until(lambda: main.scrubber.overview != Overview(), "the time line")
            await photographer.take("replay", WIDE)
            return photographer.pictures
    finally:
        handle.close()


def report(path: Path, picture: Path) -> bool:
    """A picture of the report of a run folder; False where there is no browser to make it."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return False
    page = path.with_suffix(".html").resolve()
    evtui("report", str(path), "--out", str(page))
    size = ",".join(map(str, REPORT_SIZE))
    options = ["--headless", "--hide-scrollbars", f"--window-size={size}"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium's refuses the superuser
    asked = [browser, *options, f"--screenshot={picture}", page.as_uri()]
    subprocess.run(asked, capture_output=True, check=True, timeout=PATIENCE)
    return True


def evtui(*arguments: str) -> None:
    """Run the program."""
    subprocess.run([sys.executable, "-m", "evtui", *arguments], capture_output=True, check=True)


def main() -> None:
    """Write every picture beside this file."""
    try:
        fonts = font_files()
    except FontMissing as missing:
        sys.exit(f"screenshots: {missing}")
    folder = Path(__file__).parent.resolve()
    with tempfile.TemporaryDirectory() as workplace, contextlib.chdir(workplace):
        run = Path("runs/night")
        evtui("run", SCENARIO, "--seed", str(SEED), "--out", str(run))
        for story in (first_visit(), stations(), recording(), replay(run)):
            for name, svg in asyncio.run(story).items():
                (folder / f"{name}.svg").write_text(svg, "utf-8")
                (folder / f"{name}.png").write_bytes(render(svg, fonts))
                print(f"{name}.svg {name}.png")
        made = report(run, folder / "report.png")
        print("report.png" if made else "report.png: left as it is, there is no Chromium")


if __name__ == "__main__":
    main()
