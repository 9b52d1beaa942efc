"""How far a long reading of a folder or a log is, on a terminal only."""

from __future__ import annotations

import sys

import click

from evtui.escaping import for_terminal

__all__ = ["LinesRead", "PercentProgress"]


class _Line:
    """One line on stderr that is rewritten.

    Args:
        what: what is going on, ``a: exporting``.
    """

    def __init__(self, what: str) -> None:
        self._what = for_terminal(what)
        self._shown = ""
        self._terminal = sys.stderr is not None and sys.stderr.isatty()

    def _show(self, text: str) -> None:
        if self._terminal and text != self._shown:
            self._shown = text
            click.echo(f"\r\x1b[2K{self._what} {text}", nl=False, err=True)

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            click.echo("\r\x1b[2K", nl=False, err=True)
            self._shown = ""


class LinesRead(_Line):
    """How many lines of a log have been read, before anything else is known of it."""

    def __call__(self, lines: int) -> None:
        """So many have been read."""
        self._show(f"{lines:,} lines")


class PercentProgress(_Line):
    """How far time in a folder has gone on.

    Args:
        what: see above.
        first, last: lab time in s where it begins and ends.
    """

    def __init__(self, what: str, first: float, last: float) -> None:
        super().__init__(what)
        self._first = first
        self._length = last - first

    def __call__(self, t: float) -> None:
        """Lab time ``t`` in s has been reached."""
        if self._length > 0:
            share = min(1.0, max(0.0, (t - self._first) / self._length))
            self._show(f"{share:4.0%}")
