"""How a current moves to its target."""

from __future__ import annotations

import msgspec

from ._checks import positive, share


class FirstOrder(msgspec.Struct, frozen=True):
    """First-order lag: in every ``period`` the current moves ``share`` of the way.

    The defaults, 20 % every 100 ms, are a time constant of 0.448 s.  Other steps than
    ``period`` use the equivalent exponent, so that the curve does not depend on the step.

    Attributes:
        share: part of the remaining way, above 0 and at most 1.
        period: s.

    Raises:
        ValueError: for a share or period outside its range.
    """

    share: float = 0.2
    period: float = 0.1

    def __post_init__(self) -> None:
        share("share", self.share)
        positive("period (s)", self.period)

    def step(self, current: float, target: float, dt: float) -> float:
        """Current in A, ``dt`` seconds on from ``current`` on the way to ``target``."""
        remaining: float = (1.0 - self.share) ** (dt / self.period)
        return target + (current - target) * remaining


class Slew(msgspec.Struct, frozen=True):
    """Constant rates up and down.

    Attributes:
        rise: A/s.
        fall: A/s.

    Raises:
        ValueError: for a rate that is not above 0.
    """

    rise: float
    fall: float

    def __post_init__(self) -> None:
        positive("rise (A/s)", self.rise)
        positive("fall (A/s)", self.fall)

    def step(self, current: float, target: float, dt: float) -> float:
        """Current in A, ``dt`` seconds on from ``current`` on the way to ``target``."""
        if target >= current:
            return min(target, current + self.rise * dt)
        return max(target, current - self.fall * dt)


Ramp = FirstOrder | Slew
