"""Carries out commands, and tells of each what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from inspect import isawaitable
from typing import Any, NamedTuple, TypeVar

import msgspec

from evtui.anomalies import AnomalyError
from evtui.central_system import StationOffline
from evtui.commands import LabCommand, Outcome, by_name, lab_commands
from evtui.events import Order
from evtui.lab.orders.handlers import HANDLERS, Aim, CommandError, Spot, Works
from evtui.lab.stand import ProxiedStand, Stand
from evtui.nearest import did_you_mean
from evtui.ocppj import CallRefused, LinkClosed
from evtui.recording.write import RecordingError

__all__ = ["Here", "Orders"]

T = TypeVar("T")

_CANNOT = (AnomalyError, ValueError, StationOffline, LinkClosed, CallRefused, RecordingError)


class Here(NamedTuple):
    """Where an order is for that names no station and no connector."""

    station: str
    connector: int


class Orders:
    """Takes commands by their names."""

    def __init__(self, works: Works) -> None:
        self._works = works

    async def execute(
        self,
        command: str,
        arguments: Mapping[str, Any],
        *,
        source: str,
        here: Here | None = None,
        within: float | None = None,
        ready: Callable[[], Awaitable[object]] | None = None,
    ) -> Outcome[Any]:
        """Carry out a command, and publish an :class:`~evtui.events.Order` with what came of it.

        Args:
            command: see :meth:`evtui.lab.Lab.execute`.
            arguments: likewise.
            source: who orders, for the record.
            here: station and connector that are meant where the arguments name none.
            within: s after which it is given up.
            ready: is awaited before; what it raises refuses the order.

        Raises:
            CommandError: it cannot be done, or not in time; the text says why.
        """

        def record(text: str, *, done: bool) -> None:
            self._works.stream.publish(
                Order(
                    source=source,
                    station=str(arguments.get("station") or (here.station if here else "")),
                    command=command,
                    arguments=_for_the_record(arguments),
                    outcome=text,
                    done=done,
                )
            )

        try:
            async with asyncio.timeout(within):
                if ready is not None:
                    await ready()
                outcome = await self._carry_out(_known(command), arguments, here)
        except TimeoutError:
            reason = f"not done in {within:g} s"
            record(reason, done=False)
            raise CommandError(reason) from None
        except asyncio.CancelledError:
            record("given up by whoever ordered it", done=False)
            raise
        except Exception as error:
            record(str(error) or type(error).__name__, done=False)
            raise
        record(outcome.text, done=True)
        return outcome

    async def _carry_out(
        self, command: LabCommand[Any, Any], given: Mapping[str, Any], here: Here | None
    ) -> Outcome[Any]:
        handler = HANDLERS[command]
        try:
            arguments = command.read(given)
            target = self._target(command.name, given, here) if command.aimed else None
            attack: AbstractContextManager[None] = nullcontext()
            if isinstance(target, Spot) and not handler.anywhere:
                raise CommandError(f"{command.name}: {target.stand.name} is not ours")
            if handler.acting and isinstance(target, Aim):
                attack = target.outlet.by_hand.acting(command.name)
            with attack:
                outcome = handler.function(self._works, target, arguments)
                return await outcome if isawaitable(outcome) else outcome
        except _CANNOT as error:
            raise CommandError(str(error)) from None
        except TimeoutError as error:
            raise CommandError(str(error) or "no answer in time") from None

    def _target(self, command: str, given: Mapping[str, Any], here: Here | None) -> Aim | Spot:
        """What ``station`` and ``connector`` name, or ``here``.

        One of which there is only one need not be named.

        Raises:
            CommandError: there is none of that name, or several and no name.
        """
        stands: dict[str, Stand | ProxiedStand] = {**self._works.stands, **self._works.proxied}
        said = {name: value for name, value in given.items() if value is not None}
        named = {**({} if here is None else here._asdict()), **said}
        name = named.get("station")
        if name is None:
            name = _only(command, "station", stands)
        stand = stands.get(name)
        if stand is None:
            raise CommandError(f"no station {name!r} of ours")
        number = named.get("connector")
        if number is None:
            number = _only(command, "connector", stand.outlets)
        outlet = stand.outlets.get(number)
        if outlet is None:
            raise CommandError(f"{name} has no connector {number}")
        if isinstance(stand, Stand):
            return Aim(stand, stand.outlets[number])
        return Spot(stand, stand.outlets[number])


def _known(name: str) -> LabCommand[Any, Any]:
    command = by_name.get(name)
    if not isinstance(command, LabCommand):
        names = [each.name for each in lab_commands()]
        raise CommandError(f"no command {name!r}{did_you_mean(name, names)}")
    return command


def _for_the_record(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a program handed over, as it can be written down: it may hold anything."""
    try:
        written = msgspec.json.encode(arguments, enc_hook=repr)
        return msgspec.json.decode(written, type=dict[str, Any])
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return {str(name): repr(value) for name, value in arguments.items()}


def _only(command: str, what: str, several: Mapping[T, object]) -> T:
    """The name of the only one there is.

    Raises:
        CommandError: there are several, so one has to be named.
    """
    if not several:
        raise CommandError(f"{command} needs a {what}, and none has connected yet")
    if len(several) > 1:
        names = ", ".join(map(str, several))
        raise CommandError(f"{command} needs a {what}, one of {names}")
    return next(iter(several))
