"""Arguments of commands, each declared once: what it may be, its default, what it is.  Pure.

Checks, forms, scenario steps and documentation are made from the fields of an :class:`Arguments`,
which are made by :func:`argument`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, NamedTuple, TypeVar, dataclass_transform, overload

import msgspec

from evtui.config import shown
from evtui.kinds import Unfit, ValueKind
from evtui.nearest import choice, did_you_mean

__all__ = [
    "Argument",
    "ArgumentError",
    "Arguments",
    "Nothing",
    "argument",
    "mistakes",
    "read",
]

T = TypeVar("T")
D = TypeVar("D")
A = TypeVar("A", bound="Arguments")


class Argument(msgspec.Struct, frozen=True, kw_only=True):
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


class _Declared(NamedTuple):
    """What :func:`argument` makes."""

    kind: ValueKind[Any]
    about: str
    default: Any
    unset: str
    label: str

    def named(self, name: str) -> Argument:
        required = self.default is msgspec.NODEFAULT
        return Argument(
            name=name,
            kind=self.kind,
            help=self.about,
            required=required,
            default=None if required else self.default,
            unset=self.unset,
            label=self.label,
        )


@overload
def argument(kind: ValueKind[T], about: str, *, label: str = ...) -> T: ...
@overload
def argument(
    kind: ValueKind[T], about: str, *, default: D, unset: str = ..., label: str = ...
) -> T | D: ...
def argument(
    kind: ValueKind[Any],
    about: str,
    *,
    default: Any = msgspec.NODEFAULT,
    unset: str = "",
    label: str = "",
) -> Any:
    """One field of an :class:`Arguments`; see :class:`Argument`."""
    return _Declared(kind, about, default, unset, label)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(argument,))
class _WithDeclarations(msgspec.StructMeta):
    """Keeps what the fields of a class declare, and gives msgspec their defaults."""

    declared_arguments: tuple[Argument, ...]

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any
    ) -> _WithDeclarations:
        inherited = {
            each.name: each for base in bases for each in getattr(base, "declared_arguments", ())
        }
        own: dict[str, Argument] = {}
        for field, value in list(namespace.items()):
            if isinstance(value, _Declared):
                own[field] = value.named(field)
                namespace[field] = value.default
                if own[field].required:
                    del namespace[field]
        made = super().__new__(
            mcs, name, bases, namespace, **{"frozen": True, "kw_only": True, **config}
        )
        made.declared_arguments = tuple({**inherited, **own}.values())
        return made


class Arguments(msgspec.Struct, metaclass=_WithDeclarations):
    """Base of what one command takes; its fields are made by :func:`argument`.

    Frozen, and made by keywords only.

    Attributes:
        declared_arguments: what the fields declare, in their order.
    """

    declared_arguments: ClassVar[tuple[Argument, ...]]


class Nothing(Arguments):
    """For a command that takes no argument of its own."""


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
    kinds = {each.name: each.kind for each in takes.declared_arguments}
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
