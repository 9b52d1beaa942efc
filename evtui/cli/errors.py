"""What a sub-command raises for input it cannot use."""

from __future__ import annotations

__all__ = ["BadInput"]


class BadInput(Exception):
    """Bad input; its text is one line that names value, place and way out.  Exit code 2."""
