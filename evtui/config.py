"""Settings: what they are, what they may be, and where each effective value came from.

:class:`Settings` is the only place that knows a setting's name, type, default, limits and
help text.  The command line, the TOML files, ``evtui config`` and the help are all made from
:data:`SETTINGS`, which is read off its fields.

Plain dataclasses rather than msgspec: ``evtui --help`` must not pay 40 ms for an import, and
every message here says what was expected in the setting's own words.
"""

# ruff: noqa: RUF009 - _setting() is dataclasses.field() with our metadata, no shared default

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from evtui import __version__
from evtui.kinds import (
    Choice,
    CiString,
    EndpointUrl,
    FourWaits,
    Identities,
    Identity,
    Integer,
    Kind,
    Number,
    OriginNames,
    Place,
    Seconds,
    Switch,
    Unfit,
    Waits,
    quoted,
)
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
    "SETTINGS",
    "Effective",
    "Preset",
    "RecordTrouble",
    "Setting",
    "Settings",
    "SettingsError",
    "Variant",
    "checked",
    "from_values",
    "load",
    "over_ssh",
    "platform_file",
    "to_toml",
    "toml_value",
]

Preset = Literal["seed", "dc", "ccs", "ac"]
Variant = Literal["seed", "txprofile", "txdefault", "startstop"]
RecordTrouble = Literal["continue", "stop"]
UnknownStations = Literal["accept", "refuse", "ask"]
UnknownIdTags = Literal["accept", "reject"]
AfterCrash = Literal["Reboot", "PowerLoss"]
Theme = Literal[
    "ansi-dark",
    "ansi-light",
    "atom-one-dark",
    "atom-one-light",
    "catppuccin-frappe",
    "catppuccin-latte",
    "catppuccin-macchiato",
    "catppuccin-mocha",
    "dracula",
    "flexoki",
    "gruvbox",
    "monokai",
    "nord",
    "rose-pine",
    "rose-pine-dawn",
    "rose-pine-moon",
    "solarized-dark",
    "solarized-light",
    "textual-dark",
    "textual-light",
    "tokyo-night",
]
"""Textual's themes, named here because the settings must not import it; a test compares."""

T = TypeVar("T")

_LARGEST_FILE = 1 << 20


class SettingsError(ValueError):
    """Bad input; its text is one line that names place, problem and what was expected."""


