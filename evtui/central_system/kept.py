"""What a central system keeps over the end of its process: named rows of JSON in a state file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

__all__ = ["KeptRows", "Ledger", "LedgerChange", "LedgerRow", "StateKeeper"]

T = TypeVar("T")

LedgerRow = tuple[str, str]
"""Kind and name of a row."""

LedgerChange = tuple[LedgerRow, bytes | None]
"""A row and its new JSON; None removes it."""


class KeptRows(Protocol):
    """The central system's part of a state file.

    Attributes:
        found: what was kept by the last central system; to be read once, and let go.
        everything: asked for all rows as they must be, after the file could not be written.
    """

    found: Mapping[LedgerRow, bytes]
    everything: Callable[[], Iterable[tuple[LedgerRow, bytes]]]

    def write(self, changes: Sequence[LedgerChange]) -> None:
        """Keep these changes, all of them or none."""

    def damaged(self, row: LedgerRow, problem: str) -> Exception:
        """What to raise for a row that cannot be read."""


class StateKeeper(Protocol):
    """A :class:`~evtui.station.state.file.StateFile`."""

    def central_system(self) -> KeptRows:
        """What was kept, and where to keep more."""


class Ledger:
    """Reads rows, and collects what changes until it is committed as one piece.

    Args:
        rows: where they are; without, nothing is kept, and nothing found.
    """

    def __init__(self, rows: KeptRows | None = None) -> None:
        self._rows = rows
        self._found: dict[str, dict[str, bytes]] = {}
        for (kind, name), value in () if rows is None else rows.found.items():
            self._found.setdefault(kind, {})[name] = value
        self._asked: set[str] = set()
        self._changes: dict[LedgerRow, bytes | None] = {}

    @property
    def keeps(self) -> bool:
        """False when whatever is put here is forgotten."""
        return self._rows is not None

    def read(self, kind: str, shape: type[T]) -> Iterator[tuple[str, T]]:
        """Name and value of every row of a kind that was found.

        Raises:
            StateError: a row is not what it must be.
        """
        self._asked.add(kind)
        decoder = msgspec.json.Decoder(shape)
        for name, value in self._found.get(kind, {}).items():
            try:
                yield name, decoder.decode(value)
            except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                raise self.damaged(kind, name, str(error)) from None

    def check_kinds(self) -> None:
        """Everybody has read what is theirs: nothing else may be there.

        Raises:
            StateError: a row is of no kind.
        """
        for kind in self._found.keys() - self._asked:
            raise self.damaged(kind, next(iter(self._found[kind])), "there is no such kind of row")

    def damaged(self, kind: str, name: str, problem: str) -> Exception:
        """What to raise for a row that was found and cannot be."""
        assert self._rows is not None, "nothing was found"
        return self._rows.damaged((kind, name), problem)

    def put(self, kind: str, name: str, value: Any) -> None:
        """A row is new, or has changed.

        Args:
            value: what JSON can say; bytes are JSON already.
        """
        encoded = value if isinstance(value, bytes) else msgspec.json.encode(value)
        self._changes[kind, name] = encoded

    def remove(self, kind: str, name: str) -> None:
        """A row is no longer needed."""
        self._changes[kind, name] = None

    def commit(self) -> None:
        """Keep what has changed."""
        changes, self._changes = self._changes, {}
        if self._rows is not None and changes:
            self._rows.write(tuple(changes.items()))

    def settled(self, everything: Callable[[], Iterable[tuple[LedgerRow, bytes]]]) -> None:
        """All has been read: from now on ``everything`` says what should be in the file.

        Raises:
            StateError: a row is of no kind.
        """
        self.check_kinds()
        self._found = {}
        if self._rows is not None:
            self._rows.found = {}
            self._rows.everything = everything
