"""Long messages: a few at a time are let in, all of them get their answer, nobody keeps a place."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode

from evtui.ocpp16.version import SUBPROTOCOL
from evtui.ocppj import intake
from evtui.ocppj.intake import LONG, PLACES, READ_AT_ONCE, SHORT, Intake
from tests.ocpp16.rig import BOOT, Rig, running, until


class Seen:
    """The central system's connections, as they come."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.connections: list[Intake] = []
        made = Intake.connection_made

        def note(connection: Intake, transport: asyncio.BaseTransport) -> None:
            self.connections.append(connection)
            made(connection, transport)

        monkeypatch.setattr(Intake, "connection_made", note)

    def holding(self) -> list[int]:
        return [connection._held() for connection in self.connections]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    return Seen(monkeypatch)


async def station(stack: AsyncExitStack, url: str, identity: str) -> ClientConnection:
    connection = await stack.enter_async_context(
        connect(f"{url}/{identity}", subprotocols=[SUBPROTOCOL], proxy=None, ping_interval=None)
    )
    await connection.send(json.dumps([2, "boot", "BootNotification", BOOT]))
    assert json.loads(await connection.recv())[1] == "boot"
    return connection


def long_call(uid: str, size: int = 900_000) -> str:
    data = {"vendorId": "v", "data": "x" * size}
    return json.dumps([2, uid, "DataTransfer", data])


def begin(connection: ClientConnection, size: int, whole: int = 900_000) -> bytes:
    """Send ``size`` bytes of a frame of ``whole`` bytes and more, and return the rest of it."""
    frame = Frame(Opcode.TEXT, long_call("slow", whole).encode()).serialize(mask=True)
    connection.transport.write(frame[:size])
    return frame[size:]


async def give_up_places(seen: Seen, places: int, *, begun: int, above: int, other: str) -> str:
    """Take every place by messages that never end, and see another station served all the same.

    Args:
        begun: bytes that are sent of each.
        above: bytes that a connection holds at least that has a place.
        other: message of the other station, of the id ``1``.

    Returns:
        What the central system says of one that took a place.
    """
    central = Rig().central_system()
    async with running(central), AsyncExitStack() as stack:
        slow = [await station(stack, central.url, f"SLOW{n}") for n in range(places)]
        for each in slow:
            begin(each, begun)
        await until(lambda: sum(held > above for held in seen.holding()) == places, 30)
        served = await station(stack, central.url, "OTHER")
        await served.send(other)
        assert json.loads(await served.recv())[1] == "1"
        await until(lambda: not central.is_connected("SLOW0"), 30)
        return str(central.stations["SLOW0"])


async def test_long_messages_of_many_are_let_in_a_few_at_a_time_and_all_are_answered(
    seen: Seen,
) -> None:
    rig = Rig()
    central = rig.central_system(message_rate=None)
    most = 0

    async def look() -> None:
        nonlocal most
        while True:
            most = max(most, sum(held > LONG + READ_AT_ONCE for held in seen.holding()))
            await asyncio.sleep(0)

    async with running(central), AsyncExitStack() as stack:
        stations = [await station(stack, central.url, f"CP{n}") for n in range(3 * PLACES)]
        watch = asyncio.create_task(look())
        for number in range(3):
            sends = (each.send(long_call(str(number))) for each in stations)
            await asyncio.gather(*sends)
        for each in stations:
            for number in range(3):
                assert json.loads(await each.recv())[1] == str(number)
        watch.cancel()
    assert 1 <= most <= PLACES


async def test_messages_begun_hold_no_more_than_there_are_places_for_and_short_ones_pass(
    seen: Seen,
) -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), AsyncExitStack() as stack:
        stations = [await station(stack, central.url, f"CP{n}") for n in range(2 * PLACES)]
        rests = [begin(each, 500_000) for each in stations]
        await until(lambda: sum(held >= 500_000 - 100 for held in seen.holding()) == PLACES, 30)
        quiet = await station(stack, central.url, "QUIET")
        await quiet.send('[2,"1","Heartbeat",{}]')
        assert json.loads(await quiet.recv())[1] == "1"
        assert sum(seen.holding()) <= PLACES * 500_000 + 2 * PLACES * (LONG + READ_AT_ONCE)
        for each, rest in zip(stations, rests, strict=True):
            each.transport.write(rest)
        for each in stations:
            assert json.loads(await each.recv())[1] == "slow"


async def test_who_never_ends_a_long_message_gives_its_place_up(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PATIENCE", 0.2)
    told = await give_up_places(seen, PLACES, begun=200_000, above=LONG, other=long_call("1"))
    assert "a long message came too slowly" in told


async def test_a_slow_message_that_nobody_waits_behind_is_taken(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PATIENCE", 0.05)
    rig = Rig()
    central = rig.central_system()
    async with running(central), AsyncExitStack() as stack:
        slow = await station(stack, central.url, "SLOW")
        rest = begin(slow, 200_000)
        await asyncio.sleep(0.2)
        slow.transport.write(rest)
        assert json.loads(await slow.recv())[1] == "slow"


async def test_of_messages_of_middle_size_no_more_are_begun_than_there_are_places_for(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MIDDLE_PLACES", 3)
    rig = Rig()
    central = rig.central_system()
    async with running(central), AsyncExitStack() as stack:
        stations = [await station(stack, central.url, f"CP{n}") for n in range(20)]
        rests = [begin(each, LONG - 10_000, LONG - 5_000) for each in stations]
        await until(lambda: sum(held > LONG // 2 for held in seen.holding()) == 3, 30)
        await until(lambda: sum(each.waits for each in seen.connections) == 17, 30)
        assert sum(seen.holding()) <= 3 * LONG + 17 * (SHORT + READ_AT_ONCE)
        quiet = await station(stack, central.url, "QUIET")
        await quiet.send('[2,"1","Heartbeat",{}]')
        assert json.loads(await quiet.recv())[1] == "1"
        for each, rest in zip(stations, rests, strict=True):
            each.transport.write(rest)
        for each in stations:
            assert json.loads(await each.recv())[1] == "slow"
    assert not any(each.waits for each in seen.connections)


async def test_who_never_ends_a_message_of_middle_size_gives_its_place_up(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MIDDLE_PLACES", 2)
    monkeypatch.setattr(intake, "PATIENCE", 0.2)
    other = long_call("1", 50_000)
    told = await give_up_places(seen, 2, begun=30_000, above=SHORT, other=other)
    assert "came too slowly" in told


async def test_fragments_count_as_what_they_are_part_of(seen: Seen) -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), AsyncExitStack() as stack:
        stations = [await station(stack, central.url, f"CP{n}") for n in range(2 * PLACES)]
        message = long_call("whole", 200_000).encode()
        parts = [message[at : at + 4_000] for at in range(0, len(message), 4_000)]
        for each in stations:
            for number, part in enumerate(parts[:-1]):
                opcode = Opcode.CONT if number else Opcode.TEXT
                each.transport.write(Frame(opcode, part, fin=False).serialize(mask=True))
        await until(lambda: sum(held > 200_000 - 4_000 for held in seen.holding()) == PLACES, 30)
        await until(lambda: sum(each.waits for each in seen.connections) == PLACES, 30)
        assert sum(seen.holding()) <= PLACES * 250_000 + 2 * PLACES * (LONG + READ_AT_ONCE)
        for each in stations:
            each.transport.write(Frame(Opcode.CONT, parts[-1]).serialize(mask=True))
        for each in stations:
            assert json.loads(await each.recv())[1] == "whole"
