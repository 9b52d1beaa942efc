"""The table of configuration keys: OCPP 1.6 section 9, the errata's additions and our own.

One line a key.  What a value may be is said by its kind; who may change it by ``access``.
"""

from __future__ import annotations

import re
from typing import Literal, Protocol

import msgspec

from evtui.power import Preset, preset
from evtui.station.metering.measurands import known_items, parse_items

__all__ = ["KEYS", "Facts", "Key", "KeyValue", "table_rows"]

KeyValue = bool | int | float | str

MOST_MEASURANDS = 10
"""Items of a measurand list; each measurand fits once, without naming phases."""

MOST = 999_999_999
"""No number may be larger, whatever its unit: timers and 32-bit peers cope with it."""

_ROTATIONS = ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR")


class Facts(msgspec.Struct, frozen=True):
    """What the station is, as far as values depend on it.

    Attributes:
        connectors: number of connectors.
        preset: kind of power stage.
    """

    connectors: int
    preset: Preset


class KeyKind(Protocol):
    """Type of a value; ``name`` describes it for people."""

    @property
    def name(self) -> str: ...

    def parse(self, text: str, facts: Facts) -> KeyValue:
        """The value that ``text`` of a ChangeConfiguration.req stands for.

        Raises:
            ValueError: it stands for none; says what would.
        """
        ...

    def text(self, value: KeyValue, facts: Facts) -> str:
        """The value as OCPP carries it."""
        ...


class _Boolean(msgspec.Struct, frozen=True):
    name: str = "boolean"

    def parse(self, text: str, facts: Facts) -> KeyValue:
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{text!r} is not true or false")
        return text.lower() == "true"

    def text(self, value: KeyValue, facts: Facts) -> str:
        return "true" if value else "false"


class _Number(msgspec.Struct, frozen=True):
    """Whole from outside unless ``decimal``; set from inside, any number is reported."""

    unit: str = ""
    least: int = 0
    most: int = MOST
    decimal: bool = False

    @property
    def name(self) -> str:
        span = f"from {self.least}" if self.most == MOST else f"{self.least} to {self.most}"
        return ", ".join(filter(None, ("decimal" if self.decimal else "integer", self.unit, span)))

    def parse(self, text: str, facts: Facts) -> KeyValue:
        pattern = r"[0-9]{1,9}(\.[0-9]{1,9})?" if self.decimal else r"[0-9]{1,9}"
        if re.fullmatch(pattern, text) is None or not self.least <= float(text) <= self.most:
            raise ValueError(f"{text!r} is not: {self.name}")
        return float(text) if self.decimal else int(text)

    def text(self, value: KeyValue, facts: Facts) -> str:
        return f"{value:.12g}" if isinstance(value, float) else str(value)


class _Text(msgspec.Struct, frozen=True):
    """What only the station itself sets."""

    name: str = "text"

    def parse(self, text: str, facts: Facts) -> KeyValue:
        return text

    def text(self, value: KeyValue, facts: Facts) -> str:
        return str(value)


class _Measurands(msgspec.Struct, frozen=True):
    """A list of measurands; kept as it was asked for, reported as far as it can be measured.

    Another power stage may come and go: what is asked for is not forgotten meanwhile.
    """

    name: str = "CSL of measurands"

    def parse(self, text: str, facts: Facts) -> KeyValue:
        items = parse_items(text, facts.preset)
        if len(items) > MOST_MEASURANDS:
            raise ValueError(f"{len(items)} items are more than {MOST_MEASURANDS}")
        return ",".join(items)

    def text(self, value: KeyValue, facts: Facts) -> str:
        known = known_items(facts.preset)
        return ",".join(item for item in str(value).split(",") if item in known)


