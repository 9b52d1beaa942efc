from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evtui.events import CanFrame, RecordingState
from evtui.recording.format import SIGNALS, TRUTH, layout
from evtui.recording.format.manifest import Manifest
from evtui.recording.write.recorder import Recorder, RecordingError
from tests.recording.folders import hashes, objects, rows, sequence_numbers
from tests.recording.sample_run import (
    SCENARIO,
    START_UTC,
    STATION,
    Scene,
    play,
    record_sample,
    sample_manifest,
)


def recorder_in(folder: Path) -> Recorder:
    return Recorder(folder, sample_manifest(), start_utc=START_UTC, twins=frozenset({STATION}))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "run"
    record_sample(folder)
    return folder


def test_a_finished_folder_has_every_file_and_the_manifest_tells_rows_bytes_and_hashes(
    run: Path,
) -> None:
    manifest = Manifest.load(run / layout.MANIFEST)
    assert (manifest.status, manifest.t_end_s, manifest.interrupted) == ("complete", 120.0, "")
    assert sorted(manifest.files) == sorted(hashes(run))
    for name, info in manifest.files.items():
        data = (run / name).read_bytes()
        assert info.sha256 == hashlib.sha256(data).hexdigest()
        assert info.bytes == len(data)
        assert info.rows == data.count(b"\n") - name.endswith(".csv")
    assert set(manifest.files) == {
        layout.SCENARIO,
        layout.SIGNALS,
        layout.OCPP,
        layout.CAN_LOG,
        layout.CAN_LABELS,
        layout.TRUTH,
        layout.ALARMS,
        layout.EVENTS,
        layout.METRICS,
        layout.README,
    }


def test_every_event_stands_in_the_folder_once(run: Path) -> None:
    numbers = sequence_numbers(run)
    assert numbers == list(range(1, numbers[-1] + 1))
    assert len(numbers) > 3000


def test_signals_say_when_the_injector_was_on_and_when_its_effect_showed(run: Path) -> None:
    signals = rows(run, layout.SIGNALS)
    assert len(signals) == 1200
    assert tuple(signals[0]) == SIGNALS.names

    def span(column: str) -> tuple[float, float]:
        times = [float(row["t_s"]) for row in signals if row[column] == "1"]
        return times[0], times[-1]

    assert span("active") == (40.1, 80.0)
    assert span("effect") == (40.1, 83.0)
    assert {row["attack_ids"] for row in signals if row["effect"] == "1"} == {"fluctuation-1"}
    assert {row["attack_ids"] for row in signals if row["effect"] == "0"} == {""}


def test_can_log_and_its_labels_go_row_by_row(run: Path) -> None:
    lines = (run / layout.CAN_LOG).read_text().splitlines()
    labels = rows(run, layout.CAN_LABELS)
    assert len(lines) == len(labels)
    for line, label in zip(lines, labels, strict=True):
        stamp, channel, frame, direction = line.split()
        assert stamp == f"({label['timestamp']})"
        assert channel == "can0"
        assert frame == f"{label['arbitration_id']}#{label['data_field']}"
        assert direction == label["direction"]
    limits = [label for label in labels if label["arbitration_id"] == "210"]
    delivered = {m["delivered"]["seq"] for m in objects(run, layout.OCPP) if m["delivered"]}
    assert all(int(label["cause"]) in delivered for label in limits)
    assert {label["direction"] for label in limits} == {"T"}


def test_an_error_frame_stands_in_events_jsonl_too(run: Path) -> None:
    (label,) = [row for row in rows(run, layout.CAN_LABELS) if row["kind"] == "error"]
    (event,) = [e for e in objects(run, layout.EVENTS) if e["event"] == "CanFrame"]
    assert event["seq"] == int(label["seq"])
    assert bytes.fromhex(event["data"]) == bytes(8)


def test_alarms_are_joined_with_the_truth(run: Path) -> None:
    alarms = rows(run, layout.ALARMS)
    assert [(row["view"], row["state"], row["attack_id"]) for row in alarms] == [
        ("can", "raised", "fluctuation-1"),
        ("ocpp", "raised", "fluctuation-1"),
        ("can", "cleared", ""),
    ]
    assert [row["time_to_detect_s"] for row in alarms] == ["19.900000", "21.100000", ""]


