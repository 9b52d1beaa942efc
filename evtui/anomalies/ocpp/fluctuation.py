"""The repeated current fluctuation: variants, parameters and steps.  Pure.

The central system cycles charging limits and remote start and stop, so that the current swings
between low and high, over and over (MITRE ATT&CK for ICS T0806, Brute Force I/O).

In the variants ``seed`` and ``txdefault`` both profiles arrive while the current is off: what
shapes the waveform there is start and stop.  Only in ``txprofile`` do the profiles themselves
swing the current.
"""

from __future__ import annotations

from math import isfinite
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from evtui.config import Variant, limits
from evtui.sums import total

__all__ = [
    "NAME",
    "Action",
    "FluctuationParameters",
    "FluctuationStep",
    "Name",
    "steps",
]

Name = Literal["repeated-current-fluctuation"]
NAME: Name = "repeated-current-fluctuation"

MIN_WAIT, MAX_WAIT = limits("waits_s")
"""s, range of one wait."""

MAX_CURRENT = limits("high_a")[1]
"""A, range of the SetLimit signal on CAN."""

MAX_JITTER = limits("jitter")[1]


Action = Literal["profile_low", "profile_high", "remote_start", "remote_stop"]


class FluctuationStep(msgspec.Struct, frozen=True):
    """One thing to send and the wait after it.

    Attributes:
        action: what the injector does.
        label: for people: ``SetChargingProfile 0 A``.
        wait: s until the next step, without jitter.
    """

    action: Action
    label: str
    wait: float


class FluctuationParameters(msgspec.Struct, frozen=True):
    """What one can tweak.

    Attributes:
        low: A, the limit of the first profile.
        high: A, the limit of the second, not below ``low``.
        waits: s after the low profile, the high profile, the start and the stop.
        cycles: how many, 0 for endless.
        jitter: each wait is drawn from within this share around its value, 0 to 0.9.

    Raises:
        ValueError: a value is out of its range; the text names it.
    """

    low: float = 0.0
    high: float = 100.0
    waits: tuple[float, float, float, float] = (2.0, 1.0, 2.0, 3.0)
    cycles: int = 0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("low", self.low), ("high", self.high)):
            if not 0 <= value <= MAX_CURRENT:
                raise ValueError(f"{name} is {value:g} A; 0 to {MAX_CURRENT:g} A are possible")
        if self.low > self.high:
            raise ValueError(f"low is {self.low:g} A, above high, {self.high:g} A")
        for number, wait in enumerate(self.waits, 1):
            if not MIN_WAIT <= wait <= MAX_WAIT or not isfinite(wait):
                raise ValueError(
                    f"wait {number} is {wait:g} s; {MIN_WAIT:g} to {MAX_WAIT:g} s are possible"
                )
        if not isfinite(self.cycles) or self.cycles < 0 or int(self.cycles) != self.cycles:
            raise ValueError(f"cycles is {self.cycles:g}; 0 (endless) or a whole number is needed")
        if not 0 <= self.jitter <= MAX_JITTER:
            raise ValueError(f"jitter is {self.jitter:g}; 0 to {MAX_JITTER:g} are possible")

    @property
    def period(self) -> float:
        """s, length of a cycle without jitter."""
        return total(self.waits)

    def scaled(self, factor: float) -> FluctuationParameters:
        """Every wait times ``factor``; unchanged when one of them would leave its range."""
        waits = tuple(round(wait * factor, 9) for wait in self.waits)
        if min(waits) < MIN_WAIT or max(waits) > MAX_WAIT:
            return self
        first, second, third, fourth = waits
        return replace(self, waits=(first, second, third, fourth))

    def with_high(self, delta: float) -> FluctuationParameters:
        """High changed by ``delta`` A, kept between low and the largest possible."""
        return replace(self, high=min(MAX_CURRENT, max(self.low, self.high + delta)))

    def with_low(self, delta: float) -> FluctuationParameters:
        """Low changed by ``delta`` A, kept between 0 and high."""
        return replace(self, low=min(self.high, max(0.0, self.low + delta)))

    def as_numbers(self) -> dict[str, float]:
        """Names with units to values, as truth and forms carry them."""
        return {
            "low_a": self.low,
            "high_a": self.high,
            **{f"wait_{n}_s": wait for n, wait in enumerate(self.waits, 1)},
            "cycles": self.cycles,
            "jitter": self.jitter,
        }

    def updated(self, numbers: dict[str, Any]) -> FluctuationParameters:
        """A copy with some of :meth:`as_numbers` replaced.

        Raises:
            ValueError: an unknown name, not a number, or out of range.
        """
        merged = self.as_numbers()
        for name, value in numbers.items():
            if name not in merged:
                raise ValueError(f"no parameter {name!r}; there are {', '.join(merged)}")
            try:
                merged[name] = float(value)
            except (TypeError, ValueError, OverflowError):
                raise ValueError(f"{name} is {value!r}; a number is needed") from None
        cycles = merged["cycles"]
        return FluctuationParameters(
            low=merged["low_a"],
            high=merged["high_a"],
            waits=(
                merged["wait_1_s"],
                merged["wait_2_s"],
                merged["wait_3_s"],
                merged["wait_4_s"],
            ),
            cycles=int(cycles) if isfinite(cycles) and cycles == int(cycles) else cycles,  # type: ignore[arg-type]
            jitter=merged["jitter"],
        )


def steps(variant: Variant, parameters: FluctuationParameters) -> tuple[FluctuationStep, ...]:
    """One cycle, always ``parameters.period`` seconds long.

    A variant that leaves something out keeps the moments of the rest: ``startstop`` starts and
    stops when ``seed`` does, ``txprofile`` switches limits when ``seed`` does.
    """
    low = FluctuationStep(
        "profile_low", f"SetChargingProfile {parameters.low:g} A", parameters.waits[0]
    )
    high = FluctuationStep(
        "profile_high", f"SetChargingProfile {parameters.high:g} A", parameters.waits[1]
    )
    start = FluctuationStep("remote_start", "RemoteStartTransaction", parameters.waits[2])
    stop = FluctuationStep("remote_stop", "RemoteStopTransaction", parameters.waits[3])
    if variant == "startstop":
        return start, replace(stop, wait=stop.wait + low.wait + high.wait)
    if variant == "txprofile":
        return low, replace(high, wait=high.wait + start.wait + stop.wait)
    return low, high, start, stop
