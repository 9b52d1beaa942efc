"""Kinds of steps and of expectations: what they have in common, and where they are listed."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    NamedTuple,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)

import msgspec
from msgspec import Meta

from evtui.scenario.language.model import MARK, AtLeastOne, Model

__all__ = ["K", "Kind", "Marked", "Registry", "marked_fields"]


class Kind(Model, frozen=True, kw_only=True):
    """An entry of a list in a scenario file: a mapping that has its kind among its keys.

    The kind is the key of the first field that has no default.  The docstring of a subclass, one
    plain sentence or two, is its description in the JSON Schema and in the documentation; what
    a field means is the ``description`` of its ``Meta``.

    Attributes:
        bare: value of the kind's key where the kind stands there as a word; not set where it
            needs a value.
        example: as one writes it, YAML.
    """

    bare: ClassVar[Any] = msgspec.UNSET
    example: ClassVar[str] = ""

    station: Annotated[
        str | None,
        Meta(description="identity of the charge point; when left out as around it, or the first."),
    ] = None
    connector: Annotated[
        AtLeastOne | None,
        Meta(description="of the station; when left out as around it, or the first."),
    ] = None

    @classmethod
    def complete_schema(cls, schema: dict[str, Any]) -> None:
        """Add to its JSON Schema what the types of its fields do not say."""


K = TypeVar("K", bound=Kind)
Added = TypeVar("Added", bound=Kind)


class Registry(Mapping[str, type[K]], Generic[K]):
    """The kinds there are, by their names.

    Args:
        what: they are kinds of: ``step``.
        such_as: the kind that messages take for an example.
    """

    def __init__(self, what: str, such_as: str) -> None:
        self.what = what
        self.such_as = such_as
        self._kinds: dict[str, type[K]] = {}

    def __getitem__(self, name: str) -> type[K]:
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def add(self, kind: type[Added]) -> type[Added]:
        """Add a kind; used as a decorator of its class.

        Raises:
            ValueError: it has no field without a default, there is a kind of its name, or a method
                that every kind must have is missing.
        """
        name = _first_required(kind)
        if name is None:
            raise ValueError(f"{kind.__name__}: no field without a default names the kind")
        if name in self._kinds:
            raise ValueError(f"{kind.__name__}: there is a {self.what} {name} already")
        if missing := _abstract_methods(kind):
            raise ValueError(f"{kind.__name__}: {', '.join(missing)} missing")
        self._kinds[name] = cast("type[K]", kind)
        return kind

    def remove(self, name: str) -> None:
        """Take a kind out again."""
        del self._kinds[name]

    @property
    def bare(self) -> list[str]:
        """Names of those that may be written as a word."""
        return [name for name, kind in self.items() if kind.bare is not msgspec.UNSET]

    def read(self, package: str, path: Sequence[str], first: Sequence[str]) -> None:
        """Import every file of a package, so that the kinds in it are added.

        Args:
            first: files whose kinds come first, in this order; the others follow by name.
        """
        others = sorted(found.name for found in pkgutil.iter_modules(path))
        for name in dict.fromkeys([*first, *others]):
            import_module(f"{package}.{name}")


def _first_required(kind: type[msgspec.Struct]) -> str | None:
    """Key of the first field without a default.

    Not by :func:`msgspec.structs.fields`, which works out every type: a start reads all kinds.
    """
    keys, defaults = kind.__struct_encode_fields__, kind.__struct_defaults__
    without = (msgspec.NODEFAULT,) * (len(keys) - len(defaults))
    given = zip(keys, (*without, *defaults), strict=True)
    return next((key for key, default in given if default is msgspec.NODEFAULT), None)


def _abstract_methods(kind: type[Any]) -> list[str]:
    """Names of the methods that its bases leave to it and that it does not have.

    msgspec makes structs without asking :mod:`abc`, which would therefore never refuse one.
    """
    return [n for n in dir(kind) if getattr(getattr(kind, n), "__isabstractmethod__", False)]


class Marked(NamedTuple):
    """A field whose type is marked in :mod:`evtui.scenario.language.model`: as ``steps``, ..."""

    name: str
    key: str
    mark: str


@cache
def marked_fields(kind: type[msgspec.Struct]) -> tuple[Marked, ...]:
    """The fields that hold steps, a moment, or text for people."""
    fields = ((field, _mark(field.type)) for field in msgspec.structs.fields(kind))
    return tuple(Marked(field.name, field.encode_name, mark) for field, mark in fields if mark)


def _mark(kind: Any) -> str:
    """What a type is marked as; empty when it is not."""
    if get_origin(kind) is Annotated:
        inner, *metas = get_args(kind)
        extras = (meta.extra or {} for meta in metas if isinstance(meta, msgspec.Meta))
        return next((each[MARK] for each in extras if MARK in each), "") or _mark(inner)
    if get_origin(kind) in (Union, UnionType):
        return next(filter(None, map(_mark, get_args(kind))), "")
    return ""
