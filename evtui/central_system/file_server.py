"""The HTTP server of the file store: one request a connection, on a loop and thread of its own.

Whoever connects may be slow, silent or lie about what follows: a head has a time, a body a place
and a bound by what has really come, a connection an end; and each fault gets an answer.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote, urlsplit

from evtui.central_system.file_requests import (
    LONGEST_LINE,
    Answer,
    Refused,
    Request,
    is_file_name,
    read_request,
)
from evtui.origins import Origins
from evtui.runtime import LoopClock, LoopThread

__all__ = ["FileServer", "Files"]

HOST = "127.0.0.1"

UPLOADS = 8
"""Files brought at the same time; who comes then is told HTTP 503 at once."""

CONNECTIONS = 64
"""Connections at the same time; as many again are told HTTP 503, further ones are cut."""

LINGER = 2.0
LINGER_BYTES = 64 * 1024 * 1024
"""s and bytes for which whoever sends on is listened to after the answer: closed at once, the
connection would be reset, and the answer lost with it."""

TELL_EVERY = 10.0
"""s between two lines about faults of one kind."""

CHUNK_BYTES = 64 * 1024

STOP_TIMEOUT = 5.0
"""s for the thread to end."""


class Files(Protocol):
    """What is served; called on the server's thread."""

    def offered(self, name: str) -> bytes | None:
        """A firmware file."""

    def problem(self, name: str, size: int) -> Refused | None:
        """Why a file of ``size`` bytes cannot be kept as ``name``."""

    def take(self, name: str, content: bytes) -> Refused | None:
        """Keep what a station brings; returns why not."""


class FileServer:
    """Listens on loopback from now on, until :meth:`close`.

    Args:
        largest: bytes of one file.
        patience: s for the head of a request, and that a client may be silent in a body.
        deadline: s for a whole request and its answer.
        origins: web pages that may ask; a request from any other one is refused.
        tell: told about faults, in one line each; called on the server's thread.

    Raises:
        OSError: it cannot listen.

    Attributes:
        uploads: files that are being brought now.
        coming: bytes of them so far.
    """

    def __init__(
        self,
        files: Files,
        *,
        largest: int,
        patience: float,
        deadline: float,
        origins: Origins,
        tell: Callable[[str], object],
    ) -> None:
        self._files = files
        self._largest = largest
        self._patience = patience
        self._deadline = deadline
        self._origins = origins
        self._faults = _Faults(tell)
        self._open: set[asyncio.Task[None]] = set()
        self.uploads = 0
        self.coming = 0
        self._socket = socket.create_server((HOST, 0))
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self._thread = LoopThread(self._run, name="file-store")
        self._thread.start()

    @property
    def connections(self) -> int:
        """Clients that are served, refused or listened to now."""
        return len(self._open)

    def close(self) -> None:
        """Hang up on everybody and stop."""
        self._thread.stop(STOP_TIMEOUT)
        self._socket.close()

    async def _run(self, _clock: LoopClock, stop: asyncio.Event) -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: self._faults.add("loop", context["message"])
        )
        server = await asyncio.start_server(self._connected, sock=self._socket, limit=LONGEST_LINE)
        await stop.wait()
        server.close()
        for connection in self._open:
            connection.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        self._faults.flush()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= 2 * CONNECTIONS:
            self._faults.add("cut", f"over {2 * CONNECTIONS} connections")
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        now = asyncio.get_running_loop().time
        end = now() + self._deadline
        exchange = _Exchange(reader, writer, self._patience)
        try:
            answer = await self._answer(exchange, end)
            if answer is not None:
                # A fault that comes with the deadline is answered too.
                async with asyncio.timeout_at(max(end, now() + LINGER)):
                    await exchange.send(answer)
                async with asyncio.timeout(LINGER):
                    await exchange.listen()
        except TimeoutError:
            if not exchange.answered:
                self._faults.add("late", f"{exchange.shown}: not read within {self._deadline:g} s")
        except OSError:
            if not exchange.answered:
                self._faults.add("gone", f"{exchange.shown}: the client went away")
        except Exception as error:  # a fault of ours, which must not end on stderr
            self._faults.add("failed", f"{exchange.shown}: {error!r}")
        finally:
            writer.transport.abort()

    async def _answer(self, exchange: _Exchange, end: float) -> Answer | None:
        """What is said, None to nobody; faults are told here."""
        try:
            async with asyncio.timeout_at(end):
                return await self._reply(exchange)
        except TimeoutError:
            fault = Refused(HTTPStatus.REQUEST_TIMEOUT, f"not done after {self._deadline:g} s")
        except Refused as refused:
            fault = refused
        self._faults.add(str(fault.status.value), f"{exchange.shown}: {fault}")
        return Answer.line(fault.status, str(fault))

    async def _reply(self, exchange: _Exchange) -> Answer | None:
        if len(self._open) > CONNECTIONS:
            raise _busy()
        request = await exchange.head()
        if request is None:
            return None
        origins = request.values("origin")
        if not all(map(self._origins.allows, origins)):
            raise Refused(
                HTTPStatus.FORBIDDEN, f"no web page may ask: Origin {', '.join(origins)[:100]!r}"
            )
        answer = await self._do(request, exchange)
        return answer.to_page(origins[0]) if origins else answer

    async def _do(self, request: Request, exchange: _Exchange) -> Answer:
        match request.method:
            case "GET" | "HEAD":
                name = self._name_in(request, "firmware")
                content = None if name is None else self._files.offered(name)
                if content is None:
                    raise Refused(HTTPStatus.NOT_FOUND, "no such firmware")
                return Answer(HTTPStatus.OK, content, "application/octet-stream")
            case "PUT" | "POST":
                name = self._name_in(request, "diagnostics")
                if name is None:
                    raise Refused(HTTPStatus.NOT_FOUND, "PUT or POST to /diagnostics/<name>")
                await self._receive(name, request.body_length(self._largest), exchange)
                return Answer.line(HTTPStatus.CREATED, "kept")
            case "OPTIONS" if request.values("origin"):
                return Answer(HTTPStatus.OK)
        raise Refused(HTTPStatus.NOT_IMPLEMENTED, "GET, HEAD, PUT and POST are spoken here")

    async def _receive(self, name: str, length: int, exchange: _Exchange) -> None:
        if self.uploads >= UPLOADS:
            raise _busy()
        self.uploads += 1
        content = bytearray()
        try:
            await exchange.go_on()
            while len(content) < length:
                chunk = await exchange.read(min(CHUNK_BYTES, length - len(content)))
                if not chunk:
                    raise Refused(
                        HTTPStatus.BAD_REQUEST, f"ended after {len(content)} of {length} bytes"
                    )
                content += chunk
                self.coming += len(chunk)
                if (problem := self._files.problem(name, self.coming)) is not None:
                    raise problem
        finally:
            self.coming -= len(content)
            self.uploads -= 1
        if (problem := self._files.take(name, bytes(content))) is not None:
            raise problem

    def _name_in(self, request: Request, folder: str) -> str | None:
        try:
            path = urlsplit(request.target).path
        except ValueError:
            return None
        head, _, name = path.rpartition("/")
        name = unquote(name)
        return name if head == f"/{folder}" and is_file_name(name) else None


