"""What the settings of a lab come to: names of charge points, parameters of anomalies.  Pure."""

from __future__ import annotations

import re
from typing import Any

from evtui.anomalies import DEFAULT
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


def initial_parameters(settings: Settings) -> dict[str, dict[str, Any]]:
    """What the settings say of anomalies' parameters, by name of the anomaly."""
    waits = {f"wait_{number}_s": wait for number, wait in enumerate(settings.waits_s, 1)}
    return {
        DEFAULT: {
            "variant": settings.variant,
            "low_a": settings.low_a,
            "high_a": settings.high_a,
            **waits,
            "cycles": settings.cycles,
            "jitter": settings.jitter,
        }
    }
