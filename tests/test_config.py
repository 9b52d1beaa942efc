"""Settings: one table, several sources, one line for each mistake."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.theme import BUILTIN_THEMES
from websockets.headers import build_authorization_basic
from websockets.uri import parse_uri

from evtui import __version__, config
from evtui.cli.main import main
from evtui.config import SETTINGS, Settings, SettingsError, Theme, load, over_ssh, sources, to_toml
from evtui.ocppj.websocket import identity_from_path, station_url
from evtui.redaction import reveal


@pytest.fixture(scope="module", autouse=True)
def platform_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads the settings of the person who runs it."""
    folder = tmp_path_factory.mktemp("platform")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "platform_file", lambda: folder / "config.toml")
        yield folder


@pytest.fixture
def platform_settings(platform_folder: Path) -> Iterator[Path]:
    path = platform_folder / "config.toml"
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture
def lab_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``lab.toml`` in the working folder, so that errors name it as a person would."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "lab.toml"


# name: text on the command line (a bool for a switch), the same in TOML, what both mean
TWINS: dict[str, tuple[str | bool, str, object]] = {
    "port": ("0", "0", 0),
    "csms": (
        "wss://csms.example:8443/ocpp",
        '"wss://csms.example:8443/ocpp"',
        "wss://csms.example:8443/ocpp",
    ),
    "password_file": ("key.txt", '"key.txt"', "key.txt"),
    "upstream": ("wss://csms.example/ocpp", '"wss://csms.example/ocpp"', "wss://csms.example/ocpp"),
    "listen": ("0.0.0.0:80", '"0.0.0.0:80"', "0.0.0.0:80"),
    "insecure": (True, "true", True),
    "unknown_stations": ("ask", '"ask"', "ask"),
    "known_stations": ("A, B 2", '["A", "B 2"]', ("A", "B 2")),
    "allowed_origins": (
        "http://localhost:3000, null",
        '["HTTP://LOCALHOST:3000", "null"]',
        ("http://localhost:3000", "null"),
    ),
    "tolerant": (True, "true", True),
    "tolerant_stations": ("A, B 2", '["A", "B 2"]', ("A", "B 2")),
    "id_tags": ("tags.csv", '"tags.csv"', "tags.csv"),
    "unknown_id_tags": ("reject", '"reject"', "reject"),
    "call_timeout": ("5", "5", 5.0),
    "heartbeat_interval": ("1h30m", "5400", 5400),
    "csms_ping_interval": ("0", "0", 0.0),
    "seed": ("42", "42", 42),
    "id": ("NEG 4/é", '"NEG 4/é"', "NEG 4/é"),
    "stations": ("2", "2", 2),
    "connectors": ("8", "8", 8),
    "state": ("lab.db", '"lab.db"', "lab.db"),
    "persist_interval": ("500ms", "0.5", 0.5),
    "after_crash": ("PowerLoss", '"PowerLoss"', "PowerLoss"),
    "vendor": ("v" * 20, f'"{"v" * 20}"', "v" * 20),
    "model": ("m" * 20, f'"{"m" * 20}"', "m" * 20),
    "serial": ("s" * 25, f'"{"s" * 25}"', "s" * 25),
    "firmware": ("f" * 50, f'"{"f" * 50}"', "f" * 50),
    "id_tag": ("i" * 20, f'"{"i" * 20}"', "i" * 20),
    "preset": ("ccs", '"ccs"', "ccs"),
    "protocol": ("infy", '"infy"', "infy"),
    "modules": ("4", "4", 4),
    "ambient": ("-12.5", "-12.5", -12.5),
    "vehicle": ("zoe", '"zoe"', "zoe"),
    "strict": (True, "true", True),
    "meter_interval": ("1min", '"1min"', 60.0),
    "soc": ("80.5", "80.5", 80.5),
    "can": (
        "CP1=slcan:/dev/ttyACM0@500k,rtscts=true CP2=socketcan:can1",
        '["CP1=slcan:/dev/ttyACM0@500000,rtscts=true", "CP2=socketcan:can1"]',
        ("CP1=slcan:/dev/ttyACM0@500000,rtscts=true", "CP2=socketcan:can1"),
    ),
    "can_side": ("neither", '"neither"', "neither"),
    "can_listen_only": (True, "true", True),
    "arm": (True, "true", True),
    "armed_for": ("1min", "60", 60.0),
    "can_bitrate": ("125", "125", "125"),
    "can_data_bitrate": ("8000", '"8000"', "8000"),
    "can_queue": ("fifo", '"fifo"', "fifo"),
    "can_queue_depth": ("16", "16", 16),
    "can_overflow": ("overwrite", '"overwrite"', "overwrite"),
    "can_recovery": ("by-command", '"by-command"', "by-command"),
    "record": ("runs/a b", '"runs/a b"', "runs/a b"),
    "record_trouble": ("stop", '"stop"', "stop"),
    "redact_id_tags": (True, "true", True),
    "events": ("unix:/run/feed", '"unix:/run/feed"', "unix:/run/feed"),
    "fps": ("60", "60", 60),
    "mouse": (False, "false", False),
    "theme": ("nord", '"nord"', "nord"),
    "dbc": ("my.dbc", '"my.dbc"', "my.dbc"),
    "favourites": ("can-flood,delay", '["can-flood", "delay"]', ("can-flood", "delay")),
    "variant": ("txprofile", '"txprofile"', "txprofile"),
    "low_a": ("6", "6", 6.0),
    "high_a": ("500", "500", 500.0),
    "waits_s": ("500ms,1,1.5,1min", "[0.5, 1, 1.5, 60]", (0.5, 1.0, 1.5, 60.0)),
    "cycles": ("3", "3", 3),
    "jitter": ("0.9", "0.9", 0.9),
}


