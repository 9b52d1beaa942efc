"""A central system that is not ours: it answers by a script and writes down what it saw, when.

It shares no code with evtui, so what it has seen has really gone over the wire.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from types import TracebackType
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.patience import PATIENCE

__all__ = ["TRANSACTION_ID", "Seen", "Witness", "gaps"]

TRANSACTION_ID = 4711


@dataclass(frozen=True, slots=True)
class Seen:
    """One call of a charge point.

    Attributes:
        at: monotonic seconds of arrival.
    """

    at: float
    action: str
    payload: dict[str, Any]


class Witness:
    """A recording central system on a free port of the loopback, on a thread of its own.

    Args:
        heartbeat_interval: s that BootNotification is answered with.
    """

    def __init__(self, heartbeat_interval: int = 60) -> None:
        self._interval = heartbeat_interval
        self._seen: list[Seen] = []
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="witness", daemon=True)
        self._server: Server | None = None

    def __enter__(self) -> Witness:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @property
    def url(self) -> str:
        """What ``--csms`` takes."""
        assert self._server is not None
        port = next(iter(self._server.sockets)).getsockname()[1]
        return f"ws://127.0.0.1:{port}"

    def calls(self, action: str) -> list[Seen]:
        """All calls of one action so far, in order."""
        with self._changed:
            return [seen for seen in self._seen if seen.action == action]

    def wait_for(self, action: str, count: int = 1, timeout: float = PATIENCE) -> Seen:
        """Wait for the ``count``-th call of ``action`` and return it.

        Raises:
            AssertionError: it did not come in ``timeout`` seconds.
        """

        def enough() -> bool:
            return len(self.calls(action)) >= count

        if not self._wait(enough, timeout):
            seen = [each.action for each in self._seen]
            raise AssertionError(f"{count} {action} not seen in {timeout:g} s, only {seen}")
        return self.calls(action)[count - 1]

    def _wait(self, holds: Callable[[], bool], timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(holds, timeout)

    async def _listen(self) -> Server:
        return await serve(
            self._serve,
            "127.0.0.1",
            0,
            subprotocols=[Subprotocol("ocpp1.6")],
            compression=None,
            close_timeout=0.5,
        )

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, connection: ServerConnection) -> None:
        try:
            async for text in connection:
                at = time.monotonic()
                kind, uid, *rest = json.loads(text)
                if kind == 2:
                    action, payload = rest
                    with self._changed:
                        self._seen.append(Seen(at, action, payload))
                        self._changed.notify_all()
                    await connection.send(json.dumps([3, uid, self._answer(action)]))
        except ConnectionClosed:
            return

    def _answer(self, action: str) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        accepted = {"status": "Accepted"}
        answers: dict[str, dict[str, Any]] = {
            "BootNotification": {"currentTime": now, "interval": self._interval, **accepted},
            "Heartbeat": {"currentTime": now},
            "Authorize": {"idTagInfo": accepted},
            "StartTransaction": {"idTagInfo": accepted, "transactionId": TRANSACTION_ID},
        }
        return answers.get(action, {})


def gaps(moments: list[float]) -> list[float]:
    """Differences between neighbours, s."""
    return [after - before for before, after in pairwise(moments)]
