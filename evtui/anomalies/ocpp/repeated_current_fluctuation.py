"""The repeated current fluctuation: remote start and stop and two limits, over and over."""

from __future__ import annotations

from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar

from evtui.anomalies.api import Anomaly, Cycle, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.ocpp._transaction import TRANSACTION_WITHIN, open_transaction
from evtui.anomalies.run import PlannedStep, Run, until
from evtui.config import KINDS, Variant
from evtui.durations import FourWaits
from evtui.sums import total

if TYPE_CHECKING:
    from evtui.anomalies.targets import CentralSystemTarget

__all__ = ["FluctuationParameters", "RepeatedCurrentFluctuation"]

LOW_PROFILE_ID, HIGH_PROFILE_ID = 7, 8
"""Ids of the profiles it sets, and the only ones it clears."""

CHANGE_OVER_WITHIN = 5.0
"""s that a new variant waits for the old one's transaction to end."""

_WAITS = KINDS["waits_s"]
assert isinstance(_WAITS, FourWaits)
_WAIT = _WAITS.each


class FluctuationParameters(Parameters):
    """What one can tweak.

    Raises:
        ValueError: low is above high.
    """

    variant: Variant = parameter(KINDS["variant"], "what is sent", default="seed")
    low_a: float = parameter(KINDS["low_a"], "limit of the first profile", default=0.0)
    high_a: float = parameter(KINDS["high_a"], "limit of the second profile", default=100.0)
    wait_1_s: float = parameter(_WAIT, "after the low profile", default=2.0)
    wait_2_s: float = parameter(_WAIT, "after the high profile", default=1.0)
    wait_3_s: float = parameter(_WAIT, "after the remote start", default=2.0)
    wait_4_s: float = parameter(_WAIT, "after the remote stop", default=3.0)
    cycles: int = parameter(KINDS["cycles"], "0 for endless", default=0)
    jitter: float = parameter(KINDS["jitter"], "share of each wait", default=0.0)

    def __post_init__(self) -> None:
        if isfinite(self.low_a) and self.low_a > self.high_a:
            raise ValueError(f"low_a is {self.low_a:g} A, above high_a, {self.high_a:g} A")

    @property
    def waits(self) -> tuple[float, float, float, float]:
        """s after the low profile, the high profile, the start and the stop."""
        return self.wait_1_s, self.wait_2_s, self.wait_3_s, self.wait_4_s


