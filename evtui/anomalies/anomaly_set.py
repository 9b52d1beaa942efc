"""The anomalies of one charge point: which is chosen, which are on, which cannot be together."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping
from typing import Any

from evtui.anomalies.api import DEFAULT, Anomaly, AnomalyError
from evtui.anomalies.catalogue import anomaly_named
from evtui.anomalies.injector import SAFE_WITHIN, Injector, Schedule
from evtui.anomalies.targets import LinkSite

__all__ = ["AnomalySet"]

FIRST_CONNECTOR = 1

OF_STATION = "station "
"""Begins what an anomaly wants for itself at the whole station."""


class AnomalySet:
    """Every anomaly that is, was or may be on at a charge point.

    Args:
        sites: its connectors, by connectorId.
        seed: of the lab.
        attacks: numbers attacks; shared by all of a lab.
        initial: parameters that differ from the defaults, by name of the anomaly.
        chosen: the one that the keys act on at first.
    """

    def __init__(
        self,
        sites: Mapping[int, LinkSite],
        seed: int,
        attacks: Iterator[int],
        initial: Mapping[str, Mapping[str, Any]],
        *,
        chosen: str = DEFAULT,
    ) -> None:
        self._sites = dict(sites)
        self._seed = seed
        self._attacks = attacks
        self._initial = initial
        self._injectors: dict[tuple[int, str], Injector[Any]] = {}
        self._brought: dict[str, type[Anomaly[Any]]] = {}
        self._first = chosen
        self._chosen = dict.fromkeys(sites, chosen)

    def add(self, site: LinkSite) -> None:
        """One more connector, and tell which anomaly is chosen there."""
        self._sites[site.connector] = site
        self._chosen[site.connector] = self._first
        self.chosen(site.connector).configure()

    def chosen(self, connector: int) -> Injector[Any]:
        """The anomaly that the keys act on."""
        return self.at(connector, self._chosen[connector])

    def choose(self, connector: int, name: str) -> Injector[Any]:
        """From now on the keys act on this one.

        Raises:
            AnomalyError: there is none of that name.
        """
        injector = self.at(connector, name)
        self._chosen[connector] = name
        injector.configure()
        return injector

    def at(self, connector: int, name: str = "") -> Injector[Any]:
        """An anomaly at a connector, on or off.

        Args:
            name: default: the chosen one's.

        Raises:
            AnomalyError: there is none of that name.
        """
        key = connector, name or self._chosen[connector]
        if key not in self._injectors:
            self._injectors[key] = self._make(*key)
        return self._injectors[key]

    def bring(self, anomaly: type[Anomaly[Any]]) -> None:
        """Have one here that is not in the catalogue: what a test is about, for example."""
        self._brought[anomaly.name] = anomaly

    def _make(self, connector: int, name: str) -> Injector[Any]:
        anomaly = self._brought.get(name) or anomaly_named(name)
        site = self._sites[connector]
        # The streams of chance of the first connector, and of the first anomaly, keep the names
        # they had when there were no others: seeds keep their runs.
        place = site.station if connector == FIRST_CONNECTOR else f"{site.station}/{connector}"
        drawn_for = "jitter" if name == DEFAULT else name
        return Injector(
            anomaly,
            site,
            anomaly.read(self._initial.get(name, {})),
            random.Random(f"{self._seed}/{place}/{drawn_for}"),
            self._attacks,
        )

    @property
    def all(self) -> list[Injector[Any]]:
        """Those that were ever asked for, on or off."""
        return [*self._injectors.values()]

    @property
    def busy(self) -> list[Injector[Any]]:
        """Those that are on, wait for their moment or are being undone."""
        return [each for each in self._injectors.values() if each.busy]

    @property
    def active(self) -> bool:
        """True while one is on."""
        return any(each.active for each in self._injectors.values())

    def busy_at(self, connector: int) -> list[Injector[Any]]:
        """Likewise, at one connector, in the order they came."""
        return [
            each
            for (number, _), each in self._injectors.items()
            if number == connector and each.busy
        ]

    def start(
        self,
        connector: int,
        name: str = "",
        schedule: Schedule = Schedule(),  # noqa: B008 - frozen
    ) -> Injector[Any]:
        """Switch one on.

        Raises:
            AnomalyError: it is on already, cannot reach what it acts through, or another one
                that is on wants the same.
        """
        injector = self.at(connector, name)
        for (number, _), other in self._injectors.items():
            if other is injector or not other.busy:
                continue
            wanted = _contested(
                injector.anomaly.claims, other.anomaly.claims, same=number == connector
            )
            if wanted:
                what = ", ".join(sorted(wanted))
                raise AnomalyError(
                    f"{injector.name} and {other.name}, which is on, both want the {what}: "
                    f"stop {other.name} first"
                )
        injector.start(schedule)
        return injector

    async def stop(self, connector: int, within: float = SAFE_WITHIN) -> list[str]:
        """Switch off all that are on at a connector, at once; one line each, the last one first.

        At once, because one may be in the way of what undoes another, as who drops messages is.
        """
        on = reversed(self.busy_at(connector))
        return list(await asyncio.gather(*(each.stop(within) for each in on)))

    async def clear_leftovers(self, connector: int) -> None:
        """Undo what could not be undone when the anomalies of a connector ended."""
        for (number, _), each in self._injectors.items():
            if number == connector:
                await each.clear_leftovers()

    def reset(self, connector: int) -> None:
        """Default parameters for every anomaly of a connector."""
        for (number, name), each in self._injectors.items():
            initial = each.anomaly.read(self._initial.get(name, {}))
            if number == connector and (
                name == self._chosen[connector] or each.parameters != initial
            ):
                each.configure(initial)

    def publish_chosen(self) -> None:
        """Tell which anomaly is chosen at each connector, and its parameters."""
        for connector in self._sites:
            self.chosen(connector).configure()

    def close(self) -> None:
        """Stop watching effects."""
        for each in self._injectors.values():
            each.close()


def _contested(mine: frozenset[str], theirs: frozenset[str], *, same: bool) -> set[str]:
    """What both want.

    ``station connection`` is the connection of all connectors: who wants that one is in the way
    of everybody who wants a ``connection``, at whichever connector.

    Args:
        same: they are at the same connector.
    """
    return {
        max(each, other, key=len)
        for each in mine
        for other in theirs
        if each.removeprefix(OF_STATION) == other.removeprefix(OF_STATION)
        and (same or each.startswith(OF_STATION) or other.startswith(OF_STATION))
    }
