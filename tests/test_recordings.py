"""Recordings of a running lab: by key, from the first event on, and when the disk is full."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evtui.config import Settings
from evtui.events import (
    AnomalyState,
    Event,
    LabState,
    LinkState,
    Mark,
    Note,
    Order,
    PartState,
    RecordingState,
    Sample,
    ScenarioState,
    Verdict,
)
from evtui.feed.feed import open_feed
from evtui.lab import CommandError
from evtui.live import LiveLab, settings_for
from evtui.recording.format.manifest import Manifest
from evtui.recording.read.reader import RunFolder
from evtui.recording.write.folder import FolderWriter, RecordingError
from evtui.scenario.language.loader import load
from tests.patience import PATIENCE
from tests.test_live import Live


@contextmanager
def live(*, interrupted: str = "", **options: Any) -> Iterator[Live]:
    """A lab that has told its first sample, and has ended afterwards."""
    own = {name: options.pop(name) for name in ("plan", "feed") if name in options}
    settings = Settings(port=0, **options)
    if "plan" in own:
        settings = settings_for(own["plan"], settings)
    lab = LiveLab(settings, **own)
    lab.start()
    try:
        run = Live(lab)
        run.until(lambda event: isinstance(event, Sample))
        yield run
    finally:
        assert lab.stop(PATIENCE, interrupted)


def manifest(folder: Path) -> Manifest:
    found = RunFolder(folder).manifest
    assert found is not None
    return found


def is_recording(event: Event, state: str) -> bool:
    return isinstance(event, RecordingState) and event.state == state


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# From the first event on


def test_a_folder_in_the_settings_has_every_event_from_the_first_to_the_last() -> None:
    with live(record="night") as run:
        run.until(lambda event: isinstance(event, RecordingState) and event.size > 1_000)
    run.events += run.lab.events.take()
    folder = RunFolder(Path("night"))
    recorded = sorted(event.seq for event in folder.events())
    assert recorded == list(range(1, recorded[-1] + 1))
    off = run.events[-1]
    assert isinstance(off, RecordingState)
    assert (off.state, off.seq, off.events) == ("off", recorded[-1] + 1, recorded[-1])
    assert off.folder == "night"
    assert manifest(Path("night")).status == "complete"
    assert not manifest(Path("night")).reproducible


def test_leaving_before_it_was_wanted_is_told_with_its_reason() -> None:
    with live(record="night", interrupted="SIGTERM") as run:
        run.until(lambda event: is_recording(event, "on"))
    told = manifest(Path("night"))
    assert (told.status, told.interrupted) == ("interrupted", "SIGTERM")
    assert told.interrupted_at_s is not None
    assert told.t_end_s is not None
    assert told.interrupted_at_s <= told.t_end_s


def test_a_lab_that_crashes_leaves_a_folder_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("no lab today")

    monkeypatch.setattr("evtui.lab.Lab.run", broken)
    lab = LiveLab(Settings(port=0, record="night"))
    lab.start()
    Live(lab).until(lambda event: isinstance(event, PartState) and event.state == "crashed")
    assert lab.stop(PATIENCE)
    assert manifest(Path("night")).interrupted == "the lab crashed: ValueError: no lab today"


def test_id_tags_are_hidden_when_the_settings_say_so() -> None:
    with live(record="night", redact_id_tags=True) as run:
        run.order("station.charge")
        run.until(lambda event: isinstance(event, Sample) and event.transaction_id is not None)
    for file in Path("night").iterdir():
        assert "ANOM_TEST" not in file.read_text(), file


# By key


def test_a_key_begins_a_recording_and_ends_it() -> None:
    with live() as run:
        begun = run.order("lab.record")
        (folder,) = Path("runs").iterdir()
        assert begun == f"recording into {folder}"
        assert folder.name.endswith("Z-CP1")
        run.until(lambda event: isinstance(event, RecordingState) and event.size > 1_000)
        ended = run.order("lab.record")
        assert ended.endswith(f"events into {folder}")
        assert manifest(folder).status == "complete"
        assert min(event.seq for event in RunFolder(folder).events()) > 1
        run.order("lab.record")
        assert len(list(Path("runs").iterdir())) == 2


def test_a_recording_that_begins_in_the_middle_says_first_how_things_are() -> None:
    with live(waits_s=(0.1, 0.1, 0.3, 0.2)) as run:
        run.until(lambda event: isinstance(event, LinkState) and event.state == "accepted")
        run.order("station.charge")
        run.until(lambda event: isinstance(event, Sample) and event.current > 1)
        run.order("lab.record")
    (folder,) = Path("runs").iterdir()
    recorded = list(RunFolder(folder).events())
    kinds = {type(event).__name__ for event in recorded[:12]}
    assert {"CentralSystemState", "LabState", "LinkState", "ConnectorState"} <= kinds
    assert "TransactionState" in kinds
    numbers = sorted(event.seq for event in recorded)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_recording_that_begins_in_the_middle_of_a_scenario_says_which_step_it_is_in() -> None:
    Path("long.yaml").write_text(SCENARIO % "1h")
    with live(plan=load("long.yaml")) as run:
        run.until(lambda event: isinstance(event, ScenarioState) and event.path == "steps[4]")
        run.order("lab.record")
        told = [event for event in run.events if isinstance(event, ScenarioState)][-1]
    (folder,) = Path("runs").iterdir()
    first = next(e for e in RunFolder(folder).events() if isinstance(e, ScenarioState))
    assert (first.change, first.path, first.until) == ("waiting", told.path, told.until)


def test_a_scenario_that_has_ended_is_not_told_to_a_recording_that_begins_later() -> None:
    Path("quick.yaml").write_text(SCENARIO % "100ms")
    with live(plan=load("quick.yaml")) as run:
        run.until(lambda event: isinstance(event, ScenarioState) and event.change == "end")
        run.order("lab.record")
    (folder,) = Path("runs").iterdir()
    assert not any(isinstance(event, ScenarioState) for event in RunFolder(folder).events())


def test_an_attack_that_runs_already_does_not_begin_anew_for_a_recording() -> None:
    with live(waits_s=(0.1, 0.1, 0.3, 0.2)) as run:
        run.until(lambda event: isinstance(event, LinkState) and event.state == "accepted")
        run.until(lambda event: isinstance(event, LabState))
        while not any(isinstance(event, AnomalyState) and event.active for event in run.events):
            try:
                run.order("anomaly.start")
            except CommandError as error:
                assert "not connected" in str(error)  # noqa: PT017 - it may not be yet
            run.events += run.lab.events.take()
        run.order("lab.record")
        changes = [event.change for event in run.events if isinstance(event, AnomalyState)]
        assert changes.count("on") == 1
    (folder,) = Path("runs").iterdir()
    (attack,) = RunFolder(folder).truth()
    assert attack.attack_id == "fluctuation-1"


def test_every_order_is_on_record_with_what_came_of_it() -> None:
    with live() as run:
        run.order("anomaly.variant")
        with pytest.raises(CommandError, match=r"wait_1_s: expected .* 0\.05 to 3600 s, got 0"):
            run.order("anomaly.set", wait_1_s=0)
        run.order("lab.mark", text="  odd\n dip ", at=0.25)
        run.order("lab.mark")
        run.until(lambda event: isinstance(event, Order) and event.command == "lab.mark")
        run.events += run.lab.events.take()
    done, failed, *_ = orders = [event for event in run.events if isinstance(event, Order)]
    assert (done.command, done.outcome, done.done) == ("anomaly.variant", "variant txprofile", True)
    assert (failed.arguments, failed.done) == ({"wait_1_s": 0}, False)
    assert failed.outcome.endswith("from 0.05 to 3600 s, got 0")
    assert {order.source for order in orders} == {"terminal"}
    marks = [event for event in run.events if isinstance(event, Mark)]
    assert [(mark.text, mark.at) for mark in marks] == [("odd dip", 0.25), ("mark", None)]
    assert marks[0].moment == 0.25
    assert marks[1].moment == marks[1].t


def test_a_folder_that_cannot_be_made_is_one_line() -> None:
    Path("runs").touch()
    with live() as run, pytest.raises(CommandError, match=r"cannot record to runs/.*: "):
        run.order("lab.record")


# A disk that is full


def fill_the_disk(monkeypatch: pytest.MonkeyPatch, name: str = "signals.csv") -> None:
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if os.readlink(f"/proc/self/fd/{descriptor}").endswith(name):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", full)


def test_a_full_disk_is_told_and_the_lab_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with live(record="night") as run:
        run.until(lambda event: is_recording(event, "on"))
        fill_the_disk(monkeypatch)
        failed = run.until(lambda event: is_recording(event, "failed"))
        assert isinstance(failed, RecordingState)
        assert failed.detail == "disk full"
        note = run.until(lambda event: isinstance(event, Note) and event.level == "error")
        assert isinstance(note, Note)
        assert note.text == ("recording to night stopped: signals.csv: No space left on device")
        run.until(lambda event: isinstance(event, Sample) and event.seq > note.seq)
        monkeypatch.undo()
    assert run.lab.trouble == ""
    assert run.lab.recording_troubles == [note.text]


@pytest.mark.parametrize("name", [".reserve (deleted)", "signals.csv"])
def test_a_recording_that_cannot_begin_leaves_nothing_and_is_told_on_leaving(name: str) -> None:
    with live() as run:
        with pytest.MonkeyPatch.context() as patch:
            fill_the_disk(patch, name)
            for times in (1, 2):
                with pytest.raises(CommandError, match=r"cannot record to runs/.*o space left"):
                    run.order("lab.record")
                assert list(Path("runs").iterdir()) == []
                assert len(run.lab.recording_troubles) == times
        run.order("lab.record")
        assert len(list(Path("runs").iterdir())) == 1


def test_a_recording_that_cannot_begin_on_a_full_disk_says_that_it_is_full() -> None:
    with pytest.MonkeyPatch.context() as patch:
        fill_the_disk(patch, ".reserve (deleted)")
        with live(record="night") as run:
            failed = run.until(lambda event: is_recording(event, "failed"))
    assert isinstance(failed, RecordingState)
    assert failed.detail == "disk full"


def test_a_folder_that_was_there_stays_when_nothing_can_be_recorded() -> None:
    Path("night").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        fill_the_disk(patch, ".reserve (deleted)")
        with pytest.raises(RecordingError):
            FolderWriter(Path("night"))
    assert list(Path("night").iterdir()) == []


def test_a_full_disk_stops_the_lab_when_the_settings_say_so(
    monkeypatch: pytest.MonkeyPatch, workplace: Path
) -> None:
    with live(record=str(workplace / "night"), record_trouble="stop") as run:
        run.until(lambda event: is_recording(event, "on"))
        fill_the_disk(monkeypatch)
        end = run.until(lambda event: isinstance(event, PartState) and event.part == "lab")
        assert isinstance(end, PartState)
        assert end.state == "stopped"
        assert "No space left on device" in end.detail
        assert run.lab.trouble == end.detail
        monkeypatch.undo()
    assert manifest(workplace / "night").interrupted.startswith("recording stopped: signals.csv")


# The feed


def test_a_feed_has_every_event_of_the_lab_from_the_first_on() -> None:
    with live(feed=open_feed("events.jsonl")) as run:
        run.until(lambda event: event.seq > 20)
    _, *lines = Path("events.jsonl").read_text().splitlines()  # the first is the feed's own
    run.events += run.lab.events.take()
    assert len(lines) == run.events[-1].seq == len(run.events)


def test_a_feed_that_fails_is_told_in_words_and_the_lab_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with live(feed=open_feed("events.jsonl")) as run:
        fill_the_disk(monkeypatch, "events.jsonl")
        note = run.until(lambda event: isinstance(event, Note) and event.level == "error")
        assert isinstance(note, Note)
        expected = "events to events.jsonl: no space left on device; it gets no more events"
        assert note.text == run.lab.feed_trouble == expected
        run.until(lambda event: isinstance(event, Sample) and event.seq > note.seq)
        monkeypatch.undo()
    assert sum(isinstance(event, Note) and event.level == "error" for event in run.events) == 1


def test_a_feed_that_fails_at_the_first_event_is_told_as_well() -> None:
    class Broken:
        def on_event(self, event: Event) -> None:
            raise ValueError("no events today")

        def close(self, within: float = 0.0) -> None:
            pass

    with live(feed=Broken()) as run:
        note = run.until(lambda event: isinstance(event, Note) and event.level == "error")
        assert isinstance(note, Note)
        assert note.text == "no events today; it gets no more events"


# A scenario

SCENARIO = """\
schema: evtui.scenario/1
id: quick
title: A quick one
lab: {plugged: false, preset: dc}
steps:
  - mark: begun
  - plug
  - start
  - wait_for: {status: Charging, timeout: 10s}
  - wait: %s
