"""``evtui run``: what it takes, what it says, and the code it ends with."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from evtui.cli import main
from evtui.cli.progress import say
from evtui.events import Event
from evtui.feed.feed import FeedError, _FileFeed
from evtui.recording.format import layout
from evtui.recording.format.manifest import Manifest
from evtui.recording.read.reader import RunFolder
from tests.feed_lines import feed_lines
from tests.patience import PATIENCE
from tests.scenario.files import minimal

GOOD = minimal("[start, {wait_for: {status: Charging, timeout: 5s}}, {wait: 2s}]")
FAILING = minimal("[{note: x}]", "expect: [{message: Reset}, {message: BootNotification}]")
LONG = minimal("[{anomaly: repeated-current-fluctuation, duration: 1h}]")
MATRIX = minimal(
    "[{wait: '${seconds}s'}]",
    "inputs: {seconds: {type: int, default: 1}}\nmatrix: {seconds: [1, 2]}\n"
    "expect: [{current: {between: [0, 1]}}]",
)

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def scenario(text: str, name: str = "one.yaml") -> str:
    Path(name).write_text(text, "utf-8")
    return f"./{name}"


def run(*arguments: str) -> int:
    return main(["run", *arguments])


def manifest(folder: Path | str) -> Manifest:
    return Manifest.load(Path(folder) / layout.MANIFEST)


def test_every_mistake_of_a_scenario_is_a_line_of_its_own(capsys: Output) -> None:
    more = "lab: {preset: dcc}\nexpect: [{order: [Boot]}]\n"
    assert run(scenario(minimal("[{wait: 5x}, plgu, {can: 0x999}]", more))) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(": ")[2] for line in err.splitlines()] == [
        "steps[0].wait", "steps[1]", "steps[2].can", "lab.preset", "expect[0].order[0]",
    ]  # fmt: skip
    assert all(line.startswith("evtui: ./one.yaml:") for line in err.splitlines())
    assert not Path("runs").exists()


# Settings of a file


def recorded(folder: str) -> dict[str, Any]:
    return manifest(folder).settings


@pytest.mark.parametrize("before", [True, False])
def test_a_settings_file_says_what_the_scenario_leaves_open(before: bool, capsys: Output) -> None:
    Path("lab.toml").write_text(
        'preset = "dc"\nvendor = "Acme"\nseed = 9\nid = "GARAGE"\nport = 1\ntheme = "nord"\n'
        "[anomaly]\nhigh_a = 42\n"
    )
    text = minimal("[{wait: 1s}]", "lab: {id: HERE}\n")
    options = ["run", scenario(text), "--out", "a"]
    config = ["--config", "lab.toml"]
    assert main([*config, *options] if before else [*options, *config]) == 0
    said = recorded("a")
    assert (said["preset"], said["vendor"], said["high_a"]) == ("dc", "Acme", 42)
    assert said["id"] == "HERE"
    assert (said["port"], manifest("a").seed) == (0, 9)
    assert "--config lab.toml" in Path("a/README.md").read_text("utf-8")


def test_an_option_comes_before_the_settings_file(capsys: Output) -> None:
    Path("lab.toml").write_text('seed = 9\nrecord = "there"\nevents = "e.jsonl"\n')
    arguments = ["--seed", "3", "--out", "here", "--events", "f.jsonl", "--config", "lab.toml"]
    assert run(scenario(minimal()), *arguments) == 0
    assert manifest("here").seed == 3
    assert Path("f.jsonl").exists()
    assert not Path("there").exists()
    assert not Path("e.jsonl").exists()


def test_what_the_settings_file_says_of_recording_counts(capsys: Output) -> None:
    Path("lab.toml").write_text('record = "there"\nevents = "e.jsonl"\nredact_id_tags = true\n')
    assert run(scenario(minimal("[start]")), "--config", "lab.toml") == 0
    assert "id tags" in manifest("there").redacted
    assert Path("e.jsonl").exists()


def test_what_the_settings_file_says_and_a_run_has_no_use_for_is_named(capsys: Output) -> None:
    Path("lab.toml").write_text('csms = "ws://127.0.0.1:1/x"\nstate = "lab.db"\npreset = "dc"\n')
    assert run(scenario(minimal()), "--config", "lab.toml", "--out", "a", "--quiet") == 0
    assert capsys.readouterr().err == "evtui: lab.toml: no effect on a run: csms, state\n"
    assert recorded("a")["csms"] is None
    assert not Path("lab.db").exists()


def test_the_user_s_own_settings_file_changes_no_run(
    capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("own.toml").write_text('preset = "dc"\n')
    monkeypatch.setattr("evtui.config.sources.platform_file", lambda: Path("own.toml"))
    Path("lab.toml").write_text('vendor = "Acme"\n')
    assert run(scenario(minimal()), "--config", "lab.toml", "--out", "a") == 0
    assert (recorded("a")["preset"], recorded("a")["vendor"]) == ("seed", "Acme")


def test_every_run_of_a_matrix_has_the_settings_of_the_file(capsys: Output) -> None:
    Path("lab.toml").write_text('preset = "dc"\nseed = 5\n')
    assert run(scenario(MATRIX), "--config", "lab.toml", "--out", "m", "--jobs", "2") == 0
    for folder in ("m/seconds=1", "m/seconds=2"):
        assert (recorded(folder)["preset"], manifest(folder).seed) == ("dc", 5)


def test_a_run_with_a_settings_file_can_be_run_again(capsys: Output) -> None:
    Path("lab.toml").write_text('preset = "dc"\nvendor = "Acme"\nmeter_interval = "500ms"\n')
    assert run(scenario(GOOD), "--config", "lab.toml", "--out", "a") == 0
    Path("lab.toml").unlink()
    assert main(["replay", "--verify", "a"]) == 0
    assert "identical" in capsys.readouterr().out
    text = Path("a/manifest.json").read_text("utf-8")
    Path("a/manifest.json").write_text(text.replace('"Acme"', "5"), "utf-8")
    assert main(["replay", "--verify", "a"]) == 2
    assert "settings: vendor: expected " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ("nowhere.toml", "--config nowhere.toml: no such file or directory"),
        ("", '--config: expected a path, got ""'),
        (".", "--config .: is a directory"),
        ("wrong.toml", "wrong.toml: presett: unknown setting; did you mean preset?"),
    ],
)
def test_a_settings_file_that_cannot_be_used_is_one_line(
    file: str, problem: str, capsys: Output
) -> None:
    Path("wrong.toml").write_text("presett = 1\n")
    assert run(scenario(minimal()), "--config", file) == 2
    assert capsys.readouterr().err == f"evtui: {problem}\n"
    assert not Path("runs").exists()


# What it says


def test_a_run_ends_with_a_table_and_a_folder(capsys: Output) -> None:
    assert run(scenario(GOOD), "--seed", "7", "--out", "a") == 0
    out, err = capsys.readouterr()
    assert "met     every step is done                  3 steps in 2.2 s" in out
    assert "folder    a" in out
    assert all(len(line) <= 80 for line in out.split("\n"))
    assert err.split("\n")[0] == "    0.110 s  steps[0]: remote start"
    assert manifest("a").status == "complete"


def test_without_out_the_folder_is_a_new_one_below_runs(capsys: Output) -> None:
    assert run(scenario(GOOD), "--seed", "7") == 0
    assert run(scenario(GOOD), "--seed", "7") == 0
    folders = sorted(Path("runs").iterdir())
    assert len(folders) == 2
    assert all("-least-seed7" in folder.name for folder in folders)


def test_an_expectation_that_is_not_met_is_told_and_exits_with_one(capsys: Output) -> None:
    assert run(scenario(FAILING)) == 1
    out, _ = capsys.readouterr()
    assert "FAILED  message Reset                       not seen" in out


def test_quiet_says_only_what_failed(capsys: Output) -> None:
    assert run(scenario(GOOD), "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    assert run(scenario(FAILING), "--quiet") == 1
    assert capsys.readouterr() == ("", "message Reset: not seen\n")


def test_json_is_one_document_on_standard_output(capsys: Output) -> None:
    assert run(scenario(FAILING), "--json", "--out", "a") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["exit_code"] == 1
    assert document["folder"] == "a"
    assert [one["met"] for one in document["verdicts"]] == [True, False, True]


def test_junit_is_written_beside_the_table(capsys: Output) -> None:
    assert run(scenario(FAILING), "--junit", "result.xml") == 1
    root = ElementTree.parse("result.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("3", "1")
    assert "verdict" in capsys.readouterr().out


def test_events_go_where_they_are_wanted(capsys: Output) -> None:
    assert run(scenario(GOOD), "--events", "events.jsonl", "--quiet") == 0
    events = feed_lines(Path("events.jsonl"))
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_events_on_standard_output_have_it_for_themselves(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "evtui", "run", scenario(GOOD), "--events", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(line["event"] for line in feed_lines(done.stdout))
    assert "every step is done" in done.stderr


def shown_on_a_terminal(columns: int, *arguments: str) -> bytes:
    """What a run that meets its expectations draws on standard error."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    process = subprocess.Popen(
        [sys.executable, "-m", "evtui", "run", *arguments],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm"},
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    process.communicate()
    assert process.returncode == 0
    return shown


