"""Start-stop storm: remote start and remote stop in quick succession."""

from __future__ import annotations

from typing import ClassVar

from evtui.anomalies.api import Anomaly, Cycle, Need, Parameters, Signature, parameter
from evtui.anomalies.run import PlannedStep, Run
from evtui.durations import Seconds
from evtui.kinds import Integer, Number

__all__ = ["StartStopStorm", "StormParameters"]

_WAIT = Seconds(0.05, 3600)


class StormParameters(Parameters):
    """What one can tweak."""

    on_s: float = parameter(_WAIT, "from a start to its stop", default=3.0)
    off_s: float = parameter(_WAIT, "from a stop to the next start", default=3.0)
    cycles: int = parameter(Integer(0, 1_000_000), "pairs of both; 0 for endless", default=30)
    jitter: float = parameter(Number(0, 0.9), "share of each wait", default=0.0)


class StartStopStorm(Anomaly[StormParameters]):
    """No limits are touched: contactor, transaction and status are what flaps."""

    name = "start-stop-storm"
    layer = "ocpp"
    title = "Start-stop storm"
    about = (
        "The central system starts and stops charging over and over, a few seconds each. "
        "Transactions of some seconds fill the accounts, every stop works the contactor (rated "
        "for some 5,000 to 50,000 openings under load), many a vehicle gives up until it is "
        "plugged in again, and the load of many stations switched in step is what unsettles a "
        "grid most per station."
    )
    signature = Signature(
        ocpp="RemoteStart and RemoteStop in turn, transactions shorter than 10 s, statuses flap",
        can="StartCharging and StopCharging in turn, no SetLimit of another value",
        current="pulses from 0 A",
    )
    techniques = ("T0806", "T0855")
    severity = 4
    stakes = ("availability", "safety", "grid")
    references = (
        "Sayed et al. 2022: 30 MW of switched EV load do what 48 MW of resistive load do",
        "TE EVC250 data sheet: 50,000 breaks at 100 A, 5,000 at 200 A, avoid repetitive switching",
        "MITRE ATT&CK for ICS T0806 Brute Force I/O",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"central system"})
    claims = frozenset({"charging"})
    ends = "when the transaction has ended and the current is below 1 A"
    undone = "RemoteStopTransaction"
    Parameters = StormParameters
    pace = ("on_s", "off_s")
    ends_charging = True

    @classmethod
    def cycle_of(cls, parameters: StormParameters) -> Cycle:
        return Cycle(2, parameters.on_s + parameters.off_s)

    async def act(self, run: Run[StormParameters]) -> None:
        target = run.central_system
        if target.transaction is not None:
            await run.step("RemoteStopTransaction", target.remote_stop())
            await run.wait(run.parameters.off_s, "RemoteStartTransaction")
        await run.repeat(
            lambda: (
                PlannedStep("RemoteStartTransaction", run.parameters.on_s, target.remote_start),
                PlannedStep("RemoteStopTransaction", run.parameters.off_s, target.remote_stop),
            )
        )

    @classmethod
    def longest(cls, parameters: StormParameters) -> float | None:
        cycles = super().longest(parameters)
        return None if cycles is None else cycles + parameters.off_s