def in_toml(name: str, text: str) -> str:
    table = next(setting.table for setting in SETTINGS if setting.name == name)
    return f"[{table}]\n{name} = {text}\n" if table else f"{name} = {text}\n"


def test_every_setting_is_tried() -> None:
    assert list(TWINS) == [setting.name for setting in SETTINGS]


@pytest.mark.parametrize("name", TWINS)
def test_a_flag_and_its_twin_in_a_file_mean_the_same(name: str, lab_toml: Path) -> None:
    given_on_line, given_in_file, value = TWINS[name]
    lab_toml.write_text(in_toml(name, given_in_file), encoding="utf-8")
    with_it: dict[str, str | bool] = {}
    if name == "password_file":
        with_it = {"csms": "ws://u:p@h"}
    if name == "listen":
        with_it = {"upstream": "ws://h", "insecure": True}
    if name == "modules":
        with_it = {"protocol": "advantics"}
    by_flag = load({**with_it, name: given_on_line}).settings
    by_file = load(with_it, file="lab.toml").settings
    expected: dict[str, Any] = {**with_it, name: value}
    assert by_flag == by_file == replace(Settings(), **expected)
    assert type(getattr(by_flag, name)) is type(getattr(by_file, name))
    assert isinstance(getattr(by_flag, name), type(value))


