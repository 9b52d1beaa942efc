"""What GetDiagnostics and UpdateFirmware say about a transfer (OCPP 1.6 sections 6.25, 6.55)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from evtui.moments import unix_time
from evtui.ocppj import Refusal
from evtui.station.files.transfers import TransferFailed

__all__ = ["Retries", "file_url", "moment"]

T = TypeVar("T")

OWN_RETRIES = 2
OWN_RETRY_INTERVAL = 10.0
"""Retries, and s between them, where the request does not say: left to us by sections 6.25
and 6.55."""

MOST_RETRIES = 1_000_000
SHORTEST_RETRY_INTERVAL = 1.0
LONGEST_RETRY_INTERVAL = 86_400.0
"""Retries and s; what a request asks beyond is cut: an interval of 0 would flood the server."""


class Retries(msgspec.Struct, frozen=True):
    """How often, and how soon, a failed transfer is tried again.

    Attributes:
        count: tries after the first one: what errata 3.50 makes of ``retries`` in section
            6.25, and we of the same sentence in section 6.55.
        interval: s between the end of a try and the next.
    """

    count: int = OWN_RETRIES
    interval: float = OWN_RETRY_INTERVAL

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Retries:
        """Those that a GetDiagnostics.req or UpdateFirmware.req asks for."""
        interval = payload.get("retryInterval", OWN_RETRY_INTERVAL)
        return cls(
            min(max(0, payload.get("retries", OWN_RETRIES)), MOST_RETRIES),
            float(min(max(interval, SHORTEST_RETRY_INTERVAL), LONGEST_RETRY_INTERVAL)),
        )

    async def run(self, transfer: Callable[[], Awaitable[T]], failed: Callable[[str], object]) -> T:
        """Try ``transfer`` until it succeeds or the tries are used up.

        Args:
            failed: told in one line about each try after which another one comes.

        Raises:
            TransferFailed: of the last try.
        """
        left = self.count
        while True:
            try:
                return await transfer()
            except TransferFailed as error:
                if error.final or left == 0:
                    raise
                failed(f"{error}; next try in {self.interval:g} s, {left} left")
            left -= 1
            await asyncio.sleep(self.interval)


def file_url(location: str, name: str) -> str:
    """Where a file called ``name`` goes when the central system says ``location``.

    A location is a directory (section 6.25).  One that ends like a file (``.../upload.log``) or
    has a query, as signed upload addresses do, is taken as the file itself.

    >>> file_url("ftp://127.0.0.1/logs", "cp1.jsonl")
    'ftp://127.0.0.1/logs/cp1.jsonl'
    """
    try:
        parts = urlsplit(location)
    except ValueError:
        return location  # the transfer says what is wrong with it
    if parts.query or (PurePosixPath(parts.path).suffix and not parts.path.endswith("/")):
        return location
    return parts._replace(path=f"{parts.path.rstrip('/')}/{quote(name)}").geturl()


def moment(payload: Mapping[str, Any], name: str) -> float | None:
    """Unix time in s of the field ``name``, None where it is absent.

    Raises:
        Refusal: it is no date and time.
    """
    if name not in payload:
        return None
    try:
        return unix_time(payload[name])
    except ValueError as error:
        raise Refusal("PropertyConstraintViolation", f"{name}: {error}") from None
