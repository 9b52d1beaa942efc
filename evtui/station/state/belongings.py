"""What a charge point owns beside its transactions, kept over the end of the process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from evtui.station.listeners import Listeners
from evtui.station.state.store import StateStore

__all__ = ["Belongings", "Keepable"]


class Keepable(Protocol):
    """Something that can be written down and taken back."""

    @property
    def changed(self) -> Listeners[...]:
        """Tells that it should be written down again."""

    def export(self) -> Any:
        """Everything as plain JSON."""

    def restore(self, exported: Any, /) -> None:
        """Take over what :meth:`export` gave.

        Raises:
            ValueError: it is not of that form; the text names the place.
        """


class Belongings:
    """Each is a document of the state, taken back once and then written whenever it has changed.

    Args:
        store: where they are kept.
        owned: by the name of their document, in the order in which they are taken back.
    """

    def __init__(
        self,
        store: StateStore,
        owned: Mapping[str, Keepable],
    ) -> None:
        self._store = store
        self._owned = owned

    def take_back(self) -> None:
        """Take back what was kept.

        Raises:
            StateError: a document means nothing.  Going on without it would write over it at its
                next change.
        """
        for name, each in self._owned.items():
            kept = self._store.load(name)
            if kept is None:
                continue
            try:
                each.restore(kept)
            except Exception as error:  # whatever JSON may do to a reader
                said = str(error) or type(error).__name__
                raise self._store.damaged(f"document {name}: {said}") from None

    def keep_up(self) -> None:
        """Write each of them down whenever it changes from now on."""
        for name, each in self._owned.items():
            each.changed.add(partial(self._keep, name))

    def _keep(self, name: str, *_: object) -> None:
        self._store.save(name, self._owned[name].export())
