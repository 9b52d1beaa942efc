"""Whether a state file can be used, found out without writing to it.

Whoever opens a database for writing changes it, be it only by taking its write-ahead log in; a
damaged file must stay as it is for whoever repairs it.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from stat import S_ISREG
from typing import Any
from urllib.parse import quote

from evtui.ocpp16.validation import check, errors
from evtui.station.state.store import WAY_OUT, StateError, StateInUse, StateRow, StateStore
from evtui.station.state.write_ahead_log import problem_in
from evtui.violations import Violation

__all__ = [
    "APPLICATION_ID",
    "VERSION",
    "check_file",
    "check_rows",
    "is_damage",
    "reason",
]

APPLICATION_ID = 0x65767475
"""``evtu`` in the header of the file says whose it is."""

VERSION = 1
"""Of the one table in it."""

NO_FILE = "cannot be opened: its folder must exist, and it must be a file of yours"

UNREADABLE = "see its permissions, or name another file"

PROFILES = "charging profiles"
"""Name of the document that has them as SetChargingProfile.req."""

CENTRAL_SYSTEM = ""
"""In the place of a station, whose identity is never empty: rows that a central system reads."""


TAKEN_OVER = frozenset({"maxLength", "multipleOf"})
"""Rules that an id tag or a limit may break which a tolerated central system has given."""


def check_file(path: str) -> None:
    """Find out whether a state file is whole, if it is there.

    Raises:
        StateError: it is not; the text is one line.
    """
    log, index = Path(f"{path}-wal"), Path(f"{path}-shm")
    try:
        found = Path(path).stat()
        if not S_ISREG(found.st_mode):
            raise StateError(f"{path}: {NO_FILE}")
        logged = log.exists() and log.stat().st_size > 0
        if logged and not found.st_size:  # SQLite would remove the log of an empty file
            raise StateError(_about_log(path, log, "the file is empty"))
        leaves_index = logged and not index.exists()
        try:
            with closing(_opened(path, logged=logged)) as database:
                database.execute("SELECT count(*) FROM sqlite_master").fetchone()  # not in use
                if logged and (problem := problem_in(log.read_bytes())):
                    raise StateError(_about_log(path, log, problem))
                _check(path, database)
        finally:
            if leaves_index:
                index.unlink(missing_ok=True)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}: {UNREADABLE}") from None
    except sqlite3.Error as error:
        busy = getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY"
        raise (StateInUse if busy else StateError)(f"{path}: {reason(error)}") from None


def reason(error: sqlite3.Error) -> str:
    """What to do about an error, in one line."""
    match getattr(error, "sqlite_errorname", ""):
        case "SQLITE_NOTADB":
            return "not a state file: name another, or one that does not exist yet"
        case "SQLITE_BUSY":
            return "used by another evtui: end that one, or name another file"
        case "SQLITE_CANTOPEN":
            return NO_FILE
        case "SQLITE_FULL":
            return "the disk is full"
        case "SQLITE_READONLY" | "SQLITE_READONLY_DIRECTORY" | "SQLITE_IOERR_LOCK":
            return f"cannot be locked and written: {UNREADABLE}"
        case name if is_damage(error):
            return f"damaged: {error} ({name}); {WAY_OUT}"
        case name:
            return f"{error} ({name})" if name else str(error)


def is_damage(error: sqlite3.Error) -> bool:
    """True when the file is not what SQLite has written."""
    name = getattr(error, "sqlite_errorname", "")
    return name == "SQLITE_NOTADB" or name.startswith(("SQLITE_CORRUPT", "SQLITE_IOERR_SHORT"))


def _about_log(path: str, log: Path, problem: str) -> str:
    return f"{log}: damaged, or the log of another file than {path}: {problem}; {WAY_OUT}"


def _opened(path: str, *, logged: bool) -> sqlite3.Connection:
    """A connection that leaves no trace beside the file, but for the index of a log that is there.

    Args:
        logged: there is a write-ahead log; whoever uses the file has one.
    """
    how = "mode=ro" if logged else "immutable=1"
    database = sqlite3.connect(f"file:{quote(path)}?{how}", timeout=0, uri=True)
    database.text_factory = bytes  # a text that is none must not be lost in an error
    return database


def _check(path: str, database: sqlite3.Connection) -> None:
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (owner,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if (tables or owner) and owner != APPLICATION_ID:
        raise StateError(f"{path}: a database, but no state file of evtui; name another")
    if owner and version != VERSION:
        raise StateError(
            f"{path}: a state file of version {version}, and this evtui reads version {VERSION}; "
            "name another file"
        )
    if not owner:
        return  # new
    ((found,), *_) = database.execute("PRAGMA integrity_check(1)").fetchall()
    if found != b"ok":
        told = " ".join(found.decode(errors="replace").split())
        raise StateError(f"{path}: damaged: {told}; {WAY_OUT}")
    for station, rows in _rows(path, database).items():
        if station != CENTRAL_SYSTEM:
            check_rows(rows, f"{path}: station {station}")


def _rows(path: str, database: sqlite3.Connection) -> dict[str, dict[StateRow, bytes]]:
    """Rows by the station that they are of."""
    rows: defaultdict[str, dict[StateRow, bytes]] = defaultdict(dict)
    try:
        found = database.execute("SELECT station, kind, name, value FROM row")
        for station, kind, name, value in found:
            try:
                rows[station.decode()][kind.decode(), name.decode()] = bytes(memoryview(value))
            except (AttributeError, TypeError, UnicodeError):
                row = " ".join(_shown(each) for each in (station, kind, name))
                raise StateError(f"{path}: row {row}: not the types of a row; {WAY_OUT}") from None
    except sqlite3.OperationalError as error:  # no such table, no such column
        raise StateError(f"{path}: damaged: {error}; {WAY_OUT}") from None
    return rows


def check_rows(rows: Mapping[StateRow, bytes], place: str) -> None:
    """Hold the rows of a station against what they must be, OCPP messages against their schema.

    Raises:
        StateError: a row is not; the text is one line.
    """
    store = StateStore(rows, place=place)
    for message in store.messages():
        payload = message.payload
        if message.action != "StartTransaction":
            payload = {**payload, "transactionId": 0}  # filled in when its turn has come
        if (violation := _violation(message.action, payload)) is not None:
            raise store.damaged(f"message {message.number}: {violation.detail}")
    profiles = store.load(PROFILES)
    for payload in profiles if isinstance(profiles, list) else []:
        if (violation := _violation("SetChargingProfile", payload)) is not None:
            raise store.damaged(f"document {PROFILES}: {violation.detail}")


def _violation(action: str, payload: Any) -> Violation | None:
    """What is wrong with a message, beside what a tolerant charge point may have taken over."""
    violation = check(action, "call", payload)
    if violation is None:
        return None
    rules = {str(error.schema_path[-1]) for error in errors(action, "call", payload)}
    return violation if rules - TAKEN_OVER else None


def _shown(value: object) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else repr(value)
    return f"{text[:40]!r}" if isinstance(value, bytes) else text[:40]
