"""A central system that does what a test says: answers, refuses, stays silent, hangs up."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evtui.ocppj.link import LinkClosed, Transport
from tests.ocppj.memory import MemoryTransport, pair
from tests.patience import PATIENCE

__all__ = ["Call", "FakeCentral", "Refused"]

NOW = "2026-01-01T00:00:00.000Z"
ACCEPTED = {"status": "Accepted"}

CALLS = frozenset(
    {
        "Authorize",
        "BootNotification",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "MeterValues",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    }
)
"""What the station says."""


class Refused(Exception):
    """The station answered with a CALLERROR; the text is its code."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the station.

    Attributes:
        t: loop time, s.
        link: number of the connection it came over, from 1.
    """

    t: float
    link: int
    action: str
    payload: dict[str, Any]


class FakeCentral:
    """The far end of every connection that the station dials, on the level of JSON texts.

    Attributes:
        calls: of the station, in order of arrival.
        log: what arrived, in short: ``BootNotification``, ``StatusNotification 1 Available``,
            ``-> Accepted`` for an answer with that status.
        dials: loop times at which the station tried to connect.
        reachable: False and dialling fails.
        refuses: actions that get a CALLERROR.
        refusal: errorCode of those CALLERRORs.
        ignores: actions that get no answer at all.
        greets_with: message that it asks for before anything else on a new connection.
        hangs_up_on: actions at whose arrival the connection is closed, unanswered.
        boot: answers to BootNotification, status and interval; the last one stays.
        answers: other answers by action, a payload or a function of the call's payload.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.log: list[str] = []
        self.dials: list[float] = []
        self.reachable = True
        self.refuses: set[str] = set()
        self.refusal = "InternalError"
        self.ignores: set[str] = set()
        self.greets_with = ""
        self.hangs_up_on: set[str] = set()
        self.boot: deque[tuple[str, int]] = deque([("Accepted", 300)])
        self.answers: dict[str, dict[str, Any] | Callable[[dict[str, Any]], Any]] = {
            "BootNotification": lambda _: self._boot(),
            "Heartbeat": {"currentTime": NOW},
            "Authorize": {"idTagInfo": ACCEPTED},
            "StartTransaction": lambda _: self._start_transaction(),
            "StopTransaction": {},
        }
        self.transaction_id = 100
        self._link = 0
        self._transport: MemoryTransport | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def dial(self) -> Transport:
        """What the station calls to connect."""
        self.dials.append(asyncio.get_running_loop().time())
        if not self.reachable:
            raise LinkClosed("cannot connect")
        ours, theirs = pair()
        if self.greets_with:
            call = [2, "greeting", "TriggerMessage", {"requestedMessage": self.greets_with}]
            self._waiting["greeting"] = asyncio.get_running_loop().create_future()
            await ours.send(json.dumps(call))
        self._link += 1
        self._transport = ours
        self._reader = asyncio.create_task(self._read(ours, self._link))
        return theirs

    def forget(self) -> None:
        """Say SecurityError to everything until a BootNotification is accepted."""

        def boot(_: dict[str, Any]) -> dict[str, Any]:
            answer = self._boot()
            if answer["status"] == "Accepted":
                self.refuses.clear()
            return answer

        self.distrust()
        self.answers["BootNotification"] = boot

    def distrust(self) -> None:
        """Say SecurityError to everything but a BootNotification, also after it."""
        self.refusal = "SecurityError"
        self.refuses |= CALLS - {"BootNotification"}

    async def hang_up(self, code: int = 1001) -> None:
        """Close the connection; the station may dial again."""
        assert self._transport is not None
        await self._transport.close(code, "going away")

    async def close(self) -> None:
        """Stop reading."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    async def call(self, action: str, **payload: Any) -> dict[str, Any]:
        """Call the station and return its answer.

        Raises:
            Refused: it answered with a CALLERROR.
            TimeoutError: no answer in 5 s.
        """
        assert self._transport is not None
        uid = f"central-{action}-{len(self.log)}-{len(self._waiting)}"
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[uid] = answer
        await self._transport.send(json.dumps([2, uid, action, payload]))
        async with asyncio.timeout(PATIENCE):
            return await answer

    async def status_of(self, action: str, **payload: Any) -> str:
        """Call the station and return the status of its answer."""
        return str((await self.call(action, **payload))["status"])

    def of(self, action: str) -> list[Call]:
        """The station's calls of one action."""
        return [call for call in self.calls if call.action == action]

    def statuses(self, connector: int = 1) -> list[str]:
        """Statuses that were notified for a connector."""
        return [
            call.payload["status"]
            for call in self.of("StatusNotification")
            if call.payload["connectorId"] == connector
        ]

    async def _read(self, transport: MemoryTransport, link: int) -> None:
        while True:
            try:
                text = await transport.recv()
            except LinkClosed:
                return
            message = json.loads(text)
            if message[0] == 2:
                await self._on_call(transport, link, *message[1:])
            else:
                self._on_answer(message)

    async def _on_call(
        self, transport: MemoryTransport, link: int, uid: str, action: str, payload: dict[str, Any]
    ) -> None:
        self.calls.append(Call(asyncio.get_running_loop().time(), link, action, payload))
        what = [str(payload[key]) for key in ("connectorId", "status") if key in payload]
        self.log.append(" ".join([action, *what]) if action == "StatusNotification" else action)
        if action in self.hangs_up_on:
            await transport.close(1001, "going away")
        elif action in self.refuses:
            await transport.send(json.dumps([4, uid, self.refusal, "as scripted", {}]))
        elif action not in self.ignores:
            answer = self.answers.get(action, {})
            answer = answer(payload) if callable(answer) else answer
            await transport.send(json.dumps([3, uid, answer]))

    def _on_answer(self, message: list[Any]) -> None:
        waiting = self._waiting[message[1]]
        if message[0] == 3:
            self.log.append(f"-> {message[2].get('status', '')}".strip())
            waiting.set_result(message[2])
        else:
            self.log.append(f"-> {message[2]}")
            waiting.set_exception(Refused(message[2]))

    def _boot(self) -> dict[str, Any]:
        status, interval = self.boot.popleft() if len(self.boot) > 1 else self.boot[0]
        return {"currentTime": NOW, "status": status, "interval": interval}

    def _start_transaction(self) -> dict[str, Any]:
        self.transaction_id += 1
        return {"transactionId": self.transaction_id, "idTagInfo": ACCEPTED}
