"""Files over HTTP(S) and FTP, each transfer in a thread of its own (OCPP 1.6 section 8)."""

from __future__ import annotations

import asyncio
import ftplib
import http.client
import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from evtui.station.transfers import TransferFailed, hide_credentials

__all__ = ["NetworkTransfers"]

T = TypeVar("T")

TIMEOUT = 60.0
"""s that a transfer may take, from the first packet to the last."""

AT_ONCE = 16
"""Transfers, and so threads, at the same time; further ones wait for their turn."""

CHUNK_BYTES = 1 << 16

_NO_SUCH_METHOD = (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)


class NetworkTransfers:
    """Transfers with ``http``, ``https`` and ``ftp`` URLs.

    The loop's own thread pool is not used: a transfer that hangs would hold up its shutdown.

    Args:
        anywhere: False refuses every host but this computer's loopback, so that no central
            system can make a station of the lab talk to others.
        timeout: s after which a transfer has failed.
    """

    def __init__(self, *, anywhere: bool = False, timeout: float = TIMEOUT) -> None:
        self._anywhere = anywhere
        self._timeout = timeout
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def download(self, url: str, *, limit_bytes: int) -> bytes:
        """GET or RETR; see :class:`~evtui.station.transfers.FileTransfers`."""
        place = self._place(url)
        fetch = _ftp_download if place.scheme == "ftp" else _http_download
        return await self._in_thread(place, lambda wire: fetch(place, wire, limit_bytes))

    async def upload(self, url: str, data: bytes) -> None:
        """PUT, or POST where PUT is not known, or STOR; see
        :class:`~evtui.station.transfers.FileTransfers`."""
        place = self._place(url)
        deliver = _ftp_upload if place.scheme == "ftp" else _http_upload
        await self._in_thread(place, lambda wire: deliver(place, wire, data))

    def _place(self, url: str) -> _Place:
        try:
            place = _Place.of(url)
        except ValueError as error:
            shown = hide_credentials(url) if "://" in url else "location"
            raise TransferFailed(f"{shown}: {error}", final=True) from None
        if not self._anywhere and not _is_loopback(place.host):
            raise TransferFailed(
                f"{place.shown}: {place.host} is not this computer; files are only exchanged on "
                "loopback (127.0.0.1, ::1, localhost) unless the station is told otherwise",
                final=True,
            )
        return place

    async def _in_thread(self, place: _Place, work: Callable[[_Wire], T]) -> T:
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()
        wire = _Wire(self._timeout)

        def settle(result: Callable[[], T]) -> None:
            self._slots.release()
            if not outcome.done():  # nobody waits any more for one that was cancelled
                try:
                    outcome.set_result(result())
                except TransferFailed as error:
                    outcome.set_exception(error)

        def run() -> None:
            result = _attempt(place, work, wire)
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, result)

        await self._slots.acquire()
        threading.Thread(target=run, name=f"transfer {place.host}", daemon=True).start()
        try:
            async with asyncio.timeout(self._timeout):
                return await outcome
        except TimeoutError:
            raise TransferFailed(f"{place.shown}: not done after {self._timeout:g} s") from None
        finally:
            wire.cut()


