"""Why a connection to a central system could not be made, in words."""

from __future__ import annotations

import os
import re
import socket
import ssl
from http import HTTPStatus
from urllib.parse import urlsplit

from websockets.exceptions import (
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
    NegotiationError,
    SecurityError,
)

from evtui.redaction import hide

__all__ = ["why_refused"]

BODY_SHOWN = 120
"""Characters of the page that comes with a refusal that are looked at."""

_MEANINGS = {
    HTTPStatus.OK: "that is a web server, not a WebSocket",
    HTTPStatus.UNAUTHORIZED: "it wants a password, or another one",
    HTTPStatus.FORBIDDEN: "it knows who this is, and does not let it in",
    HTTPStatus.NOT_FOUND: "it does not know this identity, or the path before it",
    HTTPStatus.UPGRADE_REQUIRED: "that path is no WebSocket, or of another version",
    HTTPStatus.TOO_MANY_REQUESTS: "too many attempts",
    HTTPStatus.BAD_GATEWAY: "what is behind that gateway does not answer",
    HTTPStatus.SERVICE_UNAVAILABLE: "it takes no connections now",
}

_ERRNO = re.compile(r"\[Errno (-?\d+)\]")
"""In the text of the one error that asyncio of Python 3.11 raises where several addresses of a
host failed: their errors are nowhere else.  Without a number its text is told as it is."""


def why_refused(error: Exception, url: str, subprotocol: str, within: float) -> str:
    """A few words, and behind a colon what they mean or what may help; one line.

    Args:
        error: what ``websockets`` raised.
        url: that was dialled.
        subprotocol: that was asked for.
        within: s that there were for it.
    """
    return " ".join(_words(error, url, subprotocol, within).split())


def _words(error: Exception, url: str, subprotocol: str, within: float) -> str:
    place, host, tls = _place(url)
    match error:
        case InvalidURI():
            return error.msg
        case InvalidStatus():
            return _status(error, subprotocol)
        case NegotiationError():
            return f"no {subprotocol}: {hide(str(error))[:80]}"
        case SecurityError():
            return f"unsafe redirect: {hide(str(error))}"
        case ssl.SSLCertVerificationError():
            meaning = error.verify_message or error.reason
            return f"certificate not trusted: {meaning} (SSL_CERT_FILE names those that are)"
        case ssl.SSLError() if error.reason in ("WRONG_VERSION_NUMBER", "UNEXPECTED_EOF"):
            return _no_tls(place)
        case ssl.SSLError():
            words = (error.reason or str(error)).replace("_", " ").lower()
            return f"TLS failed: {words}"
        case socket.gaierror():
            return f"host not found: {host} ({error.strerror})"
        case TimeoutError():
            return f"no answer in {within:g} s: from {place}"
        case ConnectionRefusedError():
            return f"connection refused: nothing listens at {place}"
        case ConnectionResetError() | BrokenPipeError() | EOFError() if tls:
            return _no_tls(place)
        case InvalidMessage():
            remedy = "" if tls else ", or wants TLS: wss://"
            return f"no HTTP answer: {place} hangs up, speaks something else{remedy}"
        case OSError(errno=int(number)) if number > 0:
            return f"{os.strerror(number)}: {place}"
        case OSError() if found := _ERRNO.search(str(error)):
            number = int(found[1])
            return _words(OSError(number, os.strerror(number)), url, subprotocol, within)
    return hide(str(error)) or f"{type(error).__name__}: {place}"


def _place(url: str) -> tuple[str, str, bool]:
    """Where the URL leads, without what a secret may be in; its host; whether over TLS."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "that URL", "", False
    place = parts.netloc.rpartition("@")[2]
    return place, parts.hostname or "", parts.scheme == "wss"


def _no_tls(place: str) -> str:
    return f"no TLS: {place} speaks something else, perhaps plain ws://"


def _status(error: InvalidStatus, subprotocol: str) -> str:
    response = error.response
    page = (response.body or b"")[:BODY_SHOWN].decode(errors="replace")
    # No field of a response says that it is the sub-protocol; without the word its status is told.
    if response.status_code == HTTPStatus.BAD_REQUEST and "protocol" in page.lower():
        return f"no {subprotocol}: {_legible(page)}"
    try:
        status = HTTPStatus(response.status_code)
    except ValueError:
        return f"HTTP {response.status_code}: {_legible(page) or 'the server says no more'}"
    return f"{status.value} {status.phrase}: {_MEANINGS.get(status) or _legible(page) or 'refused'}"


def _legible(page: str) -> str:
    """The first line of a page that a peer wrote."""
    line = next(iter(page.strip().splitlines()), "")
    return hide("".join(character for character in line if character.isprintable()))
