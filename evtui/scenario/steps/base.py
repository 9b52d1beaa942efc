"""What a kind of step is."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from evtui.config import Settings
from evtui.scenario.language.kinds import Kind, Registry, marked_fields

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check
    from evtui.scenario.run.context import StepContext

__all__ = ["STEPS", "Step"]


class Step(Kind, frozen=True, kw_only=True):
    """A step; a kind of step is a subclass in a file of this package, added to :data:`STEPS`.

    Attributes:
        acts: what it does is a step of an attack by hand, where one is on.
        passive: nothing happens by it itself: it waits, tells, or holds other steps.
    """

    acts: ClassVar[bool] = True
    passive: ClassVar[bool] = False

    @abstractmethod
    def words(self) -> str:
        """A line for people: ``remote start``."""

    def check(self, check: Check) -> None:
        """Tell what is wrong with it, before anything starts.

        A field without a default that has a mistake, which has been told, is None here if there
        are steps inside.
        """

    def longest(self, settings: Settings) -> float:
        """Upper bound in s, if every call is answered at once."""
        return 0.0

    def lasts(self) -> float | None:
        """s after which it ends or gives up, None when it takes no time or nobody knows."""
        return None

    @abstractmethod
    async def run(self, context: StepContext) -> int | None:
        """Do it.

        Returns:
            Sequence number from which on calls count for a ``wait_for`` that comes next; None
            for when it began: what a short step has caused while it was being done counts.

        Raises:
            StepFailed: it cannot be done; every step is bounded in time.
        """

    def turns(self) -> int:
        """How many times the steps inside are done."""
        return 1

    def leaves_on(self) -> str | None:
        """Name of an attack that goes on after it until another step ends it."""
        return None

    def inside(self) -> dict[str, list[Any]]:
        """The lists of steps in it, by their place in it."""
        found: dict[str, list[Any]] = {}
        for field in marked_fields(type(self)):
            value = getattr(self, field.name)
            if not isinstance(value, list):
                continue
            if field.mark == "steps":
                found[field.key] = value
            elif field.mark == "branches":
                found |= {f"{field.key}[{number}]": each for number, each in enumerate(value)}
        return found


STEPS: Registry[Step] = Registry("step", "plug")
"""All kinds of steps by name."""
