"""Configuration keys (OCPP 1.6 section 9): typed, with what may be changed from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

__all__ = ["Configuration", "Entry"]

Value = bool | int | float | str


@dataclass(slots=True)
class Entry:
    """One key.

    Attributes:
        writable: False for a read-only key.
        least: smallest number allowed.
        whole: only whole numbers are taken from outside, whatever was set from inside.
    """

    key: str
    value: Value
    writable: bool = False
    least: float = 0
    whole: bool = False

    @property
    def text(self) -> str:
        """The value as OCPP carries it."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return f"{self.value:.12g}" if isinstance(self.value, float) else str(self.value)

    def parse(self, text: str) -> Value:
        """A value of this key's type.

        Raises:
            ValueError: not of that type, or too small.
        """
        if isinstance(self.value, bool):
            if text.lower() not in ("true", "false"):
                raise ValueError(f"{text!r} is not true or false")
            return text.lower() == "true"
        if isinstance(self.value, str):
            return text
        number = float(text)
        if not self.least <= number < 1e9:
            raise ValueError(f"{text} is out of range")
        if isinstance(self.value, float) and not self.whole:
            return number
        if number != int(number):
            raise ValueError(f"{text} is not a whole number")
        return int(number)


class Configuration:
    """The keys of one charge point.

    Args:
        connectors: number of connectors.
        meter_interval: s between MeterValues.
        strict: reject a TxProfile without a transaction.
        changed: called with the key after a change from either side.
    """

    def __init__(
        self,
        *,
        connectors: int,
        meter_interval: float,
        strict: bool,
        changed: Callable[[str], None] = lambda key: None,
    ) -> None:
        entries = (
            Entry("AuthorizeRemoteTxRequests", False, writable=True),
            Entry("ClockAlignedDataInterval", 0),
            Entry("ConnectionTimeOut", 60, writable=True, least=1),
            Entry("ConnectorPhaseRotation", "0.Unknown,1.Unknown"),
            Entry("GetConfigurationMaxKeys", 64),
            Entry("HeartbeatInterval", 60, writable=True, least=1),
            Entry("LocalAuthorizeOffline", False),
            Entry("LocalPreAuthorize", False),
            Entry("MeterValuesAlignedData", ""),
            Entry(
                "MeterValuesSampledData",
                "Current.Import,Voltage,Power.Active.Import,"
                "Energy.Active.Import.Register,SoC,Temperature",
            ),
            Entry("MeterValueSampleInterval", float(meter_interval), writable=True, whole=True),
            Entry("NumberOfConnectors", connectors),
            Entry("ResetRetries", 0),
            Entry("StopTransactionOnEVSideDisconnect", True),
            Entry("StopTransactionOnInvalidId", True, writable=True),
            Entry("StopTxnAlignedData", ""),
            Entry("StopTxnSampledData", ""),
            Entry("SupportedFeatureProfiles", "Core,RemoteTrigger,SmartCharging"),
            Entry("TransactionMessageAttempts", 3, writable=True, least=1),
            Entry("TransactionMessageRetryInterval", 10, writable=True),
            Entry("UnlockConnectorOnEVSideDisconnect", True),
            Entry("ChargeProfileMaxStackLevel", 10),
            Entry("ChargingScheduleAllowedChargingRateUnit", "Current,Power"),
            Entry("ChargingScheduleMaxPeriods", 100),
            Entry("MaxChargingProfilesInstalled", 50),
            # Ours.  What an A-limit means is a reading of section 7.12 that a DC station must
            # state: output current for DC, current per phase for AC.
            Entry("EvtuiAmpereMeaning", "output current"),
            Entry("EvtuiDefaultLimit", 100.0, writable=True),
            Entry("EvtuiStrictTxProfile", strict, writable=True),
        )
        self._entries = {entry.key: entry for entry in entries}
        self._changed = changed

    def number(self, key: str) -> float:
        """A numeric value."""
        value = self._entries[key].value
        assert not isinstance(value, str)
        return value

    def flag(self, key: str) -> bool:
        """A boolean value."""
        return bool(self._entries[key].value)

    def set(self, key: str, value: Value) -> None:
        """Change a value from inside, read-only or not."""
        self._entries[key].value = value
        self._changed(key)

    def change(self, key: str, text: str) -> str:
        """Answer a ChangeConfiguration.req: Accepted, Rejected or NotSupported (7.22)."""
        entry = self._entries.get(key)
        if entry is None:
            return "NotSupported"
        if not entry.writable:
            return "Rejected"
        try:
            entry.value = entry.parse(text)
        except ValueError:
            return "Rejected"
        self._changed(key)
        return "Accepted"

    def report(self, keys: Iterable[str] | None) -> tuple[list[Entry], list[str]]:
        """Known entries and unknown names for a GetConfiguration.req; none asked means all."""
        asked = list(keys or ())
        if not asked:
            return list(self._entries.values()), []
        known = [self._entries[key] for key in asked if key in self._entries]
        return known, [key for key in asked if key not in self._entries]
