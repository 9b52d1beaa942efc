"""Where settings come from: defaults, TOML files, the command line; and passwords."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from evtui.config.checking import SettingsError, checked, shown
from evtui.config.settings import SETTINGS, Setting, Settings
from evtui.config.together import low_above_high
from evtui.nearest import did_you_mean
from evtui.passwords import (
    VARIABLE,
    PasswordError,
    has_password,
    needs_password,
    password_from,
    with_password,
)
from evtui.redaction import SecretUrl

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Effective",
    "from_values",
    "in_force",
    "load",
    "no_colours",
    "over_ssh",
    "platform_file",
]

_BY_KEY = {setting.key: setting for setting in SETTINGS}
_BY_NAME = {setting.name: setting for setting in SETTINGS}
_TABLES = {setting.table for setting in SETTINGS} - {""}

_LARGEST_FILE = 1 << 20
_MOST_TOLD = 20


class Effective(NamedTuple):
    """Settings and where they came from.

    Attributes:
        settings: the values.
        origins: field name to ``default``, ``file <path>`` or ``flag --port``.
        looked_for: the platform's settings file.
        found: True when that file exists.
        password: where the one for ``csms`` came from, in words; empty without one.
        warning: what is not as it should be and can be lived with, in one line.
    """

    settings: Settings
    origins: Mapping[str, str]
    looked_for: str
    found: bool
    password: str = ""
    warning: str = ""


def in_force(settings: Settings, setting: Setting, *, ssh: bool) -> tuple[Any, str]:
    """The value of a setting, and in words what decided it where nobody did."""
    value = getattr(settings, setting.name)
    if value is None and setting.name == "meter_interval":
        return settings.meter_interval_for(settings.preset), f"preset {settings.preset}"
    if value is None and setting.name == "fps":
        return settings.frame_rate(ssh=ssh), "over SSH" if ssh else "local"
    return value, ""


class _Collected:
    """Values of several sources, the later over the earlier, and the mistakes in them."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {setting.name: setting.default for setting in SETTINGS}
        self.origins = dict.fromkeys(self.values, "default")
        self._wrong: set[str] = set()
        self._mistakes: list[str] = []

    def put(
        self, setting: Setting, value: object, place: str, origin: str, *, from_text: bool = False
    ) -> None:
        try:
            self.values[setting.name] = checked(setting.kind, value, place, from_text=from_text)
        except SettingsError as error:
            self.add_mistakes(error.mistakes)
            self._wrong.add(setting.name)
        self.origins[setting.name] = origin

    def add_mistakes(self, lines: Iterable[str]) -> None:
        self._mistakes += lines

    def raise_mistakes(self) -> None:
        """Raise SettingsError for what is wrong, also with values that only together are."""
        if not self._wrong & {"low_a", "high_a"}:
            self.add_mistakes(low_above_high(self.values, self.origins))
        told = self._mistakes
        if len(told) > _MOST_TOLD:
            told = [*told[:_MOST_TOLD], f"and {len(told) - _MOST_TOLD:,} mistakes more"]
        if told:
            raise SettingsError(*told)


def load(
    flags: Mapping[str, str | bool] | None = None,
    file: str | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    own: bool = True,
) -> Effective:
    """Defaults, then the platform's file if there is one, then ``file``, then ``flags``.

    Args:
        flags: field name to the text given on the command line, a bool for a switch.
        file: path of a TOML file that must exist.
        environ: where the password of ``csms`` may stand; default: nowhere.
        own: the platform's file counts.

    Raises:
        SettingsError: something is not as expected; all mistakes are told.
    """
    collected = _Collected()
    looked_for = str(platform_file())
    document = _read_file(looked_for, looked_for, required=False) if own else None
    documents = [] if document is None else [(looked_for, document)]
    if file == "":
        raise SettingsError('--config: expected a path, got ""')
    if file is not None:
        documents.append((file, _read_file(file, f"--config {file}", required=True) or {}))
    for path, content in documents:
        for key, raw in _entries(content):
            place = f"{path}: {key}"
            if setting := _BY_KEY.get(key):
                collected.put(setting, raw, place, f"file {path}")
            elif key in _TABLES:
                collected.add_mistakes([f"{place}: expected a table, got {shown(raw)}"])
            else:
                collected.add_mistakes([f"{place}: unknown setting{_near(key)}"])
    said: dict[str, str] = {}
    for name, given in (flags or {}).items():
        setting = _BY_NAME[name]
        flag = setting.flag_for(given)
        collected.put(setting, given, flag, f"flag {flag}", from_text=isinstance(given, str))
        said[name] = flag
    collected.raise_mistakes()
    values, origins = collected.values, collected.origins
    places = origins | said
    password, warning = _give_password(
        values, places, environ or {}, file_asked_for="password_file" in said
    )
    return Effective(
        Settings(**values), origins, looked_for, document is not None, password, warning
    )


