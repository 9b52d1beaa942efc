"""Where a file is: its URL, taken apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from evtui.redaction import hide

__all__ = ["FilePlace"]


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A URL, taken apart.

    Attributes:
        path: path and query as they stand in the URL.
        shown: the URL without credentials.
    """

    scheme: str
    host: str
    port: int | None
    user: str = field(repr=False)
    password: str = field(repr=False)
    path: str = field(repr=False)
    shown: str

    @classmethod
    def of(cls, url: str) -> FilePlace:
        """``url`` as a place.

        Raises:
            ValueError: it is none that files can be exchanged with.
        """
        try:
            parts = urlsplit(url)
        except ValueError:  # whose text may have the password
            raise ValueError("the URL has no host that can be read") from None
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
            hide(url),
        )

    @property
    def is_loopback(self) -> bool:
        """True for this computer."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
