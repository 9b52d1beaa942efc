"""What a charge point owns beside its transactions, kept over the end of the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from evtui.station.state import StateStore

__all__ = ["Belongings", "Keepable"]


class Keepable(Protocol):
    """Something that can be written down and taken back."""

    def export(self) -> Any:
        """Everything as plain JSON."""

    def restore(self, exported: Any, /) -> None:
        """Take over what :meth:`export` gave.

        Raises:
            ValueError: it is not of that form; the text names the place.
        """


class Belongings:
    """Each is a document of the state, written whenever it has changed.

    Args:
        store: where they are kept.
        owned: by the name of their document, in the order in which they are taken back.
        report: told a line for people when one cannot be taken back.
    """

    def __init__(
        self,
        store: StateStore,
        owned: Mapping[str, Keepable],
        report: Callable[[str], None],
    ) -> None:
        self._store = store
        self._owned = owned
        self._report = report

    def keep(self, name: str) -> None:
        """One of them has changed."""
        self._store.save(name, self._owned[name].export())

    def take_back(self) -> None:
        """Take back what was kept; what cannot be read is told and left as it is."""
        for name, each in self._owned.items():
            kept = self._store.load(name)
            if kept is None:
                continue
            try:
                each.restore(kept)
            except ValueError as error:
                self._report(f"{name} of the state file not used: {error}")
