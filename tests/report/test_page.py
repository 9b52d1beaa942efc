from __future__ import annotations

import builtins
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import pytest

from evtui.events import Mark, Note, ScenarioState, Verdict
from evtui.recording.format.manifest import Manifest, RecordedStation, ScenarioInfo
from evtui.recording.read.reader import RunFolder
from evtui.recording.write.recorder import Recorder
from evtui.report import ReportError, report
from evtui.report.svg import PALETTE
from tests.recording.sample_run import START_UTC, Scene, play, record_sample, sample_manifest
from tests.report.page_reader import Page

HOSTILE = "</style><script>alert('$x^2$')</script>\x1b[31m\"&"


def made(*folders: Path) -> str:
    return report([RunFolder(folder) for folder in folders])


@pytest.fixture(scope="session")
def page(sample: Path) -> str:
    return made(sample)


def recorded(
    folder: Path,
    play: Callable[[Scene], object],
    change: Callable[[Manifest], object] = lambda manifest: None,
    station: str = "CP1",
) -> Path:
    manifest = sample_manifest()
    change(manifest)
    recorder = Recorder(folder, manifest, start_utc=START_UTC, twins=frozenset({station}))
    scene = Scene(recorder.on_event, station)
    play(scene)
    recorder.close(t_end=scene.clock.time)
    return folder


def samples(scene: Scene, seconds: float = 3.0) -> None:
    for tick in range(1, round(seconds * 10) + 1):
        scene.clock.time = tick / 10
        scene.current = float(tick % 20)
        scene.sample()


# One page


def test_the_page_is_whole_and_needs_nothing_else(page: str) -> None:
    read = Page(page)
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert read.open == []
    assert not {"script", "link", "img", "iframe", "object"} & read.tags.keys()
    assert read.values("src") == []
    assert all(link.startswith("#") for link in read.values("href"))
    assert "://" not in page
    assert "@import" not in page
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", page))
    assert "default-src 'none'" in page


def test_pictures_follow_the_colours_of_the_page(page: str) -> None:
    svgs = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(svgs) == 2
    for svg in svgs:
        assert not [colour for colour in PALETTE.values() if colour in svg]
        assert not re.findall(r"#[0-9a-fA-F]{6}\b", svg)
        assert "DejaVu" not in svg
    used = set(re.findall(r"var\(--([\w-]+)\)", "".join(svgs)))
    assert {"current", "limit", "reported", "active", "effect", "alarm", "mark", "font"} <= used
    light, dark = page.split("prefers-color-scheme: dark", 1)
    for name in used - {"font"}:
        assert f"--{name}:" in light
        assert f"--{name}:" in dark


def test_every_id_is_there_once_and_every_reference_leads_somewhere(
    page: str, sample: Path, tmp_path: Path
) -> None:
    other = tmp_path / "run-b"
    shutil.copytree(sample, other)
    for text in (page, made(sample, other)):
        read = Page(text)
        ids = read.values("id")
        assert len(ids) == len(set(ids))
        referred = [href[1:] for href in read.values("href")]
        referred += re.findall(r"url\(#([^)]*)\)", text)
        assert set(referred) <= set(ids)


def test_pictures_are_described_in_words(page: str) -> None:
    labels = Page(page).values("aria-label")
    assert len(labels) == 2
    assert labels[0].startswith("Current of CP1 connector 1 over ")
    assert "attack from 40.0 s to 80.0 s" in labels[0]
    assert "alarm of current-reversals on can at 60.1 s" in labels[0]
    assert "1,212 frames" in labels[1]