class _Exchange:
    """One connection: a request, then an answer.

    Attributes:
        shown: what is asked, as far as it is known, and by whom.
        answered: True once the answer is on its way in full.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._patience = patience
        self._request: Request | None = None
        writer.transport.set_write_buffer_limits(0)  # so that drain() means: the system has it
        host, port = (writer.get_extra_info("peername") or ("somebody", 0))[:2]
        self.shown = f"{host}:{port}"
        self.answered = False

    async def head(self) -> Request | None:
        """The request, None when there is none.

        Raises:
            Refused: it is no request, or comes too slowly.
        """
        try:
            async with asyncio.timeout(self._patience):
                request = await read_request(self._reader)
        except TimeoutError:
            raise self._too_slow("no whole request") from None
        if request is not None:
            self._request = request
            path = request.target.partition("?")[0]  # a query may be a secret
            self.shown = f"{request.method[:10]} {path[:60]} from {self.shown}"
        return request

    async def go_on(self) -> None:
        """Let a client that waits for it send its body (RFC 9110 section 10.1.1)."""
        if self._request is not None and self._request.values("expect"):
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await self._writer.drain()

    async def read(self, most: int) -> bytes:
        """What has come of the body, at most ``most`` bytes; nothing at the end.

        Raises:
            Refused: nothing comes.
        """
        try:
            async with asyncio.timeout(self._patience):
                return await self._reader.read(most)
        except TimeoutError:
            raise self._too_slow("silent") from None

    async def send(self, answer: Answer) -> None:
        """Send the answer in pieces, since what is not sent yet is kept twice."""
        self._writer.write(answer.head())
        if self._request is None or self._request.method != "HEAD":
            content = memoryview(answer.content)
            for begin in range(0, len(content), CHUNK_BYTES):
                self._writer.write(content[begin : begin + CHUNK_BYTES])
                await self._writer.drain()
        await self._writer.drain()
        self.answered = True
        self._writer.write_eof()

    async def listen(self) -> None:
        """Drop what else comes until the client hangs up."""
        most = LINGER_BYTES
        while most > 0 and (chunk := await self._reader.read(CHUNK_BYTES)):
            most -= len(chunk)

    def _too_slow(self, what: str) -> Refused:
        return Refused(HTTPStatus.REQUEST_TIMEOUT, f"{what} for {self._patience:g} s")


class _Faults:
    """Says the first fault of a kind at once, and how many more there were from time to time."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._more: Counter[str] = Counter()
        self._newest: dict[str, str] = {}

    def add(self, kind: str, text: str) -> None:
        """A fault; called on the server's loop."""
        if kind in self._newest:
            self._newest[kind] = text
            self._more[kind] += 1
        else:
            self._say(kind, text)

    def flush(self) -> None:
        """Say what was not said yet."""
        for kind in tuple(self._newest):
            self._flush(kind)

    def _say(self, kind: str, text: str) -> None:
        self._newest[kind] = text
        self._tell(f"file server: {text}")
        asyncio.get_running_loop().call_later(TELL_EVERY, self._flush, kind)

    def _flush(self, kind: str) -> None:
        text, more = self._newest.pop(kind), self._more.pop(kind, 0)
        if more:
            self._say(kind, f"{text} ({more - 1} more like it)" if more > 1 else text)


def _busy() -> Refused:
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, "busy: try again later")
