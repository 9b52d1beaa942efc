"""What the status line says, and whether leaving has to ask."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from evtui.events import CentralSystemState, LinkState, PartState, RecordingState
from evtui.tui.models.selection import ChosenPlace, Selection
from evtui.tui.models.stations import StationRows
from evtui.tui.models.summary import LabSummary, fit_segments
from tests.tui.fake_lab import FakeLab
from tests.tui.fleet import asks, attack, connector, load, offline, several


def summary_of(lab: FakeLab, *, orders: bool = True) -> LabSummary:
    stations, selection = StationRows(), Selection()
    events = lab.events.take()
    stations.feed(events)
    selection.feed(events)
    summary = LabSummary(stations, selection, orders=orders)
    summary.feed(events)
    return summary


def line_of(summary: LabSummary, width: int = 200) -> str:
    return "  ".join(text for text, _ in fit_segments(summary.segments(0.0), width))


def told(lab: FakeLab, width: int = 200) -> str:
    return line_of(summary_of(lab), width)


def test_the_status_line_tells_what_runs_and_who_noticed() -> None:
    lab = FakeLab()
    lab.play(25.9)
    assert told(lab) == (
        "CSMS ● 127.0.0.1:9000  CP1 ● Charging tx 3  CAN ● 500k 0.2 %  "
        "ANOMALY ▶ fluctuation #3  ALARM ▲ 19.1 s"
    )


def test_at_eighty_columns_it_says_the_same_in_fewer_words() -> None:
    lab = FakeLab()
    lab.play(25.9)
    line = told(lab, 78)
    assert line == "CSMS ● :9000  CP1 ● Charging tx 3  CAN ● 0.2 %  ▶ cycle 3  ALARM ▲ 19.1 s"


@pytest.mark.parametrize("width", [78, 118])
def test_a_long_identity_pushes_nothing_off_and_its_end_stays(width: int) -> None:
    told_of = []
    for number in (1, 2):
        identity = f"DE*ABC*E{'0' * 38}{number}7"
        lab = FakeLab()
        connector(lab, identity, 1)
        connector(lab, identity, 2)
        attack(lab, identity, number)
        summary = summary_of(lab)
        summary._selection.choose(ChosenPlace(identity, number))
        line = line_of(summary, width)
        assert cell_len(line) <= width
        assert all(part in line for part in ("CSMS", "CAN", "▶"))
        assert f"{number}7/{number}" in line
        told_of.append(line)
    assert told_of[0] != told_of[1]


def test_a_crashed_part_comes_first_until_it_runs_again() -> None:
    lab = FakeLab()
    lab.publish(PartState(part="module", state="crashed", detail="boom"))
    assert told(lab).startswith("✗ module crashed – R restarts")
    lab.publish(PartState(part="module", state="crashed"))
    lab.publish(PartState(part="module", state="running"))
    assert "✗" not in told(lab)


@pytest.mark.parametrize(("width", "why"), [(200, ": ValueError: boom"), (80, "")])
def test_a_lab_that_has_ended_says_why_where_there_is_room(width: int, why: str) -> None:
    lab = FakeLab()
    lab.publish(PartState(part="lab", state="crashed", detail="ValueError: boom"))
    assert told(lab, width).startswith(f"✗ the lab has ended{why}  ")


def test_a_charge_point_that_is_away_says_how_much_it_has_to_tell() -> None:
    lab = FakeLab()
    lab.play(4.0)
    offline(lab, queued=1_200)
    assert "CP1 ○ offline close 1006 1,200 queued  " in told(lab)


def test_a_station_that_asks_to_be_let_in_stays_in_the_line_until_it_is_answered() -> None:
    lab = FakeLab()
    lab.play(25.9)
    asks(lab)
    asks(lab, "ANOTHER")
    summary = summary_of(lab)
    assert "  ? STRANGER +1 asks – l  " in line_of(summary)
    assert "  ? asks – l  " in line_of(summary, 100)
    assert "  ? l  " in line_of(summary, 78)


def test_the_line_does_not_ask_for_a_station_that_was_let_in_or_went() -> None:
    lab = FakeLab()
    lab.play(4.0)
    for station, state in (("STRANGER", "accepted"), ("ANOTHER", "offline")):
        asks(lab, station)
        lab.publish(LinkState(station=station, side="central_system", state=state))
    assert "?" not in told(lab)


def test_trouble_at_the_central_system_is_counted_where_there_is_room() -> None:
    lab = FakeLab()
    lab.play(25.9)
    load(lab, invalid=3, throttled=2)
    summary = summary_of(lab)
    wide = [text for text, _ in fit_segments(summary.segments(0.0), 200)]
    assert wide[-1] == "! 3 invalid, 2 throttled"
    narrow = "  ".join(text for text, _ in fit_segments(summary.segments(0.0), 78))
    assert "invalid" not in narrow
    assert narrow.endswith("ALARM ▲ 19.1 s")


def test_the_line_tells_of_the_chosen_connector_and_where_else_something_runs() -> None:
    lab = FakeLab()
    several(lab, 25.0)
    lab.play(25.9)
    stations, selection = StationRows(), Selection()
    events = lab.events.take()
    stations.feed(events)
    selection.feed(events)
    summary = LabSummary(stations, selection)
    summary.feed(events)

    def line() -> str:
        return "  ".join(text for text, _ in fit_segments(summary.segments(0.0), 200))

    assert "CP1/1 ● Charging tx 3 +2  " in line()
    assert "▶ fluctuation #3 +1  ALARM ▲ 19.1 s" in line()
    selection.choose(ChosenPlace("CP1", 2))
    assert "CP1/2 ● Charging tx 9 +2  " in line()
    assert line().endswith("ANOMALY ▶ CP1/1 +1  ALARM ▲ CP1/1")
    selection.choose(ChosenPlace("CP2", 1))
    assert line().endswith("ANOMALY ▶ fluctuation #1 +1  ALARM ▲ CP1/1")


FOLDER = "runs/20260101T120000Z-CP1"


def recording(lab: FakeLab, state: Any, size: int = 0, detail: str = "") -> None:
    lab.publish(RecordingState(folder=FOLDER, state=state, size=size, detail=detail))


def test_of_another_central_system_the_port_is_told_whatever_its_path() -> None:
    lab = FakeLab()
    lab.play(4.0)
    url = "ws://10.0.0.7:8180/ocpp/central"
    lab.publish(CentralSystemState(url=url, ours=False, listening=False))
    summary = summary_of(lab)
    assert line_of(summary).startswith("CSMS ● 10.0.0.7:8180/ocpp/central  ")
    assert line_of(summary, 50).startswith("CSMS ● :8180  ")


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
        "CSMS ● :9000  CP1 ● Charging tx 3  CAN ●  ▶ cycle 3  ▲ 19.1 s  ● rec 42 kB"
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
    summary = summary_of(lab, orders=False)
    assert not any("rec" in form for segment in summary.segments(0.0) for form in segment.forms)


def test_leaving_asks_only_while_something_runs() -> None:
    lab = FakeLab()
    lab.play(4.0)
    assert summary_of(lab).running == ""
    lab.play(6.0)
    assert summary_of(lab).running == "the anomaly at CP1/1"


def test_a_status_that_is_none_of_the_standard_obeys_no_terminal() -> None:
    lab = FakeLab()
    lab.play(1.0)
    summary = summary_of(lab)
    summary._stations.by_identity["CP1"].connectors[1].status = "Char\x1b[2Jing"
    assert "\x1b" not in line_of(summary)
    assert "Char" in line_of(summary)
