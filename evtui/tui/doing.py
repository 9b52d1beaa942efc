"""Which method of a screen does what a command says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, ClassVar, TypeVar

from evtui.commands import by_name

__all__ = ["Doing", "does"]

_MARK = "_evtui_does"

Method = TypeVar("Method", bound=Callable[[Any], Awaitable[None] | None])


def does(command: str) -> Callable[[Method], Method]:
    """The method below is what a command does on its screen.

    Raises:
        KeyError: there is no such command.
    """
    name = by_name[command].name

    def mark(method: Method) -> Method:
        setattr(method, _MARK, name)
        return method

    return mark


class Doing:
    """A screen that does commands: its own, and those of the screens that it is made from."""

    doing: ClassVar[dict[str, Callable[[Any], Awaitable[None] | None]]] = {}
    """By command."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = {getattr(each, _MARK): each for each in vars(cls).values() if hasattr(each, _MARK)}
        cls.doing = {}
        for base in reversed(cls.__bases__):
            cls.doing |= getattr(base, "doing", {})
        cls.doing |= own

    async def do(self, command: str) -> None:
        """Do what the command says.

        Raises:
            KeyError: it is none of this screen.
        """
        done = self.doing[command](self)
        if isawaitable(done):
            await done
