"""Keys as people read them, taken from the registry of commands."""

from __future__ import annotations

from textual.keys import format_key

from evtui.commands import Command, by_name

__all__ = ["key_of", "keys_of", "keys_shown"]


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
    return keys_shown(by_name[command])


def keys_shown(command: Command) -> tuple[str, ...]:
    """The keys of ``command`` itself, which in a replay may have fewer than the registry says."""
    return tuple(map(_shown, command.keys))


def _shown(key: str) -> str:
    if key == "enter":  # a word, where Textual shows a sign that not every font has
        return key
    return "+".join(format_key(part) for part in key.split("+"))
