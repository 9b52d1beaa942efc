"""Our charge point with two connectors at a foreign central system that sends it operations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from evtui.central_system.file_store import FileStore
from evtui.config import Settings
from evtui.events import Sample
from tests.peers.rig import Exchange, RemotePeer, Watched, running, until

__all__ = ["ACCEPTED", "REJECTED", "Bench", "bench_at"]

CP = "CP7"

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}


class Bench:
    """Our charge point with two connectors, a central system that asks, and files for both.

    Attributes:
        ours: the lab with the charge point.
        files: where diagnostics go and firmware comes from.
    """

    def __init__(self, ours: Watched, peer: RemotePeer, files: FileStore) -> None:
        self.ours = ours
        self.files = files
        self._peer = peer
        self._asked_at = 0

    async def ask(self, action: str, **payload: Any) -> Any:
        """The charge point's answer."""
        self._asked_at = len(self.ours.said(CP))
        return await self._peer.call(action, payload)

    def since(self, action: str, **fields: Any) -> list[Exchange]:
        """What the charge point has said since it was asked, and was answered."""
        return [
            said
            for said in self.ours.said(CP)[self._asked_at :]
            if said.action == action and fields.items() <= said.payload.items()
        ]

    async def says(self, action: str, **fields: Any) -> Exchange:
        """Wait until it has said this since it was asked."""
        await until(lambda: self.since(action, **fields), f"{action} {fields}")
        return self.since(action, **fields)[0]

    async def configure(self, key: str, value: str) -> None:
        assert await self.ask("ChangeConfiguration", key=key, value=value) == ACCEPTED

    async def unplug(self, connector: int) -> None:
        await self.ours.lab.execute("station.plug", connector=connector)
        await until(lambda: self.status(connector) == "Available", "Available")

    def status(self, connector: int) -> str:
        return str(self.ours.lab.stands[CP].outlets[connector].connector.status.value)

    async def charge(self, connector: int = 1, tag: str = "CARD") -> int:
        """A remote start that leads to a transaction; returns its id."""
        answer = await self.ask("RemoteStartTransaction", idTag=tag, connectorId=connector)
        assert answer == ACCEPTED
        started = await self.says("StartTransaction", connectorId=connector, idTag=tag)
        await until(lambda: self.status(connector) == "Charging", "Charging")
        return int(started.answer["transactionId"])

    async def finish(self, transaction: int) -> None:
        assert await self.ask("RemoteStopTransaction", transactionId=transaction) == ACCEPTED
        await self.says("StopTransaction", transactionId=transaction)

    async def limits(self, connector: int = 1) -> list[tuple[int, float]]:
        """Start and A of each period of the next 100 s."""
        answer = await self.ask(
            "GetCompositeSchedule", connectorId=connector, duration=100, chargingRateUnit="A"
        )
        assert answer["status"] == "Accepted"
        schedule = answer["chargingSchedule"]
        assert (answer["connectorId"], schedule["chargingRateUnit"]) == (connector, "A")
        return [(p["startPeriod"], p["limit"]) for p in schedule["chargingSchedulePeriod"]]

    def current(self, connector: int) -> float:
        samples = [s for s in self.ours.of(Sample, CP) if s.connector == connector]
        return samples[-1].current


@asynccontextmanager
async def bench_at(peer: RemotePeer, files: FileStore) -> AsyncIterator[Bench]:
    port = (await peer.report("ready"))["port"]
    settings = Settings(
        id=CP,
        csms=f"ws://127.0.0.1:{port}",
        port=0,
        connectors=2,
        strict=True,
        meter_interval=0.5,
    )
    async with running(settings) as ours:
        bench = Bench(ours, peer, files)
        for connector in (0, 1, 2):
            await bench.says("StatusNotification", connectorId=connector)
        await until(lambda: {1, 2} == {s.connector for s in ours.of(Sample, CP)}, "both modules")
        yield bench
        assert peer.trouble() == []
        assert ours.trouble(CP) == []
