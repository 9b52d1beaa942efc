"""Running a scenario on a lab: its steps, its verdicts, its cleanup."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal

from msgspec import UNSET

from evtui.events import CanFrame, Event, ScenarioState, Verdict, caused_by
from evtui.lab import Lab
from evtui.scenario.judge.judge import Judge
from evtui.scenario.judge.outcome import RunOutcome, StepFailed
from evtui.scenario.language.narration import counted, seconds
from evtui.scenario.language.place import Place, Told, every_step
from evtui.scenario.run.actions import SOURCE, LabActions
from evtui.scenario.run.context import StepContext
from evtui.scenario.run.lookout import Lookout
from evtui.scenario.run.waiting import first_event, until
from evtui.scenario.steps import Step

if TYPE_CHECKING:
    from evtui.scenario.language.loader import Plan

__all__ = ["Runner"]

READY_WITHIN = 30.0
"""s for the charge point to be accepted and its module to report, before the first step."""

ScenarioChange = Literal["begin", "step", "waiting", "failed", "cleanup", "end"]


class Runner:
    """Runs one scenario once, on a lab that runs on the same loop.

    What is judged begins with :meth:`run` and ends with the last step, or with ``duration``.
    The cleanup comes after it and is not judged: it does what nobody expected.

    Args:
        lab: its charge point may still be on its way up.
        plan: what to do and what to expect.
        duration: s after which the steps are cut short, or up to which the run goes on after
            them; None for as long as the steps take.
    """

    def __init__(self, lab: Lab, plan: Plan, *, duration: float | None = None) -> None:
        self._lab = lab
        self._stream = lab.stream
        self._first = Place(lab.settings.id)
        self._scenario = plan.scenario
        self._longest = plan.longest
        self._duration = duration
        self._actions = LabActions(lab, self._first)
        self._lookout = Lookout(lab.stream)
        self._begun = 0.0
        self._ends = 0.0
        self._step = 0
        self._doing = ""
        self._failure: StepFailed | None = None
        self._defect: Exception | None = None
        self._cut = False
        self._play: asyncio.Task[None] | None = None
        self._interrupted = ""
        self._interrupted_at: float | None = None

    async def run(self) -> RunOutcome:
        """Do the steps, judge, clean up; whatever happens, the cleanup is done.

        Raises:
            asyncio.CancelledError: it was cancelled; the cleanup was done all the same.
            Exception: a defect ended the steps; the same.
        """
        self._begun = self._now()
        self._ends = self._begun + (self._longest if self._duration is None else self._duration)
        judge = Judge(self._scenario.expect, self._begun, self._lab.settings)
        stop_judging = self._stream.subscribe(judge.see, *judge.kinds)
        cancelled: asyncio.CancelledError | None = None
        try:
            self._publish("begin", label=self._scenario.title)
            self._play = asyncio.get_running_loop().create_task(self._do_steps())
            if self._interrupted:
                self._play.cancel()
            try:
                await asyncio.wait({self._play})
            except asyncio.CancelledError as error:
                cancelled = error
                self.interrupt("cancelled")
                await asyncio.wait({self._play})
            stop_judging()
            ended = self._now()
            verdicts = () if self._interrupted else self._verdicts(judge, ended)
            await self._clean_up()
            self._publish("end", detail=self._summary(verdicts))
        finally:
            stop_judging()
            self._lookout.close()
        if cancelled is not None:
            raise cancelled
        if self._defect is not None:
            raise self._defect
        return RunOutcome(
            verdicts=verdicts,
            ended=ended,
            interrupted=self._interrupted,
            interrupted_at=self._interrupted_at,
        )

    def interrupt(self, reason: str) -> None:
        """End the steps now and clean up; :meth:`run` returns when that is done.

        Args:
            reason: for people: ``SIGINT``.
        """
        if self._interrupted:
            return
        self._interrupted, self._interrupted_at = reason, self._now()
        if self._play is not None:
            self._play.cancel()

    # Steps

    async def _do_steps(self) -> None:
        loop = asyncio.get_running_loop()
        end = None if self._duration is None else loop.time() + self._duration
        limit = asyncio.timeout_at(end)
        try:
            async with limit:
                await self._until_ready()
                await self.sequence(self._scenario.steps, "steps", self._first)
                await self._actions.flushed()
        except StepFailed as failure:
            self._fail(failure)
        except Exception as error:
            self._cut = limit.expired()
            if not self._cut:
                self._defect = error
                self._fail(StepFailed(f"{type(error).__name__}: {error}", label=self._doing))
        else:
            if end is not None:
                self._publish("waiting", label="steps done, wait for the end", until=self._ends)
                await asyncio.sleep(end - loop.time())

    def _fail(self, failure: StepFailed) -> None:
        self._failure = failure
        self._publish("failed", failure.path, failure.label, detail=str(failure))

    async def _until_ready(self) -> None:
        """Wait until what the scenario is about is there.

        Its charge points must be accepted, and the modules of its connectors must report.
        """
        label = "wait for the lab"
        self._publish("waiting", label=label, until=self._now() + READY_WITHIN)
        for place in self._places():
            who = await self._missing(place)
            if who:
                why = self._actions.at(place).stand.charge_point.connection.trouble
                told = f"{who} after {seconds(READY_WITHIN)}" + f": {why}" * bool(why)
                raise StepFailed(told, label=label)
        self._ends = self._now() + self._longest if self._duration is None else self._ends

    def _places(self) -> Iterator[Place]:
        """Where the scenario acts and looks, the first place first, each once."""
        scenario, first = self._scenario, self._first
        steps = (*every_step(scenario.steps, "", first), *every_step(scenario.cleanup, "", first))
        looks = (first.of(each) for each in scenario.expect)
        places = (first, *(place for _, _, place in steps), *looks)
        yield from {(each.station, each.connector): each for each in places}.values()

    async def _missing(self, place: Place) -> str:
        """What is not there in time, for people; empty when everything is."""
        actions = self._actions.at(place)
        station, module = actions.stand.charge_point, actions.outlet.module
        if not await until(self._stream, lambda: station.accepted, READY_WITHIN):
            return f"{place.station} is not accepted by the central system"

        def is_from_module(event: Event) -> bool:
            return (
                isinstance(event, CanFrame)
                and not event.error
                and (event.station, event.node) == (place.station, module.name)
            )

        if await first_event(self._stream, is_from_module, READY_WITHIN) is None:
            return f"the charger {module.name} of {place.station} does not report"
        return ""

    async def sequence(
        self, steps: Sequence[Step], path: str, place: Place, detail: str = ""
    ) -> None:
        """Do steps one after the other.

        Args:
            path: of the list in the file.
            place: where those act that name none.
            detail: goes into the state of each step.
        """
        since = self._stream.last_seq
        for index, step in enumerate(steps):
            if path == "steps":
                self._step = index + 1
            since = await self._do(step, f"{path}[{index}]", place.of(step), since, detail)

    async def _do(self, step: Step, path: str, place: Place, since: int, detail: str = "") -> int:
        """Do one step.

        Args:
            since: sequence number from which on calls count for a ``wait_for``.

        Returns:
            The same for the next step: what a short step has caused while it was being done
            counts, what went by while another step waited does not.
        """
        before = self._stream.last_seq
        actions = self._actions.at(place)
        told = place.told(self._lab.settings)
        label = told.words() + step.words()
        self._doing = f"{path}: {label}"
        until = self._until(step)
        state = self._publish("step", path, label, until=until, detail=detail, told=told)
        context = StepContext(
            lab=self._lab,
            place=place,
            actions=actions,
            lookout=self._lookout,
            sequencer=self,
            step=step,
            path=path,
            label=label,
            since=since,
        )
        acting = actions.acting(label) if step.acts else nullcontext()
        try:
            with caused_by(state.seq), acting:
                counts_from = await step.run(context)
        except StepFailed as failure:
            if failure.path:
                raise
            raise StepFailed(str(failure), path, label) from None
        return before if counts_from is None else counts_from

    def waits(self, context: StepContext) -> None:
        """Tell that a step waits for something that has not come yet."""
        told = context.place.told(self._lab.settings)
        until = self._until(context.step)
        self._publish("waiting", context.path, context.label, until=until, told=told)

    def _now(self) -> float:
        return self._lab.clock.now()

    def _until(self, step: Step) -> float | None:
        lasts = step.lasts()
        return None if lasts is None else self._now() + lasts

    # Afterwards

    async def _clean_up(self) -> None:
        self._step = 0
        self._actions.end_attacks()
        self._publish("cleanup", label="cleanup")
        for index, step in enumerate(self._scenario.cleanup):
            try:
                place = self._first.of(step)
                await self._do(step, f"cleanup[{index}]", place, self._stream.last_seq)
            except StepFailed as failure:
                self._actions.first.note(f"{failure.path}: {failure.label}: {failure}", "warning")
        for left in await self._actions.undo():
            self._actions.first.note(f"not cleaned up: {left}", "warning")

    def _verdicts(self, judge: Judge, ended: float) -> tuple[Verdict, ...]:
        verdicts = [self._verdict_on_the_steps(ended - self._begun)]
        expectations = zip(self._scenario.expect, judge.judge(), strict=True)
        for index, (expected, judgement) in enumerate(expectations):
            told = self._first.of(expected).told(self._lab.settings)
            verdicts.append(
                Verdict(
                    source=SOURCE,
                    scenario=self._scenario.id,
                    expectation=judgement.expectation,
                    path=f"expect[{index}]",
                    met=judgement.met,
                    found=judgement.found,
                    station=told.station,
                    connector=told.connector,
                )
            )
        return tuple(self._stream.publish(verdict) for verdict in verdicts)

    def _verdict_on_the_steps(self, ended: float) -> Verdict:
        expectation = "every step is done"
        if self._failure is not None:
            where = ": ".join(
                part
                for part in (self._failure.path, self._failure.label, str(self._failure))
                if part
            )
            met, found = False, where
        elif self._cut and self._doing:
            expectation = "no step fails before the cut"
            met, found = True, f"cut short after {ended:.1f} s, in {self._doing}"
            if left := len(self._scenario.steps) - self._step:
                found += f"; {counted(left, 'step')} not begun"
        elif self._cut:
            met, found = False, f"cut short after {ended:.1f} s, before the first"
        else:
            met, found = True, f"{counted(len(self._scenario.steps), 'step')} in {ended:.1f} s"
        return Verdict(
            source=SOURCE,
            scenario=self._scenario.id,
            expectation=expectation,
            path="steps",
            met=met,
            found=found,
        )

    def _summary(self, verdicts: Sequence[Verdict]) -> str:
        if self._interrupted:
            return f"interrupted: {self._interrupted}"
        failed = sum(not verdict.met for verdict in verdicts)
        return f"{failed} of {len(verdicts)} failed" if failed else f"all {len(verdicts)} met"

    def _publish(
        self,
        change: ScenarioChange,
        path: str = "",
        label: str = "",
        *,
        until: float | None = None,
        detail: str = "",
        told: Told = Told(UNSET, UNSET),  # noqa: B008 - it is frozen
    ) -> ScenarioState:
        return self._stream.publish(
            ScenarioState(
                source=SOURCE,
                scenario=self._scenario.id,
                change=change,
                path=path,
                step=self._step,
                steps=len(self._scenario.steps),
                label=label,
                until=until,
                ends=self._ends,
                detail=detail,
                station=told.station,
                connector=told.connector,
            )
        )
