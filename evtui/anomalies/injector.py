"""Running an anomaly: steps on time, truth on the stream, the safe state afterwards."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import Literal

from msgspec import UNSET, UnsetType

from evtui.anomalies.ocpp.fluctuation import (
    NAME,
    FluctuationParameters,
    FluctuationStep,
    steps,
)
from evtui.anomalies.ocpp.intervention import Intervention, Operator
from evtui.central_system import StationOffline
from evtui.config import Variant
from evtui.events import AnomalyState, EventStream, Note, caused_by
from evtui.ocppj import CallRefused, LinkClosed
from evtui.runtime import LoopClock
from evtui.violations import BreaksSchema, Violation

__all__ = ["AnomalyError", "Injector", "until"]

LOW_PROFILE_ID, HIGH_PROFILE_ID = 7, 8
"""Ids of the profiles we set, and the only ones we clear."""

SAFE_CURRENT = 1.0
"""A below which the current counts as gone."""

SAFE_WITHIN = 10.0
"""s to wait for the safe state before saying that it was not reached."""

LOOK_EVERY = 0.05
"""s between two looks at whether what is waited for has come."""

UNDO_EVERY = 1.0
"""s between two attempts to undo what we did, while the station is not safe."""

TRANSACTION_WITHIN = 60.0
"""s that ``txprofile`` waits for its transaction to open."""

CHANGE_OVER_WITHIN = 5.0
"""s that a new variant waits for the old one's transaction to end."""

WELL = ("Accepted", "Unknown")
"""Answers that need no note; a profile that is Unknown is gone, as was wanted."""

Change = Literal["on", "cycle", "step", "parameters", "off", "safe", "failed"]


class AnomalyError(Exception):
    """The anomaly cannot do what was asked; the text is for people."""


