"""Files that a charge point fetches and delivers: a port, with adapters beside it.

Firmware and diagnostics say *when* and *what*; how the bytes travel is behind
:class:`FileTransfers`, so that the same station works in virtual time, where there are no
sockets (:mod:`evtui.station.files.memory`), and with real servers
(:mod:`evtui.station.files.network`).
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["FileTransfers", "TransferFailed"]


class TransferFailed(Exception):
    """A file did not travel; the text is one line that holds no credentials.

    Attributes:
        final: True when trying again cannot help.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class FileTransfers(Protocol):
    """Fetches and delivers whole files.

    Cancelling a transfer drops its result; nothing of it arrives later.
    """

    async def download(self, url: str, *, limit_bytes: int) -> bytes:
        """The file at ``url``.

        Raises:
            TransferFailed: it could not be had, or is larger than ``limit_bytes``.
        """
        ...

    async def upload(self, url: str, data: bytes) -> None:
        """Put ``data`` at ``url``, which names the file itself.

        Raises:
            TransferFailed: it could not be delivered.
        """
        ...
