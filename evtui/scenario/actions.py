"""What steps do to the lab, and how it is undone."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, suppress
from typing import Any

import can

from evtui.anomalies.injector import SAFE_WITHIN, AnomalyError
from evtui.anomalies.ocpp.fluctuation import NAME, FluctuationParameters, Variant
from evtui.canbus.bus import Node
from evtui.events import AnomalyState, CanFrame, Event, Note
from evtui.lab import CommandError, Here, Lab
from evtui.lab.stand import FIRST_CONNECTOR
from evtui.scenario import model
from evtui.scenario.length import fluctuation, longest
from evtui.scenario.narration import seconds
from evtui.scenario.operations import Operations
from evtui.scenario.outcome import StepFailed
from evtui.scenario.waiting import first_event, until

__all__ = ["SOURCE", "Actions"]

SOURCE = "scenario"
"""Source of a scenario's events, and name of its node on the bus."""

COMMAND_WITHIN = 60.0
"""s for a command; the longest of them waits for the safe state of the anomaly."""

FLUSHED_WITHIN = 2.0
"""s for what the charge point has to say after the last step."""

FRAME_WITHIN = 1.0
"""s for a frame to get onto the bus."""

UNANSWERED = 60.0
"""s that an anomaly of a number of cycles may take longer, because calls are not answered."""