def test_a_terminal_gets_a_bar_and_not_lines() -> None:
    shown = shown_on_a_terminal(80, scenario(LONG), "--duration", "10min")
    assert b"] " in shown
    assert b" of 600 s, " in shown
    assert b"x, 2 alarms" in shown
    assert b"steps[0]" not in shown
    assert shown.endswith(b"\r\x1b[2K")


@pytest.mark.parametrize("columns", [20, pytest.param(60, marks=pytest.mark.full)])
def test_the_bar_fits_into_one_line_of_the_terminal(columns: int) -> None:
    shown = shown_on_a_terminal(columns, scenario(LONG), "--duration", "10min")
    drawn = shown.split(b"\r\x1b[2K")
    assert b" of 600" in drawn[-2]
    assert all(len(line) < columns for line in drawn)


def test_a_line_takes_the_place_of_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        say("evtui: disk full")
        shown = os.read(ours, 4096)
    os.close(ours)
    assert shown == b"\r\x1b[2Kevtui: disk full\r\n"


# What it takes


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "which scenario? name a file, or one of those in evtui scenarios"),
        (["no-such-one"], "no-such-one: no built-in scenario"),
        (["./missing.yaml"], "./missing.yaml: no such file"),
        (["one", "--speed", "fast"], "--speed: expected 1, a number up to 1,000,000, or max"),
        (["one", "--speed", "nan"], "--speed: "),
        (["one", "--speed", "0"], "--speed: "),
        (["one", "--duration", "5x"], "--duration: expected a duration such as"),
        (["one", "--duration", "0s"], "--duration: expected more than nothing"),
        (["one", "--set", "high"], '--set: expected INPUT=VALUE, got "high"'),
        (["one", "--set", "a=1", "--set", "a=2"], "--set a: given twice"),
        (["one", "--set", "hihg=1"], "hihg"),
        (["one", "--seed", "-1"], "--seed"),
        (["one", "--jobs", "0"], "--jobs"),
        (["one", "--out", "full"], "cannot record to full: there is something in it"),
        (
            ["one", "--junit", "no/such/x.xml"],
            "--junit no/such/x.xml: no such file or directory; name",
        ),
        (["one", "--json", "--events", "-"], "both want standard output"),
        (["one", "--events", "no/such/file"], "no/such/file"),
        (["one", "--events", ""], "--events: expected a file, - or unix:PATH, printable"),
        (["one", "--out", ""], '--out: expected a path, got ""'),
        (["one", "--out", "one.yaml"], "cannot record to one.yaml: file exists; name a folder"),
        (
            ["one", "--junit", "full"],
            "--junit full: is a directory; name a file that can be written",
        ),
        (["one", "--speed", ""], 'or max, got ""'),
        (["one", "--jobs", "x"], '--jobs: expected an integer from 1 to 256, got "x"'),
        (["one", "--record-trouble", "halt"], "expected one of continue, stop, got"),
        (["many", "--events", "x"], "give --set for seconds"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_run(
    arguments: list[str], told: str, capsys: Output
) -> None:
    files = {"one": scenario(GOOD), "many": scenario(MATRIX, "many.yaml")}
    Path("full").mkdir()
    Path("full/precious").touch()
    assert run(*(files.get(argument, argument) for argument in arguments)) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert told in err
    assert not Path("runs").exists()


def test_an_option_of_the_app_before_run_is_no_silent_mistake(capsys: Output) -> None:
    assert main(["--preset", "dc", "run", scenario(GOOD)]) == 2
    assert "--preset was given before run" in capsys.readouterr().err


def test_speed_seed_and_duration_are_in_the_manifest(capsys: Output) -> None:
    options = ["--speed", "50", "--seed", "12", "--duration", "3s", "--redact-id-tags"]
    assert run(scenario(GOOD), *options, "--out", "a") == 0
    found = manifest("a")
    assert (found.clock.speed, found.seed, found.duration_s) == (50, 12, 3)
    assert "id tags" in found.redacted


WAITS = minimal("[{wait: '${duration}'}]", "inputs: {duration: {type: duration, default: 1s}}")


@pytest.mark.parametrize(
    ("options", "waited", "cut_at"),
    [
        (["--duration", "3s"], 3.0, None),
        (["--duration", "3s", "--set", "duration=5s"], 5.0, 3.0),
    ],
)
def test_a_duration_sets_the_input_of_that_name_or_cuts_the_run_and_not_both(
    options: list[str], waited: float, cut_at: float | None, capsys: Output
) -> None:
    assert run(scenario(WAITS), *options, "--json", "--out", "a") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["inputs"] == {"duration": waited}
    assert manifest("a").duration_s == cut_at
    assert ("cut short" in told["verdicts"][0]["found"]) == (cut_at is not None)


def test_a_matrix_has_a_folder_for_each_run_and_a_summary(capsys: Output) -> None:
    assert run(scenario(MATRIX), "--out", "m", "--junit", "m.xml", "--json") == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert sorted(os.listdir("m")) == ["seconds=1", "seconds=2", "summary.json"]
    assert document == json.loads(Path("m/summary.json").read_text("utf-8"))
    assert [suite.get("name") for suite in ElementTree.parse("m.xml").getroot()] == [
        "least[seconds=1]",
        "least[seconds=2]",
    ]
    assert err == "1 of 2  seconds=1: met\n2 of 2  seconds=2: met\n"


def test_an_input_that_is_given_is_no_axis_of_the_matrix(capsys: Output) -> None:
    assert run(scenario(MATRIX), "--set", "seconds=1", "--out", "one") == 0
    assert manifest("one").status == "complete"


# How it ends


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "evtui", "run", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until_there(path: Path, size: int = 1) -> None:
    """Wait until a file has grown to some bytes."""
    deadline = time.monotonic() + PATIENCE
    while not path.exists() or path.stat().st_size < size:
        assert time.monotonic() < deadline, f"{path} is not there"
        time.sleep(0.02)


def until_said(process: subprocess.Popen[str], text: str) -> None:
    """Wait for a line on standard error."""
    assert process.stderr is not None
    assert any(text in line for line in process.stderr)


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.full)]
)
def test_a_signal_ends_the_run_in_its_safe_state(number: signal.Signals) -> None:
    process = start(scenario(LONG), "--speed", "20", "--out", "a")
    until_there(Path("a") / layout.SIGNALS, 20_000)
    process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert f"s: {number.name}" in out
    found = manifest("a")
    assert (found.status, found.interrupted) == ("interrupted", number.name)
    assert found.files[layout.TRUTH].rows == 1
    assert ",safe," in (Path("a") / layout.TRUTH).read_text("utf-8")


