"""One anomaly at one connector: what it acts through, its steps on time, its truth."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

from msgspec import UNSET, UnsetType

from evtui.anomalies import targets
from evtui.anomalies.api import Anomaly, AnomalyError, Need, Parameters
from evtui.anomalies.targets import LinkSite, Site, Target
from evtui.central_system import StationOffline
from evtui.events import AnomalyChange, AnomalyState, Note, caused_by
from evtui.ocppj import CallRefused, LinkClosed
from evtui.violations import BreaksSchema, Violation

if TYPE_CHECKING:
    from evtui.anomalies.targets import (
        BusTarget,
        CentralSystemTarget,
        ChargePointTarget,
        LinkTarget,
        ModulesTarget,
        PowerStageTarget,
    )

__all__ = ["LOOK_EVERY", "PlannedStep", "Run", "until"]

P = TypeVar("P", bound=Parameters)

LOOK_EVERY = 0.05
"""s between two looks at whether what is waited for has come."""

WELL = ("", "Accepted", "Unknown", "None")
"""Answers that need no note; a profile that is Unknown is gone, as was wanted."""


class PlannedStep(NamedTuple):
    """One thing to do and the wait after it.

    Attributes:
        label: for people: ``SetChargingProfile 0 A``.
        wait: s until the next step, without jitter.
        do: does it; returns the status of an answer, or nothing to tell.
    """

    label: str
    wait: float
    do: Callable[[], Awaitable[object]]


class Run(Generic[P]):
    """What an anomaly has in hand while it runs.

    Attributes:
        spot: where it acts; see :attr:`site`.
        chance: drawn from the lab's seed.
        active: True from on to off.
    """

    def __init__(
        self, anomaly: type[Anomaly[P]], site: LinkSite, parameters: P, chance: random.Random
    ) -> None:
        self.spot: LinkSite = site
        self.chance = chance
        self.active = False
        self.attack_id = ""
        self._anomaly = anomaly
        self._set(parameters)
        self._changed = asyncio.Event()
        self._acting: Anomaly[P] | None = None
        self._cycle = 0
        self._step = -1
        self._steps: int | None = None
        self._label = self._next_label = ""
        self._next_at: float | None = None

    # What it has to do with

    @property
    def station(self) -> str:
        """Identity of the charge point."""
        return self.spot.station

    @property
    def connector(self) -> int:
        """connectorId, from 1."""
        return self.spot.connector

    @property
    def parameters(self) -> P:
        """As they are now; they may change while it runs."""
        return self._parameters

    @property
    def now(self) -> float:
        """s of lab time."""
        return self.spot.clock.now()

    @property
    def site(self) -> Site:
        """Where it acts, with everything that is behind the line there.

        Raises:
            AnomalyError: that is not within reach.
        """
        if not isinstance(self.spot, Site):
            raise AnomalyError(self.out_of_reach)
        return self.spot

    @property
    def out_of_reach(self) -> str:
        """Why it can never act here; empty where it can."""
        anomaly = self._anomaly
        beyond = sorted(anomaly.needs - {"link"})
        if isinstance(self.spot, Site) or not (beyond or anomaly.knows_station):
            return ""
        through = " and ".join(beyond) or "configuration of the charge point"
        return (
            f"{anomaly.name} needs the {through}, and {self.station} is not ours: link-delay, "
            "link-drop and others of the layer link act on what passes"
        )

    @cached_property
    def central_system(self) -> CentralSystemTarget:
        """Operations of our central system."""
        self._must_need("central system")
        return targets.CentralSystemTarget(
            self.site, self._anomaly.name, ends_charging=self._anomaly.ends_charging
        )

    @cached_property
    def charge_point(self) -> ChargePointTarget:
        """What the charge point says."""
        self._must_need("charge point")
        return targets.ChargePointTarget(
            self.site, self._anomaly.name, ends_charging=self._anomaly.ends_charging
        )

    @cached_property
    def link(self) -> LinkTarget:
        """The line between charge point and central system."""
        self._must_need("link")
        return targets.LinkTarget(self.spot, self._anomaly.name, self.mark)

    @cached_property
    def bus(self) -> BusTarget:
        """The CAN bus of the charge point."""
        self._must_need("bus")
        return targets.BusTarget(self.site, self._anomaly.name)

    @cached_property
    def modules(self) -> ModulesTarget:
        """Modules that the charger is made of."""
        self._must_need("modules")
        return targets.ModulesTarget(self.site, self._anomaly.name)

    @cached_property
    def power_stage(self) -> PowerStageTarget:
        """Power stage, connector and vehicle."""
        self._must_need("power stage")
        return targets.PowerStageTarget(self.site, self._anomaly.name)

    @property
    def targets(self) -> tuple[Target[Any], ...]:
        """All that it acts through; nothing where that is out of reach."""
        if self.out_of_reach:
            return ()
        return tuple(getattr(self, need.replace(" ", "_")) for need in sorted(self._anomaly.needs))

    def _must_need(self, need: Need) -> None:
        if need not in self._anomaly.needs:
            raise TypeError(f"{self._anomaly.name} does not say that it needs the {need}")

    # Steps

    def cycle(self) -> None:
        """A cycle begins."""
        self._cycle += 1
        self.publish("cycle")

    async def step(self, label: str, action: Awaitable[object] | None = None) -> bool:
        """Do one thing, which is a step in the truth; what it causes has it as its cause.

        Args:
            label: what is done, for people.
            action: returns the status of an answer, or nothing to tell.

        Returns:
            False where it did not work, which is noted: the anomaly goes on.
        """
        event = self.mark(label)
        if action is None:
            return True
        with caused_by(event.seq):
            return await self.attempt(label, action)

    def mark(self, label: str) -> AnomalyState:
        """Publish a step that something else does; what it causes must have it as its cause."""
        self._step += 1
        self._label, self._next_at = label, None
        return self.publish("step")

    async def wait(self, seconds: float, then: str = "") -> None:
        """Let time pass.

        Args:
            then: what comes next, for people.
        """
        if then:
            self._next_label, self._next_at = then, self.now + seconds
            self.publish("waiting")
        await asyncio.sleep(seconds)

    async def for_ever(self) -> None:
        """Go on until switched off."""
        await asyncio.get_running_loop().create_future()

    async def changed(self) -> P:
        """Wait until the parameters are changed; returns them."""
        self._changed.clear()
        await self._changed.wait()
        return self._parameters

    async def repeat(self, plan: Callable[[], Sequence[PlannedStep]]) -> None:
        """Go through the steps of a plan, over and over, until ``cycles`` are done.

        The plan is made anew for each step, so that parameters take effect at the next one.  Of
        the parameters, ``cycles`` says how often (0 for endless), ``jitter`` the share of each
        wait by which it is shortened or lengthened at random.  A step is due from the moment its
        predecessor was due, so the period does not drift.
        """
        index = 0
        begun, variant = self._parameters, self._variant
        while True:
            steps = plan()
            self._steps = len(steps)
            # The plan may have become shorter in the middle of a cycle: begin the new one's.
            index = index if index < len(steps) else 0
            if index == 0:
                cycles = getattr(self._parameters, "cycles", 0)
                if cycles and self._cycle >= cycles:
                    return
                self.cycle()
            await self._do(steps, index)
            index = (index + 1) % len(steps)
            before, begun = begun, self._parameters
            variant, variant_before = self._variant, variant
            if before is not begun and self._acting is not None:
                if len(plan()) != len(steps) or variant != variant_before:
                    index = 0
                await self._acting.turned(self, before)

    async def _do(self, steps: Sequence[PlannedStep], index: int) -> None:
        step = steps[index]
        jitter = getattr(self._parameters, "jitter", 0.0)
        wait = step.wait * self.chance.uniform(1 - jitter, 1 + jitter)
        planned = self.now if self._next_at is None else self._next_at
        due = max(planned + wait, self.now)
        self._step = index
        self._label = step.label
        self._next_label = steps[(index + 1) % len(steps)].label
        self._next_at = due
        event = self.publish("step")
        with caused_by(event.seq):
            await self.attempt(step.label, step.do())
        await asyncio.sleep(max(0.0, due - self.now))

    def begin_anew(self) -> None:
        """The next step is due now, however long something took."""
        self._next_at = None

    async def attempt(self, what: str, action: Awaitable[object]) -> bool:
        """Do it; a station that is away or refuses is noted and the anomaly goes on.

        Args:
            what: it is, for people.
            action: returns the status of the answer, or what was wrong.

        Returns:
            True where it worked.
        """
        violation: Violation | UnsetType = UNSET
        try:
            outcome = str(await action)
        except (StationOffline, LinkClosed, TimeoutError, CallRefused, ValueError) as error:
            outcome = str(error) or type(error).__name__
            violation = error.violation if isinstance(error, BreaksSchema) else UNSET
        except Exception as error:  # a defect in one step must keep no other from being done
            outcome = repr(error)
        if outcome not in WELL:
            self.note(f"{what}: {outcome}", "warning", violation)
        return outcome in WELL

    # Truth, for the injector

    def use(self, parameters: P) -> None:
        """These parameters hold from now on."""
        self._set(parameters)
        self._changed.set()

    def begin(self, attack_id: str, acting: Anomaly[P]) -> None:
        """It is switched on."""
        self.attack_id = attack_id
        self._acting = acting
        self._cycle, self._step, self._steps = 0, -1, None
        self.say("", "")
        self.active = True

    def say(self, label: str, next_label: str, next_at: float | None = None) -> None:
        """What is being done, and what comes next."""
        self._label, self._next_label, self._next_at = label, next_label, next_at

    def _set(self, parameters: P) -> None:
        self._parameters = parameters
        self._values = self._anomaly.values(parameters)
        self._variant = str(self._values.pop("variant", ""))
        self._shape = self._anomaly.cycle_of(parameters)

    def publish(
        self, change: AnomalyChange, detail: str = "", *, lasting: bool = False
    ) -> AnomalyState:
        """Tell the truth.

        Args:
            lasting: its effect still shows although all is undone.
        """
        anomaly, cycle = self._anomaly, self._shape
        return self.spot.stream.publish(
            AnomalyState(
                source="injector",
                station=self.station,
                connector=self.connector,
                attack_id=self.attack_id,
                anomaly=anomaly.name,
                change=change,
                active=self.active,
                variant=self._variant,
                parameters=self._values.copy(),
                cycle=self._cycle,
                step=self._step,
                steps=cycle.steps if self._steps is None else self._steps,
                step_label=self._label,
                next_label=self._next_label,
                next_at=self._next_at,
                period=cycle.period,
                detail=detail,
                layer=anomaly.layer,
                lasting=lasting,
            )
        )

    def note(
        self,
        text: str,
        level: Literal["info", "warning", "error"] = "info",
        violation: Violation | UnsetType = UNSET,
    ) -> None:
        """A line in the log."""
        self.spot.stream.publish(
            Note(
                source="injector",
                station=self.station,
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
