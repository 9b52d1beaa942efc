"""What steps do to one connector of the lab, and how it is undone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Literal

import can

from evtui.anomalies.injector import SAFE_WITHIN
from evtui.canbus.bus import Node
from evtui.events import AnomalyState, CanFrame, Event, Note
from evtui.lab import CommandError, Here, Lab
from evtui.lab.stand import FIRST_CONNECTOR
from evtui.scenario.operations import Operations
from evtui.scenario.outcome import StepFailed
from evtui.scenario.truth import Truth
from evtui.scenario.waiting import first_event

__all__ = ["SOURCE", "Actions"]

SOURCE = "scenario"
"""Source of a scenario's events, and name of its node on the bus."""

COMMAND_WITHIN = 60.0
"""s for a command; the longest of them waits for the safe state of the anomaly."""

FLUSHED_WITHIN = 2.0
"""s for what the charge point has to say after the last step."""

FRAME_WITHIN = 1.0
"""s for a frame to get onto the bus."""

_attack: ContextVar[str] = ContextVar("evtui_attack", default="")
"""Name of the attack whose steps are being done, empty where none is."""


class Actions:
    """Acts on the first charge point of a lab, at its first connector.

    Every action is bounded in time and raises :class:`StepFailed` when it cannot be done.

    Args:
        lab: runs on the same loop.

    Attributes:
        stand: the charge point with its bus.
        outlet: the connector with what is behind it.
        operations: of OCPP, that the central system or the charge point begins.
    """

    def __init__(self, lab: Lab) -> None:
        self.stand = lab.stands[lab.settings.id]
        self.outlet = self.stand.outlets[FIRST_CONNECTOR]
        self.operations = Operations(lab, self.stand)
        self._lab = lab
        self._stream = lab.stream
        self._here = Here(self.stand.name, self.outlet.number)
        self._node: Node | None = None

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
            if self._node is None:
                self._node = bus.attach(SOURCE, lambda message: None)
            sent = self._node.send(
                can.Message(arbitration_id=arbitration_id, is_extended_id=extended, data=data)
            )
        except (ValueError, RuntimeError) as error:
            raise StepFailed(str(error)) from None

        def passed(event: Event) -> bool:
            return isinstance(event, CanFrame) and (event.bus, event.node) == (bus.name, SOURCE)

        if not sent or await first_event(self._stream, passed, FRAME_WITHIN) is None:
            raise StepFailed(f"the frame did not get onto {bus.name}")

    def note(self, text: str, level: Literal["info", "warning"] = "info") -> None:
        """A line in the log."""
        self._stream.publish(Note(source=SOURCE, station=self.stand.name, level=level, text=text))

    # Attacks by hand

    @contextmanager
    def steps_of(self, attack: str) -> Iterator[None]:
        """What is done inside are steps of an attack that has begun."""
        outer = _attack.set(attack)
        try:
            yield
        finally:
            _attack.reset(outer)

    def acting(self, label: str) -> AbstractContextManager[None]:
        """What is done inside is one step of the attack it belongs to, if there is one.

        Args:
            label: what is done, for people.
        """
        return self.outlet.by_hand.acting(label, _attack.get())

    def end_attacks(self) -> None:
        """No attack is on any more."""
        self.outlet.by_hand.end_all()

    # Afterwards

    async def flushed(self) -> None:
        """Return when the charge point has said what the steps have made it say."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSHED_WITHIN):
                await self.stand.charge_point.flushed()

    async def undo(self) -> list[str]:
        """End the anomaly, the transaction and the limits that were set, in this order.

        A limit that goes first would let the current rise once more.  The effect of attacks by
        hand has ended when nothing flows that should not.

        Returns:
            What could not be undone, one line each.
        """
        left = [
            await self._end_anomaly(),
            await self.operations.end_transaction(),
            await self.operations.clear_limits(),
            await self.outlet.by_hand.settle(SAFE_WITHIN),
        ]
        if self._node is not None:
            self._node.detach()
            self._node = None
        return [text for text in left if text]

    async def _end_anomaly(self) -> str:
        truth = Truth()
        unsubscribe = self._stream.subscribe(truth.see, AnomalyState, Note)
        try:
            await self.outlet.injector.stop()
        finally:
            unsubscribe()
        return truth.detail if truth.outcome == "failed" else ""
