"""Arguments of commands, each declared once: what it may be, its default, what it is.  Pure.

Checks, forms, scenario steps and documentation are made from the fields of a dataclass whose
values are made by :func:`argument`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar, overload

from evtui.config import shown
from evtui.kinds import Unfit, ValueKind
from evtui.nearest import choice, did_you_mean

__all__ = ["Argument", "ArgumentError", "Nothing", "argument", "arguments_of", "mistakes", "read"]

T = TypeVar("T")
D = TypeVar("D")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Argument:
    """One thing that a command is told.

    Attributes:
        name: in programs and scenarios, with its unit.
        kind: what its value may be.
        help: what it is, in one line without a full stop.
        required: it has no default.
        default: the value without it; None where ``unset`` says what then holds.
        unset: words for a default of None, or of an empty text.
        label: what a form calls it; empty for what no form asks for.
    """

    name: str
    kind: ValueKind[Any]
    help: str
    required: bool = True
    default: Any = None
    unset: str = ""
    label: str = ""

    @property
    def default_text(self) -> str:
        """The default as documentation tells it."""
        return "" if self.required else str(self.default or self.unset)


class ArgumentError(ValueError):
    """A command cannot take what it was told; the text is one line with value and way out."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """For a command that takes no argument of its own."""


@overload
def argument(kind: ValueKind[T], about: str, *, label: str = ...) -> T: ...
@overload
def argument(
    kind: ValueKind[T], about: str, *, default: D, unset: str = ..., label: str = ...
) -> T | D: ...
def argument(
    kind: ValueKind[Any], about: str, *, default: Any = MISSING, unset: str = "", label: str = ""
) -> Any:
    """One field of a dataclass of arguments; see :class:`Argument`."""
    metadata = {"kind": kind, "help": about, "unset": unset, "label": label}
    return field(default=default, metadata=metadata)


def arguments_of(takes: type[Any]) -> tuple[Argument, ...]:
    """What the fields of a dataclass of arguments declare, in their order."""
    return tuple(
        Argument(
            name=each.name,
            required=each.default is MISSING,
            default=None if each.default is MISSING else each.default,
            **each.metadata,
        )
        for each in fields(takes)
    )


def mistakes(known: Iterable[Argument], given: Mapping[str, object]) -> dict[str, str]:
    """What is wrong with what was given, by the name of the argument; empty when nothing is."""
    arguments = {each.name: each for each in known}
    wrong = {name: _unknown(name, arguments) for name in given if name not in arguments}
    for name, each in arguments.items():
        if name in given:
            if problem := _problem(each, given[name]):
                wrong[name] = problem
        elif each.required:
            wrong[name] = f"missing; expected {each.kind.expected}"
    return wrong


def read(takes: type[A], given: Mapping[str, object]) -> A:
    """What was given and has no mistakes, in its final types.

    None where it is the default stands for an argument that was not given.
    """
    kinds = {each.name: each.kind for each in arguments_of(takes)}
    values = {name: kinds[name].check(value) for name, value in given.items() if value is not None}
    return takes(**values)


def _problem(each: Argument, value: object) -> str:
    if value is None and not each.required and each.default is None:
        return ""
    try:
        each.kind.check(value)
    except Unfit as unfit:
        return f"expected {each.kind.expected}, got {unfit}"
    except ValueError:
        return f"expected {each.kind.expected}, got {' '.join(shown(value).split())}"
    return ""


def _unknown(name: str, known: Iterable[str]) -> str:
    names = list(known)
    way_out = did_you_mean(name, names) or (f"; it takes {choice(names)}" if names else "")
    return f"no such argument{way_out}"
