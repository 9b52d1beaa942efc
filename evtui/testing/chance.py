"""Random parameters of an anomaly, within what it declares."""

from __future__ import annotations

import random
from math import exp, log
from typing import Any

from evtui.anomalies import Anomaly
from evtui.commands import Argument
from evtui.kinds import Choice, Integer, Number, Switch

__all__ = ["random_parameters"]

TRIES = 50
"""Draws of parameters that may not go together, such as a low limit above a high one."""

KEPT = 0.3
"""Share of parameters that keep their default."""


def random_parameters(anomaly: type[Anomaly[Any]], chance: random.Random) -> dict[str, Any]:
    """Parameters drawn from their ranges, by name; all defaults where nothing drawn fits.

    Numbers are drawn with equal chance at every order of magnitude, and now and then an end of
    their range; what is no number, choice or switch keeps its default.
    """
    for _ in range(TRIES):
        drawn = {each.name: _draw(each, chance) for each in anomaly.declared()}
        try:
            anomaly.read(drawn)
        except ValueError:
            continue
        return drawn
    return {}


def _draw(parameter: Argument, chance: random.Random) -> Any:
    kind = parameter.kind
    if chance.random() < KEPT:
        return parameter.default
    match kind:
        case Choice():
            return chance.choice(kind.names)
        case Switch():
            return chance.random() < 0.5
        case Integer() | Number():
            value = _number(float(kind.low), float(kind.high), chance)
            return round(value) if isinstance(kind, Integer) else value
    return parameter.default


def _number(low: float, high: float, chance: random.Random) -> float:
    if chance.random() < 0.2:
        return chance.choice((low, high))
    if low < 0:
        return chance.uniform(low, high)
    least = max(low, high * 1e-6, 1e-6)
    return min(high, max(low, exp(chance.uniform(log(least), log(max(high, least))))))
