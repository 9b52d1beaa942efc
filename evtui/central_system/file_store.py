"""A small file server on loopback: firmware to fetch, diagnostics to bring.

Stations are told where (OCPP 1.6 sections 5.9 and 5.19) and do the rest over plain HTTP:
``GET <url>/firmware/<name>``, ``PUT`` or ``POST <url>/diagnostics/<name>``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote, urlsplit

__all__ = ["FileStore", "FileStoreError"]

HOST = "127.0.0.1"

LARGEST = 16 * 1024 * 1024
"""Bytes of one file."""

MOST = 100
"""Files in each of the two folders."""

TOTAL = 64 * 1024 * 1024
"""Bytes of all files of a folder."""

UPLOADS = 8
"""Files brought at the same time; others wait for :data:`PATIENCE`."""

LONGEST_NAME = 255
"""Characters; GetDiagnostics.conf has room for as many (section 6.26)."""

PATIENCE = 10.0
"""s that a client may be silent in the middle of a request."""


class FileStoreError(ValueError):
    """A file is not taken; the text is one line for people."""


class FileStore:
    """Files in memory, and a server for them on a thread of its own, from the first need on.

    Args:
        largest: bytes of one file.
        most: files kept in each folder.
        total: bytes kept in each folder.
        patience: s that a client may be silent in the middle of a request, or has to wait.
    """

    def __init__(
        self,
        *,
        largest: int = LARGEST,
        most: int = MOST,
        total: int = TOTAL,
        patience: float = PATIENCE,
    ) -> None:
        self.largest = largest
        self.most = most
        self.total = total
        self.patience = patience
        self.uploads = threading.BoundedSemaphore(UPLOADS)
        self._firmware: dict[str, bytes] = {}
        self._received: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """``http://127.0.0.1:<port>``; the server is started when it does not run yet."""
        if self._server is None:
            self._server = _Server(self)
        return self._server.url

    @property
    def firmware_url(self) -> str:
        """Where firmware is; a name follows."""
        return f"{self.url}/firmware"

    @property
    def diagnostics_url(self) -> str:
        """The location to give with GetDiagnostics."""
        return f"{self.url}/diagnostics"

    @property
    def received(self) -> Mapping[str, bytes]:
        """What stations have brought, by name, oldest first."""
        with self._lock:
            return dict(self._received)

    def add(self, name: str, content: bytes) -> str:
        """Offer a firmware file; one of that name is replaced.

        Returns:
            Its URL, the location for UpdateFirmware.

        Raises:
            FileStoreError: the name is none, or the file is too big, or there are too many.
        """
        if not _is_name(name):
            raise FileStoreError(f"{name[:60]!r} is no file name")
        problem = self._keep(self._firmware, name, content)
        if problem is not None:
            raise FileStoreError(f"{name}: {problem[1]}")
        return f"{self.firmware_url}/{quote(name)}"

    def take(self, name: str, content: bytes) -> tuple[HTTPStatus, str] | None:
        """Keep what a station brings; returns why not, None when it is kept."""
        return self._keep(self._received, name, content)

    def offered(self, name: str) -> bytes | None:
        """A firmware file."""
        with self._lock:
            return self._firmware.get(name)

    def close(self) -> None:
        """Stop the server; the files stay."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def _keep(
        self, folder: dict[str, bytes], name: str, content: bytes
    ) -> tuple[HTTPStatus, str] | None:
        if len(content) > self.largest:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"over {self.largest} bytes"
        with self._lock:
            if name not in folder and len(folder) >= self.most:
                return HTTPStatus.INSUFFICIENT_STORAGE, f"there are {self.most} files already"
            others = sum(len(file) for other, file in folder.items() if other != name)
            if others + len(content) > self.total:
                return HTTPStatus.INSUFFICIENT_STORAGE, f"there are {others} bytes already"
            folder.pop(name, None)
            folder[name] = content
        return None


class _Server:
    def __init__(self, store: FileStore) -> None:
        self._http = ThreadingHTTPServer((HOST, 0), _handler(store))
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self.url = f"http://{HOST}:{self._http.server_address[1]}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.05,), name="file-store", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def _handler(store: FileStore) -> type[_Handler]:
    """The handler class of one store: the library makes an object of it for each connection."""
    return type("Handler", (_Handler,), {"store": store, "timeout": store.patience})


class _Handler(BaseHTTPRequestHandler):
    store: FileStore
    protocol_version = "HTTP/1.1"
    server_version = "evtui"
    sys_version = ""

    def do_GET(self) -> None:
        self._offer()

    def do_HEAD(self) -> None:
        self._offer()

    def do_PUT(self) -> None:
        self._receive()

    def do_POST(self) -> None:
        self._receive()

    def log_message(self, *_: object) -> None:
        """What stations do is in their status notifications; stderr is the terminal's."""

    def _offer(self) -> None:
        name = self._name_in("firmware")
        content = None if name is None else self.store.offered(name)
        if content is None:
            self._answer(HTTPStatus.NOT_FOUND, b"no such firmware\n")
        else:
            self._answer(HTTPStatus.OK, content, "application/octet-stream")

    def _receive(self) -> None:
        length = self.headers.get("Content-Length", "")
        name = self._name_in("diagnostics")
        self.close_connection = True  # a body that is not read must not be taken for a request
        if name is None:
            self._answer(HTTPStatus.NOT_FOUND, b"PUT or POST to /diagnostics/<name>\n")
        elif not (length.isascii() and length.isdecimal()):
            self._answer(HTTPStatus.LENGTH_REQUIRED, b"Content-Length is needed\n")
        elif int(length[:20]) > self.store.largest:
            text = f"over {self.store.largest} bytes\n"
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text.encode())
        elif not self.store.uploads.acquire(timeout=self.store.patience):
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, b"busy: try again later\n")
        else:
            try:
                self._store(name, int(length))
            finally:
                self.store.uploads.release()

    def _store(self, name: str, length: int) -> None:
        content = self.rfile.read(length)
        if len(content) < length:
            return  # the client went away in the middle
        problem = self.store.take(name, content)
        status, text = problem or (HTTPStatus.CREATED, "kept")
        self._answer(status, f"{text}\n".encode())

    def _name_in(self, folder: str) -> str | None:
        head, _, name = urlsplit(self.path).path.rpartition("/")
        name = unquote(name)
        return name if head == f"/{folder}" and _is_name(name) else None

    def _answer(
        self, status: HTTPStatus, content: bytes, kind: str = "text/plain; charset=utf-8"
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _is_name(name: str) -> bool:
    """A plain name, which leads nowhere else."""
    return (
        0 < len(name) <= LONGEST_NAME
        and name.isprintable()
        and "/" not in name
        and "\\" not in name
        and name not in (".", "..")
    )
