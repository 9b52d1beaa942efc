"""Going through choices, one a key press.  Pure."""

from __future__ import annotations

from typing import Any, TypeVar

__all__ = ["after"]

T = TypeVar("T")


def after(choices: tuple[T, ...], value: Any) -> T:
    """The choice after ``value``, round and round; the second for a value that is none."""
    index = choices.index(value) if value in choices else 0
    return choices[(index + 1) % len(choices)]
