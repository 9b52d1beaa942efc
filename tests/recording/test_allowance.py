"""What peers send is written down as far as a bound goes, and what is left out is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.events import Event, LeftOut, LinkState, Mark, Note, OcppMessage, as_json
from evtui.feed.feed import open_feed
from evtui.recording.check.checking import check_folder
from evtui.recording.format import layout
from evtui.recording.format.manifest import Manifest
from evtui.recording.write.allowance import RecordingAllowance
from evtui.recording.write.recorder import Recorder
from evtui.violations import Violation
from tests.feed_lines import feed_lines
from tests.recording.sample_run import SCENARIO, START_UTC, STATION, sample_manifest

MOST_PER_S = 2_000_000


def message(
    seq: int, t: float, station: str = "EVIL", size: int = 100, **fields: object
) -> OcppMessage:
    values: dict[str, object] = {
        "seq": seq,
        "t": t,
        "station": station,
        "sender": "charge_point",
        "phase": "delivered",
        "kind": "call",
        "uid": str(seq),
        "action": "DataTransfer",
        "body": as_json({"vendorId": "v", "data": "x" * size}),
    }
    return OcppMessage(**(values | fields))  # type: ignore[arg-type]


def note(seq: int, t: float, station: str, level: Literal["warning", "error"] = "warning") -> Note:
    text = f"transaction {seq} is not known here: {'x' * 300}"
    return Note(seq=seq, t=t, source="csms", level=level, station=station, text=text)


def recorder_in(folder: Path) -> Recorder:
    return Recorder(
        folder,
        sample_manifest(),
        start_utc=START_UTC,
        twins=frozenset({STATION}),
        scenario_text=SCENARIO,
    )


def lines(folder: Path, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def counts_of(line: dict[str, object]) -> dict[str, int]:
    return msgspec.convert(line["messages"], dict[str, int])


Make = Callable[[int, float], Event]

FLOODS: dict[str, Make] = {
    "long messages of one station": lambda seq, t: message(seq, t, size=1_000_000),
    "short ones of one station": lambda seq, t: message(seq, t),
    "long ones of a hundred": lambda seq, t: message(seq, t, f"E{seq % 100}", 100_000),
    "short ones of a thousand": lambda seq, t: message(seq, t, f"E{seq % 1000}"),
    "calls and their answers": lambda seq, t: (
        message(seq, t, size=1_000)
        if seq % 2
        else message(
            seq,
            t,
            size=0,
            sender="central_system",
            phase="sent",
            kind="result",
            uid=str(seq - 1),
            cause=seq - 1,
        )
    ),
    "texts of control characters": lambda seq, t: message(
        seq, t, kind="invalid", body=as_json(None), text="\x00" * 2_000
    ),
    "texts of few control characters": lambda seq, t: message(
        seq, t, kind="invalid", body=as_json(None), text="\x00" * 400
    ),
    "ids of two thousand": lambda seq, t: message(seq, t, uid=f"{seq:02000}"),
    "names of 255": lambda seq, t: message(seq, t, '"€\U0001f50c' * 85),
    "violations": lambda seq, t: message(
        seq, t, violation=Violation("", "\x01" * 200, kind="tolerated")
    ),
    "notes about one station": lambda seq, t: note(seq, t, "EVIL"),
    "notes about a thousand": lambda seq, t: note(seq, t, f"E{seq % 1000}"),
    "errors about one station": lambda seq, t: note(seq, t, "EVIL", "error"),
    "links that come and go": lambda seq, t: LinkState(
        seq=seq,
        t=t,
        source="csms",
        station=f"E{seq // 2 % 1000}" + "x" * 240,
        side="central_system",
        state="offline" if seq % 2 else "connected",
        detail="closed by peer with 1000: " + "\x02" * 123 if seq % 2 else "",
    ),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_recording_grows_by_two_megabytes_a_second_at_most_and_says_what_it_left_out(
    tmp_path: Path, flood: str
) -> None:
    folder, seconds = tmp_path / "run", 3
    per_s = 60 if "long" in flood else 5_000
    recorder = recorder_in(folder)
    seq = 0
    for seq in range(1, seconds * per_s + 1):
        recorder.on_event(FLOODS[flood](seq, seq / per_s))
    manifest = recorder.close(t_end=seconds)
    assert recorder.size <= MOST_PER_S * seconds
    told = [line for line in lines(folder, layout.EVENTS) if line["event"] == "LeftOut"]
    others = [line for line in lines(folder, layout.EVENTS) if line["event"] != "LeftOut"]
    written = lines(folder, layout.OCPP) + others
    assert manifest.left_out == seq - len(written) > 0
    assert manifest.left_out == sum(sum(counts_of(line).values()) for line in told)
    report = check_folder(folder)
    assert report.sound, report.findings
    assert report.events == seq
    assert f"{manifest.left_out} events were left out" in str(report.findings)
    assert Manifest.load(folder / layout.MANIFEST).left_out == manifest.left_out


def test_a_call_or_an_answer_that_may_be_left_out_is_not_missing(tmp_path: Path) -> None:
    folder, per_s = tmp_path / "run", 400
    recorder = recorder_in(folder)
    for seq in range(1, 40 * per_s + 1):
        t = seq / per_s
        event = FLOODS["calls and their answers"](seq, t)
        if seq % 2:
            event = message(seq, t, size=10_000)
        recorder.on_event(event)
    recorder.on_event(message(seq + 1, 40.0, "QUIET"))
    recorder.on_event(message(seq + 2, 75.0, "LATER"))
    recorder.close(t_end=75.0)
    report = check_folder(folder)
    wrong = [str(each) for each in report.findings if each.severity == "error"]
    assert len(wrong) == 1  # of a station of which nothing was left out
    assert f"DataTransfer '{seq + 1}' at 40.000 s has no answer: nothing says why" in wrong[0]


def test_who_says_little_is_recorded_beside_any_flood_of_others(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path / "run")
    seq = 0
    for tick in range(300):
        t = tick / 100
        for _ in range(10):
            seq += 1
            recorder.on_event(message(seq, t, size=50_000))
        seq += 1
        recorder.on_event(message(seq, t, "QUIET"))
    recorder.close(t_end=3.0)
    quiet = [line for line in lines(tmp_path / "run", layout.OCPP) if line["station"] == "QUIET"]
    assert len(quiet) >= 3 * 6  # 4 KiB a second, and more where there is room


def test_what_our_own_stations_send_is_written_whatever_it_is(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path / "run")
    for seq in range(1, 101):
        recorder.on_event(message(seq, 0.001 * seq, STATION, 100_000))
    assert recorder.close(t_end=1.0).left_out == 0
    assert recorder.size > 100 * 100_000


def test_notes_and_links_of_our_own_and_errors_of_the_lab_are_written_beside_any_flood(
    tmp_path: Path,
) -> None:
    recorder = recorder_in(tmp_path / "run")
    ours = 0
    for tick in range(5_000):
        seq, t = 5 * tick, tick / 5_000
        recorder.on_event(note(seq + 1, t, "EVIL"))
        recorder.on_event(message(seq + 2, t))
        recorder.on_event(note(seq + 3, t, STATION))
        recorder.on_event(note(seq + 4, t, "", "error"))
        state = LinkState(seq=seq + 5, t=t, station=STATION, side="charge_point", state="offline")
        recorder.on_event(state)
        ours += 3
    recorder.close(t_end=1.0)
    told = lines(tmp_path / "run", layout.EVENTS)
    named = [line for line in told if line["event"] != "LeftOut" and line["station"] != "EVIL"]
    assert len(named) == ours
    left_out = [line for line in told if line["event"] == "LeftOut"]
    assert left_out
    assert all(set(counts_of(line)) == {"EVIL"} for line in left_out)


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.floats(0, 0.5), st.integers(0, 200_000), st.sampled_from("abc")), max_size=200
    )
)
def test_over_any_time_no_more_is_taken_than_the_rate_and_the_bursts(
    sends: list[tuple[float, int, str]],
) -> None:
    allowance, t, taken = RecordingAllowance(frozenset()), 0.0, 0
    for wait, size, station in sends:
        t += wait
        if allowance.takes(message(1, t, station, size)):
            taken += size
        assert taken <= 1_900_000 + 1_300_000 * t


def test_a_feed_leaves_out_too_and_says_how_many_lines_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    feed = open_feed(str(path), ours=frozenset({STATION}))
    events: list[Event] = [message(seq, 0.01 * seq, size=500_000) for seq in range(1, 11)]
    events.append(Note(seq=11, t=1.0, level="info", text="after the flood"))
    for event in events:
        feed.on_event(event)
    dropped = feed.dropped
    feed.close()
    told = feed_lines(path)
    missing = sum(line["count"] for line in told if line["event"] == "Dropped")
    assert missing == dropped > 0
    assert missing + sum(line["event"] != "Dropped" for line in told) == len(events)
    assert path.stat().st_size <= MOST_PER_S


@pytest.mark.parametrize("flood", FLOODS)
def test_a_feed_grows_by_two_megabytes_a_second_at_most_and_says_so_once_a_second(
    tmp_path: Path, flood: str
) -> None:
    path, seconds = tmp_path / "events.jsonl", 3
    per_s = 60 if "long" in flood else 5_000
    feed = open_feed(str(path), ours=frozenset({STATION}))
    last = seconds * per_s
    for seq in range(1, last + 1):
        ours = not seq % 7 or seq == last  # so that what is missing is here and there
        mark = Mark(seq=seq, t=seq / per_s, text="")
        feed.on_event(mark if ours else FLOODS[flood](seq, seq / per_s))
    dropped = feed.dropped
    feed.close()
    told = feed_lines(path)
    missing = [line["count"] for line in told if line["event"] == "Dropped"]
    assert 1 <= len(missing) <= seconds + 1
    assert sum(missing) == dropped == last - (len(told) - len(missing))
    assert path.stat().st_size <= MOST_PER_S * seconds


def test_the_line_that_says_so_is_an_event_that_can_be_read() -> None:
    told = LeftOut(seq=9, t=1.0, source="recorder", numbers=[7, 8], messages={"E": 3}, size=9)
    assert msgspec.json.decode(msgspec.json.encode(told), type=LeftOut) == told
