"""Silence of a charger module, on a loop that may be late itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus.packs.seed.charger import SILENCE as MODULE_SILENCE
from evtui.events import ConnectorState
from evtui.station.connector.charger_link import WATCH_EVERY
from evtui.station.connector.silence import Silence
from tests.station.rig import Rig, charge, station, virtual
from tests.virtual_loop import VirtualTimeLoop


def looks(silence: Silence, moments: Iterable[float]) -> float:
    """What the last look says."""
    length = 0.0
    for moment in moments:
        length = silence.look(moment)
    return length


def test_who_was_never_heard_is_not_silent() -> None:
    silence = Silence(0.5)
    assert looks(silence, (0.5, 1.0, 1.5)) == 0
    assert not silence.begun


def test_on_a_loop_that_is_on_time_silence_is_the_time_since_it_was_heard() -> None:
    silence = Silence(0.5)
    silence.look(0.0)
    silence.heard(0.2)
    assert looks(silence, (0.5, 1.0, 1.5)) == pytest.approx(1.3)
    assert silence.length(1.9) == pytest.approx(1.7)
    silence.heard(2.0)
    assert silence.look(2.0) == 0


def test_time_in_which_the_loop_was_held_up_is_no_silence() -> None:
    silence = Silence(0.5)
    silence.look(0.0)
    silence.heard(0.4)
    assert silence.length(3.6) == 0  # a frame that is read before the next look
    assert silence.look(3.6) == 0
    assert silence.look(4.1) == pytest.approx(0.5)


@given(
    late=st.floats(0.0, 0.2),
    every=st.just(0.5),
)
def test_real_silence_is_noticed_on_a_loop_that_is_always_a_little_late(
    late: float, every: float
) -> None:
    silence = Silence(every)
    silence.look(0.0)
    silence.heard(0.0)
    moments = [(index + 1) * (every + late) for index in range(30)]
    assert looks(silence, moments) > MODULE_SILENCE


@given(st.lists(st.floats(0.0, 10.0), max_size=30))
def test_silence_is_never_longer_than_what_passed_and_never_negative(waits: list[float]) -> None:
    silence = Silence(0.5)
    silence.heard(0.0)
    now = 0.0
    for wait in waits:
        now += 0.5 + wait
        assert 0 <= silence.length(now) <= now
        assert silence.look(now) <= now


def faults(rig: Rig) -> list[ConnectorState]:
    return [state for state in rig.of(ConnectorState) if state.status == "Faulted"]


@virtual
async def test_a_loop_held_up_again_and_again_ends_no_transaction() -> None:
    async with station() as rig:
        await charge(rig)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        limits, frames = len(rig.limits()), len(rig.frames(0x200))
        for length in (3.0, 1.2, 1.2, 0.9, 0.9, 30.0):
            loop.hold_up(length)
            await asyncio.sleep(0)
            await asyncio.sleep(0.05)
        await asyncio.sleep(2)
        assert not faults(rig)
        assert not rig.central.of("StopTransaction")
        # and nothing is told the module as if it had been away
        assert (len(rig.limits()), len(rig.frames(0x200))) == (limits, frames)


@virtual
async def test_a_module_that_falls_silent_while_the_loop_is_held_up_is_noticed_after_it() -> None:
    async with station() as rig:
        await charge(rig)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        await rig.silence_module()
        loop.hold_up(3.0)
        free = loop.time()
        await rig.sent("StopTransaction")
        assert faults(rig)
        assert loop.time() - free <= MODULE_SILENCE + 2 * WATCH_EVERY


def test_a_real_loop_that_is_blocked_for_three_seconds_ends_no_transaction() -> None:
    async def blocked() -> None:
        async with station() as rig:
            await charge(rig)
            time.sleep(3)  # noqa: ASYNC251 - as a burst of messages would
            begun = len(rig.frames(0x300))
            await rig.until(lambda: len(rig.frames(0x300)) >= begun + 15)
            assert not faults(rig)
            assert not rig.central.of("StopTransaction")

    asyncio.run(blocked())