def test_the_page_says_what_happened(page: str) -> None:
    read = Page(page)
    assert "A sample" in read.text
    assert "Expectations: ✓ 1 of 1 met" in read.text
    assert read.row("✓ met") == [
        "✓ met",
        "alarm current-reversals within 30 s",
        "after 20.1 s",
        "expect[0]",
    ]
    times = [row for row in read.rows if row[0] == "current-reversals"]
    assert times == [
        ["current-reversals", "can", "1", "19.9 s", "0"],
        ["current-reversals", "ocpp", "1", "21.1 s", "0"],
    ]
    attack = read.row("fluctuation-1")
    assert attack[2:6] == ["40.0 s", "80.0 s", "83.0 s", "safe"]
    assert attack[6].startswith("low_a=0, high_a=100")
    assert read.row("mark 1")[1:] == ["30.0 s", "before, the attack"]


def test_the_page_says_how_it_was_made(page: str, sample: Path) -> None:
    read = Page(page)
    manifest = Manifest.load(sample / "manifest.json")
    for text in ("preset seed", "time_constant_s", "0.448", "window_s 60", "CC0-1.0", "T0806"):
        assert text in read.text
    assert re.search(r"seed\s+7", read.text)
    assert read.row("signals.csv")[3] == manifest.files["signals.csv"].sha256


