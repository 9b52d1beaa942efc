"""Run folders to export."""

from __future__ import annotations

from pathlib import Path

import pytest

from evtui.events import CanFrame, caused_by
from evtui.recording.format.manifest import BusInfo
from evtui.recording.write.recorder import Recorder
from tests.recording.sample_run import START_UTC, Scene, record_sample, sample_manifest


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes with one attack, one error frame and one text that is no OCPP."""
    folder = tmp_path_factory.mktemp("sample") / "run"
    record_sample(folder)
    return folder


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames of every kind on two buses; those from 2 s on come from an attack."""
    folder = tmp_path_factory.mktemp("mixed") / "run"
    manifest = sample_manifest()
    manifest.buses = {
        f"can{number}": BusInfo(
            name=f"CP{number + 1}/can", station=f"CP{number + 1}", bitrate=500_000
        )
        for number in range(2)
    }
    recorder = Recorder(folder, manifest, start_utc=START_UTC, twins=frozenset({"CP1"}))
    scene = Scene(recorder.on_event)

    def send(
        t: float, identifier: int, data: bytes = b"", *, bus: int = 1, node: str = "module",
        extended: bool = False, requested: int | None = None, error: bool = False,
    ) -> None:  # fmt: skip
        scene.clock.time = t
        scene.stream.publish(
            CanFrame(
                source=node,
                station=f"CP{bus}",
                bus=f"CP{bus}/can",
                node=node,
                arbitration_id=identifier,
                data=data,
                extended=extended,
                remote=requested is not None,
                requested=requested or 0,
                error=error,
            )
        )

    send(0.100123, 0x300, b"\x64\x00")
    send(0.200001, 0x210, b"\x20\x00", node="charge-point")
    send(0.3, 0x1806E5F4, bytes(range(8)), bus=2, extended=True)
    send(0.4, 0x123, requested=4)
    send(0.5, 0x80, bytes(8), error=True)
    scene.clock.time = 1.0
    with caused_by(scene.truth("on").seq):
        send(2.0, 0x210, b"\x00\x00", node="charge-point")
    send(2.1, 0x300, b"\x00\x00")
    scene.clock.time = 3.0
    scene.truth("off", active=False)
    scene.truth("safe", active=False)
    send(4.0, 0x200, node="charge-point")
    recorder.close(t_end=4.0)
    return folder