def test_an_option_with_several_values_may_be_used_several_times(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for place in range(2):
        given = ["--allow-origin", "http://a,http://b", "--allow-origin", "HTTP://C:80"]
        given.insert(4 * place, "config")
        assert main(given) == 0
        assert '["http://a", "http://b", "http://c"]' in capsys.readouterr().out


def test_known_stations_may_stand_in_a_file_as_on_the_command_line(lab_toml: Path) -> None:
    lab_toml.write_text('known_stations = "A, B 2"')
    assert load(file="lab.toml").settings.known_stations == ("A", "B 2")


def test_defaults_are_what_their_own_kinds_allow() -> None:
    for setting in SETTINGS:
        if setting.default is not None:
            default = (
                list(setting.default) if isinstance(setting.default, tuple) else setting.default
            )
            assert setting.kind.check(default) == setting.default
        else:
            assert setting.unset


def test_without_any_source_everything_is_a_default() -> None:
    effective = load()
    assert effective.settings == Settings()
    assert effective.settings.firmware == __version__
    assert set(effective.origins.values()) == {"default"}
    assert not effective.found


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_each_source_wins_over_the_one_before(platform_settings: Path, lab_toml: Path) -> None:
    platform_settings.write_text('port = 1\nvendor = "platform"\nmodel = "platform"\n')
    lab_toml.write_text('port = 2\nvendor = "file"\n[anomaly]\nlow_a = 5\n')
    effective = load({"port": "3", "mouse": False}, "lab.toml")
    settings, origins = effective.settings, effective.origins
    assert (settings.port, origins["port"]) == (3, "flag --port")
    assert (settings.vendor, origins["vendor"]) == ("file", "file lab.toml")
    assert (settings.model, origins["model"]) == ("platform", f"file {platform_settings}")
    assert (settings.low_a, origins["low_a"]) == (5.0, "file lab.toml")
    assert (settings.mouse, origins["mouse"]) == (False, "flag --no-mouse")
    assert (settings.serial, origins["serial"]) == ("", "default")
    assert effective.found
    assert effective.looked_for == str(platform_settings)


printable = st.characters(codec="utf-8").filter(str.isprintable)
ascii_text = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
waits = st.floats(0.05, 3600)
low_and_high = st.tuples(st.floats(0, 500), st.floats(0, 500)).map(sorted)


@st.composite
def any_settings(draw: st.DrawFn) -> Settings:
    low, high = draw(low_and_high)
    protocol = draw(st.sampled_from(config.PROTOCOLS))
    return Settings(
        port=draw(st.integers(0, 65535)),
        csms=draw(
            st.none()
            | st.sampled_from(
                ["ws://h", "wss://[::1]:9/a/b", "ws://u:p@h:1/é", "ws://h/{id}/v16?x={id}"]
            )
        ),
        heartbeat_interval=draw(st.integers(1, 86400)),
        seed=draw(st.integers(0, 2**63 - 1)),
        id=draw(st.text(printable, min_size=1, max_size=48).filter(str.strip)),
        vendor=draw(st.text(ascii_text, max_size=20)),
        model=draw(st.text(ascii_text, max_size=20)),
        serial=draw(st.text(ascii_text, max_size=25)),
        firmware=draw(st.text(ascii_text, max_size=50)),
        id_tag=draw(st.text(ascii_text, min_size=1, max_size=20)),
        preset=draw(st.sampled_from(["seed", "dc", "ccs", *["ac"] * (protocol == "seed")])),
        protocol=protocol,
        modules=1 if protocol == "seed" else draw(st.integers(1, 8)),
        strict=draw(st.booleans()),
        meter_interval=draw(st.none() | st.floats(0.1, 86400)),
        soc=draw(st.floats(0, 100)),
        fps=draw(st.none() | st.integers(1, 60)),
        mouse=draw(st.booleans()),
        theme=draw(st.sampled_from([None, *get_args(Theme)])),
        variant=draw(st.sampled_from(["seed", "txprofile", "txdefault", "startstop"])),
        low_a=low,
        high_a=high,
        waits_s=(draw(waits), draw(waits), draw(waits), draw(waits)),
        cycles=draw(st.integers(0, 1_000_000)),
        jitter=draw(st.floats(0, 0.9)),
    )


def test_every_theme_of_textuals_can_be_named_and_no_other() -> None:
    assert set(get_args(Theme)) == set(BUILTIN_THEMES)


@given(identity=st.text(printable, min_size=1, max_size=48).filter(str.strip))
def test_every_identity_that_is_taken_can_be_found_in_its_url(identity: str) -> None:
    settings = load({"id": identity}).settings
    path = station_url("ws://127.0.0.1:9000", settings.id).removeprefix("ws://127.0.0.1:9000")
    assert identity_from_path(path) == identity


@given(settings=any_settings())
def test_written_settings_are_read_back_unchanged(
    platform_folder: Path, settings: Settings
) -> None:
    path = platform_folder / "written.toml"
    path.write_text(to_toml(settings), encoding="utf-8")
    if settings.secrets:
        settings = replace(settings, csms=None)
    assert load(file=str(path)).settings == settings


@given(settings=any_settings())
def test_any_settings_can_be_given_as_flags(settings: Settings) -> None:
    flags: dict[str, str | bool] = {}
    for setting in SETTINGS:
        value = getattr(settings, setting.name)
        if isinstance(value, bool):
            flags[setting.name] = value
        elif isinstance(value, tuple):
            flags[setting.name] = ",".join(map(str, value))
        elif value is not None:
            flags[setting.name] = reveal(str(value) if setting.name != "csms" else value)
    assert load(flags).settings == settings


@given(
    name=st.sampled_from([setting.name for setting in SETTINGS if "/" not in setting.flag]),
    text=st.text(),
)
def test_any_text_is_a_value_or_one_clear_line(name: str, text: str) -> None:
    try:
        load({name: text})
    except SettingsError as error:
        alone = name == "password_file" and "there is no --csms" in str(error)
        assert alone or ": expected " in str(error)  # noqa: PT017 - most raise, some are values


json_like: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(setting=st.sampled_from(SETTINGS), value=json_like)
def test_a_kind_takes_a_value_or_raises_value_error(setting: config.Setting, value: object) -> None:
    try:
        taken = setting.kind.check(value)
    except ValueError:
        return
    again = list(taken) if isinstance(taken, tuple) else taken
    assert setting.kind.check(again) == taken


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("2s", 2.0),
        ("1min", 60.0),
        ("1m", 60.0),
        ("2h", 7200.0),
        ("1h30m", 5400.0),
        ("3", 3.0),
        ("0.25", 0.25),
        ("500 ms", 0.5),
    ],
)
def test_times_are_written_with_or_without_a_unit(text: str, seconds: float) -> None:
    assert load({"meter_interval": text}).settings.meter_interval == seconds


