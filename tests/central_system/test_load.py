"""What the central system carries is told at most once a second, and only when it changed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import pairwise

from evtui.central_system.memory_endpoint import MemoryEndpoint
from evtui.central_system.system import CentralSystem
from evtui.events import CentralSystemLoad, Note
from evtui.ocppj.limits import MessageRate
from evtui.ocppj.link import LinkClosed
from evtui.ocppj.memory import MemoryTransport
from evtui.runtime.virtual import run_virtual
from tests.ocpp16.rig import Rig, running

BOOT = '[2,"boot","BootNotification",{"chargePointVendor":"v","chargePointModel":"m"}]'


class Busy:
    """A central system on virtual time."""

    def __init__(self, **options: int) -> None:
        self.rig = Rig()
        self.endpoint = MemoryEndpoint()
        self.central = CentralSystem(
            self.rig.stream,
            self.rig.clock,
            self.endpoint,
            ids=self.rig.ids,
            sent=self.rig.sent,
            message_rate=MessageRate(per_s=10, burst=20),
            **options,  # type: ignore[arg-type]
        )

    @property
    def told(self) -> list[CentralSystemLoad]:
        return self.rig.of(CentralSystemLoad)

    async def arrive(self, identity: str = "CP1") -> MemoryTransport:
        station = await self.endpoint.dial(identity)
        await station.send(BOOT)
        await station.recv()
        return station

    async def say(self, station: MemoryTransport, *texts: str) -> None:
        for text in texts:
            await station.send(text)
            await station.recv()


def test_connections_and_calls_are_told_and_then_that_it_is_quiet() -> None:
    async def main() -> list[tuple[int, float]]:
        busy = Busy()
        async with running(busy.central):
            station = await busy.arrive()
            await busy.arrive("CP2")
            await busy.say(station, '[2,"a","Heartbeat",{}]')
            await asyncio.sleep(100)
            return [(load.connections, load.calls_per_s) for load in busy.told]

    assert run_virtual(main()) == [(2, 3.0), (2, 0.0)]


def test_transactions_that_were_abandoned_are_counted() -> None:
    start = '{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"2026-01-01T00:00:00Z"}'
    available = '{"connectorId":1,"status":"Available","errorCode":"NoError"}'

    async def main() -> int:
        busy = Busy()
        async with running(busy.central):
            station = await busy.arrive()
            await busy.say(station, f'[2,"a","StartTransaction",{start}]')
            await busy.say(station, f'[2,"b","StatusNotification",{available}]')
            await asyncio.sleep(10)
            return busy.told[-1].abandoned

    assert run_virtual(main()) == 1


def test_it_is_told_at_most_once_a_second() -> None:
    async def main() -> list[float]:
        busy = Busy()
        async with running(busy.central):
            station = await busy.arrive()
            for number in range(200):
                await busy.say(station, f'[2,"a{number}","Heartbeat",{{}}]')
                await asyncio.sleep(0.07)
            return [load.t for load in busy.told]

    moments = run_virtual(main())
    assert len(moments) > 5
    assert all(later - earlier >= 1 - 1e-9 for earlier, later in pairwise(moments))


def test_nothing_is_told_while_nothing_changes() -> None:
    async def main() -> int:
        busy = Busy()
        async with running(busy.central):
            await asyncio.sleep(1000)
            return len(busy.told)

    assert run_virtual(main()) == 0


def test_what_was_refused_broken_held_back_or_replaced_is_counted() -> None:
    async def main() -> CentralSystemLoad:
        busy = Busy(connections_max=2)
        async with running(busy.central):
            station = await busy.arrive()
            await busy.arrive("CP2")
            with suppress(LinkClosed):
                await busy.arrive("CP3")
            await busy.say(station, "rubbish", '[2,"b","Fly",{}]')
            for number in range(30):
                await station.send(f'[2,"c{number}","Heartbeat",{{}}]')
            await asyncio.sleep(30)
            await busy.arrive()
            await asyncio.sleep(30)
            return busy.told[-1]

    load = run_virtual(main())
    assert (load.connections, load.connections_max, load.calls_per_s) == (2, 2, 0.0)
    assert (load.refused, load.invalid, load.oversize, load.evicted) == (1, 2, 0, 1)
    assert load.throttled > 0
    assert load.cause is None


def test_a_station_that_is_held_back_is_named_with_the_bound_once_a_minute() -> None:
    async def main() -> list[Note]:
        busy = Busy()
        async with running(busy.central):
            station = await busy.arrive()
            for number in range(300):
                await busy.say(station, f'[2,"{number}","Heartbeat",{{}}]')
            quiet = await busy.arrive("CP2")
            await busy.say(
                quiet, '[2,"a","DataTransfer",{"vendorId":"v","data":"' + "x" * 50_000 + '"}]'
            )
            return busy.rig.of(Note)

    assert [(note.level, note.station, note.text) for note in run_virtual(main())] == [
        ("warning", "CP1", "CP1 sends more than 10 messages or 10 KiB a second: held back"),
        ("warning", "CP2", "CP2 sends more than 10 messages or 10 KiB a second: held back"),
    ]
