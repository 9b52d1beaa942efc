"""A central system in a process of its own that is killed and started again, and what it keeps."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import signal
import socket
import sys
import tempfile
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from evtui.central_system.kept import Ledger
from evtui.central_system.transactions import Transaction, Transactions
from evtui.ocpp16.version import SUBPROTOCOL
from evtui.station.state.file import StateFile
from tests.e2e.books import Account
from tests.e2e.killing import HERE

__all__ = ["FOREIGN", "CentralSystemProcess", "ForeignStation", "central_system_keeps"]

FOREIGN = "FOREIGN"
"""Identity of the station that is not of evtui."""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def central_system_keeps(state: Path) -> list[Transaction]:
    """The transactions in a state file, looked at in a copy."""
    with tempfile.TemporaryDirectory() as folder:
        for each in state.parent.glob(f"{state.name}*"):
            shutil.copy(each, folder)
        file = StateFile(str(Path(folder) / state.name))
        try:
            return list(Transactions(ledger=Ledger(file.central_system())))
        finally:
            file.close()


class CentralSystemProcess:
    """A central system in a process of its own, always on the same port."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}"
        self.kills = 0
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *more: str, until: str = "listening") -> None:
        """Start it; returns when it says ``until``."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.e2e.central_system"),
            *("--port", str(self.port), "--state", str(self.state), *more),
            stdout=asyncio.subprocess.PIPE,
            cwd=HERE,
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(30):
            while await self._process.stdout.readline() != f"{until}\n".encode():
                assert self._process.returncode is None

    def kill_now(self) -> None:
        """``kill -9``, from anywhere."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)

    async def kill(self) -> None:
        """``kill -9``, if it lives, and wait until it is gone."""
        assert self._process is not None
        self.kill_now()
        await self._process.wait()
        self.kills += 1


class ForeignStation:
    """A station of somebody else: one call at a time, in order, each until it is answered.

    It boots once and then only reconnects, and does not know TriggerMessage.

    Attributes:
        sent: called with each action that has just been sent.
        refused: CALLERRORs that it got; a conforming station may throw such messages away.
    """

    def __init__(self, url: str, chance: random.Random) -> None:
        self.sent: Callable[[str], None] = lambda action: None
        self.refused: list[Any] = []
        self.accounts: list[Account] = []
        self._url = f"{url}/{FOREIGN}"
        self._chance = chance
        self._register = 0
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque()
        self._transaction_id = -1
        self._count = 0
        self._leaving = False

    async def run(self) -> None:
        """Charge, one transaction after the other, until :meth:`leave`."""
        self._waiting.append(
            ("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
        )
        while self._waiting or not self._leaving:
            with suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                async with connect(
                    self._url,
                    subprotocols=[SUBPROTOCOL],
                    proxy=None,
                ) as socket:
                    await self._talk(socket)
            await asyncio.sleep(0.05)

    def leave(self) -> None:
        """End when the transaction has ended and everything is told."""
        self._leaving = True

    async def _talk(self, socket: Any) -> None:
        while self._waiting or not self._leaving:
            if not self._waiting:
                self._charge()
            action, payload = self._waiting[0]
            if action in ("MeterValues", "StopTransaction"):
                payload = payload | {"transactionId": self._transaction_id}
            self._count += 1
            uid = f"m{self._count}"
            await socket.send(json.dumps([2, uid, action, payload]))
            self.sent(action)
            answer = await self._answer_to(socket, uid)
            if answer[0] == 4:
                self.refused.append(answer)
            elif action == "StartTransaction":
                self._transaction_id = answer[2]["transactionId"]
            self._waiting.popleft()
            await asyncio.sleep(self._chance.uniform(0.0, 0.1))

    @staticmethod
    async def _answer_to(socket: Any, uid: str) -> Any:
        async with asyncio.timeout(10):
            while True:
                message = json.loads(await socket.recv())
                if message[0] != 2 and message[1] == uid:
                    return message
                await socket.send(json.dumps([4, message[1], "NotSupported", "", {}]))

    def _charge(self) -> None:
        """A whole transaction, told as fast as it goes."""
        meter_start, started = self._register, _now()
        start = {"connectorId": 1, "idTag": "T", "meterStart": meter_start, "timestamp": started}
        self._waiting.append(("StartTransaction", start))
        values = []
        for _ in range(self._chance.randint(0, 4)):
            self._register += self._chance.randint(1, 50)
            value = {"timestamp": _now(), "sampledValue": [{"value": str(self._register)}]}
            values.append(value)
            self._waiting.append(("MeterValues", {"connectorId": 1, "meterValue": [value]}))
        self._register += 7
        stop = {"meterStop": self._register, "timestamp": _now(), "reason": "EVDisconnected"}
        self._waiting.append(("StopTransaction", stop))
        end = (self._register, str(stop["timestamp"]), "EVDisconnected")
        self.accounts.append(Account(started, 1, "T", meter_start, values, end))
        if self._chance.random() < 0.5:
            status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
            self._waiting.append(("StatusNotification", status))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
