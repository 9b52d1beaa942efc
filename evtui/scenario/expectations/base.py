"""What a kind of expectation is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from evtui.events import Event
from evtui.scenario.language.kinds import Kind, Registry
from evtui.scenario.language.model import AtLeastOne

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check

__all__ = ["EXPECTATIONS", "Expectation", "Observer"]


class Observer(ABC):
    """Watches for one expectation.

    It remembers a few numbers, however long the run.  What would be true because nothing was
    looked at is not met.

    Attributes:
        reads: types of the events it wants to see.
        deliveries: it wants to see also the delivery, after its sending, of a message that breaks
            a rule.
        both_ends: it wants to see both events of every message, sent and delivered.
    """

    reads: ClassVar[tuple[type[Event], ...]] = ()
    deliveries: ClassVar[bool] = False
    both_ends: ClassVar[bool] = False

    @abstractmethod
    def see(self, event: Any, t: float) -> None:
        """Take an event of these types; ``t`` is in s since the start of the run."""

    @abstractmethod
    def judge(self) -> tuple[bool, str]:
        """Whether it was met so far, and what was found, in one line."""


class Expectation(Kind, frozen=True, kw_only=True):
    """An expectation; a kind is a subclass in a file of this package, added to the registry.

    Attributes:
        anywhere: it is about what must not happen, so without a station it looks at all of them,
            and with a connector also at calls that are about none.
    """

    anywhere: ClassVar[bool] = False

    station: Annotated[
        str | None,
        Meta(
            description="identity of the charge point; when left out the first, or every one for "
            "what must not happen."
        ),
    ] = None
    connector: Annotated[
        AtLeastOne | None, Meta(description="of the station; when left out all of them.")
    ] = None

    @abstractmethod
    def words(self) -> str:
        """A line for people: ``status Charging within 10 s``."""

    def check(self, check: Check) -> None:
        """Tell what is wrong with it, before anything starts."""

    @abstractmethod
    def observer(self) -> Observer:
        """What watches for it."""


EXPECTATIONS: Registry[Expectation] = Registry("expectation", "alarm")
"""All kinds of expectations by name."""
