"""Profile oscillation: the limit of one running transaction swings in a wave."""

from __future__ import annotations

import math
from functools import partial
from typing import ClassVar, Literal

from evtui.anomalies.api import Anomaly, Cycle, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.ocpp._transaction import TRANSACTION_WITHIN, open_transaction
from evtui.anomalies.run import PlannedStep, Run
from evtui.durations import Seconds
from evtui.kinds import Choice, Integer, Number

__all__ = ["OscillationParameters", "ProfileOscillation"]

Wave = Literal["square", "ramp", "sine", "random-walk"]

MOST_POINTS = 100
"""Limits in a period: a smoother wave is no other load, only more messages."""

LONGEST_STRIDE = 0.25
"""Share of the whole range that a step of the random walk takes at most."""


class OscillationParameters(Parameters):
    """What one can tweak.

    Raises:
        ValueError: low is above high.
    """

    wave: Wave = parameter(
        Choice("square", "ramp", "sine", "random-walk"), "shape of the limit", default="square"
    )
    low_a: float = parameter(Number(0, 500, "A"), "lowest limit", default=6.0)
    high_a: float = parameter(Number(0, 500, "A"), "highest limit", default=32.0)
    period_s: float = parameter(Seconds(0.5, 3600), "of the wave", default=10.0)
    duty: float = parameter(
        Number(0.05, 0.95), "share of the period at high, or on the way up", default=0.5
    )
    update_s: float = parameter(
        Seconds(0.1, 60), "between two limits, but for a square wave", default=1.0
    )
    cycles: int = parameter(Integer(0, 1_000_000), "0 for endless", default=0)
    jitter: float = parameter(Number(0, 0.9), "share of each wait", default=0.0)

    def __post_init__(self) -> None:
        if self.low_a > self.high_a:
            raise ValueError(f"low_a is {self.low_a:g} A, above high_a, {self.high_a:g} A")

    @property
    def points(self) -> int:
        """Limits in a period."""
        if self.wave == "square":
            return 2
        return min(MOST_POINTS, max(2, round(self.period_s / self.update_s)))

    def limited(self, amperes: float) -> float:
        """The nearest limit of the range."""
        return min(self.high_a, max(self.low_a, amperes))


class ProfileOscillation(Anomaly[OscillationParameters]):
    """Only SetChargingProfile, in one transaction; each message is what OCPP 1.6 wants."""

    name = "profile-oscillation"
    layer = "ocpp"
    title = "Profile oscillation"
    about = (
        "The central system swings the limit of a running transaction in a wave, with a TxProfile "
        "that names it: no start and no stop, and no message that a strict charge point would "
        "refuse. It takes the highest stack level, so that no other profile of the transaction "
        "is heard. Many vehicles in step load the grid at a frequency of the attacker's choice; "
        "between 6 and 32 A it looks like smart charging in a hurry."
    )
    signature = Signature(
        ocpp="SetChargingProfile with the transactionId at the pace of the wave, nothing else",
        can="SetLimit at the pace of the calls, no start and no stop",
        current="follows the wave as fast as station and vehicle can",
    )
    techniques = ("T0806", "T0855", "T0836")
    severity = 4
    stakes = ("grid", "safety")
    references = (
        "Dalamagkas et al. 2025, arXiv 2502.01569",
        "ChargeX, state-switching attack 2023, arXiv 2305.08037",
        "Sarieddine et al. 2023, arXiv 2302.12890: 99.4 % of edges of oscillating load detected",
        "OCPP 1.6 ed. 2 sections 3.13.1, 3.13.2 and 5.16",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"central system"})
    claims = frozenset({"charging", "limit"})
    ends = "when its profile is cleared and the limit is what it was"
    undone = "ClearChargingProfile; RemoteStopTransaction of a transaction that it began"
    Parameters = OscillationParameters
    pace = ("period_s", "update_s")
    strength = Knob("high_a", 2.0)
    floor = Knob("low_a", 2.0)

    def __init__(self) -> None:
        self._profile_id = self._stack_level = 0
        self._walk: list[float] = []

    @classmethod
    def cycle_of(cls, parameters: OscillationParameters) -> Cycle:
        return Cycle(parameters.points, parameters.period_s)

    @classmethod
    def longest(cls, parameters: OscillationParameters) -> float | None:
        cycles = super().longest(parameters)
        return None if cycles is None else cycles + TRANSACTION_WITHIN

    async def act(self, run: Run[OscillationParameters]) -> None:
        await open_transaction(run, self.name, run.step)
        self._profile_id = next(run.site.profile_ids)
        await run.step("GetConfiguration ChargeProfileMaxStackLevel", self._look_for_level(run))
        run.begin_anew()
        await run.repeat(lambda: self._plan(run))

    async def _look_for_level(self, run: Run[OscillationParameters]) -> None:
        self._stack_level = await run.central_system.highest_stack_level()

    def _plan(self, run: Run[OscillationParameters]) -> list[PlannedStep]:
        """One period."""
        parameters = run.parameters
        if parameters.wave == "square":
            high = parameters.duty * parameters.period_s
            levels = [parameters.high_a, parameters.low_a]
            waits = [high, parameters.period_s - high]
        else:
            waits = [parameters.period_s / parameters.points] * parameters.points
            if parameters.wave == "random-walk":
                levels = self._walked(run)
            else:
                levels = [level(parameters, i / parameters.points) for i in range(len(waits))]
        return [
            PlannedStep(
                f"SetChargingProfile {amperes:.1f} A", wait, partial(self._set, run, index, amperes)
            )
            for index, (amperes, wait) in enumerate(zip(levels, waits, strict=True))
        ]

    async def _set(self, run: Run[OscillationParameters], index: int, amperes: float) -> str:
        if run.parameters.wave == "random-walk" and index < len(self._walk):
            self._stride(run, index)
        return await run.central_system.set_profile(
            self._profile_id,
            amperes,
            "TxProfile",
            of_transaction=True,
            stack_level=self._stack_level,
        )

    def _walked(self, run: Run[OscillationParameters]) -> list[float]:
        """The walk of one period; what is done of it makes room for the next period's."""
        parameters = run.parameters
        if len(self._walk) != parameters.points:
            self._walk = [(parameters.low_a + parameters.high_a) / 2] * parameters.points
            for index in range(parameters.points):
                self._stride(run, index)
        return [parameters.limited(each) for each in self._walk]

    def _stride(self, run: Run[OscillationParameters], index: int) -> None:
        """One step further than the one before; the last comes before the first of the next."""
        parameters = run.parameters
        longest = LONGEST_STRIDE * (parameters.high_a - parameters.low_a)
        stride = run.chance.uniform(-longest, longest)
        self._walk[index] = parameters.limited(self._walk[index - 1] + stride)


def level(parameters: OscillationParameters, phase: float) -> float:
    """A of a ramp or a sine at a phase from 0 to 1: up for ``duty`` of it, then down.

    >>> level(OscillationParameters(wave="ramp"), 0.25), level(OscillationParameters(), 0.75)
    (19.0, 19.0)
    """
    low, high, duty = parameters.low_a, parameters.high_a, parameters.duty
    share = phase / duty if phase < duty else (1 - phase) / (1 - duty)
    if parameters.wave == "sine":
        share = (1 - math.cos(math.pi * share)) / 2
    return low + (high - low) * share
