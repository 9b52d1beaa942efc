"""What a command is, and what comes of one.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Literal, TypeVar

import msgspec

from evtui.commands.arguments import Argument, ArgumentError, Arguments, mistakes, read
from evtui.kinds import IdentityText, Integer

__all__ = ["TARGET", "Command", "LabCommand", "Outcome"]

D_co = TypeVar("D_co", covariant=True)
A = TypeVar("A", bound=Arguments)
R = TypeVar("R")


class Outcome(msgspec.Struct, Generic[D_co], frozen=True):
    """What came of a command that was carried out.

    Attributes:
        text: one line for people.
        data: the same for programs; None where a command has nothing to hand over.
    """

    text: str
    data: D_co


TARGET = (
    Argument(
        name="station",
        kind=IdentityText(),
        help="one of our charge points",
        required=False,
        unset="the only one",
    ),
    Argument(
        name="connector",
        kind=Integer(0),
        help="its connectorId",
        required=False,
        unset="the only one",
    ),
)
"""What every command of a connector takes besides its own arguments."""


class Command(msgspec.Struct, frozen=True):
    """One thing a person can do; by itself one that changes only what that person sees.

    Attributes:
        name: dotted, stable; used in keymaps and scenarios.
        keys: keys as Textual names them, the first is shown; none for what only a form, a
            scenario or a program orders.
        label: one or two words for the footer and the palette.
        help: one sentence for the help screen.
        group: heading in the help screen.
        footer: rank in the footer, 1 first; 0 leaves it out.
        pair: the one word by which the footer calls this command and its counterpart.
        also: other words that people look for it by.
        aim: what it is for: ``connector``, one of ours, or its charge point; ``peer``, any
            charge point, ours or not, which an argument names; ``lab``, neither.
        over_the_link: its charge point must be connected; the very first contact is waited for.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: str
    footer: int = 0
    pair: str = ""
    also: str = ""
    aim: Literal["connector", "peer", "lab"] = "lab"
    over_the_link: bool = False

    @property
    def aimed(self) -> bool:
        """True for one that acts on a connector of ours, or on its charge point."""
        return self.aim == "connector"

    @property
    def scope(self) -> Literal["lab", "view"]:
        """Who carries it out."""
        return "view"


class LabCommand(Command, Generic[A, R], frozen=True, kw_only=True):
    """One that :class:`evtui.lab.Lab` carries out, with or without a terminal.

    The function that does so is in :mod:`evtui.lab.orders`, by this declaration.

    Attributes:
        takes: its arguments; see :mod:`evtui.commands.arguments`.
        gives: type of its :attr:`Outcome.data`.
        result: what that says, in one line without a full stop; empty where there is none.
        rest: field of ``takes`` that gets, as a mapping, every argument that is not declared;
            empty where there must be none.
    """

    takes: type[A]
    gives: type[R]
    result: str = ""
    rest: str = ""

    @property
    def scope(self) -> Literal["lab", "view"]:
        """Who carries it out."""
        return "lab"

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """All that it can be told, what it is for last."""
        return self.takes.declared_arguments + (TARGET if self.aimed else ())

    def mistakes(self, given: Mapping[str, object]) -> dict[str, str]:
        """What is wrong with arguments, by name; empty when nothing is."""
        known = self.arguments
        if self.rest:
            names = {each.name for each in known}
            given = {name: value for name, value in given.items() if name in names}
        return mistakes(known, given)

    def read(self, given: Mapping[str, object]) -> A:
        """Arguments in their final types; those of :data:`TARGET` are only checked.

        Raises:
            ArgumentError: there is a mistake in them.
        """
        for name, problem in self.mistakes(given).items():
            raise ArgumentError(f"{self.name}: {name}: {problem}")
        own = {each.name for each in self.takes.declared_arguments}
        said = {name: value for name, value in given.items() if name in own}
        if self.rest:
            known = own | {each.name for each in TARGET}
            rest = {name: value for name, value in given.items() if name not in known}
            together = said.get(self.rest)
            said[self.rest] = {**together, **rest} if isinstance(together, Mapping) else rest
        return read(self.takes, said)