def test_a_false_alarm_has_no_attack_and_an_alarm_nobody_scored_is_written_all_the_same(
    tmp_path: Path,
) -> None:
    recorder = recorder_in(tmp_path / "run")
    scene = Scene(recorder.on_event)
    scene.alarm("can", attack_id="")
    scene.alarm("can", raised=False)
    recorder.close(t_end=1.0)
    alarms = rows(tmp_path / "run", layout.ALARMS)
    assert [(row["attack_id"], row["time_to_detect_s"]) for row in alarms] == [("", ""), ("", "")]


def test_an_alarm_is_joined_in_real_time_too_where_the_scorer_is_a_little_later(
    tmp_path: Path,
) -> None:
    recorder = recorder_in(tmp_path / "run")
    scene = Scene(recorder.on_event)
    scene.alarm("can", scored_after=0.0003)
    recorder.close(t_end=1.0)
    (alarm,) = rows(tmp_path / "run", layout.ALARMS)
    assert (alarm["attack_id"], alarm["t_s"]) == ("fluctuation-1", "0.000000")


def test_truth_has_one_row_an_attack(run: Path) -> None:
    (row,) = rows(run, layout.TRUTH)
    assert tuple(row) == TRUTH.names
    assert (row["attack_id"], row["layer"], row["outcome"]) == ("fluctuation-1", "ocpp", "safe")
    assert json.loads(row["parameters"]) == {"low_a": 0.0, "high_a": 100.0}
    assert float(row["t_start"]) < float(row["t_end"]) < float(row["t_effect_end"])


def test_a_folder_is_readable_while_it_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    recorder = recorder_in(folder)
    assert Manifest.load(folder / layout.MANIFEST).status == "running"
    assert rows(folder, layout.TRUTH) == []
    scene = Scene(recorder.on_event)
    for now in play(scene, 45.0):
        if now in (39.0, 42.0):
            recorder.flush()
            attacks = rows(folder, layout.TRUTH)
            assert [row["t_end"] for row in attacks] == ([] if now < 40 else [""])
            assert float(rows(folder, layout.SIGNALS)[-1]["t_s"]) == now
    recorder.close(t_end=45.0)


def test_the_scenario_is_kept_as_it_was_read(run: Path) -> None:
    assert (run / layout.SCENARIO).read_text() == SCENARIO


