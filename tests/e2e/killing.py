"""A charge point in a process of its own that is killed and started again, and what it owes."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from evtui import CallRefused, CentralSystem, LinkClosed, StationOffline
from evtui.events import Event, OcppMessage
from evtui.station.state.file import StateFile
from evtui.station.state.store import QueuedMessage, StateStore
from tests.e2e.books import Arrivals, Books, kept
from tests.e2e.charge_point import CONNECTORS, IDENTITY
from tests.e2e.cuts import Proxy

__all__ = [
    "AWAY",
    "HERE",
    "ID_TAG",
    "Killing",
    "Process",
    "killing",
    "left_behind",
    "start_request",
    "until",
]

HERE = Path(__file__).parents[2]
"""Where ``tests`` is."""

PERSIST_INTERVAL = 1.0
"""s between two registers kept while a transaction runs, by default."""

ID_TAG = "TAG"

AWAY = (StationOffline, LinkClosed, CallRefused, TimeoutError)
"""What a call raises when the charge point is not there, or goes."""


WITHIN = 20.0
"""s until what is waited for has not come."""

LOOK_EVERY = 0.02


async def until(condition: Callable[[], object]) -> None:
    """Wait until ``condition`` holds; what another process does has no event here.

    Raises:
        TimeoutError: it does not come.
    """
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY)


def start_request(connector: int) -> dict[str, object]:
    """A RemoteStartTransaction.req."""
    return {"connectorId": connector, "idTag": ID_TAG}


class Process:
    """A charge point in a process of its own, and what it has told."""

    def __init__(self, process: asyncio.subprocess.Process, books: Books) -> None:
        self._process = process
        self._books = books
        self._samples: dict[int, list[float]] = {number: [] for number in CONNECTORS}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(
        cls,
        csms: str,
        state: Path,
        books: Books,
        after_crash: str,
        meter_interval: float,
        *more: str,
    ) -> Process:
        """Start it; it connects and recovers by itself."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.e2e.charge_point"),
            *("--csms", csms, "--state", str(state), "--after-crash", after_crash),
            *("--meter-interval", str(meter_interval), *more),
            stdout=asyncio.subprocess.PIPE,
            cwd=HERE,
        )
        return cls(process, books)

    async def kill(self) -> None:
        """``kill -9``."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        await self._reading

    def behind(self, connector: int, kept_at: float) -> tuple[float, float]:
        """How far the register kept at ``kept_at`` lags, and how far it may, both in s.

        What a busy machine holds up holds up the samples too: it shows between the last two.
        """
        before, last = (kept_at, kept_at, *self._samples[connector])[-2:]
        return last - kept_at, PERSIST_INTERVAL + last - before

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if not line.endswith(b"\n"):
                return  # torn
            kind, _, rest = line.partition(b" ")
            if kind == b"message":
                self._books.enter(msgspec.json.decode(rest, type=QueuedMessage))
            else:
                connector, _, at = rest.partition(b" ")
                self._samples[int(connector)].append(float(at))


def left_behind(state: Path) -> StateStore:
    """What the state file holds, looked at in a copy."""
    with tempfile.TemporaryDirectory() as folder:
        for each in state.parent.glob(f"{state.name}*"):
            shutil.copy(each, folder)
        file = StateFile(str(Path(folder) / state.name))
        try:
            return StateStore(file.station(IDENTITY).rows)
        finally:
            file.close()


class Killing:
    """A central system, and a charge point that is killed and started again."""

    def __init__(self, csms: CentralSystem, proxy: Proxy, state: Path) -> None:
        self.csms = csms
        self.books = Books()
        self.arrivals = Arrivals(csms.stream)
        self.ends: dict[int, tuple[int, str]] = {}
        """meterStop and reason that each interrupted transaction must end with, by its key."""
        self.behind: list[float] = []
        self.kills = 0
        self.proxy = proxy
        self._state = state
        self._after_crash = "Reboot"
        self._process: Process | None = None

    async def start(self, meter_interval: float = 0.2) -> None:
        """Start the charge point."""
        self._process = await Process.start(
            self.proxy.url, self._state, self.books, self._after_crash, meter_interval
        )

    async def kill(self, after_crash: str) -> None:
        """Kill it, and note what it owes: its queue, and an end of each transaction that ran."""
        assert self._process is not None
        await self._process.kill()
        self.kills += 1
        left = left_behind(self._state)
        for message in left.messages():
            self.books.enter(message)
        stopped = {each.transaction for each in self.books.of("StopTransaction")}
        for transaction in left.transactions():
            if transaction.key in stopped | self.ends.keys():
                continue
            register = left.register(transaction.connector)
            assert register is not None
            self.ends[transaction.key] = int(register.energy), after_crash
            behind, at_most = self._process.behind(transaction.connector, register.at)
            assert behind <= at_most
            self.behind.append(behind)
        self._after_crash = after_crash

    async def end(self) -> None:
        """Kill it for good."""
        assert self._process is not None
        await self._process.kill()

    async def charge(self, connector: int) -> None:
        """Start a transaction from the central system, as soon as that can be."""
        async with asyncio.timeout(WITHIN):
            while not await self._starts(connector):  # noqa: ASYNC110 - it has not booted yet
                await asyncio.sleep(LOOK_EVERY)
        await until(lambda: self.csms.open_transaction(IDENTITY, connector))

    async def charge_offline(self, connector: int) -> None:
        """Start a transaction of which the central system does not hear."""
        starts = len(self.books.of("StartTransaction"))
        self.proxy.hold_calls()
        starting = asyncio.create_task(self._starts(connector))
        await until(lambda: len(self.books.of("StartTransaction")) > starts)
        self.proxy.shut()
        await starting

    async def charge_unanswered(self, connector: int) -> None:
        """Start a transaction whose StartTransaction is answered, and the answer is lost."""

        def on_event(event: Event) -> None:
            assert isinstance(event, OcppMessage)
            if event.action == "StartTransaction" and event.phase == "delivered":
                self.proxy.hold_answers()

        unsubscribe = self.csms.stream.subscribe(on_event, OcppMessage)
        await self.charge(connector)
        unsubscribe()

    async def _starts(self, connector: int) -> bool:
        with suppress(*AWAY):
            request = start_request(connector)
            answer = await self.csms.call(IDENTITY, "RemoteStartTransaction", request)
            return bool(answer["status"] == "Accepted")
        return False

    async def stop(self, connector: int) -> None:
        """Stop a transaction, and do not wait for what becomes of it."""
        running = self.csms.open_transaction(IDENTITY, connector)
        assert running is not None
        request = {"transactionId": running.transaction_id}
        await self.csms.call(IDENTITY, "RemoteStopTransaction", request)

    async def settled(self) -> None:
        """Wait until nothing is owed, and the central system has it all."""

        def owed() -> set[int]:
            stopped = {each.transaction for each in self.books.of("StopTransaction")}
            return self.ends.keys() - stopped

        with suppress(TimeoutError):
            await until(
                lambda: not owed() and kept(self.csms.transactions) == self.books.accounts()
            )
        assert kept(self.csms.transactions) == self.books.accounts()
        assert not owed()


@asynccontextmanager
async def killing(state: Path) -> AsyncIterator[Killing]:
    """Everything up, and nothing left behind."""
    async with CentralSystem() as csms, Proxy(urlsplit(csms.url).port or 0) as proxy:
        scene = Killing(csms, proxy, state)
        await scene.start()
        try:
            yield scene
        finally:
            await scene.end()
