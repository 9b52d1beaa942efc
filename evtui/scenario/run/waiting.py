"""Waiting for what the event stream tells, without looking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from evtui.events import Event, EventStream

__all__ = ["first_event", "until"]


async def first_event(
    stream: EventStream, wanted: Callable[[Event], bool], within: float, *kinds: type[Event]
) -> Event | None:
    """The first event from now on that is ``wanted``; None when none comes within s.

    Args:
        kinds: types of events that are looked at; none means all.
    """
    found: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

    def look(event: Event) -> None:
        if not found.done() and wanted(event):
            found.set_result(event)

    unsubscribe = stream.subscribe(look, *kinds)
    try:
        async with asyncio.timeout(within):
            return await found
    except TimeoutError:
        return None
    finally:
        unsubscribe()


async def until(
    stream: EventStream, condition: Callable[[], bool], within: float, *kinds: type[Event]
) -> bool:
    """True as soon as ``condition`` holds, False after ``within`` s.

    It is looked at now and after every event, so it must be about what events tell of.

    Args:
        kinds: types of events after which it is looked at; none means all.
    """
    if condition():
        return True
    return await first_event(stream, lambda _: condition(), within, *kinds) is not None
