"""Faults that come slowly and stay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from math import copysign, inf
from typing import Any, TypeVar

from evtui.anomalies.api import Parameters
from evtui.anomalies.run import Run

__all__ = ["STRIDE", "hold"]

P = TypeVar("P", bound=Parameters)

STRIDE = 1.0
"""s between two steps of a fault on its way, and between two looks at the parameters."""


async def hold(
    run: Run[P],
    *,
    sound: float,
    wanted: Callable[[P], float],
    within: Callable[[P], float] = lambda parameters: 0.0,
    faults: Callable[[float], Mapping[str, Any]],
    label: Callable[[float], str],
) -> None:
    """Bring a fault to where the parameters want it, and keep it there; they may change.

    Args:
        sound: where it begins.
        wanted: where it is to be.
        within: s that it takes from sound to wanted.
        faults: what is broken at a value, by the names of :class:`evtui.power.Faults`.
        label: the step, for people.
    """
    at = sound
    broken: Mapping[str, Any] = {}
    while True:
        goal, takes = wanted(run.parameters), within(run.parameters)
        stride = abs(goal - sound) * STRIDE / takes if takes > 0 else inf
        far = goal - at
        at = goal if abs(far) <= stride * (1 + 1e-9) else at + copysign(stride, far)
        if faults(at) != broken:
            broken = faults(at)
            await run.step(label(at), run.power_stage.fail(**broken))
        await asyncio.sleep(STRIDE)
