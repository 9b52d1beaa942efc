"""What a command raises for input it cannot use."""

from __future__ import annotations

__all__ = ["BadInput"]


class BadInput(Exception):
    """Bad input; its text is one line that names value, place and way out.  Exit code 2.

    Attributes:
        program: what the line begins with.
    """

    def __init__(self, text: str, program: str = "evtui") -> None:
        super().__init__(text)
        self.program = program
