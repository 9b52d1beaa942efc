"""What the status line says, and whether leaving has to ask."""

from __future__ import annotations

from typing import Any

from evtui.events import CentralSystemState, PartState, RecordingState
from evtui.tui.models.summary import LabSummary, fit_segments
from tests.tui.fake_lab import FakeLab


def told(lab: FakeLab, width: int = 200) -> str:
    summary = LabSummary()
    summary.feed(lab.events.take())
    return "  ".join(text for text, _ in fit_segments(summary.segments(), width))


def test_the_status_line_tells_what_runs_and_who_noticed() -> None:
    lab = FakeLab()
    lab.play(25.9)
    assert told(lab) == (
        "CSMS ● 127.0.0.1:9000  CP1 ● Charging tx 3  CAN ● 500k 0.2 %  "
        "ANOMALY ▶ fluctuation/seed #3  ALARM ▲ 19.1 s"
    )


def test_at_eighty_columns_it_says_the_same_in_fewer_words() -> None:
    lab = FakeLab()
    lab.play(25.9)
    line = told(lab, 78)
    assert line == "CSMS ● :9000  CP1 ● Charging tx 3  CAN ● 0.2 %  ▶ seed #3  ALARM ▲ 19.1 s"


def test_a_crashed_part_comes_first_until_it_runs_again() -> None:
    lab = FakeLab()
    lab.publish(PartState(part="module", state="crashed", detail="boom"))
    assert told(lab).startswith("✗ module crashed – R restarts")
    lab.publish(PartState(part="module", state="crashed"))
    lab.publish(PartState(part="module", state="running"))
    assert "✗" not in told(lab)


FOLDER = "runs/20260101T120000Z-CP1"


def recording(lab: FakeLab, state: Any, size: int = 0, detail: str = "") -> None:
    lab.publish(RecordingState(folder=FOLDER, state=state, size=size, detail=detail))


def test_a_recording_says_where_and_how_much_until_it_ends() -> None:
    lab = FakeLab()
    lab.play(25.9)
    recording(lab, "on", 1_234_567)
    assert told(lab, 200).endswith(f"  ● rec {FOLDER} 1.2 MB")
    recording(lab, "on", 900)
    recording(lab, "off", 900)
    assert "rec" not in told(lab)


def test_at_a_hundred_and_twenty_columns_a_recording_still_says_where() -> None:
    lab = FakeLab()
    lab.play(25.9)
    recording(lab, "on", 1_234_567)
    line = told(lab, 118)
    assert line.endswith(f"  ● rec {FOLDER} 1.2 MB")
    assert line.startswith("CSMS ● :9000  CP1 ● Charging tx 3")


def test_a_central_system_inside_the_process_has_no_port() -> None:
    lab = FakeLab()
    lab.publish(CentralSystemState(url="memory:csms", listening=True))
    assert told(lab).startswith("CSMS ● memory:csms  ")
    lab.publish(CentralSystemState(url="memory:csms", listening=True))
    assert told(lab, 20).startswith("CSMS ● memory  ")


def test_at_eighty_columns_a_recording_says_at_least_how_much() -> None:
    lab = FakeLab()
    lab.play(25.9)
    recording(lab, "on", 42_000)
    assert told(lab, 78) == (
        "CSMS ● :9000  CP1 ● Charging tx 3  CAN ●  ▶ seed #3  ▲ 19.1 s  ● rec 42 kB"
    )


def test_a_recording_that_failed_is_told_in_front_and_until_another_runs() -> None:
    lab = FakeLab()
    recording(lab, "failed", detail="disk full")
    lab.publish(PartState(part="module", state="running"))
    assert told(lab).startswith("✗ rec disk full  CSMS")
    recording(lab, "on", 12)
    assert told(lab).endswith(f"● rec {FOLDER} 12 B")


def test_a_replay_does_not_claim_to_record() -> None:
    lab = FakeLab()
    recording(lab, "on", 1)
    summary = LabSummary(orders=False)
    summary.feed(lab.events.take())
    assert not any("rec" in form for segment in summary.segments() for form in segment.forms)


def test_leaving_asks_only_while_something_runs() -> None:
    lab = FakeLab()
    summary = LabSummary()
    lab.play(4.0)
    summary.feed(lab.events.take())
    assert summary.running == ""
    lab.play(6.0)
    summary.feed(lab.events.take())
    assert summary.running == "the anomaly"
