"""What the settings of a lab come to: names of charge points, parameters of anomalies.  Pure."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

from evtui.anomalies import DEFAULT
from evtui.can_addresses import CanAddress, parse_can_address
from evtui.config import Settings
from evtui.nearest import nearest

__all__ = ["CanSettingError", "can_addresses", "identities", "initial_parameters", "twins_in"]


def identities(settings: Settings) -> tuple[str, ...]:
    """Identities of our charge points: the first as the settings say, the rest counted on.

    There are none between charge points and a central system of other people.

    ``CP1`` is followed by ``CP2``; an identity that ends with no number by itself and ``-2``.
    """
    if settings.upstream is not None:
        return ()
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


class _Everybody(Container[str]):
    def __contains__(self, _: object) -> bool:
        return True


def twins_in(settings: Settings) -> Container[str]:
    """Charge points of which both ends are told: a message of theirs has two events."""
    if settings.upstream is not None:
        return _Everybody()
    return frozenset(() if settings.csms is not None else identities(settings))


class CanSettingError(ValueError):
    """An interface does not go with the charge points; one line says why."""


def can_addresses(settings: Settings) -> dict[str, CanAddress]:
    """The real buses of our charge points, by identity.

    Raises:
        CanSettingError: it is not said whose bus it is, or there is no such charge point.
    """
    ours = identities(settings)
    found: dict[str, CanAddress] = {}
    for address in map(parse_can_address, settings.can or ()):
        station = address.station
        if not station and len(ours) > 1:
            raise CanSettingError(
                f"{address}: there are {len(ours)} charge points; write {ours[0]}={address}"
            )
        if not ours:
            raise CanSettingError(f"{address}: with upstream there is no charge point of ours")
        station = station or ours[0]
        if station not in ours:
            raise CanSettingError(f"{address}: no charge point {station}{nearest(station, ours)}")
        if station in found:
            raise CanSettingError(f"{address}: {station} has an interface already")
        found[station] = address
    channels = [address.name for address in found.values()]
    if twice := next((name for name in channels if channels.count(name) > 1), None):
        raise CanSettingError(f"{twice}: two charge points cannot share one interface")
    return found


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