class _PhaseRotation(msgspec.Struct, frozen=True):
    """``connector.rotation`` items, at most one a connector (section 9.1.7); empty: not told."""

    name: str = "CSL of rotations"

    def parse(self, text: str, facts: Facts) -> KeyValue:
        rotations = {name.lower(): name for name in _ROTATIONS}
        found: dict[int, str] = {}
        for item in text.split(","):
            match = re.fullmatch(r"([0-9]{1,3})\.([a-z]+)", item.strip().lower())
            number = -1 if match is None else int(match[1])
            rotation = None if match is None else rotations.get(match[2])
            if rotation is None or number in found or not 0 <= number <= facts.connectors:
                raise ValueError(
                    f"{item.strip()!r} is not a connector from 0 to {facts.connectors}, named "
                    f"once, a dot and one of {', '.join(_ROTATIONS)}"
                )
            found[number] = rotation
        return ",".join(f"{number}.{rotation}" for number, rotation in found.items())

    def text(self, value: KeyValue, facts: Facts) -> str:
        if value:
            return str(value)
        unset = "NotApplicable" if facts.preset.ac is None else "Unknown"
        return ",".join(f"{number}.{unset}" for number in range(facts.connectors + 1))


class Key(msgspec.Struct, frozen=True):
    """One configuration key.

    Attributes:
        section: of OCPP 1.6 edition 2, or of its errata sheet, or empty for ours.
        name: as it is reported.
        access: read-only or read-write for the central system.
        kind: type of its values.
        default: value at the factory.
        reboot: a change counts from the next boot on (RebootRequired).
        note: what else a reader should know.
    """

    section: str
    name: str
    access: Literal["R", "RW"]
    kind: KeyKind
    default: KeyValue
    reboot: bool = False
    note: str = ""


FLAG, TEXT, LIST = _Boolean(), _Text(), _Text("CSL")
MEASURANDS, ROTATION = _Measurands(), _PhaseRotation()
COUNT, TIMES, SECONDS, PERCENT = _Number(), _Number("times"), _Number("s"), _Number("%", most=100)
SAMPLED = "Current.Import,Voltage,Power.Active.Import,Energy.Active.Import.Register,SoC,Temperature"
PROFILES = "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
NO_EFFECT = "stored, without effect"
BY_BOOT = "set by BootNotification.conf"
NO_PROFILE = "while no profile applies"
STRICT = "rejects a TxProfile while no transaction runs"

