"""A realistic run folder out of made-up events: two minutes, one attack, two detectors.

No lab is needed; the same arguments always give the same bytes.  Run it to look at one:
``python -m tests.recording.sample_run FOLDER``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evtui.events import (
    BusLoad,
    CanFrame,
    CentralSystemState,
    ConnectorState,
    LabState,
    LinkState,
    Mark,
    Note,
    Order,
    ScenarioState,
    TransactionState,
    Verdict,
    caused_by,
)
from evtui.recording.format.manifest import Manifest, RecordedStation, ScenarioInfo
from evtui.recording.write.describing import new_manifest
from evtui.recording.write.recorder import Recorder
from evtui.recording.write.redaction import Redactor
from tests.recording.scene import ATTACK, START_UTC, STATION, Scene

__all__ = ["START_UTC", "STATION", "Scene", "play", "record_sample", "sample_manifest"]

SCENARIO = """\
schema: evtui.scenario/1
id: sample
title: A sample
steps:
  - wait: 120s
"""


def sample_manifest(
    *, settings: dict[str, Any] | None = None, inputs: dict[str, Any] | None = None
) -> Manifest:
    """What a run in virtual time with seed 7 says about itself."""
    return new_manifest(
        mode="virtual",
        speed="max",
        start_utc=START_UTC,
        created_utc=1_780_000_000.0,
        seed=7,
        settings=settings or {"preset": "seed", "meter_interval": 1.0},
        stations=[
            RecordedStation(
                id=STATION,
                preset="seed",
                power_stage={"time_constant_s": 0.448},
                vehicle={"capacity_ah": 150.0, "soc": 35.0},
            )
        ],
        detectors=[{"name": "current-reversals", "views": ["can", "ocpp"], "window_s": 60.0}],
        scenario=ScenarioInfo(
            id="sample",
            title="A sample",
            source="sample",
            sha256="0" * 64,
            inputs=inputs or {},
            technique=["T0806"],
        ),
        duration_s=120.0,
        licence="CC0-1.0",
    )


def play(scene: Scene, seconds: float = 120.0) -> Iterator[float]:
    """Two minutes of a lab; yields lab time after each 100 ms."""
    _begin(scene)
    for tick in range(1, round(seconds * 10) + 1):
        now = scene.clock.time = tick / 10
        target = scene.limit if scene.transaction else 0.0
        scene.current += (target - scene.current) * 0.2
        scene.sample()
        if tick % 10 == 0:
            _each_second(scene, now)
        _on_cue(scene, now)
        yield now


def _begin(scene: Scene) -> None:
    publish, station = scene.stream.publish, scene.station
    publish(CentralSystemState(source="csms", url="ws://127.0.0.1:9000", listening=True))
    publish(
        LabState(
            source="lab",
            station=station,
            preset="seed",
            strict=True,
            plugged=True,
            meter_interval=1.0,
            detector_views=("can", "ocpp"),
        )
    )
    publish(ScenarioState(source="scenario", scenario="sample", change="begin", steps=1))
    publish(LinkState(source=station, station=station, side="charge_point", state="accepted"))
    publish(ConnectorState(source=station, station=station, connector=1, status="Preparing"))


def _each_second(scene: Scene, now: float) -> None:
    if scene.transaction:
        scene.meter_values()
    scene.stream.publish(
        BusLoad(
            source=f"{scene.station}/can",
            station=scene.station,
            bus=f"{scene.station}/can",
            bitrate=500_000,
            load_pct=0.2,
            frames_per_s=10.0,
            frames=round(now * 10),
        )
    )


def _on_cue(scene: Scene, now: float) -> None:
    publish, station = scene.stream.publish, scene.station
    on, off = ATTACK
    if now == 5.0:
        order = publish(
            Order(source="key", station=station, command="start", arguments={"id_tag": "TAG1"})
        )
        with caused_by(order.seq):
            _start(scene)
    elif now == 30.0:
        publish(Mark(source="key", text="before, the attack"))
    elif now == on:
        with caused_by(scene.truth("on").seq):
            publish(Note(source="injector", level="info", text="the fluctuation begins"))
    elif on < now < off and (now - on) % 4 == 2:
        low = (now - on) % 8 == 2
        with caused_by(scene.truth("step", step_label="low" if low else "high").seq):
            scene.set_limit(0.0 if low else 100.0)
    elif now == off:
        with caused_by(scene.truth("off", active=False).seq):
            scene.set_limit(32.0)
    elif now == off + 3.0:
        scene.truth("safe", active=False)
    elif now == 60.1:
        scene.alarm("can")
    elif now == 61.3:
        scene.alarm("ocpp")
    elif now == 95.5:
        scene.alarm("can", raised=False)
    elif now == 100.0:
        scene.message("", "", None, phase="delivered", kind="invalid", text="hello, station")
        scene.stream.publish(
            CanFrame(
                source="module",
                station=station,
                bus=f"{station}/can",
                node="module",
                arbitration_id=0x88,
                data=bytes(8),
                error=True,
            )
        )
    elif now == 119.0:
        publish(
            Verdict(
                source="scenario",
                scenario="sample",
                expectation="alarm current-reversals within 30 s",
                path="expect[0]",
                met=True,
                found="after 20.1 s",
            )
        )


def _start(scene: Scene) -> None:
    scene.exchange(
        "RemoteStartTransaction",
        {"connectorId": 1, "idTag": "TAG1"},
        {"status": "Accepted"},
        to_station=True,
    )
    scene.exchange(
        "StartTransaction",
        {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": "2026-01-01T00:00:05Z"},
        {"transactionId": 1, "idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY3"}},
    )
    scene.transaction = 1
    scene.stream.publish(
        TransactionState(
            source=scene.station,
            station=scene.station,
            connector=1,
            state="started",
            transaction_id=1,
            meter=0,
            id_tag="TAG1",
        )
    )


def record_sample(
    folder: Path, *, seconds: float = 120.0, interrupted: str = "", redactor: Redactor | None = None
) -> Manifest:
    """Make the folder; ``seconds`` below 120 give the beginning of the same run."""
    recorder = Recorder(
        folder,
        sample_manifest(),
        start_utc=START_UTC,
        twins=frozenset({STATION}),
        scenario_text=SCENARIO,
        redactor=redactor,
    )
    now = 0.0
    for moment in play(Scene(recorder.on_event), seconds):
        now = moment
        recorder.tick()
    return recorder.close(
        t_end=now,
        interrupted=interrupted,
        interrupted_at=now if interrupted else None,
        wall_s=0.1,
    )


if __name__ == "__main__":
    print(record_sample(Path(sys.argv[1])).status)
