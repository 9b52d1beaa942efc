from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

import msgspec
import pytest

from evtui import __version__
from evtui.recording.format.manifest import Manifest
from evtui.recording.write.describing import installed_packages
from tests.recording.sample_run import sample_manifest


def test_the_packages_are_those_evtui_needs_with_their_versions_in_order() -> None:
    packages = installed_packages()
    assert packages["ocpp"] == metadata.version("ocpp")
    assert "pytest" not in packages
    assert list(packages) == sorted(packages)


def test_a_manifest_names_what_runs_here_and_whether_it_repeats() -> None:
    manifest = sample_manifest()
    assert (manifest.evtui, manifest.python) == (__version__, platform.python_version())
    assert manifest.clock.start_utc == "2026-01-01T00:00:00.000Z"
    assert (manifest.status, manifest.reproducible) == ("running", True)


def test_a_manifest_reads_back_as_it_was_saved(tmp_path: Path) -> None:
    manifest = sample_manifest(inputs={"lead": 30.0, "who": "x", "deep": [1, 2]})
    manifest.save(tmp_path / "manifest.json")
    assert Manifest.load(tmp_path / "manifest.json") == manifest
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_a_manifest_that_cannot_be_saved_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = sample_manifest()
    manifest.save(tmp_path / "manifest.json")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        msgspec.structs.replace(manifest, seed=8).save(tmp_path / "manifest.json")
    assert Manifest.load(tmp_path / "manifest.json").seed == 7
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]
