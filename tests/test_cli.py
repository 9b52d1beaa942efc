"""The command line: what it starts, what it refuses, and how little it imports."""

from __future__ import annotations

import errno
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from evtui import __version__, commands
from evtui.canbus import CanDatabase
from evtui.cli import main
from evtui.cli.main import _COMMANDS
from evtui.config import SETTINGS, Settings
from evtui.feed.feed import Feed
from evtui.scenario.language.loader import Plan
from evtui.station.state.file import StateFile
from tests.canbus.databases import written
from tests.feed_lines import feed_lines
from tests.patience import PATIENCE

EVTUI = [sys.executable, "-m", "evtui"]
COMMANDS = (*_COMMANDS, "config")
HEAVY = {
    "asyncio",
    "can",
    "cantools",
    "jsonschema_rs",
    "msgspec",
    "ocpp",
    "rich",
    "textual",
    "websockets",
}


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain local terminal and nobody's own settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(
        "evtui.config.sources.platform_file", lambda: tmp_path / "home/evtui/config.toml"
    )
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("SSH_CONNECTION", "SSH_TTY", "TEXTUAL_FPS", "TEXTUAL_ANIMATIONS"):
        monkeypatch.setenv(name, "")  # so that what main() sets is undone as well
        monkeypatch.delenv(name)


@dataclass
class App:
    """Stands in for the terminal app and remembers what it was handed."""

    settings: Settings | None = None
    listener: socket.socket | None = None
    plan: Plan | None = None
    feed: Feed | None = None
    state: StateFile | None = None
    told: str = ""
    database: CanDatabase | None = None

    def run(
        self,
        settings: Settings,
        listener: socket.socket | None,
        *,
        plan: Plan | None = None,
        feed: Feed | None = None,
        state: StateFile | None = None,
        told: str = "",
        database: CanDatabase | None = None,
    ) -> int:
        self.settings, self.listener, self.plan, self.feed = settings, listener, plan, feed
        self.state, self.told, self.database = state, told, database
        return 7


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[App]:
    """A terminal, and an app that ends at once with exit code 7."""
    stand_in = App()
    module = ModuleType("evtui.tui.run")
    module.__dict__["run"] = stand_in.run
    monkeypatch.setitem(sys.modules, "evtui.tui.run", module)
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(type(stream), "isatty", lambda _: True)
    yield stand_in
    if stand_in.listener is not None:
        stand_in.listener.close()
    if stand_in.feed is not None:
        stand_in.feed.close()
    if stand_in.state is not None:
        stand_in.state.close()


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_the_app_gets_the_settings_and_a_socket_that_listens(app: App) -> None:
    port = free_port()
    assert main(["--port", str(port), "--preset", "dc"]) == 7
    assert app.settings == Settings(port=port, preset="dc")
    assert app.listener is not None
    assert app.listener.getsockname() == ("127.0.0.1", port)
    socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()


def test_the_app_gets_a_scenario_with_its_inputs_and_settings(app: App) -> None:
    arguments = ["--port", "0", "--seed", "5", "--fps", "7", "--scenario", "fluctuation-txdefault"]
    assert main([*arguments, "--set", "high=50A"]) == 7
    assert app.plan is not None
    assert app.settings is not None
    assert app.plan.inputs["high"] == 50
    assert (app.settings.seed, app.settings.fps, app.settings.strict) == (5, 7, True)