def test_what_is_already_there_is_never_written_into(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(RecordingError, match="there is something in it; name a new folder") as info:
        recorder_in(tmp_path)
    assert "\n" not in str(info.value)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_will_do_and_parents_are_made(tmp_path: Path) -> None:
    recorder_in(tmp_path).close(t_end=0.0)
    recorder_in(tmp_path / "a" / "b").close(t_end=0.0)


@pytest.mark.parametrize("place", ["/proc/evtui/run", "/dev/null", "/dev/null/run"])
def test_a_folder_that_cannot_be_made_is_one_line(place: str) -> None:
    with pytest.raises(RecordingError, match=f"cannot record to {place}: ") as info:
        recorder_in(Path(place))
    assert "\n" not in str(info.value)


def test_closing_twice_changes_nothing(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path / "run")
    first = recorder.close(t_end=1.0)
    before = hashes(tmp_path / "run")
    assert recorder.close(t_end=2.0, interrupted="again") == first
    recorder.on_event(Scene(recorder.on_event).truth("on"))
    recorder.flush()
    assert hashes(tmp_path / "run") == before


def test_an_interrupted_run_says_why_and_when(tmp_path: Path) -> None:
    record_sample(tmp_path / "run", seconds=3.0, interrupted="SIGTERM")
    manifest = Manifest.load(tmp_path / "run" / layout.MANIFEST)
    assert (manifest.status, manifest.interrupted) == ("interrupted", "SIGTERM")
    assert manifest.interrupted_at_s == 3.0
    assert "Interrupted at 3 s: SIGTERM" in (tmp_path / "run" / layout.README).read_text()


def test_an_interrupted_run_is_the_beginning_of_the_whole_one(run: Path, tmp_path: Path) -> None:
    record_sample(tmp_path / "part", seconds=50.0, interrupted="SIGTERM")
    for name in (layout.SIGNALS, layout.CAN_LOG, layout.CAN_LABELS, layout.EVENTS, layout.OCPP):
        assert (run / name).read_bytes().startswith((tmp_path / "part" / name).read_bytes())


def test_the_wall_clock_never_changes_a_byte(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, pace in enumerate((0.0, 0.004, 10.0)):
        wall = iter(range(10_000_000))
        monkeypatch.setattr(time, "monotonic", lambda wall=wall, pace=pace: next(wall) * pace)
        record_sample(tmp_path / str(number))
        assert hashes(tmp_path / str(number)) == hashes(run)


@pytest.mark.parametrize(("seed", "zone"), [("0", "UTC"), ("4711", "Asia/Tokyo")])
def test_hash_seed_and_time_zone_change_no_byte(
    run: Path, tmp_path: Path, seed: str, zone: str
) -> None:
    subprocess.run(
        [sys.executable, "-m", "tests.recording.sample_run", str(tmp_path / "run")],
        env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    assert hashes(tmp_path / "run") == hashes(run)


def test_where_a_folder_stands_is_not_recorded(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path / "run")
    scene = Scene(recorder.on_event)
    scene.stream.publish(RecordingState(folder=str(tmp_path), state="on", size=recorder.size))
    recorder.close(t_end=0.0)
    for path in (tmp_path / "run").iterdir():
        assert str(tmp_path) not in path.read_text()


def test_the_size_is_what_is_on_disk_and_events_are_counted(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path / "run")
    scene = Scene(recorder.on_event)
    for _ in play(scene, 2.0):
        pass
    recorder.flush()
    files = [p for p in (tmp_path / "run").iterdir() if p.name != layout.MANIFEST]
    assert recorder.size == sum(path.stat().st_size for path in files)
    assert recorder.events == scene.stream.last_seq
    recorder.close(t_end=2.0)


def test_buses_are_channels_in_the_order_they_appear(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path / "run")
    for station in ("CP2", "CP1", "CP2"):
        Scene(recorder.on_event, station).sample()
    manifest = recorder.close(t_end=0.0)
    lines = (tmp_path / "run" / layout.CAN_LOG).read_text().splitlines()
    assert [line.split()[1] for line in lines] == ["can0", "can1", "can0"]
    assert {channel: bus.name for channel, bus in manifest.buses.items()} == {
        "can0": "CP2/can",
        "can1": "CP1/can",
    }


def test_the_bit_rate_of_a_bus_comes_from_its_load(run: Path) -> None:
    assert Manifest.load(run / layout.MANIFEST).buses["can0"].bitrate == 500_000


def test_names_with_commas_and_quotes_read_back(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path / "run")
    scene = Scene(recorder.on_event, 'A, "B"')
    scene.sample()
    scene.truth("on")
    recorder.close(t_end=0.0)
    for name in (layout.SIGNALS, layout.CAN_LABELS, layout.TRUTH):
        (row,) = rows(tmp_path / "run", name)
        assert row["station"] == 'A, "B"'


what_happens = st.lists(
    st.tuples(
        st.sampled_from(
            ["sample", "frame", "exchange", "lost", "alarm", "unscored", "truth", "meter"]
        ),
        st.floats(0, 0.2),
        st.booleans(),
    ),
    max_size=60,
)


@given(story=what_happens)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_every_sequence_number_is_in_the_folder(
    story: list[tuple[str, float, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any") / "run"
    recorder = recorder_in(folder)
    scene = Scene(recorder.on_event)
    for what, pause, flag in story:
        scene.clock.time += pause
        if what == "sample":
            scene.sample()
        elif what == "frame":
            scene.stream.publish(
                CanFrame(
                    station=STATION,
                    bus=f"{STATION}/{flag}",
                    node="guest",
                    arbitration_id=0x7FF,
                    data=b"",
                    remote=flag,
                )
            )
        elif what == "exchange":
            scene.exchange("Heartbeat", {}, {}, to_station=flag)
        elif what == "lost":
            scene.message("x", "Reset", {}, sender="central_system")
        elif what == "alarm":
            scene.alarm("can", attack_id="a" if flag else "")
        elif what == "unscored":
            scene.alarm("can", raised=False)
        elif what == "truth":
            scene.truth("on" if flag else "off", active=flag)
        else:
            scene.meter_values()
        if flag:
            recorder.flush()
    recorder.close(t_end=scene.clock.time)
    assert recorder.failure is None
    assert sequence_numbers(folder) == list(range(1, scene.stream.last_seq + 1))
