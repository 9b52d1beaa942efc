"""Which web pages may connect: origins as browsers name them (RFC 6454).  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["Origins", "normal_origin"]

_ORIGIN = (
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?P<host>\[[0-9a-f:.]+\]|[^\s/?#@:\[\]\\,]+)"
    r"(?::(?P<port>[0-9]{1,5}))?"
)

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
"""Ports that are as good as none."""


def normal_origin(text: str) -> str:
    """An origin as all that are the same are written (RFC 6454 sections 4 to 6).

    Scheme and host in small letters, without the scheme's own port; ``null`` is that of a page
    which has none of its own: a file, a sandbox.

    Raises:
        ValueError: it is no origin.
    """
    if text == "null":
        return text
    found = re.fullmatch(_ORIGIN, text, re.IGNORECASE)
    if found is None:
        raise ValueError(f"no origin such as http://localhost:3000: {text[:80]!r}")
    scheme, host = found["scheme"].lower(), found["host"].lower()
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 65536:
        raise ValueError(f"no origin, for its port: {text[:80]!r}")
    if port is None or port == _PORTS.get(scheme):
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{port}"


class Origins:
    """The origins that are allowed.

    Raises:
        ValueError: one is none, or one text where several are asked for.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        if isinstance(allowed, str):
            raise ValueError(f"allowed origins {allowed!r}: expected several, as in [{allowed!r}]")
        self._allowed = frozenset(map(normal_origin, allowed))

    def allows(self, origin: str) -> bool:
        """True for an ``Origin`` header that names one of them."""
        try:
            return normal_origin(origin) in self._allowed
        except ValueError:
            return False