def test_a_settings_file_gives_what_the_scenario_in_the_app_leaves_open(
    app: App, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lab.toml"
    file.write_text('vendor = "Acme"\nstrict = false\nfps = 9\nstate = "lab.db"\n')
    scenario = ["--scenario", "fluctuation-txdefault"]
    assert main(["--port", "0", "--config", str(file), *scenario]) == 7
    settings = app.settings
    assert settings is not None
    assert (settings.vendor, settings.strict, settings.fps) == ("Acme", True, 9)
    assert app.state is None
    assert capsys.readouterr().err.endswith(f"evtui: {file}: no effect on a run: state\n")


def test_options_that_mean_nothing_with_a_scenario_are_named_in_one_line(
    app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--port", "0", "--preset", "ac", "--tolerant", "--no-mouse"]
    assert main([*options, "--scenario", "fluctuation-txdefault"]) == 7
    told = capsys.readouterr().err
    assert told.startswith("evtui: --tolerant, --preset: no effect with --scenario: ")
    assert told.count("\n") == 1
    assert told == f"evtui: {app.told}\n"  # on the screen too, which hides that of the terminal


def test_the_app_gets_the_database_that_frames_are_decoded_by(
    app: App, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--port", "0", "--dbc", str(written(tmp_path, "kcd"))]) == 7
    assert app.database is not None
    assert [each.name for each in app.database.signals("Output.Current")] == ["Current"]
    assert main(["--port", "0", "--dbc", "none.dbc"]) == 2
    assert capsys.readouterr().err.endswith("--dbc none.dbc: no such file or directory\n")


def test_the_app_gets_an_open_state_file(app: App, tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    assert main(["--port", "0", "--state", str(path)]) == 7
    assert app.state is not None
    assert path.is_file()


def test_a_state_file_or_id_tags_that_cannot_be_used_are_one_line_and_exit_code_2(
    app: App, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("id_tag,status\nTAG,Perhaps\n")
    for flag, path, told in (
        ("--state", wrong, "not a state file"),
        ("--state", tmp_path / "no" / "lab.db", "lab.db"),
        ("--id-tags", wrong, ":2: status"),
        ("--id-tags", tmp_path / "none.csv", "none.csv"),
    ):
        assert main(["--port", "0", flag, str(path)]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert told in error
        assert str(path) in error
    assert app.settings is None


def test_whoever_follows_the_feed_hears_of_a_state_file_that_cannot_be_used(
    app: App, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("my notes\n")
    feed = tmp_path / "events.jsonl"
    assert main(["--port", "0", "--state", str(wrong), "--events", str(feed)]) == 2
    (event,) = feed_lines(feed)
    assert (event["event"], event["part"], event["state"]) == ("PartState", "lab", "crashed")
    assert capsys.readouterr().err == f"evtui: {event['detail']}\n"
    assert app.settings is None


def test_the_app_gets_a_feed_and_a_new_folder_to_record_into(app: App, tmp_path: Path) -> None:
    assert main(["--port", "0", "--record", "run", "--events", "events.jsonl"]) == 7
    assert app.feed is not None
    assert (tmp_path / "run").is_dir()
    assert (tmp_path / "events.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--scenario", "nothing-of-the-kind"], "nothing-of-the-kind"),
        (["--set", "high=5"], "no --scenario to set it for"),
        (["--scenario", "preset-comparison"], "a matrix is many runs; --set preset"),
        (["--scenario", "fluctuation-seed", "--csms", "ws://x"], "not with --csms"),
        (["--scenario", "fluctuation-seed", "--set", "high"], "expected INPUT=VALUE"),
        (["--scenario", "fluctuation-seed", "config"], "not for config"),
        (["--events", "-"], "name a file or unix:PATH"),
        (["--record", "used"], "there is something in it"),
    ],
)
def test_what_cannot_be_run_or_recorded_is_one_line_before_the_app_starts(
    arguments: list[str],
    line: str,
    app: App,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").touch()
    assert main(["--port", "0", *arguments]) == 2
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    assert app.settings is None


def test_port_0_takes_a_free_port(app: App) -> None:
    assert main(["--port", "0"]) == 7
    assert app.listener is not None
    assert app.listener.getsockname()[1] > 0


def test_no_port_is_taken_for_a_foreign_central_system(app: App, taken_port: int) -> None:
    assert main(["--csms", "ws://127.0.0.1:1/ocpp", "--port", str(taken_port)]) == 7
    assert app.settings is not None
    assert app.settings.csms == "ws://127.0.0.1:1/ocpp"
    assert app.listener is None


def test_a_port_in_use_is_one_line_before_anything_heavy_is_imported(taken_port: int) -> None:
    controller, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "evtui", "--port", str(taken_port)],
            stdin=terminal,
            stdout=terminal,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(controller)
        os.close(terminal)
    assert done.returncode == 2
    assert not imported(done.stderr) & HEAVY
    assert said(done.stderr) == [
        f"evtui: port {taken_port} is in use; "
        "choose another with --port, or a free one with --port 0"
    ]


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (errno.EACCES, "port 80 needs privileges"),
        (
            errno.EADDRNOTAVAIL,
            f"cannot listen on 127.0.0.1:80 ({os.strerror(errno.EADDRNOTAVAIL)})",
        ),
    ],
)
def test_a_port_that_cannot_be_had_is_one_line(
    number: int,
    problem: str,
    app: App,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(_socket: socket.socket, _address: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "bind", refuse)
    assert main(["--port", "80"]) == 2
    way_out = "choose another with --port, or a free one with --port 0"
    assert capsys.readouterr().err == f"evtui: {problem}; {way_out}\n"
    assert app.settings is None


@pytest.mark.parametrize(
    ("environ", "arguments", "fps", "animations"),
    [
        ({}, [], "60", None),
        ({"SSH_CONNECTION": "a 1 b 22"}, [], "24", "none"),
        ({"SSH_TTY": "/dev/pts/3"}, ["--fps", "20"], "60", "none"),
        ({"SSH_TTY": "/dev/pts/3", "TEXTUAL_ANIMATIONS": "basic"}, [], "24", "basic"),
    ],
)
def test_keys_are_answered_between_two_frames_and_nothing_is_animated_over_ssh(
    environ: dict[str, str],
    arguments: list[str],
    fps: str,
    animations: str | None,
    app: App,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert main(["--port", "0", *arguments]) == 7
    assert os.environ["TEXTUAL_FPS"] == fps
    assert os.environ.get("TEXTUAL_ANIMATIONS") == animations


@pytest.mark.parametrize("stream", ["stdin", "stdout"])
def test_without_a_terminal_it_says_so_in_one_line(
    stream: str, app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(type(getattr(sys, stream)), "isatty", lambda _: False)
    assert main([]) == 2
    which = stream.removeprefix("std") + "put"
    assert capsys.readouterr().err == (
        f"evtui needs a terminal: standard {which} is not one; over SSH use ssh -t\n"
    )
    assert app.settings is None


def test_a_dumb_terminal_is_none(
    app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert main([]) == 2
    assert capsys.readouterr().err == (
        "evtui needs a terminal: TERM=dumb cannot move the cursor; try TERM=xterm-256color\n"
    )
    assert app.settings is None


def test_ctrl_c_before_the_app_takes_over_ends_quietly(
    app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["evtui.tui.run"], "run", interrupted)
    assert main(["--port", "0"]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--port", "abc"], 'evtui: --port: expected an integer from 0 to 65535, got "abc"'),
        (
            ["config", "--port", "abc"],
            'evtui: --port: expected an integer from 0 to 65535, got "abc"',
        ),
        (
            ["--id", "a\x1b[2J\nb"],
            'evtui: --id: expected 1 to 48 printable characters, not blank, got "a\\x1b[2J\\nb"',
        ),
        (
            ["--id", "\udcff"],
            'evtui: --id: expected 1 to 48 printable characters, not blank, got "\\udcff"',
        ),
        (["--config", "nowhere.toml"], "evtui: --config nowhere.toml: no such file or directory"),
        (["--port"], "evtui: option '--port' requires an argument. See evtui --help."),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", line + "\n")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--prot", "1"], "no such option --prot; did you mean --port, --protocol or --preset?"),
        (["confg"], 'no such command "confg"; did you mean config?'),
        (["runn", "x"], 'no such command "runn"; did you mean run?'),
        (["Replay"], 'no such command "Replay"; did you mean replay?'),
        (["mine.yaml"], 'no such command "mine.yaml"; did you mean evtui run mine.yaml?'),
        (["home"], 'no such command "home"; did you mean evtui replay home?'),
        ([""], 'no such command ""; there are run, scenarios, '),
        (["\x1b[2J"], 'no such command "\\x1b[2J"; there are run, '),
        (["--strict=3"], "option '--strict' does not take a value."),
        (["config", "--preset"], "option '--preset' requires an argument."),
        (["config", "more"], "got unexpected extra argument (more)."),
        (["run", "--spede", "3"], "no such option --spede; did you mean --speed"),
        (
            ["run", "x", "--stations", "3"],
            "no such option --stations; write lab: {stations: ...} in",
        ),
        (["run", "x", "--strict"], "no such option --strict; write lab: {strict: true} in the sc"),
        (["run", "x", "--low", "6"], "no such option --low; write anomaly.low_a in a file for --c"),
        (["check", "x", "--stations", "3"], "no such option --stations; did you mean --json?"),
        (["run", "x", "--seed"], "option '--seed' requires an argument."),
        (["check"], "DIR... is missing."),
        (["report", "--zzz"], "no such option --zzz."),
        (
            ["export", "a", "--out", "b"],
            "--format is missing: one of asc, blf, trc, savvycan, candump, pcapng, csv, ",
        ),
        (["completion"], "SHELL is missing: one of bash, zsh, fish."),
    ],
)
def test_an_unknown_word_is_one_line_that_names_what_was_meant_and_whose_help_tells(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.yaml").touch()
    Path("home").mkdir(exist_ok=True)
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"evtui: {problem}")
    asked = f"evtui {arguments[0]}" if arguments[0] in COMMANDS else "evtui"
    assert line.endswith(f" See {asked} --help.")


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_h_is_help_everywhere(command: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    before = [] if command is None else [command]
    assert main([*before, "--help"]) == 0
    long = capsys.readouterr().out
    assert main([*before, "-h"]) == 0
    assert capsys.readouterr().out == long
    assert "-h, --help" in long
    assert "\\" not in long


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("config", "replay")])
def test_a_setting_before_a_sub_command_that_it_means_nothing_to_is_refused(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rest = ["--format", "csv", "--out", "x"] * (command == "export")
    argument = [{"completion": "bash"}.get(command, "x")] * (command != "schema")
    assert main(["--port", "5", command, *argument, *rest]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--port" in line
    assert "no effect" in line


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("dracul", "dracula"),
        ("Nord", "nord"),
        ("solarised-light", "solarized-light"),
        ("tokio", "tokyo-night"),
    ],
)
def test_a_theme_nobody_knows_gets_the_nearest_one(
    name: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "--theme", name]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("evtui: --theme: expected one of ansi-dark, ")
    assert line.endswith(f'got "{name}"; did you mean {meant}?')


def test_the_help_says_which_seed_is_which(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Start of the random numbers: the same number, the same run." in text
    assert "Power stage; seed is the name of" in text
    assert "Variant of the repeated current fluctuation; seed is the name of" in text


def rows(text: str) -> dict[str, tuple[str, str]]:
    """Value and origin by setting, cut where the heading says the columns begin."""
    heading, *lines = text.split("\n\n")[0].splitlines()
    value, origin = heading.index("value"), heading.index("from")
    return {line[:value].strip(): (line[value:origin].strip(), line[origin:]) for line in lines}


def test_config_shows_every_setting_aligned_and_where_it_came_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("lab.toml").write_text('preset = "dc"\n[anomaly]\nhigh_a = 50\n')
    assert main(["--port", "9001", "config", "--config", "lab.toml", "--lenient"]) == 0
    out = capsys.readouterr().out
    table = rows(out)
    assert list(table) == [setting.key for setting in SETTINGS]
    assert table["port"] == ("9001", "flag --port")
    assert table["preset"] == ('"dc"', "file lab.toml")
    assert table["strict"] == ("false", "flag --lenient")
    assert table["anomaly.high_a"] == ("50.0 A", "file lab.toml")
    assert table["anomaly.waits_s"] == ("[2.0, 1.0, 2.0, 3.0] s", "default")
    assert table["meter_interval"] == ("10.0 s (preset dc)", "default")
    assert table["fps"] == ("10 (local)", "default")
    assert table["csms"] == ("none (our own)", "default")
    assert out.endswith(f"\nsettings file: {tmp_path}/home/evtui/config.toml (not there)\n")


def test_config_shows_a_chosen_value_without_a_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_TTY", "/dev/pts/0")
    assert main(["config", "--meter-interval", "500ms"]) == 0
    table = rows(capsys.readouterr().out)
    assert table["meter_interval"] == ("0.5 s", "flag --meter-interval")
    assert table["fps"] == ("4 (over SSH)", "default")


def test_the_option_nearer_to_the_sub_command_wins(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", "1", "--seed", "5", "config", "--port", "2"]) == 0
    table = rows(capsys.readouterr().out)
    assert (table["port"][0], table["seed"][0]) == ("2", "5")


def test_config_reads_the_platforms_own_file_in_a_fresh_process(tmp_path: Path) -> None:
    own = tmp_path / "home/evtui/config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("port = 9002\n")
    done = evtui("config")
    assert done.returncode == 0, done.stderr
    assert rows(done.stdout)["port"] == ("9002", f"file {own}")
    assert done.stdout.endswith(f"settings file: {own}\n")


def test_config_as_toml_is_a_file_that_config_reads(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--no-mouse", "--waits", "1,2,3,4", "--id", 'say "\\"']
    assert main(["config", "--toml", *arguments]) == 0
    written = capsys.readouterr().out
    Path("lab.toml").write_text(written)
    assert main(["config", "--toml", "--config", "lab.toml"]) == 0
    assert capsys.readouterr().out == written
    assert "waits_s = [1.0, 2.0, 3.0, 4.0]" in written


def test_help_names_every_option_and_the_keys_of_the_registry(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for setting in SETTINGS:
        assert setting.flag.partition("/")[0] in text
        assert f"\n{setting.group}:\n" in text
    for name in ("anomaly.start", "anomaly.stop", "app.help", "app.quit"):
        command = commands.by_name[name]
        key = {"question_mark": "?"}.get(command.keys[0], command.keys[0])
        assert f" {key} {command.label}" in text
    assert "evtui docs" in text
    assert max(map(len, text.splitlines())) <= 80


def test_every_example_in_the_help_is_accepted(
    app: App, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--help"]) == 0
    examples = [
        line.split("  ")[0].split(" > ")[0].split()[1:]
        for line in map(str.strip, capsys.readouterr().out.partition("Examples:")[2].splitlines())
        if line.startswith("evtui")
    ]
    assert len(examples) >= 5
    Path("lab.toml").write_text("")
    for arguments in examples:
        if "config" in arguments:
            assert main(arguments) == 0
        else:
            assert main(["--port", "0", *arguments]) == 7
        if app.listener is not None:
            app.listener.close()


def evtui(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "evtui", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


def imported(stderr: str) -> set[str]:
    """Top-level packages in the output of ``-X importtime``."""
    names = (line.rpartition("|")[2].strip() for line in stderr.splitlines() if "|" in line)
    return {name.partition(".")[0] for name in names}


def said(stderr: str) -> list[str]:
    """What the program itself wrote beside that."""
    return [line for line in stderr.splitlines() if not line.startswith("import time:")]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--help"], 0), (["--version"], 0), (["config"], 0), (["config", "--help"], 0), ([], 2)],
)
def test_nothing_heavy_is_imported_before_it_is_needed(arguments: list[str], status: int) -> None:
    done = evtui(*arguments)
    assert done.returncode == status
    assert "click" in imported(done.stderr)
    assert not imported(done.stderr) & HEAVY


def test_python_m_evtui_is_the_same_program() -> None:
    assert evtui("--version").stdout == f"evtui {__version__}\n"
    assert evtui("--help").stdout.startswith("Usage: evtui [OPTIONS] [COMMAND]\n")


@pytest.mark.parametrize("argument", ["--help", "--version", "config"])
def test_a_broken_pipe_ends_quietly(argument: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = evtui(argument, stdout=writing)
    finally:
        os.close(writing)
    assert done.returncode == 1
    assert said(done.stderr) == []


def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "wb") as full:
        done = evtui("config", "--toml", stdout=full.fileno())
    assert done.returncode == 1
    problem = f"cannot write the output ({os.strerror(errno.ENOSPC)})"
    assert said(done.stderr) == [f"evtui: {problem}"]


def test_ctrl_c_while_a_file_is_read_ends_quietly(tmp_path: Path) -> None:
    slow = tmp_path / "slow.toml"
    os.mkfifo(slow)
    with subprocess.Popen(
        [*EVTUI, "config", "--config", str(slow)], stderr=subprocess.PIPE, text=True
    ) as process:
        writer = os.open(slow, os.O_WRONLY)  # returns once the program has it open
        try:
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=60)
        finally:
            os.close(writer)
    assert process.returncode == 130
    assert stderr.strip() == ""


def test_an_identity_the_terminal_cannot_spell_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "iso8859-1")
    done = evtui("config", "--id", "充電")
    assert done.returncode == 0
    assert rows(done.stdout)["id"][0] == '"\\u5145\\u96fb"'
