"""Where the password for a central system comes from, if not from its URL.

OCPP's security whitepaper has a station say who it is by HTTP basic authentication: the user is its
identity, unless the URL names one.  A command line is there for every user of the computer to see,
so the password has two other ways in: an environment variable and a file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING

from evtui.redaction import SecretUrl, reveal

if TYPE_CHECKING:
    from urllib.parse import SplitResult

__all__ = [
    "VARIABLE",
    "PasswordError",
    "has_password",
    "needs_password",
    "password_from",
    "with_password",
]

VARIABLE = "EVTUI_CSMS_PASSWORD"

_LONGEST = 1024
"""Bytes of a password, which leaves room in any server's limit of a header."""


class PasswordError(ValueError):
    """There is no password to be had; its text is one line, without what was read."""


def password_from(path: str | None, environ: Mapping[str, str]) -> tuple[str, str, str]:
    """The password from a file, else from the environment.

    Args:
        path: its first line is the password; None for no file.

    Returns:
        The password; where it came from, in words; and a warning.  Each may be empty.

    Raises:
        PasswordError: what is there is no password.
    """
    if path is not None:
        line, warning = _first_line(path)
        return _checked(line, path), f"file {path}", warning
    given = environ.get(VARIABLE, "")
    if not given:
        return "", "", ""
    return _checked(os.fsencode(given), VARIABLE), VARIABLE, ""


def has_password(url: str) -> bool:
    """True for a URL with a password in it, even an empty one."""
    return _parts(url).password is not None


def needs_password(url: str) -> bool:
    """True for a URL that names a user and no password."""
    parts = _parts(url)
    return parts.username is not None and parts.password is None


def with_password(url: str, password: str) -> SecretUrl:
    """``url``, which has none, with ``password`` for the user it names, else the identity."""
    from urllib.parse import quote

    parts = _parts(url)
    user = "{id}" if parts.username is None else parts.username
    place = parts.netloc.rpartition("@")[2]
    netloc = f"{user}:{quote(password, safe='')}@{place}"
    return SecretUrl(parts._replace(netloc=netloc).geturl(), given=reveal(url))


def _parts(url: str) -> SplitResult:
    from urllib.parse import urlsplit  # most runs have no URL

    return urlsplit(reveal(url))


def _first_line(path: str) -> tuple[bytes, str]:
    try:
        with open(path, "rb") as file:
            state = os.fstat(file.fileno())
            line = file.readline(_LONGEST + 3)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "cannot be read"
        raise PasswordError(f"{path}: {why.lower()}") from None
    open_to_others = stat.S_ISREG(state.st_mode) and state.st_mode & (stat.S_IRGRP | stat.S_IROTH)
    warning = f"{path}: others can read it; chmod 600 keeps it yours" if open_to_others else ""
    return line.rstrip(b"\r\n"), warning


def _checked(raw: bytes, place: str) -> str:
    if not raw:
        raise PasswordError(f"{place}: its first line is empty; expected a password")
    if len(raw) > _LONGEST:
        raise PasswordError(f"{place}: longer than {_LONGEST} bytes, so hardly a password")
    try:
        password = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PasswordError(f"{place}: expected a password in UTF-8") from None
    # RFC 7617 section 2: no control characters.
    if any(ord(each) < 0x20 or ord(each) == 0x7F for each in password):
        raise PasswordError(f"{place}: a password has no control characters; one line of text")
    return password
