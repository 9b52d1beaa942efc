"""Files that a charge point fetches and delivers: a port, with adapters beside it.

Firmware and diagnostics say *when* and *what*; how the bytes travel is behind
:class:`FileTransfers`, so that the same station works in virtual time, where there are no
sockets (:mod:`evtui.station.transfers_memory`), and with real servers
(:mod:`evtui.station.transfers_network`).
"""

from __future__ import annotations

import re
from typing import Protocol

__all__ = ["FileTransfers", "TransferFailed", "hide_credentials"]

_URL = re.compile(
    r"\b([a-z][a-z0-9+.-]{0,20}://)([^ \t\r\n]*@)?([^ \t\r\n?#]*)([?#][^ \t\r\n]*)?", re.IGNORECASE
)


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


def hide_credentials(text: str) -> str:
    """``text`` without user names, passwords and queries (they hold tokens) in its URLs.

    >>> hide_credentials("ftp://bob:secret@127.0.0.1/a?key=1 is away")
    'ftp://***@127.0.0.1/a?*** is away'
    """
    return _URL.sub(_without_credentials, text)


def _without_credentials(match: re.Match[str]) -> str:
    scheme, user, place, rest = match.groups()
    return scheme + ("***@" if user else "") + place + (f"{rest[0]}***" if rest else "")
