"""Keys as people read them, taken from the registry of commands."""

from __future__ import annotations

from textual.keys import format_key

from evtui.commands import by_name

__all__ = ["key_of", "keys_of"]


def key_of(command: str) -> str:
    """The key shown for ``command``: ``[`` for ``anomaly.shorter``.

    Raises:
        KeyError: there is no such command.
    """
    return keys_of(command)[0]


def keys_of(command: str) -> tuple[str, ...]:
    """Every key bound to ``command``, the one shown first.

    Raises:
        KeyError: there is no such command.
    """
    # A word, where Textual shows a sign that not every font has.
    return tuple("enter" if key == "enter" else format_key(key) for key in by_name[command].keys)
