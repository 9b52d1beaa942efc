"""The settings, each defined once: name, kind, default, unit, range, meaning.

Plain dataclasses rather than msgspec: ``evtui --help`` must not pay 40 ms for an import, and
every message here says what was expected in the setting's own words.
"""

# ruff: noqa: RUF009 - _setting() is dataclasses.field() with our metadata, no shared default

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from itertools import chain
from typing import Any, NamedTuple, TypeVar, get_args

from evtui import __version__
from evtui.can_addresses import SIDES, Side
from evtui.config.checking import SettingsError, checked
from evtui.config.choices import (
    FAVOURITES,
    PRESETS,
    PROTOCOLS,
    VARIANTS,
    VEHICLE_NAMES,
    AfterCrash,
    CanBitrate,
    CanDataBitrate,
    CanOverflow,
    CanQueue,
    CanRecovery,
    PresetName,
    ProtocolName,
    RecordTrouble,
    Theme,
    UnknownIdTags,
    UnknownStations,
    Variant,
    VehicleName,
)
from evtui.config.together import wrong_together
from evtui.durations import FourWaits, Seconds, Waits, WholeSeconds
from evtui.kinds import (
    CanInterfaces,
    Choice,
    CiString,
    EndpointUrl,
    HostPort,
    Identities,
    IdentityText,
    Integer,
    NameList,
    Number,
    OriginNames,
    PathText,
    Switch,
    ValueKind,
    split_host_port,
)
from evtui.passwords import VARIABLE
from evtui.redaction import SecretUrl

__all__ = ["KINDS", "SETTINGS", "Setting", "Settings", "limits"]

T = TypeVar("T")


