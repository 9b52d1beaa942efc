"""How far a long reading of a folder is, on a terminal only."""

from __future__ import annotations

import sys

import click

from evtui.escaping import for_terminal

__all__ = ["PercentProgress"]


class PercentProgress:
    """One line on stderr that is rewritten as time in the folder goes on.

    Args:
        what: what is going on, ``a: exporting``.
        first, last: lab time in s where it begins and ends.
    """

    def __init__(self, what: str, first: float, last: float) -> None:
        self._what = for_terminal(what)
        self._first = first
        self._length = last - first
        self._shown = ""
        self._terminal = sys.stderr.isatty()

    def __call__(self, t: float) -> None:
        """Lab time ``t`` in s has been reached."""
        if not self._terminal or self._length <= 0:
            return
        share = min(1.0, max(0.0, (t - self._first) / self._length))
        text = f"{self._what} {share:4.0%}"
        if text != self._shown:
            self._shown = text
            click.echo(f"\r\x1b[2K{text}", nl=False, err=True)

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            click.echo("\r\x1b[2K", nl=False, err=True)
            self._shown = ""
