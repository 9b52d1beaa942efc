"""What an anomaly makes a charge point of ours do, and what is left to undo."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from evtui.anomalies.targets.base import Attempt, Site, Target
from evtui.ocppj import Let, LinkClosed, Passing

if TYPE_CHECKING:
    from evtui.anomalies.targets.second_connection import SecondConnection
    from evtui.station import ConnectorController

__all__ = ["ChargePointTarget"]

OPEN = "a transaction is open"
TELLING = "what was said of transactions is not answered yet"
OFFLINE = "the station is not connected again yet"


class ChargePointTarget(Target[Site]):
    """What the charge point does and says to its central system, whoever that is.

    Args:
        ends_charging: any transaction at the connector is one to undo.
    """

    def __init__(self, site: Site, name: str, *, ends_charging: bool = False) -> None:
        super().__init__(site, name)
        self._ends_charging = ends_charging
        self._undo: dict[str, Callable[[], Awaitable[object]]] = {}
        self._hung_up = False
        self._asked = 0  # starts that are not answered yet
        self._second: SecondConnection | None = None

    @property
    def unreachable(self) -> str:
        """See :class:`Target`."""
        accepted = self._site.charge_point.accepted
        return "" if accepted else f"{self._site.station} is not accepted by the central system"

    @property
    def connector(self) -> ConnectorController:
        """The connector at which the anomaly is."""
        return self._site.charge_point.connectors[self._site.connector]

    # What it says

    def post(self, action: str, payload: Mapping[str, Any]) -> bool:
        """Send any call, in turn with whatever else it has to say; False while it cannot."""
        return self._site.charge_point.post(action, dict(payload), lambda answer: None)

    async def call(self, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Send any call in its turn; returns the payload of its answer.

        Raises:
            LinkClosed: there is no connection, or no answer.
        """
        answered: asyncio.Future[dict[str, Any] | None] = asyncio.get_running_loop().create_future()

        def done(answer: dict[str, Any] | None) -> None:
            if not answered.done():
                answered.set_result(answer)

        if not self._site.charge_point.post(action, dict(payload), done):
            raise LinkClosed(f"{self._site.station} is not accepted by the central system")
        answer = await answered
        if answer is None:
            raise LinkClosed(f"{action} got no answer")
        return answer

    async def boot(self) -> str:
        """Send a BootNotification as after a restart; returns the status of its answer."""
        told = self._site.charge_point.identity.told_at_boot
        return str((await self.call("BootNotification", told))["status"])

    async def tell_status(self, status: str, error_code: str = "NoError") -> None:
        """Tell a status that is not so; afterwards the central system is told the real ones.

        Our central system takes Available for the end of a transaction.
        """
        self._undo["a status is told that is not so"] = self._tell_statuses
        await self.call(
            "StatusNotification",
            {
                "connectorId": self._site.connector,
                "errorCode": error_code,
                "status": status,
                "timestamp": self._site.station_clock.iso(),
            },
        )

    async def _tell_statuses(self) -> None:
        """Tell what is so; a transaction that Available has closed over there ends here too."""
        site = self._site
        if not site.charge_point.accepted:
            raise LinkClosed(f"{site.station} is not connected")
        running = self.connector.transaction
        known = running is not None and running.transaction_id is not None
        if known and site.operator.is_connected(site.station) and self._open_there is None:
            self.connector.stop("Other")
        site.charge_point.tell_statuses(always=True)

    async def withhold(self, action: str) -> None:
        """Say nothing of one kind any more."""
        self._undo[f"{action} is withheld"] = lambda: self.speak_of(action)
        self._site.charge_point.outbox.withheld |= {action}

    async def speak_of(self, action: str) -> None:
        """Withhold it no more."""
        self._undo.pop(f"{action} is withheld", None)
        self._site.charge_point.outbox.withheld -= {action}

    # Whether it says anything

    async def mute(self) -> None:
        """Hang: say nothing and answer nothing, while the connection stays open.

        The module goes on by itself, and so does what the operating system does for a
        connection: pings are answered.
        """
        station, line = self._site.charge_point, self._site.line
        leave = line.sit(_hold_calls)

        async def undo() -> None:
            station.mute(False)
            leave()
            await line.flush()

        self._undo["the station is mute"] = undo
        station.mute(True)

    async def hang_up(self) -> None:
        """End the connection and dial no more."""
        self._undo["the station does not dial"] = self._dial
        self._hung_up = True
        await self._site.charge_point.connection.hang_up()

    async def _dial(self) -> None:
        self._site.charge_point.connection.dial_now()

    def second_connection(self) -> SecondConnection:
        """Another client under the same identity, not yet connected."""
        from evtui.anomalies.targets.second_connection import SecondConnection

        second = self._second or SecondConnection(self._site)
        self._second = second

        async def undo() -> None:
            await second.close()
            await self._dial()

        self._undo["a second connection is open"] = undo
        self._hung_up = True  # it may be put out
        return second

    # Its clock

    async def skew_clock(self, ahead: float, drift: float) -> None:
        """Have a clock that is wrong; what waits for a moment of it waits anew.

        Args:
            ahead: s by which it is fast.
            drift: s more in each s.
        """
        site = self._site

        async def undo() -> None:
            site.station_clock.skew(0.0)
            site.charge_point.clock_set()

        self._undo["the station's clock is wrong"] = undo
        site.station_clock.skew(ahead, drift)
        site.charge_point.clock_set()

    # Its transactions

    async def begin_charging(self) -> None:
        """Somebody presents the id tag, where nobody charges."""
        if not self.connector.busy:
            self.connector.present(self._site.id_tag)

    async def start_again(self) -> None:
        """Say that the running transaction starts now, and be given an id for it once more.

        That transaction is ended afterwards, since nobody else knows of it.
        """
        running = self.connector.transaction
        if running is None:
            raise LinkClosed("no transaction runs")
        start = {
            "connectorId": self._site.connector,
            "idTag": running.id_tag,
            "meterStart": self.connector.metering.keep(),
            "timestamp": self._site.station_clock.iso(),
        }
        self._asked += 1

        def answered(answer: dict[str, Any] | None) -> None:
            self._asked -= 1
            number = None if answer is None else int(answer["transactionId"])
            if number is not None and number != running.transaction_id:
                self._undo[f"transaction {number} is open"] = lambda: self._end(number)

        if not self._site.charge_point.post("StartTransaction", start, answered):
            self._asked -= 1
            raise LinkClosed(f"{self._site.station} is not accepted by the central system")

    async def stop_early(self) -> None:
        """Say that the running transaction has ended, and go on charging."""
        running = self.connector.transaction
        if running is None or running.transaction_id is None:
            raise LinkClosed("no transaction runs")
        await self._end(running.transaction_id)

    async def _end(self, transaction_id: int) -> None:
        await self.call(
            "StopTransaction",
            {
                "transactionId": transaction_id,
                "meterStop": self.connector.metering.keep(),
                "timestamp": self._site.station_clock.iso(),
                "reason": "Local",
            },
        )

    # Undoing

    def begin(self) -> None:
        """See :class:`Target`."""
        self._hung_up = False

    def left(self) -> list[str]:
        """See :class:`Target`."""
        reasons = list(self._undo)
        if self._ends_charging and (self.connector.busy or self._open_there is not None):
            reasons.append(OPEN)
        elif self._asked or (self._ends_charging and len(self._site.charge_point.outbox)):
            reasons.append(TELLING)
        if self._hung_up and not self._site.charge_point.accepted:
            reasons.append(OFFLINE)
        return reasons

    async def undo(self, attempt: Attempt) -> None:
        """See :class:`Target`."""
        for what, undo in reversed(list(self._undo.items())):
            if await attempt(f"{what}: undone", undo()):
                self._undo.pop(what, None)
        if self._hung_up and not self._site.charge_point.accepted:
            await self._dial()
        if not self._ends_charging:
            return
        if self.connector.busy:
            self.connector.stop("Local")
        elif not len(self._site.charge_point.outbox) and (number := self._open_there) is not None:
            # Begun by a start whose answer was lost.
            await attempt(f"transaction {number} is open: undone", self._end(number))

    @property
    def _open_there(self) -> int | None:
        """Id of the transaction that is open at the central system, as far as it is ours."""
        site = self._site
        running = site.operator.open_transaction(site.station, site.connector)
        return None if running is None else running.transaction_id


def _hold_calls(message: Passing) -> tuple[Let, ...] | None:
    """The central system's calls are read later; the answer to a call of ours is at hand."""
    if message.sender == "central_system" and message.kind == "call":
        return (Let(message.text, inf, overtaken=True),)
    return None
