"""Run folders to report on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recording.sample_run import record_sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes with one attack that both views of a detector notice."""
    folder = tmp_path_factory.mktemp("sample") / "run-a"
    record_sample(folder)
    return folder
