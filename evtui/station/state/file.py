"""States of charge points and of a central system in one file: SQLite with a write-ahead log.

What was committed is safe from ``kill -9`` with ``synchronous=NORMAL``; a power cut of the
computer may cost the last commits, never the file.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from evtui.station.state.checking import (
    APPLICATION_ID,
    CENTRAL_SYSTEM,
    VERSION,
    check_file,
    is_damage,
    reason,
)
from evtui.station.state.store import (
    WAY_OUT,
    StateChange,
    StateError,
    StateInUse,
    StateRow,
    StateStore,
)
from evtui.station.state.write_ahead_log import problem_in

__all__ = ["CentralSystemRows", "StateFile"]

SCHEMA = """
    CREATE TABLE row (
        station TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (station, kind, name)
    ) WITHOUT ROWID
"""

LAST_MISSING = "what was kept last may be missing: put a copy in its place, or name another file"

REPLACED = (
    "removed or moved while it was used, and another file is in its place: what is kept goes to "
    "the moved one, or is lost; name another file"
)

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
        found: Mapping[StateRow, bytes],
        write: Callable[[Sequence[StateChange]], None],
    ) -> None:
        self.found = found
        self.write = write
        self.everything: Callable[[], Iterable[tuple[StateRow, bytes]]] = found.items
        self._place = place

    def damaged(self, row: StateRow, problem: str) -> StateError:
        """What to raise for a row that cannot be read."""
        kind, name = (
            part if part.isprintable() and len(part) <= 60 else f"{part[:60]!r}" for part in row
        )
        line = " ".join(problem.split())
        return StateError(f"{self._place}: {kind} {name}: {line}; {WAY_OUT}")


class StateFile:
    """A file for the charge points and the central system of a process; opened and locked at once.

    Trouble while it is used, as with a full disk, is told once and stops nobody: the states
    go on in memory, and the first write that works again brings the file up to date.  One that
    turns out to be damaged is not written to any more.  Where it was removed, a new one takes
    its place, with everything; where another file is there, that one is left alone.

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
        self._damaged = False
        self._has_failed = False
        self._is_replaced = False
        self._end = ""
        self._file = Path(path).absolute()
        self._opened: os.stat_result | None = None
        check_file(path)
        self._open: sqlite3.Connection | None = None
        try:
            # The engine's thread need not be the one that opens it.
            self._open = sqlite3.connect(path, timeout=0, check_same_thread=False)
            self._prepare(self._open)
            self._opened = self._found()
        except StateError:
            self.close()
            raise
        except sqlite3.Error as error:
            self.close()
            raise StateError(f"{path}: {reason(error)}") from None

    @property
    def trouble_left(self) -> str:
        """What is to be said at the end, in one line; empty while the file has everything.

        Whether it was damaged meanwhile is known once it is closed.
        """
        if self._behind:
            trouble = "what has changed since it could not be written is lost"
        elif self._is_replaced:
            trouble = REPLACED
        else:
            trouble = self._end
        return trouble and f"state file {self._path}: {trouble}"

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
        """Close the file, and see whether it is whole; what changes after that is not kept."""
        self._write(CENTRAL_SYSTEM, ())  # what is behind, or was removed
        database, self._open = self._open, None
        if database is not None:
            self._end = self._closed(database)

    # Inside

    def _prepare(self, database: sqlite3.Connection) -> None:
        # Exclusive: two programs that send the same queue would send everything twice.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
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
        return StateStore(rows, lambda changes: self._write(identity, changes), place)

    def _rows(self, owner: str, place: str) -> dict[StateRow, bytes]:
        if self._open is None:
            raise StateError(f"{place}: the file is closed")
        try:
            found = self._open.execute(
                # As a value that was edited by hand may have become a text.
                "SELECT kind, name, CAST(value AS BLOB) FROM row WHERE station = ?",
                (owner,),
            ).fetchall()
            return {(kind, name): value for kind, name, value in found}
        except sqlite3.Error as error:
            raise StateError(f"{place}: {reason(error)}") from None

    def _closed(self, database: sqlite3.Connection) -> str:
        """Close a database; what is wrong with its file then, empty when nothing is."""
        if self._opened is None:  # it could not be used from the start
            database.close()
            return ""
        problem = ""
        if not self._has_failed:  # what was rolled back may be left in the log
            with suppress(OSError):
                problem = problem_in(Path(f"{self._file}-wal").read_bytes())
        try:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:  # as with a full disk: all of it is still in the log
            if is_damage(error):
                problem = problem or f"{error}"
        with suppress(sqlite3.Error):
            database.close()
        if problem:
            return f"its log was damaged while it was used: {problem}; {LAST_MISSING}"
        if self._is_replaced:
            return ""
        try:
            check_file(self._path)
        except StateInUse:
            return ""
        except StateError as error:
            # The path stands before it already, where it is told.  Were it worded otherwise, it
            # would stand there twice, and nothing else hangs on it.
            return f"damaged while it was used: {str(error).removeprefix(f'{self._path}: ')}"
        return ""

    def _found(self) -> os.stat_result | None:
        """What is at the path, None when nothing is."""
        try:
            return self._file.stat()
        except OSError:
            return None

    def _stay_in_place(self) -> None:
        """What is written must be found at the path again.

        SQLite goes on writing to a file that was removed, or moved, and says nothing.

        Raises:
            sqlite3.Error: it was removed, and there can be no new one.
        """
        if self._opened is None or self._is_replaced:
            return
        found = self._found()
        if found is not None:
            if os.path.samestat(found, self._opened):
                return
            self._is_replaced = True
            self.trouble(f"state file {self._path}: {REPLACED}")
            return
        try:
            mode = self._opened.st_mode & 0o777
            os.close(os.open(self._file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
        except OSError as error:
            raise sqlite3.OperationalError(
                f"removed while it was used, and cannot be made anew: {error.strerror}"
            ) from None
        self._begin_anew()

    def _begin_anew(self) -> None:
        old = self._open
        assert old is not None
        rows: list[tuple[str, str, str, bytes]] = []
        with suppress(sqlite3.Error):  # of stations, too, that do not run now
            rows = old.execute("SELECT * FROM row").fetchall()
        with suppress(sqlite3.Error):
            old.close()  # first, for it removes the log of that name
        if not self._behind:
            self.trouble(f"state file {self._path}: removed while it was used")
        self._behind = True
        self._opened = self._found()
        self._open = sqlite3.connect(self._file, timeout=0, check_same_thread=False)
        self._prepare(self._open)
        with self._open as database:
            database.executemany(PUT, rows)

    def _write(self, identity: str, changes: Sequence[StateChange]) -> None:
        if self._open is None or self._damaged:
            return
        try:
            self._stay_in_place()
            with self._open as database:
                if self._behind:
                    self._write_everything(database)
                else:
                    for (kind, name), value in changes:
                        if value is None:
                            database.execute(REMOVE, (identity, kind, name))
                        else:
                            database.execute(PUT, (identity, kind, name, value))
        except sqlite3.Error as error:
            self._damaged = is_damage(error)
            self._has_failed = True
            if not self._behind or self._damaged:
                self.trouble(
                    f"state file {self._path}: {reason(error)}; going on in memory, so a crash "
                    "now loses what is queued"
                )
            self._behind = True
        else:
            if self._behind:
                self.trouble(f"state file {self._path}: written again, nothing is missing")
            self._behind = False

    def _write_everything(self, database: sqlite3.Connection) -> None:
        everything: dict[str, Iterable[tuple[StateRow, bytes]]] = {
            name: store.rows.items() for name, store in self._stores.items()
        }
        if self._central_system is not None:
            everything[CENTRAL_SYSTEM] = self._central_system.everything()
        for owner, rows in everything.items():
            database.execute("DELETE FROM row WHERE station = ?", (owner,))
            database.executemany(PUT, ((owner, kind, name, value) for (kind, name), value in rows))
