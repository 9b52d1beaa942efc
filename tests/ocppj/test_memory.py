"""OCPP inside the process: the link without a socket, and the door of the central system."""

from __future__ import annotations

import asyncio
import json

import pytest

from evtui.central_system.memory_endpoint import MemoryEndpoint
from evtui.central_system.system import CentralSystem
from evtui.events import CentralSystemState, LinkState
from evtui.ocppj.link import LinkClosed
from evtui.ocppj.memory import memory_pair
from evtui.runtime.virtual import run_virtual
from tests.ocpp16.rig import BOOT, Rig, running
from tests.patience import PATIENCE


def test_texts_arrive_in_order_at_the_other_end() -> None:
    async def main() -> list[str | bytes]:
        one, other = memory_pair()
        for text in ("a", "b", "c"):
            await one.send(text)
        return [await other.recv() for _ in range(3)]

    assert run_virtual(main()) == ["a", "b", "c"]


def test_a_reader_that_waits_is_woken() -> None:
    async def main() -> str | bytes:
        one, other = memory_pair()
        reading = asyncio.create_task(other.recv())
        await asyncio.sleep(5)
        await one.send("late")
        return await reading

    assert run_virtual(main()) == "late"


def test_what_was_sent_before_a_close_still_arrives() -> None:
    async def main() -> tuple[str | bytes, str]:
        one, other = memory_pair()
        await one.send("last words")
        await one.close(1001, "going away")
        text = await other.recv()
        with pytest.raises(LinkClosed) as closed:
            await other.recv()
        return text, str(closed.value)

    assert run_virtual(main()) == ("last words", "closed by peer with 1001: going away")


def test_both_ends_are_closed_and_nothing_can_be_sent() -> None:
    async def main() -> None:
        one, other = memory_pair()
        reading = asyncio.create_task(one.recv())
        await asyncio.sleep(0)
        await one.close()
        await other.close()
        for end in (one, other):
            with pytest.raises(LinkClosed):
                await end.send("x")
        with pytest.raises(LinkClosed, match="closed by us with 1000"):
            await reading

    run_virtual(main())


def test_a_reader_given_up_loses_nothing() -> None:
    async def main() -> str | bytes:
        one, other = memory_pair()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await other.recv()
        await one.send("still here")
        return await other.recv()

    assert run_virtual(main()) == "still here"


def central_system(rig: Rig, endpoint: MemoryEndpoint) -> CentralSystem:
    return CentralSystem(rig.stream, rig.clock, endpoint, ids=rig.ids, sent=rig.sent)


def test_a_station_connects_boots_and_is_asked() -> None:
    async def main() -> tuple[str | bytes, list[str]]:
        rig = Rig()
        endpoint = MemoryEndpoint()
        central = central_system(rig, endpoint)
        async with running(central):
            station = await endpoint.dial("CP1")
            await station.send(json.dumps([2, "1", "BootNotification", BOOT]))
            answer = await station.recv()
            assert central.is_connected("CP1")
        return answer, [event.state for event in rig.of(LinkState)]

    answer, states = run_virtual(main())
    assert json.loads(answer)[2]["status"] == "Accepted"
    assert states[0] == "connected"


def test_a_central_system_that_is_down_takes_nobody_and_closes_who_was_there() -> None:
    async def main() -> None:
        rig = Rig()
        endpoint = MemoryEndpoint()
        with pytest.raises(LinkClosed, match="does not listen"):
            await endpoint.dial("CP1")
        async with running(central_system(rig, endpoint)):
            station = await endpoint.dial("CP1")
        with pytest.raises(LinkClosed, match="1001"):
            await station.recv()
        state = rig.of(CentralSystemState)[-1]
        assert (state.listening, state.url) == (False, "memory:csms")

    run_virtual(main())
