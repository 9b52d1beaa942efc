"""Disks that fill up, folders that go away, processes that are killed."""

from __future__ import annotations

import errno
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from evtui.recording.format import layout
from evtui.recording.format.manifest import Manifest
from evtui.recording.write.recorder import Recorder
from tests.recording.folders import hashes, rows, sequence_numbers
from tests.recording.sample_run import START_UTC, STATION, Scene, play, sample_manifest

FULL_DISK = """
import json, resource, sys
from pathlib import Path
from evtui.recording.write.recorder import Recorder
from tests.recording.sample_run import START_UTC, STATION, Scene, play, sample_manifest

troubles = []
recorder = Recorder(
    Path(sys.argv[1]), sample_manifest(), start_utc=START_UTC, twins=frozenset({STATION}),
    on_trouble=troubles.append,
)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
steps = 0
for now in play(Scene(recorder.on_event), 120.0):
    recorder.flush()
    steps += 1
manifest = recorder.close(t_end=now)
print(json.dumps([troubles, recorder.failure, steps, manifest.status, manifest.interrupted_at_s]))
"""

RECORDS_FOR_EVER = """
import asyncio, os, sys
from pathlib import Path
from evtui.recording.write.recorder import Recorder
from tests.recording.sample_run import START_UTC, STATION, Scene, play, sample_manifest

async def ticking(recorder):
    while True:
        recorder.tick()
        await asyncio.sleep(0.05)

async def main():
    recorder = Recorder(
        Path(sys.argv[1]), sample_manifest(), start_utc=START_UTC, twins=frozenset({STATION})
    )
    ticks = asyncio.create_task(ticking(recorder))
    loop = asyncio.get_running_loop()
    start = loop.time()
    scene = Scene(recorder.on_event)
    for now in play(scene, 60.0):
        os.write(1, f"{now} {scene.stream.last_seq}\\n".encode())
        await asyncio.sleep(start + now - loop.time())

asyncio.run(main())
"""


def recorder_in(folder: Path, troubles: list[str]) -> Recorder:
    return Recorder(
        folder,
        sample_manifest(),
        start_utc=START_UTC,
        twins=frozenset({STATION}),
        on_trouble=troubles.append,
    )


def test_a_file_that_cannot_grow_stops_the_recording_with_one_line_and_a_clean_folder(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    out = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder)], check=True, capture_output=True, text=True
    ).stdout
    troubles, failure, steps, status, interrupted_at = json.loads(out)
    assert troubles == [failure]
    assert failure == f"recording to {folder} stopped: signals.csv: File too large"
    assert steps == 1200
    assert status == "interrupted"
    manifest = Manifest.load(folder / layout.MANIFEST)
    assert manifest.interrupted == "recording stopped: signals.csv: File too large"
    assert manifest.recording_failed is True
    assert manifest.ragged
    signals = rows(folder, layout.SIGNALS)
    assert abs(float(signals[-1]["t_s"]) - interrupted_at) < 0.2
    for name, info in manifest.files.items():
        data = (folder / name).read_bytes()
        assert data.endswith(b"\n")
        assert hashes(folder)[name] == info.sha256
    last = int(signals[-1]["seq"])
    kept = [seq for seq in sequence_numbers(folder) if seq <= last]
    assert kept == list(range(1, last + 1))


def full_after(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk takes ``limit`` bytes more, then part of a line, then nothing."""
    left = limit
    write = os.write

    def writing(descriptor: int, data: bytes) -> int:
        nonlocal left
        if left == 0 and data:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = write(descriptor, data[:left])
        left -= done
        return done

    monkeypatch.setattr(os, "write", writing)


@pytest.mark.parametrize("limit", [0, 1, 1000, 77_777])
def test_wherever_the_disk_is_full_all_files_end_in_whole_lines(
    limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    troubles: list[str] = []
    recorder = recorder_in(folder, troubles)
    full_after(limit, monkeypatch)
    scene = Scene(recorder.on_event)
    for _ in play(scene, 60.0):
        recorder.flush()
    manifest = recorder.close(t_end=60.0)
    assert len(troubles) == 1
    assert "No space left on device" in troubles[0]
    assert "\n" not in troubles[0]
    assert manifest.status == "interrupted"
    for path in folder.iterdir():
        data = path.read_bytes()
        assert not data or data.endswith(b"\n"), path.name
    numbers = sequence_numbers(folder)
    assert len(set(numbers)) == len(numbers)


def test_a_folder_that_goes_away_is_told_once_and_the_lab_goes_on(tmp_path: Path) -> None:
    troubles: list[str] = []
    folder = tmp_path / "run"
    recorder = recorder_in(folder, troubles)
    scene = Scene(recorder.on_event)
    for now in play(scene, 60.0):
        if now == 10.0:
            recorder.flush()
            folder.rename(tmp_path / "elsewhere")
        recorder.flush()
    recorder.close(t_end=60.0)
    assert troubles == [recorder.failure]
    assert "stopped: signals.csv: No such file or directory" in troubles[0]
    assert float(rows(tmp_path / "elsewhere", layout.SIGNALS)[-1]["t_s"]) == 10.0
    assert scene.stream.last_seq > recorder.events


def test_nothing_that_goes_wrong_inside_reaches_the_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles: list[str] = []
    recorder = recorder_in(tmp_path / "run", troubles)
    scene = Scene(recorder.on_event)
    scene.sample()

    def broken(*_: object) -> str:
        raise RuntimeError("broken")

    monkeypatch.setattr("evtui.recording.write.recorder.signal_line", broken)
    scene.sample()
    recorder.close(t_end=1.0)
    assert len(troubles) == 1
    assert "event 3: RuntimeError('broken')" in troubles[0]
    assert sequence_numbers(tmp_path / "run") == [1, 2]


def test_trouble_that_is_published_on_the_stream_comes_after_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene: Scene
    troubles: list[str] = []

    def publish(line: str) -> None:
        troubles.append(line)
        scene.truth("failed", active=False)

    recorder = Recorder(
        tmp_path / "run",
        sample_manifest(),
        start_utc=START_UTC,
        twins=frozenset(),
        on_trouble=publish,
    )
    scene = Scene(recorder.on_event)
    full_after(0, monkeypatch)
    scene.sample()
    recorder.flush()
    assert len(troubles) == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_killed_process_loses_at_most_the_last_250_ms(seed: int, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-c", RECORDS_FOR_EVER, str(folder)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    told: list[bytes] = []
    try:
        heard = random.Random(seed).randrange(7, 16)
        told += [process.stdout.readline() for _ in range(heard)]
    finally:
        process.kill()
        rest = process.stdout.read()
        process.wait()
        process.stdout.close()
    told_t, told_seq = [*told, *rest.splitlines()][-1].split()
    last_t, last_seq = float(told_t), int(told_seq)
    assert Manifest.load(folder / layout.MANIFEST).status == "running"
    for name in (layout.SIGNALS, layout.CAN_LOG, layout.EVENTS):
        assert (folder / name).read_bytes().endswith(b"\n")
    recorded = rows(folder, layout.SIGNALS)
    assert float(recorded[-1]["t_s"]) >= last_t - 0.25
    numbers = sequence_numbers(folder)
    kept = [seq for seq in numbers if seq <= last_seq - 12]
    assert kept == list(range(1, len(kept) + 1))
