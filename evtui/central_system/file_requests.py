"""The requests of HTTP/1.1 that the file server reads, and what it says to them (RFC 9112)."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus

import msgspec
from msgspec.structs import replace

__all__ = ["Answer", "Refused", "Request", "is_file_name", "read_request"]

LONGEST_LINE = 8 * 1024
"""Bytes of the request line or of a header, as RFC 9112 section 3 recommends at least."""

MOST_HEADERS = 100

MOST_EMPTY = 4
"""Line ends before a request, which RFC 9112 section 2.2 has a server pass over."""

LONGEST_NAME = 255
"""Characters; GetDiagnostics.conf has room for as many (OCPP 1.6 section 6.26)."""

_TOO_BIG = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE

_REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/(\d)\.\d")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")


class Refused(Exception):
    """A request is not served; the text is one line for whoever asked.

    Attributes:
        status: of the answer.
    """

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class Request(msgspec.Struct, frozen=True):
    """A request without its body.

    Attributes:
        headers: lower-case names and values, in order.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """Every value of the header ``name``, given in lower case."""
        return [value for each, value in self.headers if each == name]

    def body_length(self, largest: int) -> int:
        """Bytes of the body, as announced.

        Raises:
            Refused: the request does not say, says it twice, or says more than ``largest``.
        """
        lengths = self.values("content-length")
        if lengths and self.values("transfer-encoding"):
            # RFC 9112 section 6.3: somebody on the way may read another request than we do
            raise _bad("Content-Length beside Transfer-Encoding")
        if not lengths:
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "Content-Length is needed")
        if len(lengths) > 1:
            raise _bad("more than one Content-Length")
        (length,) = lengths
        if not (length.isascii() and length.isdecimal()):
            raise _bad(f"Content-Length is no number of bytes: {length[:20]!r}")
        digits = length.lstrip("0") or "0"
        if len(digits) > len(str(largest)) or int(digits) > largest:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"over {largest} bytes")
        return int(digits)


class Answer(msgspec.Struct, frozen=True):
    """What is said to a request.

    Attributes:
        headers: beside those that every answer has.
    """

    status: HTTPStatus
    content: bytes = b""
    kind: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def line(cls, status: HTTPStatus, text: str) -> Answer:
        """An answer for people."""
        again = (("Retry-After", "1"),) if status == HTTPStatus.SERVICE_UNAVAILABLE else ()
        return cls(status, f"{text}\n".encode(), headers=again)

    def to_page(self, origin: str) -> Answer:
        """The same for a web page that may ask: without these its browser keeps it back."""
        allowed = (
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Methods", "GET, HEAD, PUT, POST"),
            ("Access-Control-Allow-Headers", "Content-Type"),
        )
        return replace(self, headers=(*self.headers, *allowed))

    def head(self) -> bytes:
        """Everything before the content; the connection is closed after it."""
        headers = (
            ("Content-Type", self.kind),
            ("Content-Length", str(len(self.content))),
            ("Connection", "close"),
            *self.headers,
        )
        lines = (f"HTTP/1.1 {self.status.value} {self.status.phrase}", *map(": ".join, headers))
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1")


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The request that comes, without its body; None when nobody asked anything.

    Args:
        reader: with a limit of :data:`LONGEST_LINE`.

    Raises:
        Refused: it is none, too big, or ended too early; said as soon as that is clear.
    """
    for _ in range(MOST_EMPTY + 1):
        first = await reader.read(1)
        if first not in (b"\r", b"\n"):
            break
    if not first:
        return None
    if not first.isalpha():  # the line may never end
        raise _bad("this is TLS; plain HTTP is spoken here" if first == b"\x16" else "no HTTP")
    line = first.decode() + await _line(reader, HTTPStatus.REQUEST_URI_TOO_LONG)
    begun = _REQUEST_LINE.fullmatch(line)
    if begun is None:
        raise _bad(f"no request line: {line[:60]!r}")
    method, target, version = begun.groups()
    if version != "1":
        raise Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.1 is spoken here")
    headers: list[tuple[str, str]] = []
    while line := await _line(reader, _TOO_BIG):
        header = _HEADER.fullmatch(line)
        if header is None:
            raise _bad(f"no header: {line[:60]!r}")
        if len(headers) == MOST_HEADERS:
            raise Refused(_TOO_BIG, f"over {MOST_HEADERS} headers")
        headers.append((header[1].lower(), header[2].rstrip(" \t")))
    return Request(method, target, tuple(headers))


async def _line(reader: asyncio.StreamReader, too_long: HTTPStatus) -> str:
    try:
        line = await reader.readline()
    except ValueError:
        raise Refused(too_long, f"a line over {LONGEST_LINE} bytes") from None
    if not line.endswith(b"\n"):
        raise _bad("the request ended in its head")
    return line.decode("latin-1").removesuffix("\n").removesuffix("\r")


def _bad(text: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, text)


def is_file_name(name: str) -> bool:
    """True for a plain name, which leads nowhere else."""
    return (
        0 < len(name) <= LONGEST_NAME
        and name.isprintable()
        and "/" not in name
        and "\\" not in name
        and name not in (".", "..")
    )
