"""The queue between a station and whichever connection it has (OCPP 1.6 section 3.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ocpp.v16 import call

from evtui.events import caused_by, current_cause
from evtui.ocpp16.link import CallRefused, LinkClosed
from evtui.station import outbox as outbox_module
from evtui.station.outbox import Outbox
from tests.station.rig import virtual
from tests.virtual_loop import run_virtual


class Box:
    """An outbox, what it lost, and a connection that does as it is told."""

    def __init__(self, attempts: int = 3) -> None:
        self.lost: list[str] = []
        self.sent: list[tuple[float, Any, int | None]] = []
        self.failing: Callable[[Any], Exception | None] = lambda message: None
        self.outbox = Outbox(
            attempts=lambda: attempts, retry_interval=lambda: 10.0, lost=self.lost.append
        )
        self.running: asyncio.Task[None] | None = None

    def connect(self, connection: Callable[[Any], Awaitable[Any]] | None = None) -> None:
        """A connection comes."""
        self.running = asyncio.create_task(self.outbox.run(connection or self.call))

    async def disconnect(self) -> None:
        """The connection goes."""
        assert self.running is not None
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)

    async def call(self, message: Any) -> Any:
        """What stands for a connection: answers ``answer to ...``."""
        self.sent.append((asyncio.get_running_loop().time(), message, current_cause()))
        error = self.failing(message)
        if error is not None:
            raise error
        return f"answer to {message}"

    @property
    def messages(self) -> list[Any]:
        """What was sent, in order."""
        return [message for _, message, _ in self.sent]


def says(message: Any) -> Callable[[], Any]:
    """Builds ``message`` when its turn has come."""
    return lambda: message


@virtual
async def test_messages_go_out_in_order_and_are_answered_to_whoever_asked() -> None:
    box = Box()
    box.connect()
    await asyncio.sleep(0)
    answers: list[Any] = []
    for number in range(5):
        assert box.outbox.post(says(number), keep=number % 2 == 0, done=answers.append)
    await box.outbox.flushed()
    assert box.messages == [0, 1, 2, 3, 4]
    assert answers == [f"answer to {number}" for number in range(5)]
    await box.disconnect()


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=30))
def test_what_is_to_be_kept_survives_a_lost_link_in_order_and_the_rest_is_given_up(
    keeps: list[bool],
) -> None:
    async def scenario() -> None:
        box = Box()
        given_up: list[int] = []

        async def mute(_: Any) -> Any:
            await asyncio.Event().wait()

        def note(number: int) -> Callable[[Any], None]:
            return lambda answer: given_up.append(number) if answer is None else None

        box.connect(mute)
        await asyncio.sleep(1)
        for number, keep in enumerate(keeps):
            assert box.outbox.post(says(number), keep=keep, done=note(number))
        await asyncio.sleep(1)
        await box.disconnect()
        assert given_up == [number for number, keep in enumerate(keeps) if not keep]
        box.connect()
        await box.outbox.flushed()
        assert box.messages == [number for number, keep in enumerate(keeps) if keep]
        await box.disconnect()

    run_virtual(scenario())


@virtual
async def test_without_a_connection_only_what_is_to_be_kept_is_taken() -> None:
    box = Box()
    assert not box.outbox.post(says("heartbeat"))
    assert box.outbox.post(says("stop"), keep=True)
    assert len(box.outbox) == 1


@virtual
async def test_a_lost_link_ends_the_run_and_the_message_on_its_way_is_sent_again() -> None:
    box = Box()
    box.failing = lambda message: LinkClosed("gone")
    box.outbox.post(says("stop"), keep=True)
    box.connect()
    assert box.running is not None
    with pytest.raises(LinkClosed):
        await box.running
    assert not box.outbox.open
    box.failing = lambda message: None
    box.connect()
    await box.outbox.flushed()
    assert box.messages == ["stop", "stop"]
    assert box.lost == []
    await box.disconnect()


@pytest.mark.parametrize(
    "error", [CallRefused("InternalError", ""), TimeoutError("no answer")], ids=["refused", "late"]
)
@virtual
async def test_a_kept_message_is_retried_after_ever_longer_waits_then_given_up(
    error: Exception,
) -> None:
    box = Box(attempts=4)
    box.failing = lambda message: error if message == "bad" else None
    answers: list[Any] = []
    box.outbox.post(says("bad"), keep=True, done=answers.append)
    box.outbox.post(says("good"), keep=True)
    box.connect()
    await box.outbox.flushed()
    assert [(t, message) for t, message, _ in box.sent] == [
        (0, "bad"),
        (10, "bad"),
        (30, "bad"),
        (60, "bad"),
        (60, "good"),
    ]
    assert box.lost == [f"str given up after 4 attempt(s): {error}"]
    assert answers == [None]
    await box.disconnect()


@virtual
async def test_other_messages_are_tried_once() -> None:
    box = Box()
    box.failing = lambda message: CallRefused("InternalError", "")
    box.connect()
    await asyncio.sleep(0)
    box.outbox.post(call.Heartbeat)
    await box.outbox.flushed()
    assert len(box.sent) == 1
    assert box.lost == ["Heartbeat given up after 1 attempt(s): InternalError"]
    await box.disconnect()


@virtual
async def test_a_message_of_ours_that_breaks_its_schema_is_not_tried_again() -> None:
    box = Box()
    box.failing = lambda message: ValueError("breaks its schema")
    box.outbox.post(says("broken"), keep=True)
    box.connect()
    await box.outbox.flushed()
    assert len(box.sent) == 1
    await box.disconnect()


@virtual
async def test_a_message_is_built_when_its_turn_has_come() -> None:
    box = Box()
    known: list[str] = ["unknown"]
    box.outbox.post(says("start"), keep=True, done=lambda answer: known.append("known"))
    box.outbox.post(lambda: known[-1], keep=True)
    box.connect()
    await box.outbox.flushed()
    assert box.messages == ["start", "known"]
    await box.disconnect()


@virtual
async def test_every_message_goes_out_with_the_cause_it_was_posted_with() -> None:
    box = Box()
    for cause in (7, None, 9):
        with caused_by(cause):
            box.outbox.post(says(cause), keep=True)
    with caused_by(3):  # whoever brings the connection up did not cause the messages
        box.connect()
    await box.outbox.flushed()
    assert [(message, cause) for _, message, cause in box.sent] == [(7, 7), (None, None), (9, 9)]
    await box.disconnect()


@virtual
async def test_beyond_its_capacity_the_oldest_is_given_up_but_not_the_one_on_its_way() -> None:
    box = Box()
    given_up: list[int] = []

    def note(number: int) -> Callable[[Any], None]:
        return lambda answer: given_up.append(number) if answer is None else None

    count = outbox_module.CAPACITY + 2
    for number in range(count):
        box.outbox.post(says(number), keep=True, done=note(number))
    assert len(box.outbox) == outbox_module.CAPACITY
    assert given_up == [1, 2]
    assert len(box.lost) == 2
    box.connect()
    await box.outbox.flushed()
    assert box.messages == [0, *range(3, count)]
    await box.disconnect()
