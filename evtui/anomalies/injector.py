"""Running an anomaly: steps on time, truth on the stream, the safe state afterwards."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol

from ocpp.v16 import call
from ocpp.v16.datatypes import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod

from evtui.anomalies.ocpp.fluctuation import (
    NAME,
    FluctuationParameters,
    Step,
    Variant,
    steps,
)
from evtui.events import AnomalyState, EventStream, Note, caused_by
from evtui.ocpp16.central_system import OpenTransaction, StationOffline
from evtui.ocpp16.link import CallRefused, LinkClosed
from evtui.runtime.clock import LoopClock

__all__ = ["AnomalyError", "Injector", "Operator"]

LOW_PROFILE_ID, HIGH_PROFILE_ID = 7, 8
"""Ids of the profiles we set, and the only ones we clear."""

SAFE_CURRENT = 1.0
"""A below which the current counts as gone."""

SAFE_WITHIN = 10.0
"""s to wait for the safe state before saying that it was not reached."""

TRANSACTION_WITHIN = 60.0
"""s that ``txprofile`` waits for its transaction to open."""

Change = Literal["on", "cycle", "step", "parameters", "off", "safe", "failed"]


class AnomalyError(Exception):
    """The anomaly cannot do what was asked; the text is for people."""


class Operator(Protocol):
    """The central system's side, as an injector uses it."""

    def is_connected(self, station: str) -> bool: ...

    def open_transaction(self, station: str, connector: int) -> OpenTransaction | None: ...

    async def call(self, station: str, payload: Any) -> Any: ...


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
    ) -> None:
        self._operator = operator
        self._stream = stream
        self._clock = clock
        self._station = station
        self._connector = connector
        self._id_tag = id_tag
        self._current = current
        self._chance = chance
        self._variant = variant
        self._parameters = parameters
        self._task: asyncio.Task[None] | None = None
        self._runs = 0
        self._cycle = 0
        self._step = -1
        self._step_label = ""
        self._next_label = ""
        self._next_at: float | None = None
        self._profiles_set: set[int] = set()
        self._finishing = False

    @property
    def active(self) -> bool:
        """True from on to off."""
        return self._task is not None

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
        if self._task is not None:
            raise AnomalyError("the anomaly is running already")
        if self._finishing:
            raise AnomalyError("the station is still returning to its safe state")
        if not self._operator.is_connected(self._station):
            raise AnomalyError(f"{self._station} is not connected: nothing to send to")
        self._runs += 1
        self._cycle = 0
        self._step = -1
        self._step_label = self._next_label = ""
        self._next_at = None
        self._task = asyncio.get_running_loop().create_task(self._run(), name=NAME)

    async def stop(self, within: float = SAFE_WITHIN) -> str:
        """Switch it off, bring the station to its safe state and say so in one line.

        Args:
            within: s to wait for the safe state.
        """
        task, self._task = self._task, None
        if task is None:
            return "no anomaly is running"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await self._finish(within)

    async def _run(self) -> None:
        on = self._publish("on")
        with caused_by(on.seq):
            try:
                await self._cycles()
            except AnomalyError as error:
                self._note(str(error), "error")
        self._task = None
        await self._finish(SAFE_WITHIN)

    async def _cycles(self) -> None:
        if self._variant is Variant.TXPROFILE:
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
            if self._variant is not variant:
                index = 0
                if self._variant is Variant.TXPROFILE:
                    await self._open_transaction()

    async def _do(self, plan: tuple[Step, ...], index: int) -> None:
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

    async def _action(self, step: Step) -> None:
        match step.action:
            case "profile_low":
                await self._set_profile(LOW_PROFILE_ID, self._parameters.low)
            case "profile_high":
                await self._set_profile(HIGH_PROFILE_ID, self._parameters.high)
            case "remote_start":
                await self._remote_start()
            case "remote_stop":
                await self._remote_stop()

    async def _attempt(self, what: str, action: Awaitable[None]) -> None:
        """Do it; a station that is away or refuses is noted and the anomaly goes on."""
        try:
            await action
        except (StationOffline, LinkClosed, TimeoutError, CallRefused, ValueError) as error:
            self._note(f"{what}: {error}", "warning")

    async def _set_profile(self, profile_id: int, limit: float) -> None:
        in_transaction = self._variant is Variant.TXPROFILE
        open_now = self._operator.open_transaction(self._station, self._connector)
        profile = ChargingProfile(
            charging_profile_id=profile_id,
            stack_level=0,
            charging_profile_purpose=(
                "TxDefaultProfile" if self._variant is Variant.TXDEFAULT else "TxProfile"
            ),
            charging_profile_kind="Relative",
            charging_schedule=ChargingSchedule(
                charging_rate_unit="A",
                charging_schedule_period=[
                    ChargingSchedulePeriod(start_period=0, limit=round(limit, 1))
                ],
            ),
            transaction_id=open_now.transaction_id if in_transaction and open_now else None,
        )
        answer = await self._operator.call(
            self._station,
            call.SetChargingProfile(connector_id=self._connector, cs_charging_profiles=profile),
        )
        if answer.status == "Accepted":
            # Same purpose and stack level: the station has replaced the other one.
            self._profiles_set = {profile_id}

    async def _remote_start(self) -> None:
        await self._operator.call(
            self._station,
            call.RemoteStartTransaction(id_tag=self._id_tag, connector_id=self._connector),
        )

    async def _remote_stop(self) -> None:
        running = self._operator.open_transaction(self._station, self._connector)
        if running is None:
            self._note("no open transaction to stop", "warning")
            return
        await self._operator.call(
            self._station, call.RemoteStopTransaction(transaction_id=running.transaction_id)
        )

    async def _open_transaction(self) -> None:
        """Have a transaction on the connector; ``txprofile`` swings the limits of one."""
        if not self._transaction_is_open():
            await self._attempt("RemoteStartTransaction", self._remote_start())
        if not await _until(self._transaction_is_open, TRANSACTION_WITHIN):
            raise AnomalyError(
                f"txprofile needs a transaction; none opened in {TRANSACTION_WITHIN:g} s"
            )

    def _transaction_is_open(self) -> bool:
        return self._operator.open_transaction(self._station, self._connector) is not None

    async def _finish(self, within: float) -> str:
        """From on to off to safe: end the transaction, clear our profiles, see 0 A."""
        self._finishing = True
        self._step_label, self._next_label, self._next_at = "", "safe state", None
        try:
            off = self._publish("off")
            with caused_by(off.seq):
                if self._transaction_is_open():
                    await self._attempt("RemoteStopTransaction", self._remote_stop())
                for profile_id in sorted(self._profiles_set):
                    await self._attempt("ClearChargingProfile", self._clear_profile(profile_id))
                safe = await _until(lambda: not self._not_safe(self._current()), within)
        finally:
            self._finishing = False
        self._next_label = ""
        current = self._current()
        if safe:
            text = f"safe: transaction ended, profiles cleared, {current:.0f} A"
        else:
            text = f"safe state not reached in {within:g} s: {self._not_safe(current)}"
        self._publish("safe" if safe else "failed", text)
        self._note(text, "info" if safe else "error")
        return text

    async def _clear_profile(self, profile_id: int) -> None:
        await self._operator.call(self._station, call.ClearChargingProfile(id=profile_id))
        self._profiles_set.discard(profile_id)

    def _not_safe(self, current: float) -> str:
        """What keeps the station from being safe; empty when it is."""
        reasons = []
        if self._transaction_is_open():
            reasons.append("a transaction is open")
        if self._profiles_set:
            reasons.append("a profile of ours is set")
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
                attack_id=f"fluctuation-{self._runs}" if self._runs else "",
                anomaly=NAME,
                change=change,
                active=self._task is not None,
                variant=self._variant.value,
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

    def _note(self, text: str, level: Literal["info", "warning", "error"]) -> None:
        self._stream.publish(Note(source="injector", station=self._station, level=level, text=text))


async def _until(condition: Callable[[], bool], within: float) -> bool:
    """Look every 50 ms; True as soon as ``condition`` holds, False after ``within`` s.

    Looking, because the central system that is asked may be of any make.
    """
    try:
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    except TimeoutError:
        return False
    return True