def test_a_second_signal_ends_the_process_at_once() -> None:
    charging = minimal("[start, {wait: 1h}]", "cleanup: [{wait: 1h}]")
    process = start(scenario(charging), "--speed", "20", "--out", "a")
    until_there(Path("a") / layout.SIGNALS, 2000)
    process.send_signal(signal.SIGINT)
    until_said(process, "cleanup[0]")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert manifest("a").status == "running"


def test_a_signal_ends_the_processes_of_a_matrix_and_their_folders_are_complete() -> None:
    text = minimal(
        "[{wait: '${hours}h'}]",
        "inputs: {hours: {type: int, default: 1}}\nmatrix: {hours: [10, 20, 30]}",
    )
    process = start(scenario(text), "--jobs", "2", "--speed", "20", "--out", "m")
    for name in ("hours=10", "hours=20"):
        until_there(Path("m") / name / layout.SIGNALS, 2000)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "not run hours=30" in out
    for name in ("hours=10", "hours=20"):
        assert manifest(Path("m") / name).status == "interrupted"


def test_nobody_who_reads_the_table_is_no_traceback() -> None:
    process = start(scenario(GOOD), "--out", "a", "--quiet", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.wait(timeout=PATIENCE)
    process.stderr.close()
    assert "Traceback" not in err
    assert manifest("a").status == "complete"


def test_a_table_that_cannot_be_written_is_no_failed_expectation(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "evtui", "run", scenario(GOOD), "--quiet", "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert done.stderr == "evtui: cannot write the output (No space left on device)\n"


def test_a_program_without_standard_output_and_error_runs_all_the_same() -> None:
    command = [sys.executable, "-m", "evtui", "run", scenario(GOOD), "--out", "a"]
    closed = subprocess.run(
        ["sh", "-c", f"exec {shlex.join(command)} <&- >&- 2>&-"], timeout=PATIENCE, check=False
    )
    assert closed.returncode == 0
    assert manifest("a").status == "complete"
    assert run(scenario(GOOD), "--out", "b", "--quiet") == 0
    events = [(Path(folder) / layout.EVENTS).read_bytes() for folder in ("a", "b")]
    assert events[0] == events[1]


def test_a_feed_that_cannot_be_written_is_told_and_changes_nothing(
    capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(scenario(GOOD), "--out", "a", "--quiet") == 0
    write = _FileFeed.on_event

    def write_until_full(feed: _FileFeed, event: Event) -> None:
        if event.seq > 50:
            raise FeedError("events to e.jsonl: no space left on device")
        write(feed, event)

    monkeypatch.setattr(_FileFeed, "on_event", write_until_full)
    assert run(scenario(GOOD), "--out", "b", "--quiet", "--events", "e.jsonl") == 3
    assert capsys.readouterr().err == "evtui: events to e.jsonl: no space left on device\n"
    assert len(feed_lines(Path("e.jsonl"))) == 50
    events = [(Path(folder) / layout.EVENTS).read_bytes() for folder in ("a", "b")]
    assert events[0] == events[1]


def test_a_full_disk_under_the_feed_is_no_failed_expectation(capsys: Output) -> None:
    assert run(scenario(GOOD), "--out", "a", "--quiet", "--events", "/dev/full") == 3
    assert capsys.readouterr().err == "evtui: events to /dev/full: no space left on device\n"
    assert manifest("a").status == "complete"


def test_lines_that_no_reader_has_taken_are_counted(capsys: Output) -> None:
    os.mkfifo("fifo")
    assert run(scenario(GOOD), "--out", "a", "--quiet", "--events", "fifo") == 0
    lost = sum(1 for _ in RunFolder(Path("a")).events())
    line = f"evtui: events to fifo: {lost} lines lost by readers that were too slow, or not there\n"
    assert capsys.readouterr().err == line


def test_events_to_a_standard_output_that_is_closed_are_refused() -> None:
    command = [sys.executable, "-m", "evtui", "run", scenario(GOOD), "--events", "-"]
    closed = subprocess.run(
        ["sh", "-c", f"exec {shlex.join(command)} >&-"],
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert closed.returncode == 2
    assert closed.stderr == "evtui: events to -: standard output is closed; name a file\n"


def test_junit_that_cannot_be_written_in_the_end_is_told(capsys: Output) -> None:
    assert run(scenario(GOOD), "--junit", "/dev/full", "--quiet") == 3
    err = capsys.readouterr().err
    assert err == "evtui: cannot write /dev/full: No space left on device\n"


def test_the_help_says_what_the_exit_codes_mean(capsys: Output) -> None:
    assert run("--help") == 0
    out = capsys.readouterr().out
    for code in ("0 ", "1 ", "2 ", "3 ", "130 "):
        assert f"\n    {code}" in out or f"\n  {code}" in out


def test_the_processes_of_a_matrix_end_when_the_program_is_killed() -> None:
    text = minimal(
        "[{wait: '${hours}h'}]",
        "inputs: {hours: {type: int, default: 1}}\nmatrix: {hours: [10, 20]}",
    )
    process = start(scenario(text), "--jobs", "2", "--speed", "20", "--out", "m")
    folders = [Path("m") / name for name in ("hours=10", "hours=20")]
    for folder in folders:
        until_there(folder / layout.SIGNALS, 2000)
    process.kill()
    # Their standard error is ours: it ends when the last of them has.
    _, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in err
    for folder in folders:
        assert manifest(folder).interrupted == "the program that started it has gone"


def test_a_signal_while_processes_start_ends_all_of_them_in_order() -> None:
    text = minimal(
        "[{wait: '${hours}h'}]",
        "inputs: {hours: {type: int, default: 1}}\nmatrix: {hours: [10, 20]}",
    )
    process = start(scenario(text), "--jobs", "2", "--speed", "20", "--out", "m")
    until_there(Path("m"), 0)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "BROKEN" not in out


def test_a_run_imports_no_library_that_it_has_no_use_for(tmp_path: Path) -> None:
    """Each of them costs a start between 2 and 10 % of its time."""
    needless = {"can", "ftplib", "jsonschema", "sqlite3", "websockets", "xml"}
    program = (
        "import sys; from evtui.cli import main; status = main(sys.argv[1:]); "
        f"print(*sorted({needless!r} & sys.modules.keys()), file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run(
        [
            *(sys.executable, "-c", program, "run", "fluctuation-seed", "--duration", "1s"),
            *("--quiet", "--out", str(tmp_path / "run")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines()[-1] == ""
