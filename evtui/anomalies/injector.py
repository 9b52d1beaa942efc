"""Switching an anomaly on and off: truth on the stream, the safe state afterwards."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Generic, TypeVar

import msgspec

from evtui.anomalies.api import Anomaly, AnomalyError, Parameters
from evtui.anomalies.run import LOOK_EVERY, Run, until
from evtui.anomalies.targets import LinkSite
from evtui.events import caused_by

__all__ = ["SAFE_WITHIN", "Injector", "Schedule"]

P = TypeVar("P", bound=Parameters)

SAFE_CURRENT = 1.0
"""A below which the current counts as gone."""

SAFE_WITHIN = 10.0
"""s to wait for the safe state before saying that it was not reached."""

UNDO_EVERY = 1.0
"""s between two attempts to undo what was done, while the station is not safe."""


class Schedule(msgspec.Struct, frozen=True):
    """When an anomaly is on.

    Attributes:
        delay: s until it is switched on.
        duration: s until it is switched off; None for as long as it takes, or until told.
        times: how often.
        pause: s between two times.
    """

    delay: float = 0.0
    duration: float | None = None
    times: int = 1
    pause: float = 0.0


class Injector(Generic[P]):
    """One anomaly at one connector, on or off.

    Args:
        anomaly: which.
        site: where.
        parameters: with which it begins.
        chance: drawn from the lab's seed.
        attacks: numbers attacks, so that no two of a lab share an id.
    """

    def __init__(
        self,
        anomaly: type[Anomaly[P]],
        site: LinkSite,
        parameters: P,
        chance: random.Random,
        attacks: Iterator[int] | None = None,
    ) -> None:
        self.anomaly = anomaly
        self._site = site
        self.run: Run[P] = Run(anomaly, site, parameters, chance)
        self._attacks = count(1) if attacks is None else attacks
        self._acting: asyncio.Task[None] | None = None
        self._task: asyncio.Task[str] | None = None
        self._fading: asyncio.Task[None] | None = None
        self._within = SAFE_WITHIN
        self._limit: asyncio.Timeout | None = None
        self._told_off = False
        self._on = 0  # number of the event that told that it was switched on

    @property
    def name(self) -> str:
        """Of the anomaly."""
        return self.anomaly.name

    @property
    def active(self) -> bool:
        """True from on to off."""
        return self.run.active

    @property
    def busy(self) -> bool:
        """True from the start until all is undone, waiting for its moment included."""
        return self._task is not None and not self._task.done()

    @property
    def parameters(self) -> P:
        """Present parameters."""
        return self.run.parameters

    def read(self, values: Mapping[str, object]) -> P:
        """The present parameters with some of them changed.

        Raises:
            ValueError: an unknown name or a value out of its range.
        """
        return self.anomaly.read(values, self.parameters)

    def configure(self, parameters: P | None = None) -> None:
        """Change parameters; a running anomaly follows at its next step."""
        if parameters is not None:
            self.run.use(parameters)
        self.run.publish("parameters")

    def start(self, schedule: Schedule = Schedule()) -> None:  # noqa: B008 - frozen
        """Switch it on, now or as scheduled.

        Raises:
            AnomalyError: it is on already, cannot reach what it acts through, or what is not ours
                is not armed.
        """
        if self.active:
            raise AnomalyError(f"{self.name} is running already")
        if self.busy and self._acting is None:
            raise AnomalyError(f"{self.name} waits for its moment already")
        if self.busy:
            raise AnomalyError("the station is still returning to its safe state")
        if why := self.run.out_of_reach or self._site.guard():
            raise AnomalyError(why)
        for target in self.run.targets:
            if why := target.unreachable:
                raise AnomalyError(why)
        self._within = SAFE_WITHIN
        self._told_off = False
        if schedule.delay > 0:
            self.run.say("", "switched on", self.run.now + schedule.delay)
            self.run.publish("waiting")
            self._acting = None
        else:
            self._switch_on(schedule)
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._go(schedule), name=f"{self.name} to its end")

    async def stop(self, within: float = SAFE_WITHIN) -> str:
        """Switch it off, undo what it did and say so in one line.

        Whoever asks while all is being undone waits for the same end.

        Args:
            within: s to wait for the safe state; the shortest asked for counts.
        """
        task = self._task
        if task is None or task.done():
            return "no anomaly is running"
        self._told_off = True
        if self._acting is None:  # between two times: nothing is to be undone
            task.cancel()
            await asyncio.wait({task})
            self.run.say("", "")
            self.run.publish("parameters")
            return f"{self.name} is called off"
        self._acting.cancel()
        self._within = min(self._within, within)
        if self._limit is not None:
            end = asyncio.get_running_loop().time() + within
            self._limit.reschedule(min(end, self._limit.when() or end))
        return await asyncio.shield(task)

    async def clear_leftovers(self) -> None:
        """Undo what an earlier run could not, once it has ended."""
        if not self.busy:
            for target in self.run.targets:
                await target.undo_leftovers(self.run.attempt)

    def close(self) -> None:
        """Stop watching for the end of its effect."""
        if self._fading is not None:
            self._fading.cancel()

    def _switch_on(self, schedule: Schedule) -> None:
        if self._fading is not None:
            self._fading.cancel()
        run, loop = self.run, asyncio.get_running_loop()
        anomaly = self.anomaly
        self._instance = anomaly()
        run.begin(f"{anomaly.short or anomaly.name}-{next(self._attacks)}", self._instance)
        for target in run.targets:
            target.begin()
        self._on = run.publish("on").seq
        with caused_by(self._on):
            self._acting = loop.create_task(
                self._act(self._instance, schedule.duration), name=self.name
            )

    async def _act(self, anomaly: Anomaly[P], duration: float | None) -> None:
        acting = asyncio.timeout(duration)
        try:
            async with acting:
                await anomaly.act(self.run)
        except TimeoutError:
            if not acting.expired():
                raise

    async def _go(self, schedule: Schedule) -> str:
        """From the wait for its moment to the safe state, as often as is scheduled."""
        outcome = ""
        for turn in range(schedule.times):
            wait = schedule.pause if turn else schedule.delay
            if wait > 0:
                self.run.say("", "switched on", self.run.now + wait)
                if turn:
                    self.run.publish("waiting")
                await asyncio.sleep(wait)
            if self._acting is None:
                self._switch_on(schedule)
            with caused_by(self._on):
                outcome = await self._to_its_end()
            if self._told_off or turn + 1 == schedule.times:
                break
            self._acting = None
        return outcome

    async def _to_its_end(self) -> str:
        acting = self._acting
        assert acting is not None
        await asyncio.wait({acting})
        if not acting.cancelled() and (error := acting.exception()) is not None:
            text = str(error) if isinstance(error, AnomalyError) else repr(error)
            self.run.note(text, "error")
        return await self._finish()

    async def _finish(self) -> str:
        """From on to off to safe."""
        run = self.run
        run.active = False
        run.say("", "safe state")
        off = run.publish("off")
        with caused_by(off.seq):
            safe = await self._reach_safe_state()
        run.say("", "")
        effect = self._instance.effect(run) if safe else ""
        text = self._safe_text(effect) if safe else self._unsafe_text()
        event = run.publish("safe" if safe else "failed", text, lasting=bool(effect))
        run.note(text, "info" if safe else "error")
        if effect:
            with caused_by(event.seq):
                self._fading = asyncio.get_running_loop().create_task(self._fade(self._instance))
        return text

    def _safe_text(self, effect: str) -> str:
        if self.anomaly.ends_charging:
            current = self._site.current()
            text = f"safe: transaction ended, profiles cleared, {current:.0f} A"
        else:
            text = f"safe: what {self.name} did is undone"
        return f"{text}; {effect}" if effect else text

    def _unsafe_text(self) -> str:
        return f"safe state not reached in {self._within:g} s: {self._not_safe()}"

    async def _fade(self, anomaly: Anomaly[P]) -> None:
        """Wait for the end of an effect that shows although all is undone."""
        run = self.run
        over = await until(lambda: not anomaly.effect(run), anomaly.effect_within)
        run.publish("effect_end", "" if over else f"after {anomaly.effect_within:g} s: given up")

    async def _reach_safe_state(self) -> bool:
        try:
            async with asyncio.timeout(self._within) as self._limit:
                next_attempt, before = self.run.now, set[str]()
                while self._not_safe():
                    left = set(self._left())
                    # What has just come, such as a transaction, is undone at once.
                    if self.run.now >= next_attempt or left - before:
                        next_attempt = self.run.now + UNDO_EVERY
                        await self._undo()
                    before = left
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError:
            return False
        finally:
            self._limit = None
        return True

    async def _undo(self) -> None:
        for target in self.run.targets:
            await target.undo(self.run.attempt)
        await self.run.attempt(self.name, self._instance.undo(self.run))

    def _not_safe(self) -> str:
        """What keeps the station from being safe; empty when it is."""
        reasons = self._left()
        current = self._site.current()
        if self.anomaly.ends_charging and current > SAFE_CURRENT:
            reasons.append(f"{current:.0f} A still flow")
        return ", ".join(reasons)

    @property
    def fading(self) -> bool:
        """True while its effect still shows although all is undone, as heat does."""
        return self._fading is not None and not self._fading.done()

    @property
    def left(self) -> list[str]:
        """What of it is still to be undone, for people."""
        return self._left()

    def _left(self) -> list[str]:
        reasons = [reason for target in self.run.targets for reason in target.left()]
        own = self._instance.left(self.run)
        return [*reasons, own] if own else reasons

    def values(self) -> dict[str, Any]:
        """Present parameters by name."""
        return self.anomaly.values(self.parameters)