class _Wire:
    """The sockets of one transfer; cutting them ends the thread that waits on them.

    Attributes:
        timeout: s for each wait on a socket.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_cut = False

    def use(self, sock: socket.socket) -> None:
        """Cut ``sock`` too when the time comes, or at once when it has."""
        with self._lock:
            self._sockets.append(sock)
            is_cut = self._is_cut
        if is_cut:
            self.cut()

    def cut(self) -> None:
        """Called on the loop; harmless after the end."""
        with self._lock:
            self._is_cut = True
            for sock in self._sockets:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class _Place:
    """A URL, taken apart.

    Attributes:
        path: path and query as they stand in the URL.
        shown: the URL without credentials.
    """

    scheme: str
    host: str
    port: int | None
    user: str
    password: str
    path: str
    shown: str

    @classmethod
    def of(cls, url: str) -> _Place:
        """``url`` as a place.

        Raises:
            ValueError: it is none that files can be exchanged with.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https", "ftp"):
            raise ValueError(f"{parts.scheme or 'no'} scheme; http, https and ftp are supported")
        if not parts.hostname:
            raise ValueError("the URL names no host")
        try:
            port = parts.port
        except ValueError:  # its text has what should be a port, and may be a password
            raise ValueError("the port is no number up to 65535") from None
        return cls(
            parts.scheme,
            parts.hostname,
            port,
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            parts.path + (f"?{parts.query}" if parts.query else ""),
            hide_credentials(url),
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _attempt(place: _Place, work: Callable[[_Wire], T], wire: _Wire) -> Callable[[], T]:
    """Do ``work``; returns a function that gives its result or raises :class:`TransferFailed`."""
    try:
        result = work(wire)
    except Exception as error:  # a server may send anything, and the libraries raise as much
        final = isinstance(error, TransferFailed) and error.final
        failure = TransferFailed(f"{place.shown}: {_reason(error, place)}", final=final)

        def fail() -> T:
            raise failure

        return fail
    return lambda: result


def _reason(error: Exception, place: _Place) -> str:
    """What went wrong, on one line, without the password that a server may have echoed."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    text = (error.strerror if isinstance(error, OSError) else None) or str(error) or repr(error)
    line = "".join(char if char.isprintable() else " " for char in text)[:200].strip()
    return line.replace(place.password, "***") if place.password else line


def _read_all(read: Callable[[int], bytes], limit_bytes: int) -> bytes:
    data = bytearray()
    while chunk := read(CHUNK_BYTES):
        data += chunk
        if len(data) > limit_bytes:
            raise TransferFailed(f"larger than {limit_bytes} bytes", final=True)
    return bytes(data)


def _http_download(place: _Place, wire: _Wire, limit_bytes: int) -> bytes:
    with _http(place, wire, "GET") as response:
        if response.status != HTTPStatus.OK:
            raise TransferFailed(_http_answer(response))
        expected = response.length
        data = _read_all(response.read, limit_bytes)
        if expected not in (None, len(data)):
            raise TransferFailed(f"ended after {len(data)} of {expected} bytes")
        return data


def _http_upload(place: _Place, wire: _Wire, data: bytes) -> None:
    for method in ("PUT", "POST"):
        with _http(place, wire, method, data) as response:
            if response.status // 100 == 2:
                return
            failure = TransferFailed(_http_answer(response))
            if response.status not in _NO_SUCH_METHOD:
                break
    raise failure


@contextmanager
def _http(
    place: _Place, wire: _Wire, method: str, data: bytes | None = None
) -> Iterator[http.client.HTTPResponse]:
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    headers = {"User-Agent": "evtui"}
    if data is not None:
        headers["Content-Type"] = "application/octet-stream"
    if place.user:
        credentials = b64encode(f"{place.user}:{place.password}".encode())
        headers["Authorization"] = f"Basic {credentials.decode()}"
    port = place.port or kind.default_port  # without one it looks for it in an IPv6 address
    with closing(kind(place.host, port, timeout=wire.timeout)) as connection:
        connection.connect()
        wire.use(connection.sock)
        connection.request(method, place.path or "/", data, headers)
        with connection.getresponse() as response:
            yield response


def _http_answer(response: http.client.HTTPResponse) -> str:
    try:
        return f"HTTP {response.status} {HTTPStatus(response.status).phrase}"
    except ValueError:
        return f"HTTP {response.status}"


def _ftp_download(place: _Place, wire: _Wire, limit_bytes: int) -> bytes:
    with _ftp(place, wire) as ftp:
        with ftp.transfercmd(f"RETR {_ftp_path(place)}") as connection:
            wire.use(connection)
            data = _read_all(connection.recv, limit_bytes)
        ftp.voidresp()  # 226, or what was wrong
        return data


def _ftp_upload(place: _Place, wire: _Wire, data: bytes) -> None:
    with _ftp(place, wire) as ftp:
        with ftp.transfercmd(f"STOR {_ftp_path(place)}") as connection:
            wire.use(connection)
            connection.sendall(data)
        ftp.voidresp()


@contextmanager
def _ftp(place: _Place, wire: _Wire) -> Iterator[ftplib.FTP]:
    with closing(ftplib.FTP(timeout=wire.timeout)) as ftp:
        ftp.connect(place.host, place.port or ftplib.FTP_PORT)
        assert ftp.sock is not None
        wire.use(ftp.sock)
        ftp.login(place.user, place.password)
        ftp.voidcmd("TYPE I")
        yield ftp
        with suppress(*ftplib.all_errors):
            ftp.quit()


def _ftp_path(place: _Place) -> str:
    """Relative to where the login leads (RFC 1738 section 3.2.2)."""
    return unquote(place.path.removeprefix("/"))
