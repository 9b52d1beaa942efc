"""How a scenario came out."""

from __future__ import annotations

import msgspec

from evtui.events import Verdict

__all__ = ["RunOutcome", "StepFailed"]


class StepFailed(Exception):
    """A step could not be done; the text is one line for people.

    Attributes:
        path: place of the step in the file; empty where it is not known yet.
        label: the step in words.
    """

    def __init__(self, reason: str, path: str = "", label: str = "") -> None:
        super().__init__(reason)
        self.path = path
        self.label = label


class RunOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one run.

    Attributes:
        verdicts: of the steps and of each expectation; none when the run was interrupted
            before its steps had ended, since nothing was decided then.
        ended: lab time in s up to which was judged: the steps had ended, the cleanup had not
            begun.
        interrupted: why it was interrupted; empty when it was not.
        interrupted_at: lab time in s of that moment.
    """

    verdicts: tuple[Verdict, ...]
    ended: float
    interrupted: str = ""
    interrupted_at: float | None = None

    @property
    def met(self) -> bool:
        """True when everything was."""
        return not self.interrupted and all(verdict.met for verdict in self.verdicts)
