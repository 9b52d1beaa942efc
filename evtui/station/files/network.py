"""Files over HTTP(S) and FTP, each transfer in a thread of its own (OCPP 1.6 section 8)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from evtui.redaction import hide
from evtui.station.files import ftp, http
from evtui.station.files.exchange import Wire
from evtui.station.files.place import FilePlace
from evtui.station.files.transfers import TransferFailed

__all__ = ["NetworkTransfers"]

T = TypeVar("T")

TIMEOUT = 60.0
"""s that a transfer may take, from the first packet to the last."""

AT_ONCE = 8
"""Transfers, and so threads, at the same time; further ones wait for their turn.  As many as
our own file server takes: a fleet of ours is never told there to come later."""

END_WITHIN = 10.0
"""s for a thread to end whose sockets were cut: milliseconds, but on a computer that is busy; only
the search for a host's address, which cannot be cut, takes longer."""


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
        """GET or RETR; see :class:`~evtui.station.files.transfers.FileTransfers`."""
        place = self._place(url)
        way = ftp if place.scheme == "ftp" else http
        return await self._in_thread(place, lambda wire: way.download(place, wire, limit_bytes))

    async def upload(self, url: str, data: bytes) -> None:
        """PUT, or POST where PUT is not known, or STOR; see
        :class:`~evtui.station.files.transfers.FileTransfers`."""
        place = self._place(url)
        way = ftp if place.scheme == "ftp" else http
        await self._in_thread(place, lambda wire: way.upload(place, wire, data))

    def _place(self, url: str) -> FilePlace:
        try:
            place = FilePlace.of(url)
        except ValueError as error:
            shown = hide(url) if "://" in url else "location"
            raise TransferFailed(f"{shown}: {error}", final=True) from None
        if not self._anywhere and not place.is_loopback:
            raise TransferFailed(
                f"{place.shown}: {place.host} is not this computer; files are only exchanged on "
                "loopback (127.0.0.1, ::1, localhost) unless the station is told otherwise",
                final=True,
            )
        return place

    async def _in_thread(self, place: FilePlace, work: Callable[[Wire], T]) -> T:
        """Do ``work`` within the time, in a thread that is over when this returns."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Callable[[], T]] = loop.create_future()
        wire = Wire(self._timeout)
        late = f"not done after {self._timeout:g} s"

        def run() -> None:
            result = _attempt(place, work, wire, late)
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(end, result)

        def end(result: Callable[[], T]) -> None:
            thread.join()
            self._slots.release()
            ended.set_result(result)

        thread = threading.Thread(target=run, name=f"transfer {place.host}", daemon=True)
        await self._slots.acquire()
        try:
            thread.start()
        except RuntimeError as error:
            self._slots.release()
            raise TransferFailed(f"{place.shown}: {error}") from None
        try:
            await asyncio.wait((ended,), timeout=self._timeout)
            if not ended.done():
                raise TransferFailed(f"{place.shown}: {late}")
            return ended.result()()
        finally:
            wire.cut()
            await asyncio.wait((ended,), timeout=END_WITHIN)


def _attempt(place: FilePlace, work: Callable[[Wire], T], wire: Wire, late: str) -> Callable[[], T]:
    """Do ``work``; returns a function that gives its result or raises :class:`TransferFailed`."""
    try:
        result = work(wire)
    except Exception as error:  # a server may send anything, and the libraries raise as much
        reason = late if isinstance(error, TimeoutError) else _reason(error, place)
        final = isinstance(error, TransferFailed) and error.final
        failure = TransferFailed(f"{place.shown}: {reason}", final=final)

        def fail() -> T:
            raise failure

        return fail
    finally:
        wire.close()
    return lambda: result


def _reason(error: Exception, place: FilePlace) -> str:
    """What went wrong, on one line, without the password that a server may have echoed."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error) or repr(error)
    if place.password:
        text = text.replace(place.password, "***")
    return "".join(char if char.isprintable() else " " for char in text)[:200].strip()
