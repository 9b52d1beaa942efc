"""Whoever sits on the line between a charge point and its central system."""

from __future__ import annotations

import asyncio
from math import inf

import pytest

from evtui.ocppj import (
    Let,
    LinkClosed,
    MemoryTransport,
    MessageIds,
    Passing,
    SentMessages,
    StationLine,
    Transport,
    memory_pair,
)
from tests.virtual_loop import run_virtual

CALL = '[2,"1","Heartbeat",{}]'
ANSWER = '[3,"1",{"currentTime":"2026-01-01T00:00:00Z"}]'
NEXT = '[2,"2","Heartbeat",{}]'


class Ends:
    """A line and the transports at both of its ends."""

    def __init__(self) -> None:
        self.theirs = MemoryTransport()
        self.line = StationLine("CP1", self._dial, SentMessages(), MessageIds("x"))

    async def _dial(self) -> Transport:
        ours, self.theirs = memory_pair()
        return ours


async def dialled() -> tuple[Ends, Transport]:
    ends = Ends()
    return ends, await ends.line.dial()


def test_while_nobody_sits_there_texts_go_through_and_nothing_is_looked_at() -> None:
    async def scenario() -> None:
        ends, station = await dialled()
        await station.send("no OCPP")
        assert await ends.theirs.recv() == "no OCPP"
        await ends.theirs.send(CALL)
        assert await station.recv() == CALL
        assert not ends.line.busy

    run_virtual(scenario())


def test_who_sits_there_sees_the_action_of_calls_and_of_their_answers() -> None:
    async def scenario() -> list[Passing]:
        ends, station = await dialled()
        seen: list[Passing] = []
        leave = ends.line.sit(lambda message: seen.append(message))
        await station.send(CALL)
        await ends.theirs.send(ANSWER)
        assert await station.recv() == ANSWER
        leave()
        await station.send(NEXT)
        assert not ends.line.busy
        return seen

    call, answer = run_virtual(scenario())
    assert (call.sender, call.kind, call.action) == ("charge_point", "call", "Heartbeat")
    assert (answer.sender, answer.kind, answer.action) == (
        "central_system",
        "result",
        "Heartbeat",
    )
    assert answer.payload["currentTime"] == "2026-01-01T00:00:00Z"


def test_what_is_held_arrives_late_and_what_was_sent_behind_it_too() -> None:
    async def scenario() -> list[tuple[float, str | bytes]]:
        ends, station = await dialled()
        ends.line.sit(lambda message: (Let(message.text, 2.0 if message.uid == "1" else 0.0),))
        await station.send(CALL)
        await station.send(NEXT)
        arrived = []
        for _ in range(2):
            text = await ends.theirs.recv()
            arrived.append((asyncio.get_running_loop().time(), text))
        return arrived

    assert run_virtual(scenario()) == [(2.0, CALL), (2.0, NEXT)]


def test_what_may_be_overtaken_is_overtaken() -> None:
    async def scenario() -> list[str | bytes]:
        ends, station = await dialled()
        ends.line.sit(
            lambda message: (
                (Let(message.text, 2.0, overtaken=True),) if message.uid == "1" else None
            )
        )
        await station.send(CALL)
        await station.send(NEXT)
        return [await ends.theirs.recv() for _ in range(2)]

    assert run_virtual(scenario()) == [NEXT, CALL]


def test_a_flush_lets_through_what_is_held_for_ever_in_the_sequence_of_sending() -> None:
    async def scenario() -> list[str | bytes]:
        ends, station = await dialled()
        leave = ends.line.sit(lambda message: (Let(message.text, inf, overtaken=True),))
        await ends.theirs.send(CALL)
        await ends.theirs.send(NEXT)
        reading = asyncio.create_task(station.recv())
        await asyncio.sleep(100.0)
        assert not reading.done()
        leave()
        busy = [ends.line.busy]  # there is something on its way still
        await ends.line.flush()
        assert [*busy, ends.line.busy] == [True, False]
        return [await reading, await station.recv()]

    assert run_virtual(scenario()) == [CALL, NEXT]


def test_a_forged_call_reaches_a_charge_point_that_waits_and_its_answer_goes_no_further() -> None:
    async def scenario() -> tuple[object, object, str | bytes]:
        ends, station = await dialled()
        reading = asyncio.create_task(station.recv())
        await asyncio.sleep(1.0)
        forging = asyncio.create_task(
            ends.line.call_charge_point("Reset", {"type": "Soft"}, cause=1, within=5.0)
        )
        forged = await reading
        await station.send('[3,"x-1",{"status":"Accepted"}]')
        await station.send(CALL)
        answer = await forging
        assert not ends.line.busy
        return forged, answer, await ends.theirs.recv()

    assert run_virtual(scenario()) == (
        '[2,"x-1","Reset",{"type":"Soft"}]',
        {"status": "Accepted"},
        CALL,
    )


def test_who_reads_can_be_cancelled_while_somebody_sits_there() -> None:
    async def scenario() -> None:
        ends, station = await dialled()
        ends.line.sit(lambda message: None)
        reading = asyncio.create_task(station.recv())
        await asyncio.sleep(1.0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await ends.theirs.send(CALL)
        assert await station.recv() == CALL

    run_virtual(scenario())


def test_a_connection_that_is_cut_is_closed_at_both_ends_and_dialled_anew() -> None:
    async def scenario() -> None:
        ends, station = await dialled()
        old = ends.theirs
        await ends.line.cut()
        with pytest.raises(LinkClosed):
            await station.recv()
        with pytest.raises(LinkClosed):
            await old.recv()
        assert not ends.line.connected
        await ends.line.dial()
        assert ends.line.connected

    run_virtual(scenario())
