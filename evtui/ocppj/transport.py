"""What carries a link's texts, and how it says that it is gone."""

from __future__ import annotations

from typing import Protocol

__all__ = ["ConnectionFailed", "LinkClosed", "Transport"]


class Transport(Protocol):
    """What a link needs below it: a WebSocket, or an in-memory pipe.

    ``recv`` and ``send`` raise :class:`LinkClosed` when the connection is gone.
    """

    async def recv(self) -> str | bytes: ...

    async def send(self, text: str) -> None: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...


class LinkClosed(Exception):
    """The connection is gone; the text says why, for people.

    Attributes:
        code: with which the peer closed it (RFC 6455 section 7.4.1), 1006 where it was lost
            without a close; None where it was not the peer that ended it.
    """

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(reason)
        self.code = code

    def anew(self) -> LinkClosed:
        """The same, to be raised once more."""
        return LinkClosed(str(self), self.code)


class ConnectionFailed(LinkClosed):
    """We ended the connection over what the peer did (RFC 6455 section 7.1.7).

    Attributes:
        error: what is wrong, in a word or two.
        oversize: True when it was a message that is too long.
    """

    def __init__(self, reason: str, error: str, *, oversize: bool = False) -> None:
        super().__init__(reason)
        self.error = error
        self.oversize = oversize
