"""The password for a central system that is not in its URL."""

from __future__ import annotations

import os
import threading
from base64 import b64decode
from pathlib import Path

import pytest
from websockets.headers import build_authorization_basic
from websockets.uri import parse_uri

from evtui.cli.main import main
from evtui.config import Effective, SettingsError, load, to_toml
from evtui.ocppj.websocket import station_url
from evtui.passwords import VARIABLE
from evtui.redaction import reveal

SECRET = "s3/cr?t: p@ß"


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``key.txt`` in the working folder, for its owner only."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nothing"))
    path = tmp_path / "key.txt"
    path.write_text(f"{SECRET}\n", "utf-8")
    path.chmod(0o600)
    return path


def said(effective: Effective, identity: str = "CP 1") -> tuple[str, str]:
    """Path and credentials that the station of this identity comes with."""
    place = parse_uri(station_url(reveal(effective.settings.csms or ""), identity))
    assert place.username is not None
    assert place.password is not None
    header = build_authorization_basic(place.username, place.password)
    return place.path, b64decode(header.removeprefix("Basic ")).decode()


@pytest.mark.parametrize(
    ("url", "path", "user"),
    [
        ("ws://host", "/CP%201", "CP 1"),
        ("ws://host/ocpp/", "/ocpp/CP%201", "CP 1"),
        ("wss://[::1]:9/{id}/v16", "/CP%201/v16", "CP 1"),
        ("ws://joe@host/ocpp", "/ocpp/CP%201", "joe"),
        ("ws://j%20e@host", "/CP%201", "j e"),
    ],
)
def test_a_password_goes_with_the_user_of_the_url_or_with_the_identity(
    url: str, path: str, user: str, key_file: Path
) -> None:
    by_file = load({"csms": url, "password_file": "key.txt"})
    by_environment = load({"csms": url}, environ={VARIABLE: SECRET})
    assert said(by_file) == said(by_environment) == (path, f"{user}:{SECRET}")
    assert SECRET not in repr(by_file)
    assert by_file.settings.secrets


def test_the_url_comes_before_the_file_and_the_file_before_the_environment(key_file: Path) -> None:
    environ = {VARIABLE: "of the environment"}
    flags: dict[str, str | bool] = {"csms": "ws://joe:of%20url@h", "password_file": "key.txt"}
    by_url = load(flags, environ=environ)
    assert said(by_url)[1] == "joe:of url"
    assert by_url.password == "--csms"
    by_file = load({**flags, "csms": "ws://joe@h"}, environ=environ)
    assert said(by_file)[1] == f"joe:{SECRET}"
    assert by_file.password == "file key.txt"
    by_environment = load({"csms": "ws://joe@h"}, environ=environ)
    assert said(by_environment)[1] == "joe:of the environment"
    assert by_environment.password == VARIABLE


def test_a_file_of_settings_may_name_the_password_file(key_file: Path) -> None:
    Path("lab.toml").write_text('csms = "ws://host"\npassword_file = "key.txt"\n')
    assert said(load(file="lab.toml"))[1] == f"CP 1:{SECRET}"


def test_without_a_password_nothing_is_said(key_file: Path) -> None:
    effective = load({"csms": "ws://host"}, environ={VARIABLE: ""})
    assert effective.settings.csms == "ws://host"
    assert effective.password == effective.warning == ""
    assert load(environ={VARIABLE: SECRET}).settings.csms is None


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\nmore\n"])
def test_the_password_is_the_first_line(ending: str, key_file: Path) -> None:
    key_file.write_bytes(b" two words " + ending.encode())
    effective = load({"csms": "ws://h", "password_file": "key.txt"})
    assert said(effective)[1] == "CP 1: two words "


