"""Connections share the loop: a burst of one keeps neither timers nor the others waiting."""

from __future__ import annotations

import asyncio
import contextlib
import time
from itertools import pairwise

import pytest
from websockets.frames import Frame, Opcode

from evtui.events import OcppMessage
from evtui.ocppj.link import LinkClosed
from evtui.ocppj.memory import memory_pair
from evtui.ocppj.turns import SHARE, Turns
from tests.ocpp16.rig import Rig, running, until
from tests.virtual_loop import VirtualTimeLoop, run_virtual


def here() -> tuple[VirtualTimeLoop, Turns]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return loop, Turns.of(loop)


async def worker(name: str, pieces: int, cost: float, done: list[str]) -> None:
    loop, turns = here()
    for _ in range(pieces):
        if not turns.take():
            await turns.turn()
        loop.hold_up(cost)
        done.append(name)


def test_a_loop_has_one_line() -> None:
    async def main() -> None:
        _, turns = here()
        assert turns is Turns.of(asyncio.get_running_loop())

    run_virtual(main())


def test_loops_that_have_ended_are_forgotten() -> None:
    async def main() -> None:
        Turns.of(asyncio.get_running_loop())

    for _ in range(5):
        asyncio.run(main())
    asyncio.run(main())
    assert sum(loop.is_closed() for loop in Turns._of_loops) <= 1


def test_work_that_takes_no_time_never_waits() -> None:
    async def main() -> list[str]:
        done: list[str] = []
        a = asyncio.create_task(worker("a", 1_000, 0, done))
        b = asyncio.create_task(worker("b", 1, 0, done))
        await asyncio.gather(a, b)
        return done

    assert run_virtual(main()) == ["a"] * 1_000 + ["b"]


@pytest.mark.parametrize("workers", [1, 10, 500])
def test_the_loop_comes_round_within_the_share_however_many_work(workers: int) -> None:
    cost = 0.001

    async def main() -> list[float]:
        loop, _ = here()
        done: list[str] = []
        tasks = [
            asyncio.create_task(worker(str(number), 1_000 // workers + 10, cost, done))
            for number in range(workers)
        ]
        moments = []
        while not all(task.done() for task in tasks):
            moments.append(loop.time())
            await asyncio.sleep(0.001)
        return [b - a for a, b in pairwise(moments)]

    # The round that a timer falls into, the one in which it fires, the one in which who slept
    # goes on; each is a share, and the piece of work that uses it up.
    assert max(run_virtual(main())) <= 3 * (SHARE + cost)


def test_who_waits_is_served_in_turn_one_piece_of_work_each() -> None:
    async def main() -> list[str]:
        done: list[str] = []
        tasks = [
            asyncio.create_task(worker(f"{number:02}", 10, SHARE / 4, done)) for number in range(40)
        ]
        await asyncio.gather(*tasks)
        return done

    done = run_virtual(main())
    # nobody is further ahead than what the first share gave the first of them
    for end in range(len(done)):
        counts = [done[: end + 1].count(f"{number:02}") for number in range(40)]
        assert max(counts) - min(counts) <= 5


def test_who_goes_away_while_waiting_holds_nobody_up() -> None:
    async def main() -> list[str]:
        done: list[str] = []
        busy = asyncio.create_task(worker("busy", 100, SHARE, done))
        gone = asyncio.create_task(worker("gone", 1, 0, done))
        last = asyncio.create_task(worker("last", 1, 0, done))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gone.cancel()
        await last
        busy.cancel()
        await asyncio.gather(busy, gone, return_exceptions=True)
        return done

    done = run_virtual(main())
    assert "gone" not in done
    assert done.index("last") < 10


def test_a_line_of_callbacks_and_tasks_is_one_line() -> None:
    async def main() -> list[str]:
        loop, turns = here()
        done: list[str] = []
        assert turns.take()
        loop.hold_up(SHARE)
        assert not turns.take()
        turns.line_up(lambda: done.append("callback"))
        await worker("task", 1, 0, done)
        turns.line_up(lambda: done.append("later"))
        await asyncio.sleep(0.1)
        return done

    assert run_virtual(main()) == ["callback", "task", "later"]


def test_a_burst_on_two_links_lets_a_timer_through_and_a_third_link() -> None:
    cost = 0.001

    async def main() -> tuple[float, int]:
        loop, _ = here()
        rig = Rig()
        rig.stream.subscribe(lambda event: loop.hold_up(cost / 2), OcppMessage)
        tasks = []

        async def serve(link_transport: object) -> None:
            link = rig.link(link_transport)  # type: ignore[arg-type]
            with contextlib.suppress(LinkClosed):
                while True:
                    call = await link.receive()
                    await link.answer(call, {"currentTime": "2026-01-01T00:00:00Z"})

        peers = []
        for _ in range(3):
            ours, theirs = memory_pair()
            peers.append(theirs)
            tasks.append(asyncio.create_task(serve(ours)))
        for peer in peers[:2]:
            for number in range(1_000):
                await peer.send(f'[2,"{number}","Heartbeat",{{}}]')
        moments = [loop.time()]
        for _ in range(20):
            await asyncio.sleep(0.001)
            moments.append(loop.time())
        before = len(rig.messages(phase="delivered"))
        await peers[2].send('[2,"quiet","Heartbeat",{}]')
        await peers[2].recv()
        between = len(rig.messages(phase="delivered")) - before
        for peer in peers:
            await peer.close()
        await asyncio.gather(*tasks)
        return max(b - a for a, b in pairwise(moments)), between

    worst, between = run_virtual(main())
    assert worst <= 3 * (SHARE + cost)
    assert between <= 3 * SHARE / cost


async def test_what_a_socket_brings_waits_for_its_turn_and_nothing_is_lost() -> None:
    rig = Rig()
    # Each message costs the loop 1 ms, so that a share is some twenty of them.
    rig.stream.subscribe(lambda event: time.sleep(0.001), OcppMessage)
    stations, calls = 5, 100
    handled: list[int] = []

    async def look() -> None:
        while True:
            handled.append(len(rig.messages()))
            await asyncio.sleep(0.001)

    burst = b"".join(
        Frame(Opcode.TEXT, f'[2,"{number}","Heartbeat",{{}}]'.encode()).serialize(mask=True)
        for number in range(calls)
    )
    central = rig.central_system(call_timeout=60)
    async with running(central):
        writers = [await handshake(central.url, f"CP{number}") for number in range(stations)]
        ticker = asyncio.create_task(look())
        for writer in writers:
            writer.write(burst)
        # Gone at once: what has come before the end of a connection counts all the same.
        for writer in writers:
            writer.write_eof()
        await until(lambda: len(rig.messages(phase="delivered")) == stations * calls, 60)
        ticker.cancel()
        for writer in writers:
            writer.close()
    assert max(b - a for a, b in pairwise(handled)) <= 3 * (SHARE / 0.001 + 2)


async def handshake(url: str, identity: str) -> asyncio.StreamWriter:
    """A station that has done its handshake by hand; what comes is left unread."""
    host, _, port = url.removeprefix("ws://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET /{identity} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    return writer