def from_values(values: Mapping[str, Any], place: str) -> Settings:
    """The settings with these values, by field name; None is the default, other names are left.

    Raises:
        SettingsError: a value is not as expected; all mistakes are told.
    """
    known = {
        name: value for name, value in values.items() if name in _BY_NAME and value is not None
    }
    try:
        return Settings(**known)
    except SettingsError as error:
        raise SettingsError(*(f"{place}: {line}" for line in error.mistakes)) from None


def platform_file() -> Path:
    """Where the platform keeps a user's settings: ``~/.config/evtui/config.toml`` on Linux."""
    from platformdirs import user_config_path

    return user_config_path("evtui") / "config.toml"


def over_ssh(environ: Mapping[str, str]) -> bool:
    """True when the terminal is at the other end of an SSH connection."""
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


def no_colours(environ: Mapping[str, str]) -> bool:
    """True when the user wants none: ``NO_COLOR`` is there, whatever it says (no-color.org)."""
    return "NO_COLOR" in environ


def _give_password(
    values: dict[str, Any],
    places: Mapping[str, str],
    environ: Mapping[str, str],
    *,
    file_asked_for: bool,
) -> tuple[str, str]:
    """Put the password into ``csms``; returns where it came from, in words, and a warning.

    Args:
        places: where each value stands, for messages.
        file_asked_for: ``password_file`` is from the command line, so it must be of use.
    """
    path, url = values["password_file"], values["csms"]
    if url is None:
        if file_asked_for:
            raise SettingsError(f"{places['password_file']}: there is no --csms that it is for")
        return "", ""
    if has_password(url):
        return places["csms"], ""
    try:
        password, source, warning = password_from(path, environ)
    except PasswordError as error:
        raise SettingsError(str(error)) from None
    if password:
        values["csms"] = with_password(url, password)
    elif needs_password(url):
        raise SettingsError(
            f'{places["csms"]}: "{SecretUrl(url)}": a user needs a password: --password-file, '
            f"{VARIABLE} in the environment, or user:password@host"
        )
    return source, warning


def _read_file(path: str, place: str, *, required: bool) -> dict[str, Any] | None:
    try:
        with open(path, "rb") as file:
            raw = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        if not required and isinstance(error, FileNotFoundError | NotADirectoryError):
            return None
        raise SettingsError(f"{place}: {(error.strerror or 'cannot be read').lower()}") from None
    if len(raw) > _LARGEST_FILE:
        raise SettingsError(f"{path}: larger than 1 MiB, so hardly a settings file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(
            f"{path}: expected a TOML file, got something that is not UTF-8 text"
        ) from None

    import tomllib  # most runs have no file to parse

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        end = f"at line {text.count(chr(10)) + 1}, the end"
        # Errors of tomllib have no place of their own before Python 3.14.
        problem = str(error).replace("at end of document", end)
        raise SettingsError(f"{path}: not valid TOML: {problem}") from None


def _entries(document: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Dotted keys and their values; a table that is none stands under its own name."""
    for key, value in document.items():
        if key in _TABLES and isinstance(value, dict):
            yield from ((f"{key}.{name}", part) for name, part in value.items())
        else:
            yield key, value


def _near(key: str) -> str:
    guess = key.replace("-", "_")
    names = {setting.name: setting.key for setting in SETTINGS}
    leaf = guess.rpartition(".")[2]
    if leaf in names:
        return f"; did you mean {names[leaf]}?"
    return did_you_mean(guess, _BY_KEY) or "; evtui --help lists them all"