def test_a_password_may_come_from_another_program(key_file: Path) -> None:
    os.mkfifo("pipe")
    writer = threading.Thread(target=Path("pipe").write_text, args=(SECRET,))
    writer.start()
    effective = load({"csms": "ws://h", "password_file": "pipe"})
    writer.join()
    assert said(effective)[1] == f"CP 1:{SECRET}"
    assert effective.warning == ""


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_password_that_others_can_read_is_told(
    mode: int, key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key_file.chmod(mode)
    line = "key.txt: others can read it; chmod 600 keeps it yours"
    assert load({"csms": "ws://h", "password_file": "key.txt"}).warning == line
    assert main(["config", "--csms", "ws://h", "--password-file", "key.txt"]) == 0
    assert f"! {line}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "its first line is empty; expected a password"),
        (b"\ns3cr3t", "its first line is empty; expected a password"),
        (b"s3cr3t\xff", "expected a password in UTF-8"),
        (b"s3cr3t\x00", "a password has no control characters; one line of text"),
        (b"s3cr3t\tx", "a password has no control characters; one line of text"),
        (b"s3cr3t" * 200, "longer than 1024 bytes, so hardly a password"),
    ],
)
def test_what_is_no_password_is_refused_in_one_line_without_it(
    content: bytes, problem: str, key_file: Path
) -> None:
    key_file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load({"csms": "ws://h", "password_file": "key.txt"})
    assert str(caught.value) == f"key.txt: {problem}"
    if content and b"\0" not in content and not content.startswith(b"\n"):
        with pytest.raises(SettingsError) as caught:
            load({"csms": "ws://h"}, environ={VARIABLE: os.fsdecode(content)})
        assert str(caught.value) == f"{VARIABLE}: {problem}"


@pytest.mark.parametrize(
    ("path", "problem"),
    [("none.txt", "no such file or directory"), (".", "is a directory"), ("a\0b", "printable")],
)
def test_a_file_that_cannot_be_read_is_told(path: str, problem: str, key_file: Path) -> None:
    with pytest.raises(SettingsError, match=problem):
        load({"csms": "ws://h", "password_file": path})


def test_a_user_needs_a_password_and_a_password_file_a_url(key_file: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load({"csms": "ws://joe@host"}, environ={VARIABLE: ""})
    assert str(caught.value) == (
        '--csms: "ws://***@host": a user needs a password: --password-file, '
        f"{VARIABLE} in the environment, or user:password@host"
    )
    with pytest.raises(SettingsError) as caught:
        load({"password_file": "key.txt"})
    assert str(caught.value) == "--password-file: there is no --csms that it is for"


@pytest.mark.parametrize("url", ["ws://joe:s3cr3t@h/{id}", "ws://h/{id}?token=s3cr3t"])
def test_the_settings_are_shown_and_written_without_a_secret(
    url: str, key_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in (["config"], ["config", "--toml"]):
        assert main([*arguments, "--csms", url]) == 0
        shown = capsys.readouterr().out
        assert "s3cr3t" not in shown
        assert "***" in shown
    commented = [line for line in shown.splitlines() if line.startswith("# csms = ")]
    assert commented
    assert f"with {VARIABLE} in the environment or password_file" in commented[0]
    monkeypatch.setenv(VARIABLE, "s3cr3t")
    assert main(["config", "--csms", "ws://joe@h"]) == 0
    shown = capsys.readouterr().out
    assert "s3cr3t" not in shown
    assert f"password for csms: from {VARIABLE}" in shown


def test_a_url_whose_password_comes_from_elsewhere_is_written_down(key_file: Path) -> None:
    effective = load({"csms": "ws://host/ocpp", "password_file": "key.txt"})
    written = to_toml(effective.settings)
    assert SECRET not in written
    Path("lab.toml").write_text(written, "utf-8")
    assert load(file="lab.toml").settings == effective.settings


@pytest.mark.parametrize(
    "arguments",
    [
        ["ws://joe:s3cr3t@host"],
        ["--csm", "ws://joe:s3cr3t@host"],
        ["--csms", "http://joe:s3cr3t@host"],
        ["--csms", "ws://joe:s3 cr3t@host"],
        ["--port", "ws://joe:s3cr3t@host"],
        ["--port", f"ws://joe:s3cr3t{'x' * 60}@host"],
        ["run", "ws://joe:s3cr3t@host"],
        ["replay", "https://h/x?token=s3cr3t"],
    ],
)
def test_no_error_of_the_command_line_shows_a_secret(
    arguments: list[str], key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    said = "".join(capsys.readouterr())
    assert said
    assert "s3" not in said
    assert "cr3t" not in said
