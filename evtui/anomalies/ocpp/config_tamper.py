"""Configuration tampering: keys of the station get values that serve the attacker."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Mapping
from typing import ClassVar, Literal

from evtui.anomalies.api import Anomaly, AnomalyError, Need, Parameters, Signature, parameter
from evtui.anomalies.run import Run
from evtui.kinds import Choice, CiString

__all__ = ["ConfigTamper", "TamperParameters"]

SETS: Mapping[str, Mapping[str, str]] = {
    "blind": {
        "HeartbeatInterval": "86400",
        "MeterValueSampleInterval": "0",
        "ClockAlignedDataInterval": "0",
        "WebSocketPingInterval": "0",
    },
    "chatty": {
        "HeartbeatInterval": "1",
        "MeterValueSampleInterval": "1",
        "ClockAlignedDataInterval": "1",
        "WebSocketPingInterval": "1",
    },
    "free": {
        "AllowOfflineTxForUnknownId": "true",
        "LocalPreAuthorize": "true",
        "StopTransactionOnInvalidId": "false",
        "MaxEnergyOnInvalidId": "100000",
    },
    "stubborn": {
        "ConnectionTimeOut": "1",
        "StopTransactionOnEVSideDisconnect": "false",
        "UnlockConnectorOnEVSideDisconnect": "false",
    },
}
"""Keys of OCPP 1.6 section 9.1 and their values, by what is wanted: that the central system hears
nothing, that it hears too much, that charging costs nothing, or that drivers are in trouble."""

LOOKS_EVERY = 0.5
"""s between two looks at whether something else is wanted."""


class TamperParameters(Parameters):
    """What one can tweak."""

    aim: Literal["blind", "chatty", "free", "stubborn"] = parameter(
        Choice(*SETS),
        "hear nothing, hear too much, charge for nothing, or trouble the driver",
        default="blind",
    )
    key: str | None = parameter(
        CiString(1, 50), "one key instead", default=None, unset="those of the aim"
    )
    value: str = parameter(CiString(0, 500), "of that key", default="0")

    @property
    def wanted(self) -> Mapping[str, str]:
        """Keys and the values that they are to have."""
        return SETS[self.aim] if self.key is None else {self.key: self.value}


class ConfigTamper(Anomaly[TamperParameters]):
    """The station is changed once and behaves differently from then on."""

    name = "config-tamper"
    layer = "ocpp"
    title = "Configuration tampering"
    about = (
        "The central system changes configuration keys of the station: no heartbeats and no meter "
        "values any more (blind), both every second (chatty), charging without an id tag that "
        "anybody knows (free), or a cable that stays locked (stubborn). Each change is one "
        "Accepted call; what it does shows later, elsewhere, and outlives a reboot."
    )
    signature = Signature(
        ocpp="GetConfiguration and ChangeConfiguration, then Heartbeat and MeterValues change pace",
        can="as before: what the central system does not hear any more still happens",
        current="as before",
    )
    techniques = ("T0836", "T0855", "T0815")
    severity = 3
    stakes = ("fraud", "availability")
    references = (
        "OCPP 1.6 ed. 2 sections 5.3, 5.8 and 9.1",
        "OCPP 1.6 Security Whitepaper ed. 3: ReconfigurationOfSecurityParameters",
        "MITRE ATT&CK for ICS T0836 Modify Parameter",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"central system"})
    claims = frozenset({"station configuration"})
    ends = "when every key has the value that it had"
    undone = "ChangeConfiguration to what GetConfiguration said before"
    Parameters = TamperParameters

    async def act(self, run: Run[TamperParameters]) -> None:
        done: Mapping[str, str] = {}
        while True:
            wanted = run.parameters.wanted
            if wanted != done:
                taken = [
                    await run.step(
                        f"ChangeConfiguration {key} = {value}",
                        run.central_system.change_configuration(key, value),
                    )
                    for key, value in wanted.items()
                ]
                if not any(taken):
                    raise AnomalyError(f"no key was changed: {', '.join(wanted)}")
                done = wanted
            await sleep(LOOKS_EVERY)
