"""An event loop on a thread of its own.

A terminal that nobody reads blocks whoever writes to it; heartbeats and CAN must not wait for
that, so the engine's loop is not the terminal's.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, InvalidStateError
from typing import Any, TypeVar

from evtui.runtime.clock import LoopClock
from evtui.runtime.steady import run_real

__all__ = ["LoopThread"]

T = TypeVar("T")


class LoopThread:
    """A thread that runs one main coroutine on its own loop until told to stop.

    Args:
        main: called on the thread's loop with the loop's clock, and with an event that is set
            when it should end.
        name: of the thread.
    """

    def __init__(
        self,
        main: Callable[[LoopClock, asyncio.Event], Coroutine[Any, Any, None]],
        name: str = "engine",
    ) -> None:
        self._main = main
        self._loop: asyncio.AbstractEventLoop | None = None
        self._clock: LoopClock | None = None
        self._stop: asyncio.Event | None = None
        self._up = threading.Event()
        self._submitted: dict[Future[Any], Coroutine[Any, Any, Any]] = {}
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Start the thread; returns when its loop runs, not when ``main`` is ready."""
        self._thread.start()
        self._up.wait()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the loop.  The future fails when the loop has ended, or ends."""
        loop = self._loop
        try:
            if loop is None:
                raise RuntimeError(_ENDED)
            future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        except RuntimeError:
            coroutine.close()
            gone: Future[T] = Future()
            _fail(gone)
            return gone
        self._submitted[future] = coroutine
        future.add_done_callback(lambda done: self._submitted.pop(done, None))
        if loop.is_closed():  # it ended in between
            self._answer_the_rest()
        return future

    def call_soon(self, callback: Callable[..., object], *args: object) -> None:
        """Run a function on the loop; without effect when the loop has ended."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(callback, *args)
            except RuntimeError:
                return

    def stop(self, timeout: float) -> bool:
        """Ask ``main`` to end and wait; True when the thread has ended in time (s)."""
        if self._stop is not None:
            self.call_soon(self._stop.set)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def clock(self) -> LoopClock:
        """Clock of the loop; there is one once the thread was started."""
        assert self._clock is not None
        return self._clock

    @property
    def alive(self) -> bool:
        """True while the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._clock = LoopClock(self._loop)
            self._stop = asyncio.Event()
            self._up.set()
            await self._main(self._clock, self._stop)

        try:
            run_real(main())
        except BaseException as error:  # kept for whoever started the thread
            self.failure = error
        finally:
            self._up.set()
            self._answer_the_rest()

    def _answer_the_rest(self) -> None:
        """Fail what came too late for the loop to begin it, or it is waited for for ever."""
        for future, coroutine in tuple(self._submitted.items()):
            coroutine.close()
            _fail(future)


_ENDED = "the lab has ended"


def _fail(future: Future[Any]) -> None:
    """End a future that nobody will, unless somebody just did."""
    with contextlib.suppress(InvalidStateError):
        future.set_exception(RuntimeError(_ENDED))