PORT = "expected an integer from 0 to 65535"
TIME = "expected a duration such as 90, 500ms, 1m or 1h30m, from 0.1 to 86400 s"
URL = "expected a URL such as ws://host:9000/path or wss://host/{id}/path"


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        ({"port": "abc"}, f'--port: {PORT}, got "abc"'),
        ({"port": "65536"}, f'--port: {PORT}, got "65536"'),
        ({"port": "-1"}, f'--port: {PORT}, got "-1"'),
        ({"port": ""}, f'--port: {PORT}, got ""'),
        ({"seed": "-1"}, '--seed: expected an integer from 0 to 2^63-1, got "-1"'),
        ({"fps": "0"}, '--fps: expected an integer from 1 to 60, got "0"'),
        ({"soc": "nan"}, '--soc: expected a number from 0 to 100 %, got "nan"'),
        ({"high_a": "501"}, '--high: expected a number from 0 to 500 A, got "501"'),
        ({"jitter": "1"}, '--jitter: expected a number from 0 to 0.9, got "1"'),
        ({"meter_interval": "0"}, f'--meter-interval: {TIME}, got "0"'),
        ({"meter_interval": "2 days"}, f'--meter-interval: {TIME}, got "2 days"'),
        ({"meter_interval": "ms"}, f'--meter-interval: {TIME}, got "ms"'),
        (
            {"heartbeat_interval": "1500ms"},
            "--heartbeat-interval: expected a duration such as 90, 500ms, 1m or 1h30m, "
            'in whole seconds from 1 to 86400 s, got "1500ms"',
        ),
        ({"preset": "hpc"}, '--preset: expected one of seed, dc, ccs, ac, got "hpc"'),
        ({"id": ""}, '--id: expected 1 to 48 printable characters, not blank, got ""'),
        (
            {"id": "a\x1b[2J"},
            '--id: expected 1 to 48 printable characters, not blank, got "a\x1b[2J"',
        ),
        (
            {"vendor": "v" * 21},
            f'--vendor: expected at most 20 printable ASCII characters, got "{"v" * 21}"',
        ),
        ({"id_tag": "é"}, '--id-tag: expected 1 to 20 printable ASCII characters, got "é"'),
        (
            {"firmware": "f" * 70},
            "--firmware: expected at most 50 printable ASCII characters, "
            f'got "{"f" * 60}…" (70 characters)',
        ),
        (
            {"waits_s": "2,1,2"},
            '--waits: expected 4 times such as 2,1,2,3, each 0.05 to 3600 s, got "2,1,2"',
        ),
        (
            {"waits_s": "2,1,2,0.01"},
            '--waits: expected 4 times such as 2,1,2,3, each 0.05 to 3600 s, got "2,1,2,0.01"',
        ),
        (
            {"low_a": "120"},
            "high_a: expected at least low_a = 120 A (flag --low), got 100 A (default)",
        ),
    ],
)
def test_a_bad_flag_is_told_in_one_line(flags: dict[str, str | bool], error: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(flags)
    assert str(caught.value) == error


@pytest.mark.parametrize(
    ("url", "shown", "reason"),
    [
        ("http://host", "http://host", "it must begin with ws:// or wss://"),
        ("host:9000", "host:9000", "it must begin with ws:// or wss://"),
        ("ws://", "ws://", "it has no host"),
        ("ws:///ocpp", "ws:///ocpp", "it has no host"),
        ("ws://[host", "ws://[host", "its host is no host name and no address"),
        ("ws://a..b", "ws://a..b", "its host is no host name and no address"),
        ("ws://host:99999", "ws://host:99999", "its port must be a number from 1 to 65535"),
        ("ws://host:0", "ws://host:0", "its port must be a number from 1 to 65535"),
        ("ws://u:to/p@host", "ws://***@host", "/ ? # in a password are %2F %3F %23"),
        ("ws://ho st", "ws://ho st", "blanks and control characters must be percent-encoded"),
        ("ws://h/\x1b[2J", "ws://h/\\x1b[2J", "blanks and control characters must be percent"),
        ("ws://host/a#b", "ws://host/a#b", "a fragment (#) is never sent; leave it out"),
        ("ws://h/a?k=secret", "ws://h/a?***", "put {id} where the identity belongs"),
        ("ws://h/{ID}", "ws://h/{ID}", "{id} is for path and query"),
        ("ws://{id}:secret@h", "ws://***@h", "{id} is for path and query"),
        ("ws://a%3Ab:secret@h", "ws://***@h", "a user must not contain a colon"),
        ("ws://u:secret%ff@h", "ws://***@h", "must be UTF-8"),
    ],
)
def test_a_url_that_can_never_work_is_refused_with_the_reason_and_without_the_password(
    url: str, shown: str, reason: str, lab_toml: Path
) -> None:
    with pytest.raises(SettingsError) as from_flag:
        load({"csms": url})
    line = str(from_flag.value)
    assert line.startswith(f'--csms: {URL}, got "{shown}": ')
    assert reason in line
    assert "secret" not in line
    if url.isprintable():
        lab_toml.write_text(f'csms = "{url}"\n', encoding="utf-8")
        with pytest.raises(SettingsError) as from_file:
            load(file="lab.toml")
        assert str(from_file.value) == line.replace("--csms", "lab.toml: csms")


@pytest.mark.parametrize(
    "url",
    [
        *("ws://h", "WSS://h:8443/ocpp", "ws://[::1]:9000/a/b", "ws://hö.example/é"),
        *("ws://:secret@h/", "ws://u:@h", "ws://u:a:b@h", "ws://u:a@b@h", "ws://u:pä@h/a%20b"),
        *("ws://h/{id}/v16", "ws://h/{id}/{id}", "ws://h/ocpp?station={id}", "ws://h/{id}?k=1"),
    ],
)
def test_a_url_that_is_taken_is_one_that_the_library_dials(url: str) -> None:
    dialled = parse_uri(station_url(reveal(load({"csms": url}).settings.csms or ""), "CP/1"))
    assert "CP%2F1" in dialled.resource_name
    assert "%25" not in dialled.resource_name
    if dialled.username is not None and dialled.password is not None:
        build_authorization_basic(dialled.username, dialled.password)


@pytest.mark.parametrize(
    ("toml", "error"),
    [
        ('port = "abc"', f'port: {PORT}, got "abc"'),
        ("port = true", f"port: {PORT}, got true"),
        ("port = 9000.0", f"port: {PORT}, got 9000.0"),
        (f"port = 0x{'f' * 5000}", f"port: {PORT}, got a huge number"),
        ("port = [1, 2]", f"port: {PORT}, got a list of 2"),
        ("port = {}", f"port: {PORT}, got a table"),
        ("port = 1979-05-27", f"port: {PORT}, got 1979-05-27"),
        ("soc = inf", "soc: expected a number from 0 to 100 %, got inf"),
        ("soc = true", "soc: expected a number from 0 to 100 %, got true"),
        ("strict = 1", "strict: expected true or false, got 1"),
        ("id = 7", "id: expected 1 to 48 printable characters, not blank, got 7"),
        ("theme = ''", "theme: expected one of ansi-dark, ansi-light, "),
        (
            "allowed_origins = ['http://a/b']",
            "allowed_origins: expected origins such as http://localhost:3000,https://example.org, "
            "without a path, or null, got a list of 1",
        ),
        (
            "known_stations = ['A', '']",
            "known_stations: expected charge point identities such as CP1,CP2, each 1 to 48 "
            "printable characters, got a list of 2",
        ),
        ("meter_interval = '2 days'", f'meter_interval: {TIME}, got "2 days"'),
        (
            "[anomaly]\nwaits_s = [2, 1, 2, true]",
            "anomaly.waits_s: expected 4 times such as 2,1,2,3, each 0.05 to 3600 s, "
            "got a list of 4",
        ),
        ("anomaly = 3", "anomaly: expected a table, got 3"),
        ("prot = 1", "prot: unknown setting; did you mean protocol?"),
        ("meter-interval = 1", "meter-interval: unknown setting; did you mean meter_interval?"),
        ("low_a = 1", "low_a: unknown setting; did you mean anomaly.low_a?"),
        ("[anomaly]\nlow = 1", "anomaly.low: unknown setting; did you mean anomaly.low_a?"),
        ("[anomaly]\nvariant = 'seed'", "anomaly.variant: unknown setting; did you mean variant?"),
        ("[quux]\nx = 1", "quux: unknown setting; evtui --help lists them all"),
        (
            "port 9000",
            "not valid TOML: Expected '=' after a key in a key/value pair (at line 1, column 6)",
        ),
        ("port = 1\nid = 'x", 'not valid TOML: Expected "\'" (at line 2, the end)'),
        (f"id = {'[' * 5000}", "not valid TOML: "),
    ],
    ids=lambda text: text[:24] if text.startswith(("id =", "port = 0x")) else None,
)
def test_a_bad_file_is_told_in_one_line(toml: str, error: str, lab_toml: Path) -> None:
    lab_toml.write_text(toml)
    with pytest.raises(SettingsError) as caught:
        load(file="lab.toml")
    assert str(caught.value).startswith(f"lab.toml: {error}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"\x80\xff\x00", "lab.toml: expected a TOML file, got something that is not UTF-8 text"),
        (b"#" * (1 << 20) + b"#", "lab.toml: larger than 1 MiB, so hardly a settings file"),
    ],
    ids=["binary", "large"],
)
def test_a_file_that_is_no_settings_file_says_so(
    content: bytes, error: str, lab_toml: Path
) -> None:
    lab_toml.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load(file="lab.toml")
    assert str(caught.value) == error