class Injector:
    """The repeated current fluctuation on one connector.

    Args:
        operator: sends what the anomaly sends.
        stream: ground truth goes here.
        clock: lab clock.
        station: identity of the target.
        connector: connectorId of the target.
        id_tag: for remote starts.
        current: A flowing now; read only to know when the effect has ended.
        chance: draws the jitter.
        attacks: numbers attacks, so that no two of a lab share an id.
    """

    def __init__(
        self,
        operator: Operator,
        stream: EventStream,
        clock: LoopClock,
        *,
        station: str,
        connector: int,
        id_tag: str,
        current: Callable[[], float],
        chance: random.Random,
        variant: Variant,
        parameters: FluctuationParameters,
        attacks: Iterator[int] | None = None,
    ) -> None:
        self._attacks = count(1) if attacks is None else attacks
        self._target = Intervention(
            operator, clock, station=station, connector=connector, id_tag=id_tag
        )
        self._stream = stream
        self._clock = clock
        self._station = station
        self._connector = connector
        self._current = current
        self._chance = chance
        self._variant = variant
        self._parameters = parameters
        self._cycling: asyncio.Task[None] | None = None
        self._task: asyncio.Task[str] | None = None
        self._active = False
        self._within = SAFE_WITHIN
        self._limit: asyncio.Timeout | None = None
        self._attack_id = ""
        self._cycle = 0
        self._step = -1
        self._step_label = ""
        self._next_label = ""
        self._next_at: float | None = None

    @property
    def active(self) -> bool:
        """True from on to off."""
        return self._active

    @property
    def variant(self) -> Variant:
        """What is sent, or would be."""
        return self._variant

    @property
    def parameters(self) -> FluctuationParameters:
        """Present parameters."""
        return self._parameters

    def configure(
        self, *, variant: Variant | None = None, parameters: FluctuationParameters | None = None
    ) -> None:
        """Change variant or parameters; a running anomaly follows at its next step."""
        self._variant = variant or self._variant
        self._parameters = parameters or self._parameters
        self._publish("parameters")

    def start(self) -> None:
        """Switch it on.

        Raises:
            AnomalyError: it is on already, or the station is not connected.
        """
        if self._active:
            raise AnomalyError("the anomaly is running already")
        if self._task is not None and not self._task.done():
            raise AnomalyError("the station is still returning to its safe state")
        if not self._target.possible:
            raise AnomalyError(f"{self._station} is not connected: nothing to send to")
        self._attack_id = f"fluctuation-{next(self._attacks)}"
        self._cycle = 0
        self._step = -1
        self._step_label = self._next_label = ""
        self._next_at = None
        self._within = SAFE_WITHIN
        self._active = True
        on = self._publish("on")
        loop = asyncio.get_running_loop()
        with caused_by(on.seq):
            self._cycling = loop.create_task(self._cycles(), name=NAME)
            self._task = loop.create_task(self._run(self._cycling), name=f"{NAME} to its end")

    async def stop(self, within: float = SAFE_WITHIN) -> str:
        """Switch it off, bring the station to its safe state and say so in one line.

        Whoever asks while the station is returning to its safe state waits for the same end.

        Args:
            within: s to wait for the safe state; the shortest asked for counts.
        """
        task = self._task
        if task is None or task.done() or self._cycling is None:
            return "no anomaly is running"
        self._cycling.cancel()
        self._within = min(self._within, within)
        if self._limit is not None:
            until = asyncio.get_running_loop().time() + within
            self._limit.reschedule(min(until, self._limit.when() or until))
        return await asyncio.shield(task)

    async def clear_leftovers(self) -> None:
        """Clear the profiles that an earlier run could not clear, once it has ended."""
        if self._task is None or self._task.done():
            await self._clear_profiles()

    async def _run(self, cycling: asyncio.Task[None]) -> str:
        await asyncio.wait({cycling})
        if not cycling.cancelled() and (error := cycling.exception()) is not None:
            self._note(str(error) if isinstance(error, AnomalyError) else repr(error), "error")
        return await self._finish()

    async def _cycles(self) -> None:
        if self._variant == "txprofile":
            await self._open_transaction()
        index = 0
        while True:
            plan = steps(self._variant, self._parameters)
            # The variant may have changed in the middle of a cycle: begin the new one's cycle.
            index = index if index < len(plan) else 0
            if index == 0:
                if self._parameters.cycles and self._cycle >= self._parameters.cycles:
                    return
                self._cycle += 1
                self._publish("cycle")
            variant = self._variant
            await self._do(plan, index)
            index = (index + 1) % len(plan)
            if self._variant != variant:
                index = 0
                await self._change_over()

    async def _change_over(self) -> None:
        """From one variant to the next, without what the old one left behind.

        A profile of 0 A that stays would keep the new variant's current at 0 A.
        """
        await self._clear_profiles()
        if self._variant == "txprofile":
            await self._open_transaction()
        elif self._target.transaction is not None:
            await self._attempt("RemoteStopTransaction", self._target.remote_stop())
            await until(lambda: self._target.transaction is None, CHANGE_OVER_WITHIN)

    async def _do(self, plan: tuple[FluctuationStep, ...], index: int) -> None:
        step = plan[index]
        wait = step.wait * self._chance.uniform(
            1 - self._parameters.jitter, 1 + self._parameters.jitter
        )
        # From the moment this step was due, not from now: the period does not drift.
        planned = self._clock.now() if self._next_at is None else self._next_at
        due = max(planned + wait, self._clock.now())
        self._step = index
        self._step_label = step.label
        self._next_label = plan[(index + 1) % len(plan)].label
        self._next_at = due
        event = self._publish("step")
        with caused_by(event.seq):
            await self._attempt(step.label, self._action(step))
        await asyncio.sleep(max(0.0, due - self._clock.now()))

    async def _action(self, step: FluctuationStep) -> str:
        match step.action:
            case "profile_low":
                return await self._set_profile(LOW_PROFILE_ID, self._parameters.low)
            case "profile_high":
                return await self._set_profile(HIGH_PROFILE_ID, self._parameters.high)
            case "remote_start":
                return await self._target.remote_start()
            case "remote_stop":
                return await self._target.remote_stop()

    async def _set_profile(self, profile_id: int, limit: float) -> str:
        purpose = "TxDefaultProfile" if self._variant == "txdefault" else "TxProfile"
        return await self._target.set_profile(
            profile_id, limit, purpose, of_transaction=self._variant == "txprofile"
        )

    async def _attempt(self, what: str, action: Awaitable[str]) -> None:
        """Do it; a station that is away or refuses is noted and the anomaly goes on.

        Args:
            action: returns the status of the answer, or what was wrong.
        """
        violation: Violation | UnsetType = UNSET
        try:
            outcome = await action
        except (StationOffline, LinkClosed, TimeoutError, CallRefused, ValueError) as error:
            outcome = str(error)
            violation = error.violation if isinstance(error, BreaksSchema) else UNSET
        except Exception as error:  # a defect in one step must keep no other from being done
            outcome = repr(error)
        if outcome not in WELL:
            self._note(f"{what}: {outcome}", "warning", violation)

    async def _open_transaction(self) -> None:
        """Have a transaction on the connector; ``txprofile`` swings the limits of one."""
        if self._target.transaction is not None:
            return
        await self._attempt("RemoteStartTransaction", self._target.remote_start())
        if not await until(lambda: self._target.transaction is not None, TRANSACTION_WITHIN):
            raise AnomalyError(
                f"txprofile needs a transaction; none opened in {TRANSACTION_WITHIN:g} s"
            )
        self._next_at = None  # the cycle begins now, however long that took

    async def _finish(self) -> str:
        """From on to off to safe: end the transaction, clear our profiles, see 0 A."""
        self._active = False
        self._step_label, self._next_label, self._next_at = "", "safe state", None
        off = self._publish("off")
        with caused_by(off.seq):
            safe = await self._reach_safe_state()
        self._next_label = ""
        current = self._current()
        if safe:
            text = f"safe: transaction ended, profiles cleared, {current:.0f} A"
        else:
            text = f"safe state not reached in {self._within:g} s: {self._not_safe()}"
        self._publish("safe" if safe else "failed", text)
        self._note(text, "info" if safe else "error")
        return text

    async def _reach_safe_state(self) -> bool:
        try:
            async with asyncio.timeout(self._within) as self._limit:
                next_attempt, ended = self._clock.now(), None
                while self._not_safe():
                    running = self._target.transaction
                    # A transaction that has just opened, as late as it is, is ended at once.
                    if self._clock.now() >= next_attempt or running not in (None, ended):
                        next_attempt, ended = self._clock.now() + UNDO_EVERY, running
                        await self._undo()
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError:
            return False
        finally:
            self._limit = None
        return True

    async def _undo(self) -> None:
        if self._target.transaction is not None:
            await self._attempt("RemoteStopTransaction", self._target.remote_stop())
        await self._clear_profiles()

    async def _clear_profiles(self) -> None:
        for profile_id in self._target.profiles:
            await self._attempt("ClearChargingProfile", self._target.clear_profile(profile_id))

    def _not_safe(self) -> str:
        """What keeps the station from being safe; empty when it is."""
        reasons = self._target.left_to_undo
        current = self._current()
        if current > SAFE_CURRENT:
            reasons.append(f"{current:.0f} A still flow")
        return ", ".join(reasons)

    def _publish(self, change: Change, detail: str = "") -> AnomalyState:
        parameters = self._parameters
        return self._stream.publish(
            AnomalyState(
                source="injector",
                station=self._station,
                connector=self._connector,
                attack_id=self._attack_id,
                anomaly=NAME,
                change=change,
                active=self._active,
                variant=self._variant,
                parameters=parameters.as_numbers(),
                cycle=self._cycle,
                step=self._step,
                steps=len(steps(self._variant, parameters)),
                step_label=self._step_label,
                next_label=self._next_label,
                next_at=self._next_at,
                period=parameters.period,
                detail=detail,
            )
        )

    def _note(
        self,
        text: str,
        level: Literal["info", "warning", "error"],
        violation: Violation | UnsetType = UNSET,
    ) -> None:
        self._stream.publish(
            Note(
                source="injector",
                station=self._station,
                level=level,
                text=text,
                violation=violation,
            )
        )


async def until(condition: Callable[[], bool], within: float) -> bool:
    """Look now and then; True as soon as ``condition`` holds, False after ``within`` s.

    Looking, because the central system that is asked may be of any make.
    """
    try:
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(LOOK_EVERY)
    except TimeoutError:
        return False
    return True
