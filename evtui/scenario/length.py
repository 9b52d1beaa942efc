"""How long a scenario can take at most.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evtui.anomalies.injector import SAFE_WITHIN, TRANSACTION_WITHIN
from evtui.anomalies.ocpp.fluctuation import FluctuationParameters
from evtui.config import Settings
from evtui.lab.building import initial_parameters
from evtui.scenario.model import Anomaly, Attack, Parallel, Repeat, Wait, WaitFor, inside

__all__ = ["count", "fluctuation", "longest"]


def fluctuation(step: Anomaly, settings: Settings) -> FluctuationParameters:
    """Parameters of an anomaly step: the settings' with its own.

    Raises:
        ValueError: an unknown name or a value out of its range; the text says which.
    """
    return initial_parameters(settings).updated(step.parameters)


def longest(steps: Sequence[Any], settings: Settings) -> float:
    """Upper bound in s of checked steps, if every call is answered at once.

    A wait counts whole, a ``wait_for`` up to its timeout, an anomaly up to its safe state.
    """
    return sum((_longest(step, settings) for step in steps), 0.0)


def _longest(step: Any, settings: Settings) -> float:
    match step:
        case Wait(wait=seconds):
            return seconds
        case WaitFor(wait_for=awaited):
            return awaited.timeout
        case Anomaly():
            return _of_anomaly(step, settings)
        case Attack(steps=list(steps)):
            return longest(steps, settings)
        case Repeat(repeat=times, do=steps):
            return times * longest(steps, settings)
        case Parallel(parallel=branches):
            return max(longest(branch, settings) for branch in branches)
    return 0.0


def _of_anomaly(step: Anomaly, settings: Settings) -> float:
    parameters = fluctuation(step, settings)
    bounds = [] if step.duration is None else [float(step.duration)]
    if parameters.cycles:
        cycles = parameters.cycles * parameters.period * (1 + parameters.jitter)
        opening = TRANSACTION_WITHIN if (step.variant or settings.variant) == "txprofile" else 0.0
        bounds.append(cycles + opening)
    return min(bounds) + SAFE_WITHIN


def count(steps: Sequence[Any]) -> int:
    """Steps that are done in the course of a run, those inside a ``repeat`` each time."""
    total = 0
    for step in steps:
        times = step.repeat if isinstance(step, Repeat) else 1
        total += 1 + times * sum(map(count, inside(step).values()))
    return total
