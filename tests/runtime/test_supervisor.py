from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from evtui.events import Event, EventStream, PartState, caused_by, current_cause
from evtui.runtime.clock import LoopClock
from evtui.runtime.supervisor import Supervisor
from tests.virtual_loop import run_virtual


class Rig:
    """A supervisor, what it says about its parts, and what they did."""

    def __init__(self) -> None:
        stream = EventStream(LoopClock(asyncio.get_running_loop()))
        self.supervisor = Supervisor(stream)
        self.said: list[tuple[str, str]] = []
        self.details: list[str] = []
        self.did: list[str] = []
        stream.subscribe(self._on_event)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, PartState):
            self.said.append((event.part, event.state))
            self.details.append(event.detail)

    def part(self, name: str, *, leaving_takes: float = 0.0) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            self.did.append(f"{name} up")
            try:
                await asyncio.sleep(1e6)
            finally:
                await asyncio.sleep(leaving_takes)
                self.did.append(f"{name} down")

        return run

    def failing(self, after: float = 1.0) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await asyncio.sleep(after)
            raise ValueError("no good")

        return run


def test_parts_stop_in_reverse_order_each_before_the_next() -> None:
    async def scenario() -> Rig:
        rig = Rig()
        for name, takes in (("a", 0.0), ("b", 5.0), ("c", 1.0)):
            rig.supervisor.start(name, rig.part(name, leaving_takes=takes))
        await asyncio.sleep(1)
        await rig.supervisor.stop_all()
        return rig

    rig = run_virtual(scenario())
    assert rig.did == ["a up", "b up", "c up", "c down", "b down", "a down"]
    assert rig.said == [
        *[(name, "running") for name in "abc"],
        *[(name, "stopped") for name in "cba"],
    ]


def test_a_part_that_crashes_is_reported_and_the_others_live_on() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.supervisor.start("steady", rig.part("steady"))
        rig.supervisor.start("weak", rig.failing())
        await asyncio.sleep(10)
        assert rig.supervisor.crashed == ("weak",)
        assert rig.said[-1] == ("weak", "crashed")
        assert rig.details[-1] == "ValueError: no good"
        assert rig.did == ["steady up"]

    run_virtual(scenario())


def test_what_has_crashed_can_be_started_again_and_again() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.supervisor.start("steady", rig.part("steady"))
        rig.supervisor.start("weak", rig.failing())
        for _ in range(2):
            await asyncio.sleep(2)
            assert rig.supervisor.restart() == ("weak",)
            assert rig.supervisor.crashed == ()
        await asyncio.sleep(2)
        assert rig.said[1:] == [("weak", "running"), ("weak", "crashed")] * 3
        assert rig.did == ["steady up"]

    run_virtual(scenario())


def test_nothing_is_restarted_while_all_is_well() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.supervisor.start("steady", rig.part("steady"))
        await asyncio.sleep(1)
        assert rig.supervisor.restart() == ()
        assert rig.did == ["steady up"]

    run_virtual(scenario())


def test_a_part_that_ends_by_itself_has_stopped_not_crashed() -> None:
    async def scenario() -> Rig:
        rig = Rig()
        rig.supervisor.start("brief", lambda: asyncio.sleep(1))
        await asyncio.sleep(2)
        assert rig.supervisor.crashed == ()
        return rig

    assert run_virtual(scenario()).said == [("brief", "running"), ("brief", "stopped")]


def test_a_stopped_part_can_be_started_anew_and_a_running_one_cannot() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.supervisor.start("a", rig.part("a"))
        with pytest.raises(ValueError, match="part 'a' runs already"):
            rig.supervisor.start("a", rig.part("a"))
        await asyncio.sleep(1)
        await rig.supervisor.stop("a")
        rig.supervisor.start("a", rig.part("a"))
        await asyncio.sleep(1)
        assert rig.did == ["a up", "a down", "a up"]

    run_virtual(scenario())


def test_a_part_that_fails_on_its_way_out_does_not_keep_the_others_running() -> None:
    async def scenario() -> Rig:
        async def stubborn() -> None:
            try:
                await asyncio.sleep(1e6)
            finally:
                raise RuntimeError("not without a fight")

        rig = Rig()
        rig.supervisor.start("a", rig.part("a"))
        rig.supervisor.start("stubborn", stubborn)
        await asyncio.sleep(1)
        await rig.supervisor.stop_all()
        return rig

    rig = run_virtual(scenario())
    assert rig.said[-2:] == [("stubborn", "crashed"), ("a", "stopped")]


def test_who_starts_a_part_is_not_the_cause_of_all_it_does() -> None:
    async def scenario() -> list[int | None]:
        causes: list[int | None] = []

        async def run() -> None:
            causes.append(current_cause())

        with caused_by(7):
            Rig().supervisor.start("part", run)
        await asyncio.sleep(1)
        return causes

    assert run_virtual(scenario()) == [None]
