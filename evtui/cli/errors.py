"""What a command raises for input it cannot use."""

from __future__ import annotations

__all__ = ["BadInput"]


class BadInput(Exception):
    """Bad input; one line for each mistake names value, place and way out.  Exit code 2.

    Attributes:
        lines: one for each mistake.
        program: what each line begins with.
    """

    def __init__(self, *lines: str, program: str = "evtui") -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.program = program
