"""Files in the process: for virtual time, where there are no sockets, and for tests."""

from __future__ import annotations

import asyncio
from collections import deque

from evtui.redaction import hide
from evtui.station.files.transfers import TransferFailed

__all__ = ["MemoryTransfers"]


class MemoryTransfers:
    """A server that holds files by URL and fails when it is told to.

    Args:
        duration: s of loop time that each transfer takes.

    Attributes:
        files: content by URL; uploads land here.
        failures: reasons for which the next transfers fail, one each.
    """

    def __init__(self, *, duration: float = 1.0) -> None:
        self.duration = duration
        self.files: dict[str, bytes] = {}
        self.failures: deque[str] = deque()

    async def download(self, url: str, *, limit_bytes: int) -> bytes:
        """The file held for ``url``; see :class:`~evtui.station.files.transfers.FileTransfers`."""
        await self._travel()
        if url not in self.files:
            raise TransferFailed(f"{hide(url)}: no such file")
        data = self.files[url]
        if len(data) > limit_bytes:
            raise TransferFailed(f"{hide(url)}: larger than {limit_bytes} bytes", final=True)
        return data

    async def upload(self, url: str, data: bytes) -> None:
        """Hold ``data`` for ``url``; see :class:`~evtui.station.files.transfers.FileTransfers`."""
        await self._travel()
        self.files[url] = data

    async def _travel(self) -> None:
        await asyncio.sleep(self.duration)
        if self.failures:
            raise TransferFailed(self.failures.popleft())
