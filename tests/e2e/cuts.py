"""Connections that break: between two processes over TCP, and inside one on virtual time."""

from __future__ import annotations

import asyncio
import random
from types import TracebackType
from typing import Self

from evtui.ocppj.memory import MemoryTransport
from evtui.ocppj.transport import LinkClosed, Transport

__all__ = ["Proxy", "Scissors"]

CHUNK = 65_536


class Proxy:
    """Passes TCP on to a central system, cuts connections and refuses them.

    A connection is cut after some bytes in one direction, wherever in a frame or in the
    handshake that is, or after some time; half of the cuts are a reset, half a plain end.

    Args:
        port: of the central system on 127.0.0.1.
        chance: decides where connections are cut; None leaves them whole.
        most: cuts, after which connections stay whole.

    Attributes:
        open: False refuses every connection.
        cuts: connections broken so far.
    """

    def __init__(self, port: int, chance: random.Random | None = None, most: int = 0) -> None:
        self.open = True
        self.cuts = 0
        self._port = port
        self._chance = chance
        self._most = most
        self._upwards, self._downwards = asyncio.Event(), asyncio.Event()
        self._let_pass()
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], tuple[asyncio.StreamWriter, ...]] = {}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.shut()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @property
    def url(self) -> str:
        """What ``--csms`` takes."""
        assert self._server is not None
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def hold_calls(self) -> None:
        """Nothing that the station says comes through any more; nobody notices."""
        self._upwards.clear()

    def hold_answers(self) -> None:
        """Nothing that the central system says comes through any more; nobody notices."""
        self._downwards.clear()

    def shut(self) -> None:
        """The central system cannot be reached: cut every connection and refuse new ones."""
        self.open = False
        for writers in tuple(self._connections.values()):
            for writer in writers:
                writer.transport.abort()
        self._let_pass()

    def _let_pass(self) -> None:
        self._upwards.set()
        self._downwards.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.open:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = (writer, back)
        up = asyncio.create_task(self._pass(reader, back, self._upwards, *self._limit()))
        down = asyncio.create_task(self._pass(there, writer, self._downwards, *self._limit()))
        try:
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._connections[task]
            for one in (up, down):
                one.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            resets = self._chance is not None and self._chance.random() < 0.5
            for each in (writer, back):
                if resets:
                    each.transport.abort()
                else:
                    each.close()

    def _limit(self) -> tuple[float, float]:
        """Bytes and s after which one direction is cut."""
        if self._chance is None or self.cuts >= self._most:
            return float("inf"), float("inf")
        if self._chance.random() < 0.2:
            return float("inf"), self._chance.expovariate(1 / 0.2)
        return 1 + int(self._chance.expovariate(1 / 1_500)), float("inf")

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        gate: asyncio.Event,
        bytes_left: float,
        seconds_left: float,
    ) -> None:
        loop = asyncio.get_running_loop()
        due = None if seconds_left == float("inf") else loop.time() + seconds_left
        try:
            async with asyncio.timeout_at(due):
                while bytes_left > 0 and (data := await reader.read(int(min(bytes_left, CHUNK)))):
                    await gate.wait()
                    bytes_left -= len(data)
                    writer.write(data)
                    await writer.drain()
        except TimeoutError:
            self.cuts += 1
        except OSError:
            return
        else:
            self.cuts += bytes_left <= 0


class Scissors:
    """Cuts memory links at random texts and moments.

    Args:
        chance: decides when, and whether the text at the cut still arrives.
        most: cuts, after which links stay whole.

    Attributes:
        cuts: links broken so far.
    """

    def __init__(self, chance: random.Random, most: int) -> None:
        self.chance = chance
        self.cuts = 0
        self._most = most

    def transport(self, whole: MemoryTransport) -> Transport:
        """The charge point's end of a link that will be cut.

        Raises:
            LinkClosed: it is cut before anything was said.
        """
        if self.cuts >= self._most:
            return whole
        if self.chance.random() < 0.1:
            self.cuts += 1
            raise LinkClosed("cut")
        if self.chance.random() < 0.2:
            delay = self.chance.expovariate(1.0)
            asyncio.get_running_loop().call_later(delay, self._cut_later, whole)
            return whole
        return _CutTransport(whole, int(self.chance.expovariate(1 / 6)), self)

    def _cut_later(self, whole: MemoryTransport) -> None:
        self.cuts += 1
        asyncio.get_running_loop().create_task(whole.close(1006, "cut"))


class _CutTransport:
    """Breaks after some texts, in either direction."""

    def __init__(self, whole: MemoryTransport, texts: int, scissors: Scissors) -> None:
        self._whole = whole
        self._left = texts
        self._scissors = scissors

    async def recv(self) -> str | bytes:
        text = await self._whole.recv()
        await self._count()
        return text

    async def send(self, text: str) -> None:
        if self._left == 0 and self._scissors.chance.random() < 0.5:
            await self._whole.send(text)  # and whatever it is answered does not come back
        await self._count()
        await self._whole.send(text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._whole.close(code, reason)

    async def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            self._scissors.cuts += self._left == -1
            await self._whole.close(1006, "cut")
            raise LinkClosed("cut")
