"""Files over HTTP and HTTPS."""

from __future__ import annotations

import http.client
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from email import errors
from http import HTTPStatus
from io import BufferedReader

from evtui.redaction import hide
from evtui.station.files.exchange import Wire, read_all
from evtui.station.files.place import FilePlace
from evtui.station.files.transfers import TransferFailed

__all__ = ["download", "upload"]

_NO_SUCH_METHOD = (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)

_OF_NO_HEADER = (
    errors.NoBoundaryInMultipartDefect,
    errors.StartBoundaryNotFoundDefect,
    errors.CloseBoundaryNotFoundDefect,
    errors.MultipartInvariantViolationDefect,
    errors.InvalidMultipartContentTransferEncodingDefect,
)
"""What a parser of mail misses in a body that it is not given."""

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(;.*)?\r?\n", re.DOTALL)
"""RFC 9112 section 7.1; :class:`http.client.HTTPResponse` takes what Python takes for a number."""

_CUT_CHUNK = "ended in the middle of a chunk"

_LONGEST_LINE = 65_536
"""Bytes, as for the lines that :mod:`http.client` reads."""


def download(place: FilePlace, wire: Wire, limit_bytes: int) -> bytes:
    """GET.

    Raises:
        Exception: of any kind that sockets and :mod:`http.client` have.
    """
    with _asked(place, wire, "GET") as response:
        if response.status != HTTPStatus.OK:
            raise TransferFailed(_answer(response))
        announced = _length(response)
        if announced is not None and announced > limit_bytes:
            raise TransferFailed(f"larger than {limit_bytes} bytes", final=True)
        wire.allow(limit_bytes)
        if response.chunked:
            return read_all(_Chunks(response.fp).read, limit_bytes)
        data = read_all(response.read, limit_bytes)
        if announced not in (None, len(data)):
            raise TransferFailed(f"ended after {len(data)} of {announced} bytes")
        return data


def upload(place: FilePlace, wire: Wire, data: bytes) -> None:
    """PUT, or POST where PUT is not known.

    Raises:
        Exception: of any kind that sockets and :mod:`http.client` have.
    """
    for method in ("PUT", "POST"):
        with _asked(place, wire, method, data) as response:
            if response.status // 100 == 2:
                return
            failure = TransferFailed(_answer(response))
            if response.status not in _NO_SUCH_METHOD:
                break
    raise failure


@contextmanager
def _asked(
    place: FilePlace, wire: Wire, method: str, data: bytes | None = None
) -> Iterator[http.client.HTTPResponse]:
    is_tls = place.scheme == "https"
    kind = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
    headers = {"User-Agent": "evtui", "Connection": "close"}
    if data is not None:
        headers["Content-Type"] = "application/octet-stream"
    if place.user:
        credentials = b64encode(f"{place.user}:{place.password}".encode())
        headers["Authorization"] = f"Basic {credentials.decode()}"
    port = place.port or kind.default_port  # without one it looks for it in an IPv6 address
    with closing(kind(place.host, port)) as connection:
        sock = wire.connect(place.host, port)
        connection.sock = wire.secure(sock, place.host) if is_tls else sock
        with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before that
            connection.request(method, place.path or "/", data, headers)
        with connection.getresponse() as response:
            yield response


def _length(response: http.client.HTTPResponse) -> int | None:
    """Bytes of the file as announced; None when its chunks, or the end, will tell.

    Raises:
        TransferFailed: what is announced is not to be trusted (RFC 9112 section 6.3).
    """
    # What follows such a line is taken for no header, a Content-Length among it.
    if any(not isinstance(each, _OF_NO_HEADER) for each in response.headers.defects):
        raise TransferFailed("a header line of the answer is broken")
    lengths = response.headers.get_all("Content-Length", [])
    codings = response.headers.get_all("Transfer-Encoding", [])
    if codings:
        if lengths:
            raise TransferFailed("Content-Length beside Transfer-Encoding in the answer")
        if [coding.lower() for coding in codings] != ["chunked"]:
            raise TransferFailed(f"the answer is coded as {', '.join(codings)[:60]}")
        return None
    if len(lengths) > 1:
        raise TransferFailed("more than one Content-Length in the answer")
    if not lengths:
        return None
    length = lengths[0].strip(" \t")
    if not (length.isascii() and length.isdecimal()):
        raise TransferFailed(f"Content-Length of the answer is no number: {length[:20]!r}")
    return int(length.lstrip("0")[:20] or "0")  # longer ones are too large in any case


class _Chunks:
    """A body in chunks, without the lines around them (RFC 9112 section 7.1)."""

    def __init__(self, body: BufferedReader) -> None:
        self._body = body
        self._left = 0
        self._begun = False

    def read(self, count: int) -> bytes:
        """At most so many bytes of the file; none at its end.

        Raises:
            TransferFailed: these are no chunks, or they end too early.
        """
        if not self._left:
            self._next()
        data = self._body.read(min(count, self._left))
        if self._left and not data:
            raise TransferFailed(_CUT_CHUNK)
        self._left -= len(data)
        return data

    def _next(self) -> None:
        if self._begun and (end := self._body.read(2)) != b"\r\n":
            whole = len(end) == 2
            raise TransferFailed("a chunk is longer than its size says" if whole else _CUT_CHUNK)
        self._begun = True
        line = self._line("chunk size")
        if not line.endswith(b"\n"):
            raise TransferFailed(_CUT_CHUNK)
        size = _CHUNK_SIZE.fullmatch(line)
        if size is None:
            shown = line[:20].decode("latin-1").strip()
            raise TransferFailed(f"size of a chunk is no hexadecimal number: {shown!r}")
        self._left = int(size[1], 16)
        if not self._left:
            while self._line("trailer line") not in (b"\r\n", b"\n", b""):
                pass

    def _line(self, what: str) -> bytes:
        line = self._body.readline(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE:
            raise http.client.LineTooLong(what)
        return line


def _answer(response: http.client.HTTPResponse) -> str:
    try:
        text = f"HTTP {response.status} {HTTPStatus(response.status).phrase}"
    except ValueError:
        text = f"HTTP {response.status}"
    if response.status // 100 == 3 and (target := response.headers["Location"]):
        text += f"; redirections are not followed, give {hide(target)[:80]}"
    return text
