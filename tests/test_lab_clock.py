"""A lab whose computer's clock is set while it runs."""

from __future__ import annotations

import asyncio

from evtui.events import Note, OcppMessage
from evtui.moments import unix_time
from tests.lab_rig import START_UTC, LabRig, running_lab
from tests.virtual_loop import run_virtual


class Computer:
    """A clock outside that somebody sets."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.set_by = 0.0

    def __call__(self) -> float:
        return START_UTC + self._loop.time() + self.set_by


def newest_current_time(rig: LabRig) -> tuple[float, float]:
    """currentTime (Unix s) of the newest answer to a Heartbeat, and lab time of it."""
    answer = [
        event
        for event in rig.of(OcppMessage)
        if (event.action, event.kind, event.phase) == ("Heartbeat", "result", "delivered")
    ][-1]
    return unix_time(answer.payload["currentTime"]), answer.t


def test_current_time_follows_lab_seconds_do_not_and_an_event_says_so() -> None:
    async def scenario() -> None:
        computer = Computer()
        async with running_lab(computer, heartbeat_interval=5) as rig:
            await asyncio.sleep(7)
            told, t = newest_current_time(rig)
            assert abs(told - START_UTC - t) < 0.1
            for step, words in ((3600.0, "forward by 3600.0 s"), (-7200.0, "back by 7200.0 s")):
                computer.set_by += step
                begun = rig.lab.clock.now()
                await asyncio.sleep(10)
                assert abs(rig.lab.clock.now() - begun - 10) < 0.1
                told, t = newest_current_time(rig)
                assert abs(told - START_UTC - computer.set_by - t) < 0.1
                notes = [note for note in rig.of(Note) if "the computer's clock" in note.text]
                assert words in notes[-1].text
                assert notes[-1].level == "warning"
            assert len(notes) == 2
            assert [e.t for e in rig.events] == sorted(e.t for e in rig.events)

    run_virtual(scenario())


def test_a_clock_that_nobody_sets_is_not_spoken_of() -> None:
    async def scenario() -> None:
        async with running_lab(Computer()) as rig:
            await asyncio.sleep(600)
            assert "clock" in rig.parts
            assert not [note for note in rig.notes if "clock" in note]
        async with running_lab() as rig:
            assert "clock" not in rig.parts

    run_virtual(scenario())