def test_a_byte_order_mark_is_no_obstacle(lab_toml: Path) -> None:
    lab_toml.write_text("port = 1\r\n", encoding="utf-8-sig")
    assert load(file="lab.toml").settings.port == 1


def test_a_missing_file_and_a_folder_are_told_in_one_line(lab_toml: Path) -> None:
    with pytest.raises(SettingsError) as missing:
        load(file="lab.toml")
    assert str(missing.value) == "--config lab.toml: no such file or directory"
    lab_toml.mkdir()
    with pytest.raises(SettingsError) as folder:
        load(file="lab.toml")
    assert str(folder.value) == "--config lab.toml: is a directory"


def test_a_file_that_may_not_be_read_is_told_in_one_line(
    platform_settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(sources, "open", refuse, raising=False)
    with pytest.raises(SettingsError) as caught:
        load()
    assert str(caught.value) == f"{platform_settings}: permission denied"


def test_an_unusable_platform_file_is_not_passed_over(platform_settings: Path) -> None:
    platform_settings.write_text("port = -1")
    with pytest.raises(SettingsError) as caught:
        load()
    assert str(caught.value) == f"{platform_settings}: port: {PORT}, got -1"


@pytest.mark.parametrize(
    ("preset", "seconds"), [("seed", 1.0), ("dc", 10.0), ("ccs", 10.0), ("ac", 10.0)]
)
def test_the_meter_interval_follows_the_preset_until_one_is_chosen(
    preset: config.PresetName, seconds: float
) -> None:
    assert Settings().meter_interval_for(preset) == seconds
    assert Settings(meter_interval=3.0).meter_interval_for(preset) == 3.0


def test_fewer_frames_go_over_ssh_unless_a_number_is_chosen() -> None:
    assert Settings().frame_rate(ssh=False) == 10
    assert Settings().frame_rate(ssh=True) == 4
    assert Settings(fps=30).frame_rate(ssh=True) == 30


def test_ssh_is_known_by_its_environment() -> None:
    assert over_ssh({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"})
    assert over_ssh({"SSH_TTY": "/dev/pts/0"})
    assert not over_ssh({"SSH_TTY": "", "TERM": "xterm"})


BAD = {
    "preset": ("nope", 'preset: expected one of seed, dc, ccs, ac, got "nope"'),
    "port": (-3, f"port: {PORT}, got -3"),
    "soc": (400.0, "soc: expected a number from 0 to 100 %, got 400.0"),
    "stations": (5000, "stations: expected an integer from 1 to 20, got 5000"),
    "unknown_stations": (
        "x",
        'unknown_stations: expected one of accept, refuse, ask, got "x"',
    ),
    "seed": (None, "seed: expected an integer from 0 to 2^63-1, got nothing"),
    "known_stations": (
        ("A", ""),
        "known_stations: expected charge point identities such as CP1,CP2, each 1 to 48 "
        "printable characters, got a list of 2",
    ),
    "csms": (
        "ws://joe@host",
        'csms: "ws://***@host": a user needs a password: user:password@host',
    ),
}


def test_settings_made_in_python_are_held_to_the_same_rules_and_every_mistake_is_told() -> None:
    values: dict[str, Any] = {name: value for name, (value, _) in BAD.items()}
    with pytest.raises(SettingsError) as caught:
        Settings(**values)
    assert set(caught.value.mistakes) == {line for _, line in BAD.values()}
    assert str(caught.value) == "\n".join(caught.value.mistakes)


@pytest.mark.parametrize("name", BAD)
def test_a_changed_copy_is_held_to_them_too(name: str) -> None:
    value, line = BAD[name]
    change: dict[str, Any] = {name: value}
    with pytest.raises(SettingsError) as caught:
        replace(Settings(), **change)
    assert caught.value.mistakes == (line,)


def test_what_is_wrong_only_together_is_told_on_construction() -> None:
    with pytest.raises(SettingsError, match=r"^high_a: expected at least low_a = 9 A, got 8 A$"):
        Settings(low_a=9, high_a=8)
    with pytest.raises(SettingsError, match=r"^password_file: .* put the password into csms"):
        Settings(csms="ws://host", password_file="key.txt")
    with pytest.raises(SettingsError, match=r"^modules: expected 1 with protocol seed, .* got 2"):
        Settings(modules=2)
    with pytest.raises(SettingsError, match=r"^modules: expected 1 to 4 with protocol infy"):
        Settings(protocol="infy", modules=5, connectors=8)
    with pytest.raises(SettingsError, match=r"^preset: expected seed, dc, ccs with protocol infy"):
        Settings(protocol="infy", preset="ac")
    with pytest.raises(SettingsError, match=r"^listen: expected with upstream only"):
        Settings(listen="127.0.0.1:9000")
    with pytest.raises(SettingsError, match=r"^upstream: expected without csms"):
        Settings(upstream="ws://a", csms="ws://b")
    with pytest.raises(SettingsError, match=r"^upstream: expected no \{id\}"):
        Settings(upstream="ws://a/{id}")


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.5", "[::]", "lab.example"])
def test_an_address_that_others_reach_has_to_be_meant(host: str) -> None:
    with pytest.raises(SettingsError, match=r"^listen: .* --insecure says that this is meant$"):
        Settings(upstream="ws://a", listen=f"{host}:9000")
    assert Settings(upstream="ws://a", listen=f"{host}:9000", insecure=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "[::1]", "localhost"])
def test_an_address_on_loopback_needs_no_word(host: str) -> None:
    assert Settings(upstream="ws://a", listen=f"{host}:9000").listen == f"{host}:9000"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("9000", ("127.0.0.1", 9000)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_an_address_is_a_host_and_a_port(given: str, meant: tuple[str, int]) -> None:
    assert Settings(upstream="ws://a", listen=given).listens_at == meant


@pytest.mark.parametrize(
    "wrong", ["", ":9000", "host:", "host:65536", "host:-1", "::1:80", "[::1]", "a b:1", "h:٣"]
)
def test_what_is_no_address_is_told_in_one_line(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"^listen: expected HOST:PORT such as"):
        Settings(upstream="ws://a", listen=wrong)


def test_settings_made_in_python_have_their_final_types() -> None:
    anything: dict[str, Any] = {
        "soc": 50,
        "waits_s": [1, 2, 3, 4],
        "known_stations": ["A"],
        "state": Path("lab.db"),
    }
    settings = Settings(**anything)
    assert (settings.soc, type(settings.soc)) == (50.0, float)
    assert settings.waits_s == (1.0, 2.0, 3.0, 4.0)
    assert settings.known_stations == ("A",)
    assert settings.state == "lab.db"


def test_all_mistakes_of_all_sources_are_told_at_once(lab_toml: Path) -> None:
    lab_toml.write_text("port = -1\nprot = 1\n[anomaly]\nhigh_a = 1000\nlow_a = 200\n")
    with pytest.raises(SettingsError) as caught:
        load({"soc": "full"}, "lab.toml")
    assert caught.value.mistakes == (
        f"lab.toml: port: {PORT}, got -1",
        "lab.toml: prot: unknown setting; did you mean protocol?",
        "lab.toml: anomaly.high_a: expected a number from 0 to 500 A, got 1000",
        '--soc: expected a number from 0 to 100 %, got "full"',
    )


def test_a_file_full_of_mistakes_does_not_fill_the_screen(lab_toml: Path) -> None:
    lab_toml.write_text("".join(f"quux_{number} = 1\n" for number in range(1000)))
    with pytest.raises(SettingsError) as caught:
        load(file="lab.toml")
    assert len(caught.value.mistakes) == 21
    assert caught.value.mistakes[-1] == "and 980 mistakes more"
