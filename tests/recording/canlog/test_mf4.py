"""ASAM MDF, where asammdf is installed; and what is said where it is not."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import can
import pytest

from evtui.recording.canlog import mf4
from evtui.recording.read.reader import FolderError, RunFolder

needs_asammdf = pytest.mark.skipif(find_spec("asammdf") is None, reason="needs the extra mf4")


def test_without_asammdf_a_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mf4, "find_spec", lambda name: None)
    path = tmp_path / "x.mf4"
    path.write_bytes(b"MDF     4.10    " + bytes(200))
    with pytest.raises(FolderError) as refused:
        RunFolder(path)
    assert str(refused.value) == f"{path}: needs asammdf to be read: pip install 'evtui[mf4]'"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "x.mf4"
    with can.MF4Writer(path) as writer:
        for n in range(20):
            writer.on_message_received(
                can.Message(
                    timestamp=1_795_000_000 + n / 100,
                    arbitration_id=0x300 + n,
                    is_extended_id=n % 3 == 0,
                    data=bytes(n % 9),
                    channel=n % 2,
                    is_rx=n % 4 > 0,
                )
            )
        writer.on_message_received(
            can.Message(timestamp=1_795_000_001, arbitration_id=5, is_fd=True, data=bytes(12))
        )
    return path


@needs_asammdf
def test_frames_of_bus_logging_groups_are_read(log: Path) -> None:
    rows = list(RunFolder(log).frames())
    assert [row.arbitration_id for row in rows] == [*(0x300 + n for n in range(20)), 5]
    assert [row.extended for row in rows[:20]] == [n % 3 == 0 for n in range(20)]
    assert [row.bus for row in rows[:4]] == ["can0", "can1", "can0", "can1"]
    assert [row.direction for row in rows[:5]] == ["T", "R", "R", "R", "T"]
    assert rows[1].timestamp == pytest.approx(1_795_000_000.01, abs=2e-6)
    assert (rows[-1].kind, rows[-1].dlc) == ("fd", 12)


@needs_asammdf
@pytest.mark.parametrize("size", [64, 200, 1000, 3000, 10_000])
def test_a_torn_file_is_refused_in_a_line_or_read_as_far_as_it_goes(
    size: int, log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log.write_bytes(log.read_bytes()[:size])
    try:
        list(RunFolder(log).frames())
    except FolderError as refused:
        told = str(refused)
        if "\n" in told:
            pytest.fail(told)
    assert "Traceback" not in capfd.readouterr().err
