"""What steps do to the lab, and how it is undone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from itertools import count
from typing import Any, Literal

from evtui.anomalies import SAFE_WITHIN, ByHand
from evtui.canbus import Frame, Node
from evtui.events import AnomalyState, CanFrame, Event, Note
from evtui.lab import CommandError, Here, Lab, Stand
from evtui.scenario.judge.outcome import StepFailed
from evtui.scenario.language.place import Place
from evtui.scenario.run.operations import Operations
from evtui.scenario.run.waiting import first_event

__all__ = ["SOURCE", "Actions", "Guest", "LabActions"]

SOURCE = "scenario"
"""Source of a scenario's events, and name of its node on the bus."""

COMMAND_WITHIN = 60.0
"""s for a command; the longest of them waits for the safe state of the anomaly."""

FIRST_PROFILE_ID = 1001
"""Id of the first profile that ``set_limit`` sets at a station; the anomaly has its own."""

FLUSHED_WITHIN = 2.0
"""s for what the charge point has to say after the last step."""

FRAME_WITHIN = 1.0
"""s for a frame to get onto the bus."""

_attack: ContextVar[tuple[ByHand, str] | None] = ContextVar("evtui_attack", default=None)
"""The attack whose steps are being done, with where it was begun."""


class LabActions:
    """Acts at the places of a lab that a scenario names; the first is there from the start.

    Args:
        lab: runs on the same loop.
        place: the first.
    """

    def __init__(self, lab: Lab, place: Place) -> None:
        self._lab = lab
        self._guests: dict[str, Guest] = {}
        self._places: dict[tuple[str, int], Actions] = {}
        self.first = self.at(place)

    def at(self, place: Place) -> Actions:
        """What can be done at a place, which the lab has."""
        key = place.station, place.connector
        if key not in self._places:
            stand = self._lab.stands[place.station]
            guest = self._guests.setdefault(place.station, Guest(stand))
            self._places[key] = Actions(self._lab, stand, place.connector, guest, self)
        return self._places[key]

    def taking_in(self, actions: Actions) -> Actions:
        """Where an attack is on that takes in everything: there if it is, else where it is."""
        several = [actions, *reversed(self._places.values())]
        return next((each for each in several if each.outlet.by_hand.cause is not None), actions)

    def end_attacks(self) -> None:
        """No attack is on any more."""
        for each in self._places.values():
            each.outlet.by_hand.end_all()

    async def flushed(self) -> None:
        """Return when the charge points have said what the steps have made them say."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSHED_WITHIN):
                for guest in self._guests.values():
                    await guest.stand.charge_point.flushed()

    async def undo(self) -> list[str]:
        """End anomalies, transactions and the limits that were set, in this order.

        A limit that goes first would let the current rise once more.  The effect of attacks by
        hand has ended when nothing flows that should not.

        Returns:
            What could not be undone, one line each.
        """
        places = list(self._places.values())
        for stand in self._lab.stands.values():
            stand.fall_silent()
        left = [await each.end_anomalies() for each in places]
        left += [await each.operations.end_transaction() for each in places]
        left += [await each.operations.clear_limits() for each in places]
        left += [await each.outlet.by_hand.settle(SAFE_WITHIN) for each in places]
        for guest in self._guests.values():
            guest.leave()
        return [text for text in left if text]


class Guest:
    """The scenario's own node on the bus of a station, which joins when it has something to send.

    Attributes:
        stand: the charge point with its bus.
        profile_ids: for the profiles that the scenario sets there.
    """

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.profile_ids = count(FIRST_PROFILE_ID)
        self._node: Node | None = None

    def send(self, frame: Frame) -> bool:
        """Hand a frame to the bus; False when it does not take it.

        Raises:
            ValueError, RuntimeError: it cannot be sent.
        """
        if self._node is None:
            self._node = self.stand.bus.attach(SOURCE, lambda frame: None)
        return self._node.send(frame)

    def leave(self) -> None:
        """Leave the bus."""
        if self._node is not None:
            self._node.detach()
            self._node = None


class Actions:
    """Acts at one connector of a charge point.

    Every action is bounded in time and raises :class:`StepFailed` when it cannot be done.

    Attributes:
        stand: the charge point with its bus.
        outlet: the connector with what is behind it.
        operations: of OCPP, that the central system or the charge point begins.
    """

    def __init__(
        self, lab: Lab, stand: Stand, connector: int, guest: Guest, others: LabActions
    ) -> None:
        self.stand = stand
        self.outlet = stand.outlets[connector]
        self.operations = Operations(lab, stand, connector, guest.profile_ids)
        self._lab = lab
        self._stream = lab.stream
        self._here = Here(stand.name, connector)
        self._guest = guest
        self._others = others

    async def execute(self, command: str, **arguments: Any) -> None:
        """Give the lab a command, for this connector unless it names another."""
        try:
            await self._lab.orders.execute(
                command, arguments, source=SOURCE, here=self._here, within=COMMAND_WITHIN
            )
        except CommandError as error:
            raise StepFailed(str(error)) from None

    async def send_frame(self, arbitration_id: int, data: bytes, *, extended: bool) -> None:
        """Send a frame from a node of the scenario's own; returns when it is on the bus."""
        bus = self.stand.bus
        try:
            sent = self._guest.send(Frame(arbitration_id, data, extended))
        except (ValueError, RuntimeError) as error:
            raise StepFailed(str(error)) from None

        def passed(event: Event) -> bool:
            return (
                isinstance(event, CanFrame)
                and not event.error
                and (event.bus, event.node) == (bus.name, SOURCE)
            )

        if not sent or await first_event(self._stream, passed, FRAME_WITHIN) is None:
            raise StepFailed(f"the frame did not get onto {bus.name}")

    def note(self, text: str, level: Literal["info", "warning"] = "info") -> None:
        """A line in the log."""
        self._stream.publish(Note(source=SOURCE, station=self.stand.name, level=level, text=text))

    @contextmanager
    def steps_of(self, attack: str) -> Iterator[None]:
        """What is done inside, wherever, are steps of an attack that has begun here."""
        outer = _attack.set((self.outlet.by_hand, attack))
        try:
            yield
        finally:
            _attack.reset(outer)

    def acting(self, label: str) -> AbstractContextManager[None]:
        """What is done inside is one step of the attack it belongs to, if there is one.

        Args:
            label: what is done, for people.
        """
        attack = _attack.get()
        if attack is not None:
            by_hand, name = attack
            return by_hand.acting(label, name)
        return self._others.taking_in(self).outlet.by_hand.acting(label)

    async def end_anomalies(self) -> str:
        """End those that are on; returns why one could not be, empty when all are off."""
        failed: list[str] = []

        def see(event: Event) -> None:
            if isinstance(event, AnomalyState) and event.change == "failed":
                if (event.station, event.connector) == (self.stand.name, self.outlet.number):
                    failed.append(event.detail)

        unsubscribe = self._stream.subscribe(see, AnomalyState)
        try:
            await self.stand.anomalies.stop(self.outlet.number)
        finally:
            unsubscribe()
        return "; ".join(failed)