class Actions:
    """Does single steps on the first charge point of a lab, at its first connector.

    Every step is bounded in time and raises :class:`StepFailed` when it cannot be done.

    Args:
        lab: runs on the same loop.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._stream = lab.stream
        self._stand = lab.stands[lab.settings.id]
        self._outlet = self._stand.outlets[FIRST_CONNECTOR]
        self._here = Here(self._stand.name, self._outlet.number)
        self._operations = Operations(lab, self._stand)
        self._node: Node | None = None

    async def do(self, step: Any) -> None:
        """Do one step that is neither a wait nor made of others."""
        match step:
            case model.Plug() | model.Unplug():
                if self._outlet.connector.plugged is isinstance(step, model.Unplug):
                    await self._execute("station.plug")
            case model.Start(start=id_tag):
                await self._operations.start(id_tag or self._lab.settings.id_tag)
            case model.Stop():
                await self._operations.stop()
            case model.SetLimit():
                await self._operations.set_limit(step)
            case model.Ocpp():
                await self._operations.call(step)
            case model.Can():
                await self._send_frame(step)
            case model.Anomaly():
                await self._anomaly(step)
            case model.Command(command=name, arguments=arguments):
                await self._execute(name, **arguments)
            case _:
                raise TypeError(f"no action: {step!r}")

    async def flushed(self) -> None:
        """Return when the charge point has said what the steps have made it say."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSHED_WITHIN):
                await self._stand.charge_point.flushed()

    async def undo(self) -> list[str]:
        """End the anomaly, the transaction and the limits that were set, in this order.

        A limit that goes first would let the current rise once more.  The effect of attacks by
        hand has ended when nothing flows that should not.

        Returns:
            What could not be undone, one line each.
        """
        left = [
            await self._end_anomaly(),
            await self._operations.end_transaction(),
            await self._operations.clear_limits(),
            await self._outlet.by_hand.settle(SAFE_WITHIN),
        ]
        if self._node is not None:
            self._node.detach()
            self._node = None
        return [text for text in left if text]

    async def _execute(self, command: str, **arguments: Any) -> None:
        """Give the lab a command, for the scenario's connector unless it names another."""
        try:
            await self._lab.orders.execute(
                command, arguments, source=SOURCE, here=self._here, within=COMMAND_WITHIN
            )
        except CommandError as error:
            raise StepFailed(str(error)) from None

    async def _send_frame(self, step: model.Can) -> None:
        bus = self._stand.bus
        try:
            if self._node is None:
                self._node = bus.attach(SOURCE, lambda message: None)
            frame = can.Message(
                arbitration_id=step.can,
                is_extended_id=step.extended,
                data=bytes.fromhex(step.data),
            )
            sent = self._node.send(frame)
        except (ValueError, RuntimeError) as error:
            raise StepFailed(str(error)) from None

        def passed(event: Event) -> bool:
            return isinstance(event, CanFrame) and (event.bus, event.node) == (bus.name, SOURCE)

        if not sent or await first_event(self._stream, passed, FRAME_WITHIN) is None:
            raise StepFailed(f"the frame did not get onto {bus.name}")

    # Attacks by hand

    @property
    def attacks(self) -> tuple[str, ...]:
        """Names of those that are on."""
        return self._outlet.by_hand.on

    def begin_attack(self, step: model.Attack) -> None:
        """What follows is an attack, or only what :meth:`acting` says."""
        try:
            self._outlet.by_hand.begin(
                step.attack, step.layer, effect=step.effect, everything=step.steps is None
            )
        except AnomalyError as error:
            raise StepFailed(str(error)) from None

    def end_attack(self, name: str) -> None:
        """The attack has ended; its effect may last."""
        try:
            self._outlet.by_hand.end(name)
        except AnomalyError as error:
            raise StepFailed(str(error)) from None

    def end_attacks(self) -> None:
        """No attack is on any more."""
        self._outlet.by_hand.end_all()

    def acting(self, label: str, attack: str) -> AbstractContextManager[None]:
        """What is done inside is of this attack, or of one that takes in everything."""
        return self._outlet.by_hand.acting(label, attack)

    # The anomaly

    async def _anomaly(self, step: model.Anomaly) -> None:
        parameters = await self._configure(step)
        truth = _Truth()
        unsubscribe = self._stream.subscribe(truth.see, AnomalyState, Note)
        try:
            await self._execute("anomaly.start")
            endless = longest([step], self._lab.settings) + UNANSWERED
            within = endless if step.duration is None else step.duration
            if await until(self._stream, lambda: truth.over, within, AnomalyState):
                self._check_that_it_was_done(truth, parameters)
            elif step.duration is None:
                raise StepFailed(f"it has not ended by itself in {seconds(within)}")
            else:
                await self._execute("anomaly.stop")
            if truth.outcome == "failed":
                raise StepFailed(truth.detail)
        finally:
            unsubscribe()

    async def _configure(self, step: model.Anomaly) -> FluctuationParameters:
        """Set what the step says; what it does not say is as in the lab's settings."""
        settings = self._lab.settings
        try:
            parameters = fluctuation(step, settings)
        except ValueError as error:
            raise StepFailed(str(error)) from None
        if step.duration is None and not parameters.cycles:
            raise StepFailed("it would never end: give it a duration, or cycles")
        variant = Variant(step.variant or settings.variant)
        await self._execute("anomaly.set", variant=variant.value, **parameters.as_numbers())
        return parameters

    @staticmethod
    def _check_that_it_was_done(truth: _Truth, parameters: FluctuationParameters) -> None:
        """An anomaly that ended by itself must have done the cycles it was to do."""
        if not parameters.cycles or truth.cycle < parameters.cycles:
            raise StepFailed(f"it ended by itself in cycle {truth.cycle}: {truth.trouble}")

    async def _end_anomaly(self) -> str:
        truth = _Truth()
        unsubscribe = self._stream.subscribe(truth.see, AnomalyState, Note)
        try:
            await self._outlet.injector.stop()
        finally:
            unsubscribe()
        return truth.detail if truth.outcome == "failed" else ""


class _Truth:
    """What the injector says of the run that was just begun."""

    def __init__(self) -> None:
        self.outcome = ""
        self.detail = ""
        self.cycle = 0
        self.trouble = "nobody knows why"

    @property
    def over(self) -> bool:
        return bool(self.outcome)

    def see(self, event: Event) -> None:
        if isinstance(event, AnomalyState) and event.anomaly == NAME:
            self.cycle = event.cycle
            if event.change in ("safe", "failed"):
                self.outcome, self.detail = event.change, event.detail
        elif isinstance(event, Note) and event.source == "injector" and event.level == "error":
            self.trouble = event.text