# fmt: off
KEYS = (
    Key("9.1.1", "AllowOfflineTxForUnknownId", "RW", FLAG, False),
    Key("9.1.2", "AuthorizationCacheEnabled", "RW", FLAG, True),
    Key("9.1.3", "AuthorizeRemoteTxRequests", "RW", FLAG, False),
    Key("9.1.4", "BlinkRepeat", "RW", TIMES, 3, note=NO_EFFECT),
    Key("9.1.5", "ClockAlignedDataInterval", "RW", _Number("s", most=86_400), 0, note="0: off"),
    Key("9.1.6", "ConnectionTimeOut", "RW", _Number("s", least=1), 60),
    Key("9.1.7", "ConnectorPhaseRotation", "RW", ROTATION, ""),
    Key("9.1.8", "ConnectorPhaseRotationMaxLength", "R", COUNT, 2, note="NumberOfConnectors + 1"),
    Key("9.1.9", "GetConfigurationMaxKeys", "R", COUNT, 100),
    Key("9.1.10", "HeartbeatInterval", "RW", _Number("s", least=1), 60, note=BY_BOOT),
    Key("9.1.11", "LightIntensity", "RW", PERCENT, 100, note=NO_EFFECT),
    Key("9.1.12", "LocalAuthorizeOffline", "RW", FLAG, True),
    Key("9.1.13", "LocalPreAuthorize", "RW", FLAG, False),
    Key("9.1.14", "MaxEnergyOnInvalidId", "RW", _Number("Wh"), 0),
    Key("9.1.15", "MeterValuesAlignedData", "RW", MEASURANDS, "Energy.Active.Import.Register"),
    Key("9.1.16", "MeterValuesAlignedDataMaxLength", "R", COUNT, MOST_MEASURANDS),
    Key("9.1.17", "MeterValuesSampledData", "RW", MEASURANDS, SAMPLED, note="SoC: DC only"),
    Key("9.1.18", "MeterValuesSampledDataMaxLength", "R", COUNT, MOST_MEASURANDS),
    Key("9.1.19", "MeterValueSampleInterval", "RW", SECONDS, 10, note="0: off"),
    Key("9.1.20", "MinimumStatusDuration", "RW", SECONDS, 0),
    Key("9.1.21", "NumberOfConnectors", "R", COUNT, 1),
    Key("9.1.22", "ResetRetries", "RW", TIMES, 0),
    Key("9.1.23", "StopTransactionOnEVSideDisconnect", "RW", FLAG, True),
    Key("9.1.24", "StopTransactionOnInvalidId", "RW", FLAG, True),
    Key("9.1.25", "StopTxnAlignedData", "RW", MEASURANDS, ""),
    Key("9.1.26", "StopTxnAlignedDataMaxLength", "R", COUNT, MOST_MEASURANDS),
    Key("9.1.27", "StopTxnSampledData", "RW", MEASURANDS, ""),
    Key("9.1.28", "StopTxnSampledDataMaxLength", "R", COUNT, MOST_MEASURANDS),
    Key("9.1.29", "SupportedFeatureProfiles", "R", LIST, PROFILES),
    Key("9.1.30", "SupportedFeatureProfilesMaxLength", "R", COUNT, 6),
    Key("9.1.31", "TransactionMessageAttempts", "RW", _Number("times", least=1), 3),
    Key("9.1.32", "TransactionMessageRetryInterval", "RW", SECONDS, 10),
    Key("9.1.33", "UnlockConnectorOnEVSideDisconnect", "RW", FLAG, True),
    Key("9.1.34", "WebSocketPingInterval", "RW", SECONDS, 20, note="0: off"),
    Key("errata 3.83", "MessageTimeout", "RW", _Number("s", least=1), 30, reboot=True),
    Key("errata 3.91", "StopTransactionMaxMeterValues", "R", COUNT, 100),
    Key("9.2.1", "LocalAuthListEnabled", "RW", FLAG, True),
    Key("9.2.2", "LocalAuthListMaxLength", "R", COUNT, 10_000),
    Key("9.2.3", "SendLocalListMaxLength", "R", COUNT, 1_000),
    Key("9.3.1", "ReserveConnectorZeroSupported", "R", FLAG, True),
    Key("9.4.1", "ChargeProfileMaxStackLevel", "R", COUNT, 10),
    Key("9.4.2", "ChargingScheduleAllowedChargingRateUnit", "R", LIST, "Current,Power"),
    Key("9.4.3", "ChargingScheduleMaxPeriods", "R", COUNT, 100),
    Key("9.4.4", "ConnectorSwitch3to1PhaseSupported", "R", FLAG, False, note="AC: true"),
    Key("9.4.5", "MaxChargingProfilesInstalled", "R", COUNT, 50),
    Key("errata 3.90", "SupportedFileTransferProtocols", "R", LIST, "FTP,HTTP,HTTPS"),
    # What an A-limit means is a reading of section 7.12 that a DC station must state.
    Key("", "EvtuiAmpereMeaning", "R", TEXT, "output current", note="AC: current per phase"),
    Key("", "EvtuiDefaultLimit", "RW", _Number("A", decimal=True), 100.0, note=NO_PROFILE),
    Key("", "EvtuiStrictTxProfile", "RW", FLAG, True, note=STRICT),
)
# fmt: on


def table_rows() -> list[tuple[str, str, str, str, str, str]]:
    """The table for people: section, key, access, type, default of a DC station, remark."""
    facts = Facts(1, preset("dc"))
    return [
        (
            key.section,
            key.name,
            key.access,
            key.kind.name,
            key.kind.text(key.default, facts),
            "RebootRequired" if key.reboot else key.note,
        )
        for key in KEYS
    ]
