"""Configuration of a charge point: what its keys say now (OCPP 1.6 sections 5.3, 5.8 and 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from msgspec.structs import replace

from evtui.ocppj import Refusal
from evtui.power import Preset, preset
from evtui.station.configuration_keys import KEYS, Facts, Key, KeyValue
from evtui.station.listeners import Listeners

__all__ = ["Configuration", "KeyEntry"]

_KEYS = {key.name.lower(): key for key in KEYS}


class KeyEntry(msgspec.Struct, frozen=True):
    """What GetConfiguration.conf says of one key (section 7.29)."""

    key: str
    text: str
    writable: bool


class Configuration:
    """The keys of one charge point.  Their names are CiStrings: case does not matter.

    Args:
        connectors: number of connectors.
        meter_interval: s between MeterValues.
        strict: reject a TxProfile without a transaction.
        refused: called with a line for people when a change from outside was not made.

    Attributes:
        changed: told the key after a change from either side.
    """

    def __init__(
        self,
        *,
        connectors: int,
        meter_interval: float,
        strict: bool,
        refused: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.changed: Listeners[[str]] = Listeners()
        self._facts = Facts(connectors, preset("dc"))
        self._values: dict[str, KeyValue] = {key.name: key.default for key in KEYS}
        self._values |= {
            "NumberOfConnectors": connectors,
            "ConnectorPhaseRotationMaxLength": connectors + 1,
            "MeterValueSampleInterval": float(meter_interval),
            "EvtuiStrictTxProfile": strict,
        }
        self._after_reboot: dict[str, KeyValue] = {}
        self._from_outside: dict[str, str] = {}
        self._refused = refused

    # What is in effect

    def number(self, key: str) -> float:
        """A numeric value, in the unit of the key."""
        value = self._values[key]
        assert not isinstance(value, str)
        return value

    def flag(self, key: str) -> bool:
        """A boolean value."""
        return bool(self._values[key])

    def text(self, key: str) -> str:
        """Any value, as OCPP carries it."""
        return _KEYS[key.lower()].kind.text(self._values[key], self._facts)

    def items(self, key: str) -> tuple[str, ...]:
        """The items of a comma separated list, in its order."""
        return tuple(filter(None, self.text(key).split(",")))

    # From inside

    def set(self, key: str, value: KeyValue) -> None:
        """Change a value from inside, read-only or not; overrules what was set from outside."""
        self._after_reboot.pop(key, None)
        self._from_outside.pop(key, None)
        self._values[key] = value
        self.changed(key)

    def use(self, preset: Preset) -> None:
        """Another power stage is behind the connectors: other measurands, another limit."""
        self._facts = replace(self._facts, preset=preset)
        ac = preset.ac is not None
        self.set("EvtuiAmpereMeaning", "current per phase" if ac else "output current")
        self.set("EvtuiDefaultLimit", preset.default_limit)
        switched = preset.ac is not None and preset.ac.phases > 1
        self.set("ConnectorSwitch3to1PhaseSupported", switched)

    def rebooted(self) -> None:
        """The station has booted: changes that were waiting for it take effect (section 5.3)."""
        waiting, self._after_reboot = self._after_reboot, {}
        for key, value in waiting.items():
            self._values[key] = value
            self.changed(key)

    # From outside

    def change(self, key: str, text: str) -> str:
        """Answer a ChangeConfiguration.req (section 5.3); what is not taken changes nothing.

        Returns:
            ``Accepted``, ``RebootRequired``, ``Rejected`` or ``NotSupported`` (section 7.22).
        """
        known = _KEYS.get(key.lower())
        if known is None:
            self._refused(f"configuration key {key!r} is not known")
            return "NotSupported"
        try:
            if known.access == "R":
                raise ValueError("it is read-only")
            value = known.kind.parse(text, self._facts)
        except ValueError as error:
            self._refused(f"configuration key {known.name} not changed: {error}")
            return "Rejected"
        self._from_outside[known.name] = text
        waits = known.reboot and value != self._values[known.name]
        (self._after_reboot if waits else self._values)[known.name] = value
        if not waits:
            self._after_reboot.pop(known.name, None)
        self.changed(known.name)
        return "RebootRequired" if waits else "Accepted"

    def report(self, keys: Iterable[str] | None) -> tuple[list[KeyEntry], list[str]]:
        """Known entries and unknown names for a GetConfiguration.req; none asked means all.

        A change that waits for a reboot is reported as it was set.  A key that is asked for
        twice is reported once.

        Raises:
            Refusal: more keys than GetConfigurationMaxKeys.  Sections
                5.8 and 9.1.9 allow the limit and define no status for a request beyond it; to
                answer a part of it would look like an answer to all of it.
        """
        asked = list(keys or ())
        most = int(self.number("GetConfigurationMaxKeys"))
        if len(asked) > most:
            raise Refusal(
                "OccurenceConstraintViolation",
                f"{len(asked)} keys asked for, GetConfigurationMaxKeys is {most}",
            )
        if not asked:
            return [self._entry(key) for key in KEYS], []
        known = dict.fromkeys(_KEYS[name.lower()] for name in asked if name.lower() in _KEYS)
        unknown = {name.lower(): name for name in asked if name.lower() not in _KEYS}
        return [self._entry(key) for key in known], list(unknown.values())

    def _entry(self, key: Key) -> KeyEntry:
        value = self._after_reboot.get(key.name, self._values[key.name])
        return KeyEntry(key.name, key.kind.text(value, self._facts), key.access == "RW")

    # Over a crash

    def export(self) -> dict[str, str]:
        """What the central system has changed, to be kept: key to value as it was given."""
        return dict(self._from_outside)

    def restore(self, exported: dict[str, str]) -> None:
        """Take back what :meth:`export` gave, once the power stage is known.

        A start is a boot: nothing waits for another one.  What does not hold any more, because
        the station is another one now, is told to ``refused`` and left as it is.

        Raises:
            ValueError: it is not of that form; the text names the place.
        """
        for key, text in msgspec.convert(exported, dict[str, str]).items():
            self.change(key, text)
        self.rebooted()
