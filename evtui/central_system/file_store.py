"""A small file server on loopback: firmware to fetch, diagnostics to bring.

Stations are told where (OCPP 1.6 sections 5.9 and 5.19) and do the rest over plain HTTP:
``GET <url>/firmware/<name>``, ``PUT`` or ``POST <url>/diagnostics/<name>``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import quote

from evtui.central_system.file_requests import Refused, is_file_name
from evtui.central_system.file_server import FileServer
from evtui.origins import Origins

__all__ = ["FileStore", "FileStoreError"]

LARGEST = 16 * 1024 * 1024
"""Bytes of one file."""

MOST = 100
"""Files in each of the two folders."""

TOTAL = 64 * 1024 * 1024
"""Bytes of all files of a folder, with those on their way."""

PATIENCE = 10.0
"""s for the head of a request, and that a client may be silent in the middle of a file."""

DEADLINE = 60.0
"""s that a transfer may take, from the first byte to the last."""

NO_PAGES = Origins()


class FileStoreError(ValueError):
    """A file is not taken; the text is one line for people."""


class FileStore:
    """Files in memory, and a server for them on a thread of its own, from the first need on.

    Args:
        largest: bytes of one file.
        most: files kept in each folder.
        total: bytes kept in each folder.
        patience: s for the head of a request, and that a client may be silent in a file.
        deadline: s for a whole transfer.
        origins: web pages that may ask; every other one is refused with HTTP 403.
        tell: told in one line about what went wrong, on the server's thread.
    """

    def __init__(
        self,
        *,
        largest: int = LARGEST,
        most: int = MOST,
        total: int = TOTAL,
        patience: float = PATIENCE,
        deadline: float = DEADLINE,
        origins: Origins = NO_PAGES,
        tell: Callable[[str], object] = lambda text: None,
    ) -> None:
        self.largest = largest
        self.most = most
        self.total = total
        self._patience = patience
        self._deadline = deadline
        self._origins = origins
        self._tell = tell
        self._firmware: dict[str, bytes] = {}
        self._received: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._server: FileServer | None = None

    @property
    def url(self) -> str:
        """``http://127.0.0.1:<port>``; the server is started when it does not run yet."""
        if self._server is None:
            self._server = FileServer(
                self,
                largest=self.largest,
                patience=self._patience,
                deadline=self._deadline,
                origins=self._origins,
                tell=self._tell,
            )
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
        if not is_file_name(name):
            raise FileStoreError(f"{name[:60]!r} is no file name")
        problem = self._keep(self._firmware, name, content)
        if problem is not None:
            raise FileStoreError(f"{name}: {problem}")
        return f"{self.firmware_url}/{quote(name)}"

    def take(self, name: str, content: bytes) -> Refused | None:
        """Keep what a station brings; returns why not, None when it is kept."""
        return self._keep(self._received, name, content)

    def problem(self, name: str, size: int) -> Refused | None:
        """Why there is no room for what a station brings, ``size`` bytes so far; None: there is."""
        with self._lock:
            return self._full(self._received, name, size)

    def offered(self, name: str) -> bytes | None:
        """A firmware file."""
        with self._lock:
            return self._firmware.get(name)

    def close(self) -> None:
        """Stop the server; the files stay."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def _keep(self, folder: dict[str, bytes], name: str, content: bytes) -> Refused | None:
        if len(content) > self.largest:
            return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"over {self.largest} bytes")
        with self._lock:
            problem = self._full(folder, name, len(content))
            if problem is None:
                folder.pop(name, None)
                folder[name] = content
            return problem

    def _full(self, folder: dict[str, bytes], name: str, size: int) -> Refused | None:
        others = sum(len(file) for other, file in folder.items() if other != name)
        if name not in folder and len(folder) >= self.most:
            text = f"there are {self.most} files already"
        elif others + size > self.total:
            text = f"there are {others} bytes already"
        else:
            return None
        return Refused(HTTPStatus.INSUFFICIENT_STORAGE, text)
