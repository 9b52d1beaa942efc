"""Which function carries out which command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeAlias, TypeVar

import msgspec

from evtui.central_system import CentralSystem
from evtui.commands import Arguments, LabCommand, Outcome
from evtui.config import Settings
from evtui.detection import DetectorPart
from evtui.events import EventStream
from evtui.lab.recordings import Recordings
from evtui.lab.stand import Outlet, ProxiedOutlet, ProxiedStand, Stand
from evtui.runtime import Supervisor

__all__ = [
    "HANDLERS",
    "Aim",
    "CommandError",
    "Handler",
    "Spot",
    "Works",
    "at_any_connector",
    "at_connector",
    "in_lab",
]

A = TypeVar("A", bound=Arguments)
R = TypeVar("R")


class CommandError(Exception):
    """A command cannot be done; the text is one line for people."""


class Works(msgspec.Struct, frozen=True):
    """What commands act on.

    Attributes:
        stands: by identity of their charge point.
        proxied: those of other people, likewise.
        publish_state: tells the terminal what a command has changed on a stand.
        stream: takes marks and orders.
        recordings: None in a lab that somebody else records.
    """

    settings: Settings
    central_system: CentralSystem
    supervisor: Supervisor
    detector: DetectorPart
    stands: Mapping[str, Stand]
    proxied: Mapping[str, ProxiedStand]
    publish_state: Callable[[Stand], None]
    stream: EventStream
    recordings: Recordings | None

    def need_our_central_system(self, what: str) -> None:
        """Refuse what is done by a central system that is not ours.

        Raises:
            CommandError: with ``--csms`` or ``--upstream``.
        """
        if not self.settings.our_central_system:
            how = "--csms" if self.settings.csms is not None else "--upstream"
            raise CommandError(f"not with {how}: {what} evtui's own central system")


class Aim(NamedTuple):
    """What a command of a connector acts on."""

    stand: Stand
    outlet: Outlet


class Spot(NamedTuple):
    """What it acts on where the charge point is somebody else's."""

    stand: ProxiedStand
    outlet: ProxiedOutlet


OutcomeSoon: TypeAlias = Outcome[R] | Awaitable[Outcome[R]]


class Handler(NamedTuple):
    """What carries out a command.

    Attributes:
        function: gets what it acts on, the target where the command has one, and the arguments.
        acting: what it makes the charge point do is a step of an attack that is on there.
        anywhere: it acts on charge points of other people as well.
    """

    function: Callable[[Works, Any, Any], OutcomeSoon[Any]]
    acting: bool = False
    anywhere: bool = False


HANDLERS: dict[LabCommand[Any, Any], Handler] = {}
"""By command; filled by the functions below :mod:`evtui.lab.orders`."""

InLab: TypeAlias = Callable[[Works, A], OutcomeSoon[R]]
AtConnector: TypeAlias = Callable[[Works, Aim, A], OutcomeSoon[R]]
AtAnyConnector: TypeAlias = Callable[[Works, Aim | Spot, A], OutcomeSoon[R]]


def in_lab(command: LabCommand[A, R]) -> Callable[[InLab[A, R]], InLab[A, R]]:
    """The function below carries out a command that has no target."""

    def take(function: InLab[A, R]) -> InLab[A, R]:
        _register(command, Handler(lambda works, _, arguments: function(works, arguments)))
        return function

    return take


def at_connector(
    command: LabCommand[A, R], *, acting: bool = False
) -> Callable[[AtConnector[A, R]], AtConnector[A, R]]:
    """The function below carries out a command of a connector; see :class:`Handler`."""

    def take(function: AtConnector[A, R]) -> AtConnector[A, R]:
        def run(works: Works, target: Aim | None, arguments: A) -> OutcomeSoon[R]:
            assert target is not None
            return function(works, target, arguments)

        _register(command, Handler(run, acting))
        return function

    return take


def at_any_connector(
    command: LabCommand[A, R],
) -> Callable[[AtAnyConnector[A, R]], AtAnyConnector[A, R]]:
    """The function below carries out a command of a connector, of whosever charge point."""

    def take(function: AtAnyConnector[A, R]) -> AtAnyConnector[A, R]:
        def run(works: Works, target: Aim | Spot | None, arguments: A) -> OutcomeSoon[R]:
            assert target is not None
            return function(works, target, arguments)

        _register(command, Handler(run, anywhere=True))
        return function

    return take


def _register(command: LabCommand[Any, Any], handler: Handler) -> None:
    if command in HANDLERS:
        raise ValueError(f"{command.name} is carried out by another function already")
    HANDLERS[command] = handler
