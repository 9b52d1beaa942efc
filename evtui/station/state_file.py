"""States of charge points and of a central system in one file: SQLite with a write-ahead log.

What was committed is safe from ``kill -9`` with ``synchronous=NORMAL``; a power cut of the
computer may cost the last commits, never the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from evtui.station.state import Change, Row, StateError, StateStore

__all__ = ["CentralSystemRows", "StateFile"]

APPLICATION_ID = 0x65767475
"""``evtu`` in the header of the file says whose it is."""

VERSION = 1
"""Of the one table in it."""

SCHEMA = """
    CREATE TABLE row (
        station TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (station, kind, name)
    ) WITHOUT ROWID
"""

CENTRAL_SYSTEM = ""
"""In the place of a station, whose identity is never empty."""

PUT = "INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?)"
REMOVE = "DELETE FROM row WHERE station = ? AND kind = ? AND name = ?"


class CentralSystemRows:
    """What a central system keeps in a state file, as rows of JSON that it alone understands.

    Args:
        place: for people, whose rows they are.
        found: what was kept.
        write: called with the changes that belong together.

    Attributes:
        everything: asked for all rows when the file is to be brought up to date.
    """

    def __init__(
        self,
        place: str,
        found: Mapping[Row, bytes],
        write: Callable[[Sequence[Change]], None],
    ) -> None:
        self.found = found
        self.write = write
        self.everything: Callable[[], Iterable[tuple[Row, bytes]]] = found.items
        self._place = place

    def damaged(self, row: Row, problem: str) -> StateError:
        """What to raise for a row that cannot be read."""
        kind, name = row
        return StateError(f"{self._place}: {kind} {name}: {problem}; name another file")


class StateFile:
    """A file for the charge points and the central system of a process; opened and locked at once.

    Trouble while it is used, as with a full disk, is told once and stops nobody: the states
    go on in memory, and the first write that works again brings the file up to date.

    Args:
        path: of the file; made when it does not exist.
        trouble: told in one line when the file cannot be written, and when it can be again.

    Raises:
        StateError: it cannot be used; the text is one line.
    """

    def __init__(self, path: str, trouble: Callable[[str], None] = lambda line: None) -> None:
        self._path = path
        self.trouble = trouble
        self._stores: dict[str, StateStore] = {}
        self._central_system: CentralSystemRows | None = None
        self._behind = False
        self._open: sqlite3.Connection | None = None
        try:
            # The engine's thread need not be the one that opens it.
            self._open = sqlite3.connect(path, timeout=0, check_same_thread=False)
            self._prepare(self._open)
        except StateError:
            self.close()
            raise
        except sqlite3.Error as error:
            self.close()
            raise StateError(f"{path}: {_reason(error)}") from None

    def station(self, identity: str) -> StateStore:
        """The state of one charge point; asking again gives the same store.

        Raises:
            StateError: what is kept of it cannot be read; the text is one line.
        """
        if identity not in self._stores:
            self._stores[identity] = self._load(identity)
        return self._stores[identity]

    def central_system(self) -> CentralSystemRows:
        """What was kept of a central system, and where it keeps more.

        One that is made after another has ended, with the same file, goes on from there.

        Raises:
            StateError: it cannot be read; the text is one line.
        """
        place = f"{self._path}: central system"
        before = self._central_system
        found = self._rows(CENTRAL_SYSTEM, place) if before is None else dict(before.everything())
        rows = CentralSystemRows(place, found, lambda changes: self._write(CENTRAL_SYSTEM, changes))
        self._central_system = rows
        return rows

    def close(self) -> None:
        """Close the file; what changes after that is not kept."""
        if self._open is not None:
            with suppress(sqlite3.Error):
                self._open.close()
            self._open = None

    # Inside

    def _prepare(self, database: sqlite3.Connection) -> None:
        # Exclusive: two programs that send the same queue would send everything twice.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (owner,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if tables and owner != APPLICATION_ID:
            raise StateError(f"{self._path}: a database, but no state file of evtui; name another")
        if tables and version != VERSION:
            raise StateError(
                f"{self._path}: a state file of version {version}, and this evtui reads "
                f"version {VERSION}; name another file"
            )
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        with database:  # takes the lock, and shows at once whether the file can be written
            database.execute("BEGIN IMMEDIATE")
            if not tables:
                database.execute(SCHEMA)
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {VERSION}")

    def _load(self, identity: str) -> StateStore:
        place = f"{self._path}: station {identity}"
        rows = self._rows(identity, place)
        try:
            return StateStore(rows, lambda changes: self._write(identity, changes))
        except StateError as error:
            raise StateError(f"{place}: {error}; name another file") from None

    def _rows(self, owner: str, place: str) -> dict[Row, bytes]:
        if self._open is None:
            raise StateError(f"{place}: the file is closed")
        try:
            found = self._open.execute(
                "SELECT kind, name, value FROM row WHERE station = ?", (owner,)
            ).fetchall()
            return {(kind, name): bytes(value) for kind, name, value in found}
        except sqlite3.Error as error:
            raise StateError(f"{place}: {_reason(error)}") from None
        except TypeError as error:
            raise StateError(f"{place}: {error}; name another file") from None

    def _write(self, identity: str, changes: Sequence[Change]) -> None:
        database = self._open
        if database is None:
            return
        try:
            with database:
                if self._behind:
                    self._write_everything(database)
                else:
                    for (kind, name), value in changes:
                        if value is None:
                            database.execute(REMOVE, (identity, kind, name))
                        else:
                            database.execute(PUT, (identity, kind, name, value))
        except sqlite3.Error as error:
            if not self._behind:
                self.trouble(
                    f"state file {self._path}: {_reason(error)}; going on in memory, so a crash "
                    "now loses what is queued"
                )
            self._behind = True
        else:
            if self._behind:
                self.trouble(f"state file {self._path}: written again, nothing is missing")
            self._behind = False

    def _write_everything(self, database: sqlite3.Connection) -> None:
        everything: dict[str, Iterable[tuple[Row, bytes]]] = {
            name: store.rows.items() for name, store in self._stores.items()
        }
        if self._central_system is not None:
            everything[CENTRAL_SYSTEM] = self._central_system.everything()
        for owner, rows in everything.items():
            database.execute("DELETE FROM row WHERE station = ?", (owner,))
            database.executemany(PUT, ((owner, kind, name, value) for (kind, name), value in rows))


def _reason(error: sqlite3.Error) -> str:
    match error.sqlite_errorname if hasattr(error, "sqlite_errorname") else "":
        case "SQLITE_NOTADB":
            return "not a state file: name another, or one that does not exist yet"
        case "SQLITE_BUSY":
            return "used by another evtui: end that one, or name another file"
        case "SQLITE_CANTOPEN":
            return "cannot be opened: its folder must exist, and it must be a file of yours"
        case "SQLITE_FULL":
            return "the disk is full"
        case "SQLITE_READONLY" | "SQLITE_READONLY_DIRECTORY" | "SQLITE_IOERR_LOCK":
            return "cannot be locked and written: see its permissions, or name another file"
        case name:
            return f"{error} ({name})" if name else str(error)