expect:
  - status: Charging
"""


def test_a_scenario_runs_in_the_live_lab_beside_the_keys() -> None:
    Path("quick.yaml").write_text(SCENARIO % "100ms")
    with live(plan=load("quick.yaml"), record="night", id="CP9") as run:
        run.order("anomaly.variant")
        end = run.until(lambda event: isinstance(event, ScenarioState) and event.change == "end")
        assert isinstance(end, ScenarioState)
        assert end.detail == "all 2 met"
        run.until(lambda event: isinstance(event, Sample) and event.seq > end.seq)  # it goes on
    assert sum(isinstance(event, Verdict) for event in run.events) == 2
    told = manifest(Path("night"))
    assert told.scenario is not None
    assert (told.scenario.id, told.scenario.source) == ("quick", "quick.yaml")
    assert told.settings["preset"] == "dc"
    assert told.settings["id"] == "CP1"  # the scenario's, whatever the settings file says
    assert Path("night/scenario.yaml").read_text() == SCENARIO % "100ms"


def test_leaving_ends_a_scenario_in_its_cleanup_before_the_lab_ends() -> None:
    Path("long.yaml").write_text(SCENARIO % "1h")
    with live(plan=load("long.yaml"), record="night", interrupted="SIGTERM") as run:
        run.until(lambda event: isinstance(event, Sample) and event.current > 1)
    recorded = list(RunFolder(Path("night")).events())
    end = next(
        event for event in recorded if isinstance(event, ScenarioState) and event.change == "end"
    )
    assert end.detail == "interrupted: SIGTERM"
    stopped = [
        event.seq for event in recorded if isinstance(event, PartState) and event.state == "stopped"
    ]
    assert min(stopped) > end.seq
    last = [event for event in recorded if isinstance(event, Sample)][-1]
    assert last.transaction_id is None
    assert last.current < 1.0
    assert manifest(Path("night")).interrupted == "SIGTERM"