def _setting(
    default: T,
    kind: Kind[T],
    group: str,
    summary: str,
    *,
    flag: str = "",
    table: str = "",
    unset: str = "",
) -> T:
    """One field of :class:`Settings`; see :class:`Setting` for what the arguments mean."""
    about = {
        "kind": kind,
        "group": group,
        "summary": summary,
        "flag": flag,
        "table": table,
        "unset": unset,
    }
    return field(default=default, metadata=about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a run can be told before it starts; checked by :func:`load`.

    None means "not said": :meth:`meter_interval_for` and :meth:`frame_rate` then decide.

    Lengths: BootNotification.req is OCPP 1.6 ed. 2 section 6.3 (vendor and model CiString20,
    serial CiString25, firmware CiString50), the id tag is an IdToken, CiString20 (section
    7.28).  OCPP-J 1.6 gives the identity no length; 48 is that of OCPP 2.0.1 part 4 section
    3.1.1.  Meter values faster than the power stage's 100 ms step would repeat themselves.
    """

    port: int = _setting(
        9000, Integer(0, 65535), "Lab", "Port of the central system on loopback; 0 = a free one."
    )
    csms: str | None = _setting(
        None,
        EndpointUrl(),
        "Lab",
        "Connect the charge point to this central system instead of ours; {id} is its identity, "
        "else /identity is appended.  Its password: user:password@host, --password-file, or "
        f"{VARIABLE} in the environment, in this order.",
        unset="our own",
    )
    password_file: str | None = _setting(
        None,
        Place("FILE", "a file"),
        "Lab",
        "Its first line is the password for --csms, of the user that the URL names, else of the "
        "identity.",
        unset="none",
    )
    unknown_stations: UnknownStations = _setting(
        "accept",
        Choice(*get_args(UnknownStations)),
        "Lab",
        "Charge points our central system does not know: let in, HTTP 404, or Pending until "
        "somebody answers.",
    )
    known_stations: tuple[str, ...] | None = _setting(
        None, Identities(), "Lab", "Charge points it knows beside ours.", unset="none"
    )
    allowed_origins: tuple[str, ...] | None = _setting(
        None,
        OriginNames(),
        "Lab",
        "Web pages that may connect to it; others get HTTP 403.",
        flag="--allow-origin",
        unset="none",
    )
    tolerant: bool = _setting(
        False,
        Switch(),
        "Lab",
        "Act on or refuse what breaks its schema slightly: a length, a value, a field too many.",
        flag="--tolerant/--exacting",
    )
    tolerant_stations: tuple[str, ...] | None = _setting(
        None, Identities(), "Lab", "Charge points for which that is tolerated.", unset="none"
    )
    id_tags: str | None = _setting(
        None,
        Place("FILE", "a file"),
        "Lab",
        "Id tags our central system knows: CSV with id_tag, status, parent, expiry.",
        unset="none",
    )
    unknown_id_tags: UnknownIdTags = _setting(
        "accept", Choice(*get_args(UnknownIdTags)), "Lab", "Id tags that are not among them."
    )
    call_timeout: float = _setting(
        30.0, Seconds(0.1, 3600), "Lab", "Longest wait for the answer to an OCPP call."
    )
    heartbeat_interval: int = _setting(
        10, Integer(1, 86400, "s"), "Lab", "Heartbeat interval that our central system gives."
    )
    csms_ping_interval: float = _setting(
        20.0,
        Seconds(0, 86400),
        "Lab",
        "Time between WebSocket pings of our central system; 0 = none.",
    )
    seed: int = _setting(
        1, Integer(0), "Lab", "Start of the random numbers: the same number, the same run."
    )

    id: str = _setting("CP1", Identity(), "Charge point", "Charge point identity.")
    stations: int = _setting(
        1, Integer(1, 20), "Charge point", "Charge points of ours: CP1, CP2, ..."
    )
    connectors: int = _setting(1, Integer(1, 8), "Charge point", "Connectors of each.")
    state: str | None = _setting(
        None,
        Place("FILE", "a file"),
        "Charge point",
        "Keep what charge points and central system know in it, over a crash too.",
        unset="in memory",
    )
    persist_interval: float = _setting(
        1.0, Seconds(0.1, 3600), "Charge point", "Time between two meter values kept in it."
    )
    after_crash: AfterCrash = _setting(
        "Reboot",
        Choice(*get_args(AfterCrash)),
        "Charge point",
        "Reason of a StopTransaction for a transaction that a crash ended.",
    )
    vendor: str = _setting("evtui", CiString(0, 20), "Charge point", "Vendor.")
    model: str = _setting("DC lab", CiString(0, 20), "Charge point", "Model.")
    serial: str = _setting("", CiString(0, 25), "Charge point", "Serial number.")
    firmware: str = _setting(__version__, CiString(0, 50), "Charge point", "Firmware version.")
    id_tag: str = _setting("ANOM_TEST", CiString(1, 20), "Charge point", "Id tag of remote starts.")
    preset: Preset = _setting(
        "seed",
        Choice(*get_args(Preset)),
        "Charge point",
        "Power stage; seed is the name of the first one, a toy.",
    )
    strict: bool = _setting(
        False,
        Switch(),
        "Charge point",
        "Reject or take a TxProfile without a transaction.",
        flag="--strict/--lenient",
    )
    meter_interval: float | None = _setting(
        None,
        Seconds(0.1, 86400),
        "Charge point",
        "Time between MeterValues.",
        unset="1 s in preset seed, else 10 s",
    )
    soc: float = _setting(
        20.0, Number(0, 100, "%"), "Charge point", "State of charge at the start."
    )

    record: str | None = _setting(
        None,
        Place("DIR", "a folder"),
        "Recording",
        "Record into this folder from the first moment.",
        unset="off",
    )
    record_trouble: RecordTrouble = _setting(
        "continue",
        Choice(*get_args(RecordTrouble)),
        "Recording",
        "What the lab does when a recording fails, as with a full disk.",
    )
    redact_id_tags: bool = _setting(
        False,
        Switch(),
        "Recording",
        "Hide or keep id tags in recordings and in the feed.",
        flag="--redact-id-tags/--keep-id-tags",
    )
    events: str | None = _setting(
        None,
        Place("FILE|-|unix:PATH", "a file, - or unix:PATH"),
        "Recording",
        "Write every event as a JSON line as it happens.",
        unset="off",
    )

    fps: int | None = _setting(
        None, Integer(1, 60), "Terminal", "Most frames a second.", unset="10, over SSH 4"
    )
    mouse: bool = _setting(True, Switch(), "Terminal", "Use the mouse.", flag="--mouse/--no-mouse")
    theme: Theme | None = _setting(
        None, Choice(*get_args(Theme)), "Terminal", "Colours.", unset="the one chosen last"
    )

    variant: Variant = _setting(
        "seed",
        Choice(*get_args(Variant)),
        "Anomaly",
        "Variant of the repeated current fluctuation; seed is the name of the first one.",
    )
    low_a: float = _setting(
        0.0, Number(0, 500, "A"), "Anomaly", "Lower current limit.", flag="--low", table="anomaly"
    )
    high_a: float = _setting(
        100.0,
        Number(0, 500, "A"),
        "Anomaly",
        "Upper current limit.",
        flag="--high",
        table="anomaly",
    )
    waits_s: Waits = _setting(
        (2.0, 1.0, 2.0, 3.0),
        FourWaits(Seconds(0.05, 3600)),
        "Anomaly",
        "Waits after low, high, start and stop.",
        flag="--waits",
        table="anomaly",
    )
    cycles: int = _setting(
        0, Integer(0, 1_000_000), "Anomaly", "Cycles; 0 = endless.", table="anomaly"
    )
    jitter: float = _setting(
        0.0, Number(0, 0.9), "Anomaly", "Share by which each wait varies.", table="anomaly"
    )

    def __post_init__(self) -> None:
        if self.csms is not None:
            object.__setattr__(self, "csms", SecretUrl(self.csms))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is to be hidden wherever it turns up."""
        return self.csms.secrets if isinstance(self.csms, SecretUrl) else ()

    def meter_interval_for(self, preset: Preset) -> float:
        """Seconds between MeterValues under ``preset``, which can change while the lab runs."""
        if self.meter_interval is not None:
            return self.meter_interval
        return 1.0 if preset == "seed" else 10.0

    def tolerates(self, station: str) -> bool:
        """True when what breaks its schema slightly is acted on, at either end of that link."""
        return self.tolerant or station in (self.tolerant_stations or ())

    def frame_rate(self, *, ssh: bool) -> int:
        """Most frames a second the terminal is sent."""
        return self.fps or (4 if ssh else 10)


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known about one field of :class:`Settings`.

    Attributes:
        name: the field.
        default: its default.
        kind: what it may be.
        group: heading in the help.
        summary: one sentence for the help.
        flag: option on the command line, ``--on/--off`` for a switch.
        table: TOML table it stands in, empty for the top level.
        unset: what None means, in words.
    """

    name: str
    default: object
    kind: Kind[object]
    group: str
    summary: str
    flag: str
    table: str
    unset: str

    @property
    def key(self) -> str:
        """Dotted name in a TOML file."""
        return f"{self.table}.{self.name}" if self.table else self.name

    def flag_for(self, value: object) -> str:
        """The one option that sets ``value``."""
        on, _, off = self.flag.partition("/")
        return off if value is False else on


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(
        name=each.name,
        default=each.default,
        **{**each.metadata, "flag": each.metadata["flag"] or "--" + each.name.replace("_", "-")},
    )
    for each in fields(Settings)
)
_BY_KEY = {setting.key: setting for setting in SETTINGS}
_BY_NAME = {setting.name: setting for setting in SETTINGS}
_TABLES = {setting.table for setting in SETTINGS} - {""}


@dataclass(frozen=True, slots=True)
class Effective:
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
        SettingsError: something is not as expected.
    """
    values: dict[str, Any] = {setting.name: setting.default for setting in SETTINGS}
    origins = dict.fromkeys(values, "default")
    looked_for = str(platform_file())
    document = _read_file(looked_for, looked_for, required=False) if own else None
    documents = [] if document is None else [(looked_for, document)]
    if file == "":
        raise SettingsError('--config: expected a path, got ""')
    if file is not None:
        documents.append((file, _read_file(file, f"--config {file}", required=True) or {}))
    for path, content in documents:
        for key, raw in _entries(content, path):
            setting = _BY_KEY.get(key)
            if setting is None:
                raise SettingsError(f"{path}: {key}: unknown setting{_near(key)}")
            values[setting.name] = checked(setting.kind, raw, f"{path}: {key}")
            origins[setting.name] = f"file {path}"
    for name, given in (flags or {}).items():
        setting = _BY_NAME[name]
        flag = setting.flag_for(given)
        values[name] = checked(setting.kind, given, flag, from_text=isinstance(given, str))
        origins[name] = f"flag {flag}"
    low, high = values["low_a"], values["high_a"]
    if low > high:
        raise SettingsError(
            f"high_a: expected at least low_a = {low:g} A ({origins['low_a']}), "
            f"got {high:g} A ({origins['high_a']})"
        )
    password, warning = _give_password(values, origins, environ or {})
    return Effective(
        Settings(**values), origins, looked_for, document is not None, password, warning
    )


def from_values(values: Mapping[str, Any], place: str) -> Settings:
    """The settings with these values, by field name; None is the default, other names are left.

    Raises:
        SettingsError: a value is not as expected.
    """
    found: dict[str, Any] = {
        name: checked(_BY_NAME[name].kind, value, f"{place}: {name}")
        for name, value in values.items()
        if name in _BY_NAME and value is not None
    }
    settings = Settings(**found)
    if settings.low_a > settings.high_a:
        raise SettingsError(f"{place}: high_a: expected at least low_a")
    return settings


def _give_password(
    values: dict[str, Any], origins: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[str, str]:
    """Put the password into ``csms``; returns where it came from, in words, and a warning."""
    path, url = values["password_file"], values["csms"]
    place = {name: origins[name].removeprefix("flag ") for name in ("password_file", "csms")}
    if url is None:
        if origins["password_file"].startswith("flag"):
            raise SettingsError(f"{place['password_file']}: there is no --csms that it is for")
        return "", ""
    if has_password(url):
        return place["csms"], ""
    try:
        password, source, warning = password_from(path, environ)
    except PasswordError as error:
        raise SettingsError(str(error)) from None
    if password:
        values["csms"] = with_password(url, password)
    elif needs_password(url):
        raise SettingsError(
            f'{place["csms"]}: "{SecretUrl(url)}": a user needs a password: --password-file, '
            f"{VARIABLE} in the environment, or user:password@host"
        )
    return source, warning


def platform_file() -> Path:
    """Where the platform keeps a user's settings: ``~/.config/evtui/config.toml`` on Linux."""
    from platformdirs import user_config_path

    return user_config_path("evtui") / "config.toml"


def over_ssh(environ: Mapping[str, str]) -> bool:
    """True when the terminal is at the other end of an SSH connection."""
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


def toml_value(value: object) -> str:
    """``value`` of a setting as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):  # printable by its kind, so two escapes are enough
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return "[" + ", ".join(toml_value(part) for part in value) + "]"
    return repr(value)


_NOT_WRITTEN = (
    f"Secrets are not written: give --csms, or the URL here with {VARIABLE} in the environment "
    "or password_file."
)


def to_toml(settings: Settings) -> str:
    """A settings file that gives exactly ``settings``.

    What is not set is commented out, and so is a URL with a secret in it.
    """
    lines: list[str] = []
    table = ""
    for setting in SETTINGS:
        if setting.table != table:
            table = setting.table
            lines += ["", f"[{table}]"]
        value = getattr(settings, setting.name)
        summary = setting.summary
        if value is None:
            assignment = f"# {setting.name} ="
        else:
            assignment = f"{setting.name} = {toml_value(value)}"
            if isinstance(value, SecretUrl) and not value.may_be_written:
                assignment, summary = f"# {assignment}", f"{_NOT_WRITTEN}  {summary}"
        lines.append(f"{assignment}  # {summary}")
    return "\n".join(lines) + "\n"


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
        problem = str(error).replace("at end of document", end)
        raise SettingsError(f"{path}: not valid TOML: {problem}") from None


def _entries(document: Mapping[str, Any], path: str) -> Iterator[tuple[str, object]]:
    for key, value in document.items():
        if key not in _TABLES:
            yield key, value
        elif isinstance(value, dict):
            yield from ((f"{key}.{name}", part) for name, part in value.items())
        else:
            raise SettingsError(f"{path}: {key}: expected a table, got {_got(value)}")


def checked(kind: Kind[T], value: Any, place: str, *, from_text: bool = False) -> T:
    """``value`` as its kind wants it.

    Args:
        place: where it stands, for the message.
        from_text: it is text of a command line.

    Raises:
        SettingsError: it does not fit.
    """
    try:
        return kind.check(kind.read(value) if from_text else value)
    except Unfit as unfit:
        raise SettingsError(f"{place}: expected {kind.expected}, got {unfit}") from None
    except ValueError:
        raise SettingsError(f"{place}: expected {kind.expected}, got {_got(value)}") from None


def _got(value: object) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, int) and abs(value) >= 1 << 64:
        return "a huge number"  # whose digits Python may refuse to write
    return str(value).lower()


def _near(key: str) -> str:
    guess = key.replace("-", "_")
    names = {setting.name: setting.key for setting in SETTINGS}
    leaf = guess.rpartition(".")[2]
    if leaf in names:
        return f"; did you mean {names[leaf]}?"
    return did_you_mean(guess, _BY_KEY) or "; evtui --help lists them all"
