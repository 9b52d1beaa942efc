"""A lab of ours, foreign programs beside it, and one way to compare what both sides saw."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from evtui.config import Settings
from evtui.events import ConnectorState, Event, LinkState, OcppMessage
from evtui.lab import Lab
from evtui.runtime.clock import LoopClock
from tests.patience import PATIENCE

__all__ = [
    "Exchange",
    "Program",
    "RemotePeer",
    "Watched",
    "cli_report",
    "ocpp_csms_peer",
    "program",
    "remote_peer",
    "running",
    "until",
]

"""s to wait for anything."""

E = TypeVar("E", bound=Event)


async def until(condition: Callable[[], object], what: str, *, within: float = PATIENCE) -> None:
    """Wait until ``condition`` holds; fails with ``what`` after ``within`` s."""
    try:
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 - it may be about another process
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never came: {what}") from None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call and its answer, as one side saw them.

    Attributes:
        by: role that called.
        action: OCPP action.
        payload: of the call.
        answer: payload of the CALLRESULT.
    """

    by: str
    action: str
    payload: Any
    answer: Any


# Our side


@dataclass(slots=True)
class Watched:
    """A running lab of ours and everything it has published."""

    lab: Lab
    events: list[Event] = field(default_factory=list)

    @property
    def own(self) -> str:
        """Identity of our own charge point."""
        return self.lab.settings.id

    def of(self, kind: type[E], station: str, since: int = 0) -> list[E]:
        """Events of one kind about one charge point after number ``since``, oldest first."""
        return [
            event
            for event in self.events[since:]
            if isinstance(event, kind) and getattr(event, "station", None) == station
        ]

    @property
    def link(self) -> str:
        """How our charge point's connection stands, as the charge point says."""
        states = [link for link in self.of(LinkState, self.own) if link.side == "charge_point"]
        return states[-1].state if states else ""

    @property
    def status(self) -> str:
        """Status of connector 1 of our charge point."""
        states = [state for state in self.of(ConnectorState, self.own) if state.connector == 1]
        return states[-1].status if states else ""

    def exchanges(self, station: str, by: str) -> list[Exchange]:
        """Finished exchanges with a foreign peer that ``by`` began, in that order."""
        messages = self.of(OcppMessage, station)
        answers = {message.uid: message for message in messages if message.kind == "result"}
        return [
            Exchange(by, call.action, call.payload, answers[call.uid].payload)
            for call in messages
            if call.kind == "call" and call.sender == by and call.uid in answers
        ]

    def said(self, station: str) -> list[Exchange]:
        """Calls of a charge point that were answered, oldest first."""
        return self.exchanges(station, "charge_point")

    def trouble(self, station: str) -> list[OcppMessage]:
        """Messages that were refused, broken, or broke their schema."""
        return [
            message
            for message in self.of(OcppMessage, station)
            if message.error or message.violation
        ]


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Watched]:
    """A lab on the test's own loop, without a terminal; left in the safe state."""
    watched = Watched(Lab(settings, LoopClock(asyncio.get_running_loop())))
    watched.lab.stream.subscribe(watched.events.append)
    stop = asyncio.Event()
    life = asyncio.create_task(watched.lab.run(stop))
    try:
        yield watched
    finally:
        stop.set()
        await life


# Their side


class Program:
    """A foreign program whose output is kept line by line.

    Attributes:
        lines: what it has printed, on either stream.
    """

    def __init__(self, process: Process) -> None:
        self.lines: list[str] = []
        self._process = process
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append(line.decode().rstrip())

    def send(self, line: str) -> None:
        """Give the program one line."""
        self.press(f"{line}\n")

    def press(self, keys: str) -> None:
        """Give the program keys that need no Return."""
        assert self._process.stdin is not None
        self._process.stdin.write(keys.encode())

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    async def finished(self, within: float = PATIENCE) -> None:
        """Wait until it has ended by itself, at most ``within`` s."""
        try:
            async with asyncio.timeout(within):
                await self._process.wait()
        except TimeoutError:
            raise AssertionError(f"still running after {within:g} s: {self.lines[-5:]}") from None

    async def end(self) -> None:
        """End it and wait until it is gone."""
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()
        await self._reader


@asynccontextmanager
async def program(*command: str | Path, **environment: str) -> AsyncIterator[Program]:
    """A foreign program with additions to the environment, ended on the way out."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=STDOUT, env={**os.environ, **environment}
    )
    started = Program(process)
    try:
        yield started
    finally:
        await started.end()


def cli_report(folder: Path) -> dict[str, Any]:
    """The report that the command ``ocpp`` has left in a folder."""
    (report,) = folder.glob("ocpp-*.json")
    return dict(json.loads(report.read_text()))


def cli_has_reported(folder: Path) -> bool:
    """True once that report is there as a whole."""
    try:
        return bool(cli_report(folder))
    except ValueError:  # not there, or being written
        return False


class RemotePeer:
    """An ``ocpp-rpc`` peer that makes the calls it is told to and reports what it sees."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._orders = 0

    async def call(self, action: str, payload: dict[str, Any]) -> Any:
        """Let the peer call us and return our answer.

        Raises:
            AssertionError: strict mode kept the call back, or we refused it.
        """
        self._orders += 1
        order = self._orders
        self._program.send(json.dumps({"order": order, "action": action, "payload": payload}))
        await until(lambda: self._about(order), f"answer to {action}")
        report = self._about(order)[0]
        assert report["event"] == "answered", f"{action}: {report['text']}"
        return report["answer"]

    async def report(self, event: str) -> dict[str, Any]:
        """The newest report of a kind, as soon as there is one."""
        await until(lambda: self.reports(event), f"{event} among {self._program.lines}")
        return self.reports(event)[-1]

    def reports(self, event: str) -> list[dict[str, Any]]:
        """All reports of a kind, oldest first."""
        return [report for report in self._reports() if report["event"] == event]

    def exchanges(self, by: str) -> list[Exchange]:
        """Finished exchanges that ``by`` began, in the order in which they finished."""
        return [
            Exchange(by, report["action"], report["payload"], report["answer"])
            for report in self.reports("exchange")
            if report["by"] == by
        ]

    def trouble(self) -> list[dict[str, Any]]:
        """Breaches of the schema or the protocol, in either direction, and refused calls."""
        return self.reports("violation") + self.reports("error")

    def _about(self, order: int) -> list[dict[str, Any]]:
        return [report for report in self._reports() if report.get("order") == order]

    def _reports(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._program.lines]


@asynccontextmanager
async def remote_peer(modules: Path, script: str, *arguments: str) -> AsyncIterator[RemotePeer]:
    """One of the scripts beside this file, ready for orders.

    Args:
        modules: the ``node_modules`` with ``ocpp-rpc``.
        script: file name.
        arguments: for the script.
    """
    path = Path(__file__).with_name(script)
    async with (
        program("node", path, *arguments, NODE_PATH=str(modules)) as started,
        obedient(started) as peer,
    ):
        yield peer


@asynccontextmanager
async def ocpp_csms_peer(command: Path) -> AsyncIterator[RemotePeer]:
    """``ocpp_csms_server.py``, run by the interpreter beside the package's command."""
    path = Path(__file__).with_name("ocpp_csms_server.py")
    async with program(command.with_name("python"), path) as started, obedient(started) as peer:
        yield peer


@asynccontextmanager
async def obedient(started: Program) -> AsyncIterator[RemotePeer]:
    """A program that takes orders, as soon as it does."""
    peer = RemotePeer(started)
    await peer.report("ready")
    yield peer
