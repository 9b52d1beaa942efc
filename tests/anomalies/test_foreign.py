"""An anomaly of another package, as the chapter for contributors has it."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evtui.docs import build

ROOT = build.README.parent
CHAPTER = (build.FOLDER / "contributing.md").read_text("utf-8")

SCENARIO = """\
schema: evtui.scenario/1
id: noisy
title: Noisy
steps:
  - start
  - wait: 20s
  - anomaly: set-point-noise
    with: {high_a: 20, hold_s: 2}
    duration: 20s
expect:
  - effect: set-point-noise
  - no_schema_violation
"""


def block(language: str, containing: str) -> str:
    """The one block of code in the chapter that contains a text."""
    blocks = re.findall(rf"```{language}\n(.*?)```", CHAPTER, re.DOTALL)
    (found,) = (each for each in blocks if containing in each)
    return str(found)


TEMPLATE = block("python", "class SetPointNoise")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder on the path with the package in it, and one more entry point that leads nowhere."""
    site = tmp_path / "site"
    (site / "my_package").mkdir(parents=True)
    (site / "my_package/__init__.py").touch()
    (site / "my_package/noise.py").write_text(TEMPLATE, "utf-8")
    info = site / "evtui_noise-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evtui-noise\nVersion: 1.0\n")
    declared = re.sub(r'"|\[project\.entry-points\.|\]', "", block("toml", "entry-points"))
    points = declared.replace("evtui.anomalies", "[evtui.anomalies]", 1)
    (info / "entry_points.txt").write_text(f"{points}broken-noise = my_package.gone:Noise\n")
    return site


def evtui(site: Path, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "evtui", *arguments],
        cwd=site.parent,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(site), str(ROOT)))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


def test_the_template_is_short() -> None:
    assert len(TEMPLATE.splitlines()) <= 40
    assert len(re.findall(r"^.+$", block("python", "import keep"), re.MULTILINE)) == 4


def test_it_is_in_the_list_and_a_broken_one_is_one_line(installed: Path) -> None:
    told = evtui(installed, "anomalies").stdout
    assert "2  set-point-noise" in told
    broken = "anomaly broken-noise of evtui-noise is broken: ModuleNotFoundError"
    assert [line.strip() for line in told.splitlines() if broken in line] != []

    listing = json.loads(evtui(installed, "anomalies", "--json").stdout)
    (own,) = (each for each in listing["anomalies"] if each["name"] == "set-point-noise")
    assert own["package"] == "evtui-noise"
    assert [each["name"] for each in own["parameters"]] == ["high_a", "hold_s"]
    assert [each["name"] for each in listing["broken"]] == ["broken-noise"]

    refused = evtui(installed, "run", "--anomaly", "broken-noise", status=2).stderr
    assert refused.startswith(f"evtui: --anomaly: {broken}")
    assert len(refused.splitlines()) == 1


def test_it_is_switched_on_by_a_scenario_and_in_the_truth(installed: Path) -> None:
    (installed.parent / "noisy.yaml").write_text(SCENARIO, "utf-8")
    evtui(installed, "run", "./noisy.yaml", "--out", "out")
    with (installed.parent / "out/truth.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["type"], row["layer"], row["outcome"]) == ("set-point-noise", "ocpp", "safe")
    assert json.loads(row["parameters"]) == {"high_a": 20.0, "hold_s": 2.0}
    replayed = evtui(installed, "replay", "out", "--verify")
    assert "identical" in replayed.stdout + replayed.stderr


def test_it_keeps_every_promise_in_the_three_lines_of_the_chapter(installed: Path) -> None:
    (installed.parent / "test_noise.py").write_text(
        block("python", "import keep"), encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_noise.py"],
        cwd=installed.parent,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(installed), str(ROOT)))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_it_is_completed_like_the_others(installed: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "evtui"],
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join((str(installed), str(ROOT))),
            "_EVTUI_COMPLETE": "bash_complete",
            "COMP_LINE": "evtui anomalies set",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "plain\tset-point-noise\t\n"
