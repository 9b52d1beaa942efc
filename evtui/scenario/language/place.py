"""Where in the lab a step acts and an expectation looks: a station, one of its connectors."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from evtui.config import Settings
from evtui.events import Event, OcppMessage
from evtui.lab import FIRST_CONNECTOR

if TYPE_CHECKING:
    from evtui.scenario.language.kinds import Kind
    from evtui.scenario.steps import Step

__all__ = ["Place", "Scope", "Told", "Whereabouts", "every_step"]

STARTS_KEPT = 2_000
"""Starts of transactions, and transactions, whose connector is remembered."""


class Place(NamedTuple):
    """A connector of a station.

    Attributes:
        station: identity of the charge point.
        named: connectorId where one was named, else None.
    """

    station: str
    named: int | None = None

    @property
    def connector(self) -> int:
        """connectorId: the first where none was named."""
        return FIRST_CONNECTOR if self.named is None else self.named

    def of(self, kind: Kind) -> Place:
        """Where a step or an expectation is that stands here.

        What names neither is here; what names a station and no connector means its first.
        """
        if kind.station is None:
            return self if kind.connector is None else Place(self.station, kind.connector)
        return Place(kind.station, kind.connector)

    def told(self, settings: Settings) -> Told:
        """What is said of it: nothing of the first station, nor of its first connector."""
        is_first = self.station == settings.id and self.connector == FIRST_CONNECTOR
        return Told(
            UNSET if self.station == settings.id else self.station,
            UNSET if self.named is None or is_first else self.named,
        )


class Told(NamedTuple):
    """What is said of a place: not set where it is the first one."""

    station: str | UnsetType
    connector: int | UnsetType

    def words(self) -> str:
        """``CP2 connector 2: ``, to stand before what happens there; empty for the first."""
        station = [] if self.station is UNSET else [self.station]
        connector = [] if self.connector is UNSET else [f"connector {self.connector}"]
        parts = [*station, *connector]
        return f"{' '.join(map(str, parts))}: " if parts else ""


def every_step(
    steps: Sequence[Step | None], path: str, place: Place
) -> Iterator[tuple[str, Step, Place]]:
    """Each step, those inside others too, with its path in the file and where it acts.

    Args:
        place: where steps act that name none.
    """
    for index, step in enumerate(steps):
        if step is None:  # it had a mistake
            continue
        where, here = f"{path}[{index}]", place.of(step)
        yield where, step, here
        for key, inner in step.inside().items():
            yield from every_step(inner, f"{where}.{key}", here)


class Whereabouts:
    """Tells which connector a call is about: the one it names, or that of its transaction."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str | int], int] = OrderedDict()
        """Station, and message id of a StartTransaction or transaction id, to connector."""

    def see(self, message: OcppMessage) -> None:
        """Take the next message; only starts of transactions and their answers matter."""
        if message.action != "StartTransaction":
            return
        start = message.station, message.uid
        if message.kind == "call" and message.connector is not None:
            self._keep(start, message.connector)
        elif message.kind == "result" and start in self._known:
            transaction = _transaction(message)
            if transaction is not None:
                self._keep((message.station, transaction), self._known[start])

    def connector(self, call: OcppMessage) -> int | None:
        """The connector that ``call`` is about; None where it is about none, or nobody knows."""
        if call.connector is not None:
            return call.connector
        transaction = _transaction(call)
        return None if transaction is None else self._known.get((call.station, transaction))

    def _keep(self, key: tuple[str, str | int], connector: int) -> None:
        self._known[key] = connector
        if len(self._known) > STARTS_KEPT:
            self._known.popitem(last=False)


def _transaction(message: OcppMessage) -> int | None:
    if b'"transactionId"' not in bytes(message.body):
        return None
    payload = message.payload
    transaction = payload.get("transactionId") if isinstance(payload, dict) else None
    return transaction if isinstance(transaction, int) else None


class Scope(msgspec.Struct, frozen=True):
    """What of the events an expectation looks at.

    Attributes:
        station: identity; None for every one.
        connector: connectorId; None for every one of the station.
        whereabouts: of the messages seen.
        unknown: calls count too that are about no connector, or nobody knows about which.
    """

    station: str | None
    connector: int | None
    whereabouts: Whereabouts
    unknown: bool

    def takes(self, event: Event) -> bool:
        """True for an event to be looked at; what tells no station or connector always is."""
        if self.station is not None and getattr(event, "station", self.station) != self.station:
            return False
        if self.connector is None:
            return True
        if not isinstance(event, OcppMessage):
            return getattr(event, "connector", self.connector) == self.connector
        if event.kind != "call":  # whoever counts it knows its call
            return True
        about = self.whereabouts.connector(event)
        return self.unknown if about is None else about == self.connector