def test_the_same_folder_gives_the_same_page(page: str, sample: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from evtui.recording.read.reader import RunFolder;"
        "from evtui.report import report;"
        "sys.stdout.buffer.write(report([RunFolder(Path(sys.argv[1]))]).encode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(sample)],
        env={**os.environ, "PYTHONHASHSEED": "12345", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == page.encode()


def test_a_persons_own_matplotlib_settings_change_nothing(page: str, sample: Path) -> None:
    mine = {"lines.linewidth": 9.0, "font.size": 20.0, "axes.grid": False}
    with matplotlib.rc_context():
        before: Any = matplotlib.rcParams
        before.update(mine)
        assert made(sample) == page
        assert {name: before[name] for name in mine} == mine


def test_whatever_the_files_say_stays_text(tmp_path: Path) -> None:
    def change(manifest: Manifest) -> None:
        manifest.scenario = ScenarioInfo(
            id=HOSTILE,
            title=HOSTILE,
            source=HOSTILE,
            sha256=HOSTILE,
            inputs={HOSTILE: HOSTILE},
            description=HOSTILE,
            technique=[HOSTILE],
        )
        manifest.settings = {HOSTILE: [HOSTILE]}
        manifest.detectors = [{"name": HOSTILE, "views": [HOSTILE], HOSTILE: HOSTILE}]
        manifest.stations = [
            RecordedStation(id=HOSTILE, preset=HOSTILE, power_stage={HOSTILE: 1}, vehicle={})
        ]
        manifest.licence = manifest.interrupted = HOSTILE

    def play(scene: Scene) -> None:
        samples(scene)
        publish = scene.stream.publish
        publish(Mark(source=HOSTILE, text=HOSTILE))
        publish(Note(source=HOSTILE, level="error", text=HOSTILE))
        publish(Verdict(scenario="x", expectation=HOSTILE, path=HOSTILE, met=False, found=HOSTILE))
        scene.truth("on", attack_id=HOSTILE, parameters={HOSTILE: 1.0})
        scene.alarm(HOSTILE, attack_id="")

    folder = recorded(tmp_path / "<b>&", play, change, station=HOSTILE)
    for text in (made(folder), made(folder, folder)):
        read = Page(text)
        assert read.open == []
        assert "script" not in read.tags
        assert "b" not in read.tags
        assert "<b>&" in read.text
        assert "\x1b" not in text
        assert text.encode()


def test_an_interrupted_run_says_when_and_why(tmp_path: Path) -> None:
    record_sample(tmp_path / "run", seconds=50.0, interrupted="signal 15")
    read = Page(made(tmp_path / "run"))
    assert "interrupted at 50.0 s: signal 15" in read.text
    assert read.row("fluctuation-1")[3:5] == ["still on", "still there"]
    assert read.row("current-reversals")[3] == "not detected"


def test_false_alarms_warnings_and_failed_steps_are_listed(tmp_path: Path) -> None:
    def play(scene: Scene) -> None:
        samples(scene)
        scene.alarm("can", attack_id="")
        scene.stream.publish(Note(source="lab", level="warning", text="the disk is slow"))
        scene.stream.publish(Note(source="lab", level="info", text="all is well"))
        scene.stream.publish(
            ScenarioState(
                scenario="x", change="failed", path="steps[1]", label="start", detail="rejected"
            )
        )

    read = Page(made(recorded(tmp_path / "run", play)))
    assert read.row("current-reversals")[2:] == ["1", "1 (at 3.0 s)"]
    assert read.row("warning")[2] == "the disk is slow"
    assert read.row("step failed")[2] == "steps[1]: start rejected"
    assert "all is well" not in read.text
    assert "No expectations were judged" in read.text


def test_many_connectors_are_counted_and_the_first_are_drawn(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run", samples)
    header, *rows = (folder / "signals.csv").read_text().splitlines()
    lines = [header]
    for row in rows:
        lines += [row.replace(",CP1,", f",CP{number},") for number in range(1, 10)]
    (folder / "signals.csv").write_text("\n".join(lines) + "\n")
    page = made(folder)
    read = Page(page)
    assert page.count("<svg") == 7
    assert "the first 6 are drawn" in read.text
    assert read.row("CP9 connector 1")[1] == "19.0 A"


def test_a_long_run_keeps_its_spike_on_a_small_page(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run", samples)
    header, first, *_ = (folder / "signals.csv").read_text().splitlines()
    row = first.split(",")
    with (folder / "signals.csv").open("w") as file:
        file.write(f"{header}\n")
        for tick in range(30_000):
            row[0], row[4] = f"{tick:.6f}", "333.250" if tick == 12_345 else f"{tick % 77}.000"
            file.write(",".join(row) + "\n")
    page = made(folder)
    assert len(page) < 500_000
    assert "333.2 A" in page or "333.3 A" in page
    assert "Each column shows the lowest and the highest value in it." in page


def long_run(scene: Scene) -> None:
    """Eleven minutes, an attack from 40 s to 80 s in them, noticed after 20 s."""
    for _ in play(scene):
        pass
    scene.clock.time = 660.0
    scene.sample()


def test_a_long_run_is_drawn_close_up_around_its_first_alarm_too(tmp_path: Path) -> None:
    labels = Page(made(recorded(tmp_path / "run", long_run))).values("aria-label")
    assert len(labels) == 3
    assert labels[1] == (
        "Current of CP1 connector 1 from 35.0 s to 65.1 s, around the first attack."
    )


# Folders that are not complete


def test_what_is_missing_is_said_and_the_rest_is_shown(sample: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn"
    shutil.copytree(sample, torn)
    for name in ("manifest.json", "alarms.csv", "events.jsonl"):
        (torn / name).unlink()
    with (torn / "signals.csv").open("r+b") as file:
        file.truncate(file.seek(0, 2) - 30)
    page = made(torn)
    read = Page(page)
    assert "Not everything is there" in read.text
    for name in ("manifest.json", "alarms.csv", "events.jsonl", "signals.csv"):
        assert name in read.text
    assert "no manifest" in read.text
    assert page.count("<svg") == 2


@pytest.mark.parametrize("kept", ["can.log", "signals.csv", "ocpp.jsonl", "manifest.json"])
def test_any_file_alone_gives_a_page(kept: str, sample: Path, tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    shutil.copy(sample / kept, folder)
    read = Page(made(folder))
    assert read.open == []
    assert "Not everything is there" in read.text


def test_a_log_alone_shows_its_frames(sample: Path, tmp_path: Path) -> None:
    log = tmp_path / "alone.log"
    shutil.copy(sample / "can.log", log)
    page = made(log)
    assert page.count("<svg") == 1
    assert re.search(r"CAN frames\s+1,212", Page(page).text)


def test_without_matplotlib_the_extra_is_named(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "matplotlib":
            raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ReportError) as caught:
        made(sample)
    assert str(caught.value) == "report needs matplotlib: pip install 'evtui[report]'"