def _setting(
    default: T,
    kind: ValueKind[T],
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
    """Everything a run can be told before it starts; checked when it is made.

    None means "not said": :meth:`meter_interval_for` and :meth:`frame_rate` then decide.

    Raises:
        SettingsError: values are not as expected; all of them are told.

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
        PathText("FILE", "a file"),
        "Lab",
        "Its first line is the password for --csms, of the user that the URL names, else of the "
        "identity.",
        unset="none",
    )
    upstream: str | None = _setting(
        None,
        EndpointUrl(),
        "Lab",
        "Stand between other people's charge points and this central system of theirs: relay, "
        "show and record.  Instead of our own charge points and central system.",
        unset="none",
    )
    listen: str | None = _setting(
        None,
        HostPort(),
        "Lab",
        "Where their charge points connect; another address than loopback needs --insecure.",
        unset="port on loopback",
    )
    insecure: bool = _setting(
        False,
        Switch(),
        "Lab",
        "Listen where others can connect, without TLS and a password of ours.",
        flag="--insecure/--no-insecure",
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
        PathText("FILE", "a file"),
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
        10, WholeSeconds(1, 86400), "Lab", "Heartbeat interval that our central system gives."
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

    id: str = _setting("CP1", IdentityText(), "Charge point", "Charge point identity.")
    stations: int = _setting(
        1, Integer(1, 20), "Charge point", "Charge points of ours: CP1, CP2, ..."
    )
    connectors: int = _setting(1, Integer(1, 8), "Charge point", "Connectors of each.")
    state: str | None = _setting(
        None,
        PathText("FILE", "a file"),
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
    preset: PresetName = _setting(
        "seed",
        Choice(*PRESETS),
        "Charge point",
        "Power stage; seed is the name of the first one, a toy.",
    )
    protocol: ProtocolName = _setting(
        "seed",
        Choice(*PROTOCOLS),
        "Charge point",
        "What it speaks with its charger modules on CAN; see evtui docs can.",
    )
    modules: int = _setting(
        1,
        Integer(1, 8),
        "Charge point",
        "Charger modules that share the load of a connector; 1 with the protocol seed.",
    )
    ambient: float = _setting(
        25.0,
        Number(-40, 80, "degC"),
        "Charge point",
        "Temperature of the air that cools it.",
    )
    vehicle: VehicleName = _setting(
        "battery",
        Choice(*VEHICLE_NAMES),
        "Charge point",
        "Vehicle at each connector; battery follows a limit at once, the others as measured.",
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

    can: tuple[str, ...] | None = _setting(
        None,
        CanInterfaces(),
        "Real CAN bus",
        "Join a real bus through whatever python-can opens; @500000 or @500k behind the channel is "
        "its bit rate, ,option=value goes to the interface.",
        unset="none",
    )
    can_side: Side = _setting(
        "controller",
        Choice(*SIDES),
        "Real CAN bus",
        "Which end is ours: the controller (our charge point drives a real module), the module (it "
        "answers a real controller), both (the wire hears a copy and says nothing), or neither (we "
        "look on).",
    )
    can_listen_only: bool = _setting(
        False,
        Switch(),
        "Real CAN bus",
        "Send nothing at all on a real bus.",
        flag="--can-listen-only/--can-sending",
    )
    arm: bool = _setting(
        False,
        Switch(),
        "Real CAN bus",
        "Allow anomalies and frames by hand on a real bus from the start.",
        flag="--arm/--disarmed",
    )
    armed_for: float = _setting(
        600.0,
        Seconds(1, 86400),
        "Real CAN bus",
        "Time after which they end by themselves, from the moment of arming.",
    )
    can_bitrate: CanBitrate | None = _setting(
        None,
        Choice(*get_args(CanBitrate)),
        "CAN",
        "Bit rate of the buses, kbit/s; ideal: no frame takes time, and none fails.",
        unset="the protocol's own",
    )
    can_data_bitrate: CanDataBitrate = _setting(
        "2000",
        Choice(*get_args(CanDataBitrate)),
        "CAN",
        "Bit rate of the data phase of CAN FD frames that switch, kbit/s.",
    )
    can_queue: CanQueue = _setting(
        "priority",
        Choice(*get_args(CanQueue)),
        "CAN",
        "What a node sends first of what waits: the lowest identifier, or what came first.",
    )
    can_queue_depth: int = _setting(256, Integer(1, 4096), "CAN", "Frames that may wait at a node.")
    can_overflow: CanOverflow = _setting(
        "refuse",
        Choice(*get_args(CanOverflow)),
        "CAN",
        "When more come: refuse the new one, drop the oldest, or overwrite one of its identifier.",
    )
    can_recovery: CanRecovery = _setting(
        "automatic",
        Choice(*get_args(CanRecovery)),
        "CAN",
        "How a node that is bus off takes part again, after 128 times 11 recessive bits.",
    )

    record: str | None = _setting(
        None,
        PathText("DIR", "a folder"),
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
        PathText("FILE|-|unix:PATH", "a file, - or unix:PATH"),
        "Recording",
        "Write every event as a JSON line as it happens.",
        unset="off",
    )

    fps: int | None = _setting(
        None,
        Integer(1, 60),
        "Terminal",
        "Frames of the lab a second; keys are answered between them.",
        unset="10, over SSH 4",
    )
    mouse: bool = _setting(True, Switch(), "Terminal", "Use the mouse.", flag="--mouse/--no-mouse")
    theme: Theme | None = _setting(
        None, Choice(*get_args(Theme)), "Terminal", "Colours.", unset="the one chosen last"
    )

    dbc: str | None = _setting(
        None,
        PathText("FILE", "a file"),
        "Terminal",
        "CAN database that frames are named and decoded by: DBC, KCD or SYM.",
        unset="those of the protocols",
    )
    favourites: tuple[str, ...] | None = _setting(
        None,
        NameList(len(FAVOURITES), 40),
        "Terminal",
        "Anomalies that the keys 6 to 9 start and stop.",
        unset=", ".join(FAVOURITES),
    )

    variant: Variant = _setting(
        "seed",
        Choice(*VARIANTS),
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
        mistakes: list[str] = []
        values: dict[str, Any] = {}
        for setting in SETTINGS:
            value = getattr(self, setting.name)
            if value is None and setting.default is None:
                continue
            try:
                values[setting.name] = checked(setting.kind, value, setting.name)
            except SettingsError as error:
                mistakes += error.mistakes
        mistakes += wrong_together(values)
        for name in ("csms", "upstream"):
            if name in values:
                values[name] = SecretUrl(values[name])
        if mistakes:
            raise SettingsError(*mistakes)
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is to be hidden wherever it turns up."""
        urls = (self.csms, self.upstream)
        return tuple(chain(*(url.secrets for url in urls if isinstance(url, SecretUrl))))

    @property
    def listens_at(self) -> tuple[str, int]:
        """Host and port at which charge points of other people connect."""
        return ("127.0.0.1", self.port) if self.listen is None else split_host_port(self.listen)

    @property
    def our_central_system(self) -> bool:
        """True where the lab has a central system of its own."""
        return self.csms is None and self.upstream is None

    def meter_interval_for(self, preset: PresetName) -> float:
        """Seconds between MeterValues under ``preset``, which can change while the lab runs."""
        if self.meter_interval is not None:
            return self.meter_interval
        return 1.0 if preset == "seed" else 10.0

    def can_rates(self, usual: int) -> tuple[int | None, int]:
        """Bit/s of a bus, None for an ideal one, and of the data phase of its CAN FD frames.

        Args:
            usual: of a bus where nothing is said.
        """
        data = 1_000 * int(self.can_data_bitrate)
        if self.can_bitrate == "ideal":
            return None, data
        return usual if self.can_bitrate is None else 1_000 * int(self.can_bitrate), data

    def tolerates(self, station: str) -> bool:
        """True when what breaks its schema slightly is acted on, at either end of that link."""
        return self.tolerant or station in (self.tolerant_stations or ())

    def frame_rate(self, *, ssh: bool) -> int:
        """Frames of the lab a second that the terminal is sent."""
        return self.fps or (4 if ssh else 10)


class Setting(NamedTuple):
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
    kind: ValueKind[object]
    group: str
    summary: str
    flag: str
    table: str
    unset: str

    @property
    def key(self) -> str:
        """Dotted name in a TOML file."""
        return f"{self.table}.{self.name}" if self.table else self.name

    @property
    def default_text(self) -> str:
        """The default as the command line and the documentation tell it."""
        default = self.default
        if default is None:
            return self.unset
        if isinstance(default, bool):
            return self.flag_for(default)
        if isinstance(default, tuple):
            return ",".join(f"{part:g}" for part in default)
        return (f"{default:g}" if isinstance(default, float) else str(default)) or "empty"

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


KINDS: Mapping[str, ValueKind[Any]] = {setting.name: setting.kind for setting in SETTINGS}
"""What each setting may be, by field name."""


def limits(name: str) -> tuple[float, float]:
    """The least and the greatest value of a setting that is a number, or four of them."""
    kind = KINDS[name]
    kind = kind.each if isinstance(kind, FourWaits) else kind
    assert isinstance(kind, Number | Integer)
    return kind.low, kind.high
