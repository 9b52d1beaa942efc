"""What a target is, and where anomalies find what they act on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from evtui.events import EventStream
from evtui.runtime import LoopClock

if TYPE_CHECKING:
    from evtui.anomalies.targets.central_system import Operator
    from evtui.canbus import SimulatedBus
    from evtui.canbus.packs import ModuleEnd, ProtocolPack
    from evtui.ocppj import StationLine
    from evtui.power import PowerStage
    from evtui.runtime import StationClock
    from evtui.station import ChargePoint, ConnectorController

__all__ = ["Attempt", "LinkSite", "Site", "Target", "disturbance"]

AT_REST = 1.0
"""A below which the current counts as gone, and two of them as the same."""

Attempt = Callable[[str, Awaitable[object]], Awaitable[bool]]
"""Does something, under a name for people; what goes wrong is noted, and False."""


class LinkSite(msgspec.Struct, frozen=True, kw_only=True):
    """One connector of a charge point of which only the line is within reach: somebody else's.

    Attributes:
        station: identity of the charge point.
        connector: connectorId, from 1.
        current: A flowing now, as far as anybody knows.
        line: to its central system.
        not_armed: why nothing may be injected here now; empty when something may.
    """

    stream: EventStream
    clock: LoopClock
    station: str
    connector: int
    current: Callable[[], float]
    line: StationLine
    not_armed: Callable[[], str] = lambda: ""

    def guard(self) -> str:
        """Why nothing may be injected here now; empty when something may."""
        return self.not_armed()

    @property
    def both_ends_told(self) -> bool:
        """True where what the central system sent and got is published anyway."""
        return True

    @property
    def connected(self) -> bool:
        """True while the charge point is there again after its connection was cut."""
        return self.line.connected

    def in_transaction(self) -> bool:
        """False where a TxProfile has no transaction any more."""
        return True

    def go_on(self) -> None:
        """What the charge point would say again later it may say now."""

    def dial_again(self) -> None:
        """The charge point need not wait before it connects again."""


class Site(LinkSite, frozen=True, kw_only=True):
    """One connector of a charge point of ours, and what anomalies reach there.

    Attributes:
        id_tag: for transactions that are begun.
        operator: our central system's side.
        charge_point: with everything it can do.
        station_clock: by which the charge point tells the time.
        bus: to its charger modules.
        pack: the protocol that they speak.
        module: the charger's end of that.
        stage: the power stage behind the connector.
        replug: takes the vehicle away and plugs it in again.
        profile_ids: for charging profiles; shared by the connectors of a station.
        orders_modules: the charge point is who orders the modules about; not where a real
            controller does.
    """

    id_tag: str
    operator: Operator
    charge_point: ChargePoint
    station_clock: StationClock
    bus: SimulatedBus
    pack: ProtocolPack
    module: ModuleEnd
    stage: PowerStage
    replug: Callable[[], None]
    profile_ids: Iterator[int]
    orders_modules: bool = True

    def guard(self) -> str:
        """See :class:`LinkSite`: a real bus behind the charge point has to be armed."""
        return self.bus.guard()

    @property
    def both_ends_told(self) -> bool:
        """See :class:`LinkSite`: not where the central system is somebody else's."""
        return self.operator.is_connected(self.station)

    @property
    def connected(self) -> bool:
        """See :class:`LinkSite`."""
        return self.charge_point.accepted

    def in_transaction(self) -> bool:
        """See :class:`LinkSite`."""
        return self.charge_point.connectors[self.connector].transaction is not None

    def go_on(self) -> None:
        """See :class:`LinkSite`."""
        self.charge_point.outbox.go_on()

    def dial_again(self) -> None:
        """See :class:`LinkSite`."""
        self.charge_point.connection.dial_now()

    def disturbance(self) -> str:
        """What the power stage does that its charge point has not ordered; empty for nothing."""
        if not self.orders_modules:
            return ""
        return disturbance(self.charge_point.connectors[self.connector], self.stage)


def disturbance(connector: ConnectorController, stage: PowerStage) -> str:
    """What the power stage does that its charge point has not ordered; empty when nothing."""
    state = stage.state
    if connector.transaction is None:
        return f"{state.current:.0f} A flow without a transaction" * (state.current > AT_REST)
    if connector.plugged and not state.running:
        return "the module is stopped in a transaction"
    if abs(state.limit - connector.limit) > AT_REST:
        return f"the module is set to {state.limit:g} A, and the station to {connector.limit:g} A"
    if abs(state.current - state.target) > AT_REST:
        return f"the current is at {state.current:.0f} A on its way to {state.target:.0f} A"
    return ""


S = TypeVar("S", bound=LinkSite)


class Target(ABC, Generic[S]):
    """What one anomaly does to one layer of a site; it remembers each thing until it is undone.

    Args:
        site: where.
        name: of the anomaly, for what must be told apart there.
    """

    def __init__(self, site: S, name: str) -> None:
        self._site = site
        self._name = name

    def begin(self) -> None:
        """The anomaly is switched on: nothing that happened before is its doing."""

    @property
    def unreachable(self) -> str:
        """Why nothing can be done through it now, empty when something can."""
        return ""

    @abstractmethod
    def left(self) -> list[str]:
        """What was done that still has, or may have, an effect; for people."""

    @abstractmethod
    async def undo(self, attempt: Attempt) -> None:
        """Try once to undo everything that is left."""

    async def undo_leftovers(self, attempt: Attempt) -> None:
        """Try once to undo what an earlier attempt could not."""
        if self.left():
            await self.undo(attempt)