class RepeatedCurrentFluctuation(Anomaly[FluctuationParameters]):
    """The central system cycles charging limits and remote start and stop.

    In the variants ``seed`` and ``txdefault`` both profiles arrive while the current is off: what
    shapes the waveform there is start and stop.  Only in ``txprofile`` do the profiles themselves
    swing the current.
    """

    name = "repeated-current-fluctuation"
    short = "fluctuation"
    layer = "ocpp"
    title = "Repeated current fluctuation"
    about = (
        "The central system sets a limit of 0 A, then of 100 A, starts and stops the transaction, "
        "and begins again: the current swings between low and high. Many charge points in step "
        "load the grid at a frequency at which it oscillates by itself (0.1 to 1 Hz between "
        "areas), and every swing wears contactors and the vehicle's battery."
    )
    signature = Signature(
        ocpp="SetChargingProfile with two limits in turn, RemoteStart and RemoteStop at one pace",
        can="SetLimit, StartCharging and StopCharging at the pace of the calls",
        current="swings between low and high",
    )
    techniques = ("T0806", "T0855")
    severity = 4
    stakes = ("grid", "safety")
    references = (
        "Sarieddine et al. 2023, arXiv 2302.12890",
        "MITRE ATT&CK for ICS T0806 Brute Force I/O",
        "NERC 2019: forced oscillation of 0.25 Hz, Eastern Interconnection",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"central system"})
    claims = frozenset({"charging", "limit"})
    ends = "when the transaction has ended and the current is below 1 A"
    undone = "RemoteStopTransaction, ClearChargingProfile for its two profiles"
    Parameters = FluctuationParameters
    pace = ("wait_1_s", "wait_2_s", "wait_3_s", "wait_4_s")
    strength = Knob("high_a", 10.0)
    floor = Knob("low_a", 2.0)
    ends_charging = True

    @classmethod
    def cycle_of(cls, parameters: FluctuationParameters) -> Cycle:
        steps = {"startstop": 2, "txprofile": 2}.get(parameters.variant, 4)
        return Cycle(steps, total(parameters.waits))

    @classmethod
    def longest(cls, parameters: FluctuationParameters) -> float | None:
        cycles = super().longest(parameters)
        first = TRANSACTION_WITHIN if parameters.variant == "txprofile" else 0.0
        return None if cycles is None else cycles + first

    @classmethod
    def explanation(cls, parameters: FluctuationParameters, *, strict: bool) -> tuple[str, ...]:
        if parameters.variant == "seed" and strict:
            return (
                "strict: both profiles come back Rejected, there is no transaction",
                "strict: profiles are Rejected",
            )
        return EXPLANATIONS[parameters.variant]

    @classmethod
    def remark(cls, parameters: FluctuationParameters, default_limit: float) -> str:
        if parameters.variant != "startstop":
            return ""
        return f"startstop sends no profiles, the station offers its {default_limit:g} A"

    async def act(self, run: Run[FluctuationParameters]) -> None:
        if run.parameters.variant == "txprofile":
            await open_transaction(run, "txprofile", run.attempt)
        target = run.central_system
        planned = lru_cache(1)(lambda parameters: plan(parameters, target))
        await run.repeat(lambda: planned(run.parameters))

    async def turned(self, run: Run[FluctuationParameters], before: FluctuationParameters) -> None:
        """From one variant to the next, without what the old one left behind.

        A profile of 0 A that stays would keep the new variant's current at 0 A.
        """
        variant, target = run.parameters.variant, run.central_system
        if variant == before.variant:
            return
        await target.clear_profiles(run.attempt)
        if variant == "txprofile":
            await open_transaction(run, "txprofile", run.attempt)
        elif target.transaction is not None:
            await run.attempt("RemoteStopTransaction", target.remote_stop())
            await until(lambda: target.transaction is None, CHANGE_OVER_WITHIN)


def plan(parameters: FluctuationParameters, target: CentralSystemTarget) -> tuple[PlannedStep, ...]:
    """One cycle, always ``sum(waits)`` seconds long.

    A variant that leaves something out keeps the moments of the rest: ``startstop`` starts and
    stops when ``seed`` does, ``txprofile`` switches limits when ``seed`` does.
    """
    variant = parameters.variant
    after_low, after_high, after_start, after_stop = parameters.waits
    purpose = "TxDefaultProfile" if variant == "txdefault" else "TxProfile"

    def limit(profile_id: int, amperes: float, wait: float) -> PlannedStep:
        return PlannedStep(
            f"SetChargingProfile {amperes:g} A",
            wait,
            lambda: target.set_profile(
                profile_id, amperes, purpose, of_transaction=variant == "txprofile"
            ),
        )

    def start(wait: float) -> PlannedStep:
        return PlannedStep("RemoteStartTransaction", wait, target.remote_start)

    def stop(wait: float) -> PlannedStep:
        return PlannedStep("RemoteStopTransaction", wait, target.remote_stop)

    low = limit(LOW_PROFILE_ID, parameters.low_a, after_low)
    if variant == "startstop":
        return start(after_start), stop(after_stop + after_low + after_high)
    if variant == "txprofile":
        held = after_high + after_start + after_stop
        return low, limit(HIGH_PROFILE_ID, parameters.high_a, held)
    high = limit(HIGH_PROFILE_ID, parameters.high_a, after_high)
    return low, high, start(after_start), stop(after_stop)


_OFF_WHEN_PROFILES_COME = (
    "profiles come while the current is off: start and stop shape the wave",
    "profiles come at 0 A: start and stop shape the wave",
    "start and stop shape the wave",
)

EXPLANATIONS: dict[Any, tuple[str, ...]] = {
    "seed": _OFF_WHEN_PROFILES_COME,
    "txprofile": (
        "one long transaction: the profiles alone swing the current",
        "profiles swing the current",
    ),
    "txdefault": _OFF_WHEN_PROFILES_COME,
    "startstop": (
        "no profiles: remote start and stop shape the wave",
        "start and stop shape the wave",
    ),
}
"""What swings the current in each variant, long and short."""
