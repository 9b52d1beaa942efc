"""What options and arguments take: checked as settings are, completed in a shell."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from evtui.cli.errors import BadInput
from evtui.config import checked
from evtui.kinds import Choice, PathText, Switch, ValueKind, number

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from evtui.anomalies import Anomaly
    from evtui.scenario.language import Input

    _Type = click.ParamType[Any]
else:  # generic only in newer releases
    _Type = click.ParamType

__all__ = [
    "FILE",
    "AnomalyName",
    "Checked",
    "InputValue",
    "OfKind",
    "OneOf",
    "ScenarioName",
    "Where",
    "written",
]

FILE = PathText("FILE", "a file")


def written(parameter: click.Parameter | None) -> str:
    """A parameter as one writes it: ``--out``, or ``DIR`` for an argument."""
    if isinstance(parameter, click.Option):
        return parameter.opts[-1]
    return "" if parameter is None else parameter.human_readable_name


class OfKind(_Type):
    """Text that the settings check later; its kind says what a shell may offer."""

    name = "text"

    def __init__(self, kind: ValueKind[Any]) -> None:
        self.kind = kind

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """See :class:`click.ParamType`."""
        if isinstance(self.kind, Choice):
            return _names(self.kind.names, incomplete)
        return (
            _paths("dir" if self.kind.folder else "file") if isinstance(self.kind, PathText) else []
        )


class Checked(OfKind):
    """A value that its kind checks at once."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See :class:`click.ParamType`; raises what the settings raise."""
        if not isinstance(value, str):
            return value  # a default
        return checked(self.kind, value, written(param), from_text=True)


class Where(_Type):
    """A file or a folder, which may be there or not; - stays what it is."""

    name = "path"

    def __init__(self, offered: str = "file") -> None:
        self._offered = offered

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """See :class:`click.ParamType`; an empty text is not taken for the working directory."""
        if value == "":
            raise BadInput(f'{written(param)}: expected a path, got ""')
        from pathlib import Path

        return Path(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """See :class:`click.ParamType`."""
        return _paths(self._offered)


class OneOf(_Type):
    """One of some names; whoever takes it says what is wrong with another one.

    Args:
        names: those that a shell offers.
    """

    name = "name"

    def __init__(self, names: Iterable[str]) -> None:
        self._names = names

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """See :class:`click.ParamType`."""
        return _names(self._names, incomplete)


class ScenarioName(_Type):
    """A scenario: a file, or the name of a built-in one."""

    name = "scenario"

    def __init__(self, *, files: bool = True) -> None:
        self._files = files

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """See :class:`click.ParamType`."""
        from evtui.scenario.language import builtin_names

        return _names(builtin_names(), incomplete) + _paths("file") * self._files


class AnomalyName(_Type):
    """The name of an anomaly."""

    name = "anomaly"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """See :class:`click.ParamType`."""
        from evtui.anomalies import names

        return _names(names(), incomplete)


class InputValue(_Type):
    """``INPUT=VALUE`` of the scenario, or of the anomaly, on the same command line."""

    name = "input"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """See :class:`click.ParamType`."""
        from evtui.cli.completion import words_before
        from evtui.scenario.language import ScenarioError, describe

        # The context knows no arguments while the value of an option is missing.
        before = words_before()
        if (anomaly := _anomaly(before)) is not None:
            kinds = {each.name: each.kind for each in anomaly.declared()}
            name, equals, begun = incomplete.partition("=")
            if not equals:
                return _names((f"{name}=" for name in kinds), incomplete, "open")
            return _names(_choices(kinds.get(name)), begun)
        for word in before:
            with suppress(ScenarioError):
                inputs = describe(word).inputs
                name, equals, begun = incomplete.partition("=")
                if equals:
                    return _values(inputs[name], begun) if name in inputs else []
                return _names((f"{name}=" for name in inputs), incomplete, "open")
        return []


def _anomaly(words: list[str]) -> type[Anomaly[Any]] | None:
    """The one that is named on a command line."""
    from evtui.anomalies import AnomalyError, anomaly_named

    for option, value in zip(words, [*words[1:], ""], strict=True):
        name = value if option == "--anomaly" else option.removeprefix("--anomaly=")
        if name != option:
            with suppress(AnomalyError):
                return anomaly_named(name)
    return None


def _choices(kind: ValueKind[Any] | None) -> tuple[str, ...]:
    if isinstance(kind, Switch):
        return "true", "false"
    return kind.names if isinstance(kind, Choice) else ()


def _values(spec: Input, begun: str) -> list[CompletionItem[str]]:
    """What may stand behind the = of an input; text may be the path of a file."""
    if spec.choices is not None:
        return _names(
            (each if isinstance(each, str) else number(each) for each in spec.choices), begun
        )
    if spec.type == "bool":
        return _names(("true", "false"), begun)
    return _paths("file") if spec.type == "string" else []


def _names(known: Iterable[str], begun: str, kind: str = "plain") -> list[CompletionItem[str]]:
    from click.shell_completion import CompletionItem  # only a shell that asks pays for it

    return [CompletionItem(name, type=kind) for name in known if name.startswith(begun)]


def _paths(kind: str) -> list[CompletionItem[str]]:
    from click.shell_completion import CompletionItem

    return [CompletionItem("", type=kind)]
