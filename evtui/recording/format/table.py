"""What is made of a table's declaration: header, writer, reader by name, and the event of a row.

Writers and readers run twenty times and more for each simulated second, so each is compiled once
to a function without a loop, as one would write it by hand.  Nothing that stands in a file is
part of the code: of a header only the places of the names that are declared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Generic,
    NamedTuple,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from evtui.events import json_text
from evtui.recording.format.cell import BY_TYPE, JSON_BY_TYPE, Cell, csv_text, steady

__all__ = ["FIRST_VERSION", "Column", "HeaderError", "Reader", "Table", "TableField", "names_shown"]

R = TypeVar("R", bound=tuple[Any, ...])

FIRST_VERSION = "0.1.0"
"""Of evtui, in which run folders came."""

_NAMED = 5
"""Names of columns that are told."""

_LONGEST_NAME = 40
"""Characters of one."""


class HeaderError(ValueError):
    """A file lacks a column, or has one twice; the text completes "signals.csv: left out, "."""


class Column(NamedTuple):
    """What a row class declares of a column, as ``Annotated[float, Column(...)]``.

    The name in the class is the name in the file, the default there is what a file without the
    column means; one without a default has to be there.  Only the end of a class takes new ones.

    Attributes:
        meaning: for people; empty for a key that the one in front of it explains too.
        source: where the writer takes it from: an expression of the names that its table lists,
            ``event`` for the event a row is written from.  ``event.NAME`` is read back into it.
        cell: how it is written and read; by default that of its type, for ``X | None`` with an
            empty cell where it is unknown.
        unit: of the number.
        since: version of evtui that wrote it first.
    """

    meaning: str
    source: str = ""
    cell: Cell | None = None
    unit: str = ""
    since: str = FIRST_VERSION


class TableField(NamedTuple):
    """A column as it stands in its table.

    Attributes:
        empty: an empty cell means that the value is unknown.
        required: a file without it cannot be read.
    """

    name: str
    column: Column
    cell: Cell
    empty: bool
    required: bool


class Reader(NamedTuple, Generic[R]):
    """Reads the rows below one header.

    Attributes:
        parse: makes a row of the fields of a line, or raises ValueError.
        time: place of the column with the lab time, from 0.
        unknown: columns that are passed over.
    """

    parse: Callable[[list[str]], R]
    time: int
    unknown: tuple[str, ...]


class Table(Generic[R]):
    """A table.

    Args:
        file: its name in a run folder; one that ends in .jsonl has an object a line.
        row: a NamedTuple whose fields are columns.
        about: what it holds, one sentence.
        takes: what its writer takes, beside ``event``.
        time: the column with the lab time in s, by which rows are in order.

    Attributes:
        fields: its columns in the order of the file.
        names: their names.
        required: names of those that a file has to have.
    """

    def __init__(
        self, file: str, row: type[R], about: str, *, takes: str = "", time: str = "t_s"
    ) -> None:
        self.file = file
        self.row = row
        self.about = about
        self.time = time
        self._takes = takes
        self._is_json = file.endswith(".jsonl")
        self.fields = tuple(_fields(row, JSON_BY_TYPE if self._is_json else BY_TYPE))
        self.names = tuple(field.name for field in self.fields)
        self.required = frozenset(field.name for field in self.fields if field.required)

    @property
    def header(self) -> str:
        """The first line of its file, with its line end."""
        return ",".join(self.names) + "\n"

    def explained(self) -> list[list[TableField]]:
        """Its columns, those together that have one explanation; the first of them has it."""
        groups: list[list[TableField]] = []
        for field in self.fields:
            if field.column.meaning:
                groups.append([])
            groups[-1].append(field)
        return groups

    def reader(self, header: Sequence[str]) -> Reader[R]:
        """A reader of rows whose columns stand in this order, strange ones among them.

        Raises:
            HeaderError: a column is missing that has to be there, or one stands there twice.
        """
        counts = Counter(header)
        missing = [name for name in self.names if name in self.required and name not in counts]
        if missing:
            raise HeaderError(f"it has no column {names_shown(missing)}")
        twice = [name for name in self.names if counts[name] > 1]
        if twice:
            raise HeaderError(f"it has the column {names_shown(twice)} more than once")
        places = {name: place for place, name in enumerate(header) if name in self.names}
        return Reader(
            self._parser(places, len(header)),
            places.get(self.time, 0),
            tuple(name for name in header if name not in places),
        )

    def _parser(self, places: dict[str, int], width: int) -> Callable[[list[str]], R]:
        known: dict[str, Any] = {"row": self.row, "new": tuple.__new__, "wrong": _wrong_width}
        values = []
        for number, field in enumerate(self.fields):
            place = places.get(field.name)
            if place is None:
                known[f"v{number}"] = cast(Any, self.row)._field_defaults[field.name]
                values.append(f"v{number}")
                continue
            text = f"fields[{place}]"
            if field.cell.read is None:
                values.append(text)
                continue
            known[f"v{number}"] = field.cell.read
            read = f"v{number}({text})"
            values.append(f"{read} if {text} else None" if field.empty else read)
        code = [
            "def parse(fields):",
            f"    if len(fields) != {width}: wrong(fields, {width})",
            f"    return new(row, ({', '.join(values)},))",
        ]
        return cast(Callable[[list[str]], R], _compiled("parse", code, known))

    def writer(self) -> Callable[..., str]:
        """Makes the line of a row, of the event and of what the table's writer takes.

        A key of a line in JSON that has a default is left out where its source is None.
        """
        parts, first, behind = [], [], ""
        unknown = "null" if self._is_json else ""
        for number, field in enumerate(self.fields):
            source = field.column.source
            key = f'"{field.name}":' if self._is_json else ""
            if self._is_json and not field.required:
                first.append(f"    v{number} = {source}")
                made = _formatted(field.cell, f"v{number}")
                first.append(f"    v{number} = '' if v{number} is None else f''',{key}{made}'''")
                behind += f"{{v{number}}}"
            elif field.empty:
                first.append(f"    v{number} = {source}")
                made = _formatted(field.cell, f"v{number}")
                first.append(f"    v{number} = {unknown!r} if v{number} is None else f'''{made}'''")
                parts.append(f"{key}{{v{number}}}")
            else:
                parts.append(key + _formatted(field.cell, source))
        line = ",".join(parts) + behind
        if self._is_json:
            line = "{{" + line + "}}"
        code = [
            f"def write({self._takes or 'event'}):",
            *first,
            f"    return f'''{line}\\n'''",
        ]
        return _compiled(
            "write", code, {"csv_text": csv_text, "json_text": json_text, "steady": steady}
        )

    def event(self, kind: type[Any], **others: str) -> Callable[[R], Any]:
        """Makes the event that a row was written from: what stands in columns, and no more.

        Args:
            others: further fields, as expressions of ``row``.
        """
        own = {
            source.removeprefix("event."): f"row.{field.name}"
            for field in self.fields
            if (source := field.column.source).startswith("event.")
        }
        values = [
            f"{name}={text}"
            for name, text in (own | others).items()
            if name in kind.__struct_fields__
        ]
        code = ["def event(row):", f"    return kind({', '.join(values)})"]
        return _compiled("event", code, {"kind": kind})


def names_shown(names: Sequence[str]) -> str:
    """Names out of a file, some of them and the beginning of each, for a line of text."""
    shown = ", ".join(
        name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
        for name in names[:_NAMED]
    )
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def _wrong_width(fields: list[str], width: int) -> None:
    raise ValueError(f"has {len(fields)} fields, the header {width}")


def _formatted(cell: Cell, source: str) -> str:
    """A replacement field of an f-string."""
    made = cell.write.replace("$", source)
    return made if "{" in made else f"{{{made}}}"


def _compiled(name: str, code: list[str], known: dict[str, Any]) -> Callable[..., Any]:
    """A function out of lines that are made of declarations only."""
    exec("\n".join(code), known)
    return cast(Callable[..., Any], known[name])


def _fields(row: type[Any], by_type: Mapping[Any, Cell]) -> list[TableField]:
    hints = get_type_hints(row, include_extras=True)
    defaults = row._field_defaults
    fields = []
    for name in row._fields:
        assert get_origin(hints[name]) is Annotated, f"{row.__name__}.{name} declares no column"
        kind, column = get_args(hints[name])
        kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
        empty = NoneType in kinds
        cell = column.cell or by_type[next(each for each in kinds if each is not NoneType)]
        fields.append(TableField(name, column, cell, empty, name not in defaults))
    return fields
