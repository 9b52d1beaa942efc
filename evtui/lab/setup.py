"""What the settings of a lab come to: its charge points' names, its anomaly's parameters.  Pure."""

from __future__ import annotations

import re

from evtui.anomalies.ocpp.fluctuation import FluctuationParameters
from evtui.config import Settings

__all__ = ["identities", "initial_parameters"]


def identities(settings: Settings) -> tuple[str, ...]:
    """Identities of our charge points: the first as the settings say, the rest counted on.

    ``CP1`` is followed by ``CP2``; an identity that ends with no number by itself and ``-2``.
    """
    first = settings.id
    digits = re.search(r"\d+$", first)
    names = [first]
    for number in range(1, settings.stations):
        if digits is None:
            names.append(f"{first}-{number + 1}")
        else:
            counted = str(int(digits.group()) + number).zfill(len(digits.group()))
            names.append(first[: digits.start()] + counted)
    return tuple(names)


def initial_parameters(settings: Settings) -> FluctuationParameters:
    """The anomaly's parameters as the settings say."""
    return FluctuationParameters(
        low=settings.low_a,
        high=settings.high_a,
        waits=settings.waits_s,
        cycles=settings.cycles,
        jitter=settings.jitter,
    )
