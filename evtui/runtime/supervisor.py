"""Parts of a lab, started and stopped in a declared order; one that crashes leaves the rest.

No TaskGroup: it would cancel everything when one part fails, and in an order of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

from evtui.events import EventStream, PartState, caused_by

__all__ = ["Supervisor"]


class _Part(msgspec.Struct):
    name: str
    run: Callable[[], Awaitable[None]]
    task: asyncio.Task[None] | None = None
    crashed: bool = False


class Supervisor:
    """Runs parts; each is a coroutine function that works until cancelled.

    Args:
        stream: where :class:`PartState` goes.
    """

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self._parts: dict[str, _Part] = {}

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Add a part and start it; parts are stopped in the reverse order.

        Raises:
            ValueError: there is one of that name.
        """
        if name in self._parts:
            raise ValueError(f"part {name!r} runs already")
        part = self._parts[name] = _Part(name, run)
        self._launch(part)

    @property
    def crashed(self) -> tuple[str, ...]:
        """Names of the parts that crashed and were not restarted."""
        return tuple(part.name for part in self._parts.values() if part.crashed)

    def restart(self) -> tuple[str, ...]:
        """Start every crashed part again and return their names."""
        names = self.crashed
        for name in names:
            self._launch(self._parts[name])
        return names

    async def stop(self, name: str) -> None:
        """Stop one part and forget it."""
        part = self._parts.pop(name, None)
        if part is not None and part.task is not None:
            part.task.cancel()
            await asyncio.gather(part.task, return_exceptions=True)

    async def stop_all(self) -> None:
        """Stop every part, the youngest first, each before the next."""
        for name in reversed(tuple(self._parts)):
            await self.stop(name)

    def _launch(self, part: _Part) -> None:
        part.crashed = False
        with caused_by(None):
            part.task = asyncio.get_running_loop().create_task(self._watch(part), name=part.name)

    async def _watch(self, part: _Part) -> None:
        self._publish(part, "running")
        try:
            await part.run()
        except asyncio.CancelledError:
            self._publish(part, "stopped")
            raise
        except Exception as error:  # whatever a part dies of, the others live on
            part.crashed = True
            self._publish(part, "crashed", f"{type(error).__name__}: {error}")
        else:
            self._publish(part, "stopped")

    def _publish(
        self, part: _Part, state: Literal["running", "crashed", "stopped"], detail: str = ""
    ) -> None:
        self._stream.publish(PartState(source="lab", part=part.name, state=state, detail=detail))
