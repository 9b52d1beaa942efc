"""Running a scenario on a lab: its steps, its verdicts, its cleanup."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal

from evtui.events import CanFrame, Event, ScenarioState, Verdict, caused_by
from evtui.lab import Lab
from evtui.scenario.actions import SOURCE, Actions
from evtui.scenario.context import StepContext
from evtui.scenario.judge import Judge
from evtui.scenario.lookout import Lookout
from evtui.scenario.narration import counted, seconds
from evtui.scenario.outcome import Outcome, StepFailed
from evtui.scenario.steps import Step
from evtui.scenario.waiting import first_event, until

if TYPE_CHECKING:
    from evtui.scenario.loader import Plan

__all__ = ["Runner"]

READY_WITHIN = 30.0
"""s for the charge point to be accepted and its module to report, before the first step."""

Change = Literal["begin", "step", "waiting", "failed", "cleanup", "end"]


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
        self._stand = lab.stands[lab.settings.id]
        self._scenario = plan.scenario
        self._longest = plan.longest
        self._duration = duration
        self._actions = Actions(lab)
        connector = self._actions.outlet.connector
        self._lookout = Lookout(lab.stream, lambda: connector.status)
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

    async def run(self) -> Outcome:
        """Do the steps, judge, clean up; whatever happens, the cleanup is done.

        Raises:
            asyncio.CancelledError: it was cancelled; the cleanup was done all the same.
            Exception: a defect ended the steps; the same.
        """
        self._begun = self._now()
        self._ends = self._begun + (self._longest if self._duration is None else self._duration)
        judge = Judge(self._scenario.expect, self._begun)
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
        return Outcome(
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
                await self.sequence(self._scenario.steps, "steps")
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
        """Wait until the charge point is accepted and its module reports."""
        label = "wait for the lab"
        station = self._stand.charge_point
        self._publish("waiting", label=label, until=self._now() + READY_WITHIN)
        if not await until(self._stream, lambda: station.accepted, READY_WITHIN):
            who = f"{self._stand.name} is not accepted by the central system"
        elif await first_event(self._stream, self._is_from_module, READY_WITHIN) is None:
            who = f"the charger module of {self._stand.name} does not report"
        else:
            self._ends = self._now() + self._longest if self._duration is None else self._ends
            return
        raise StepFailed(f"{who} after {seconds(READY_WITHIN)}", label=label)

    def _is_from_module(self, event: Event) -> bool:
        return isinstance(event, CanFrame) and (event.station, event.node) == (
            self._stand.name,
            "module",
        )

    async def sequence(self, steps: Sequence[Step], place: str, detail: str = "") -> None:
        """Do steps one after the other.

        Args:
            place: path of the list in the file.
            detail: goes into the state of each step.
        """
        since = self._stream.last_seq
        for index, step in enumerate(steps):
            if place == "steps":
                self._step = index + 1
            since = await self._do(step, f"{place}[{index}]", since, detail)

    async def _do(self, step: Step, path: str, since: int, detail: str = "") -> int:
        """Do one step.

        Args:
            since: sequence number from which on calls count for a ``wait_for``.

        Returns:
            The same for the next step: what a short step has caused while it was being done
            counts, what went by while another step waited does not.
        """
        before = self._stream.last_seq
        label = step.words()
        self._doing = f"{path}: {label}"
        state = self._publish("step", path, label, until=self._until(step), detail=detail)
        context = StepContext(
            lab=self._lab,
            actions=self._actions,
            lookout=self._lookout,
            sequencer=self,
            step=step,
            path=path,
            label=label,
            since=since,
        )
        acting = self._actions.acting(label) if step.acts else nullcontext()
        try:
            with caused_by(state.seq), acting:
                counts_from = await step.run(context)
        except StepFailed as failure:
            if failure.path:
                raise
            raise StepFailed(str(failure), path, label) from None
        return before if counts_from is None else counts_from

    def waits(self, path: str, step: Step, label: str) -> None:
        """Tell that a step waits for something that has not come yet."""
        self._publish("waiting", path, label, until=self._until(step))

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
                await self._do(step, f"cleanup[{index}]", self._stream.last_seq)
            except StepFailed as failure:
                self._actions.note(f"{failure.path}: {failure.label}: {failure}", "warning")
        for left in await self._actions.undo():
            self._actions.note(f"not cleaned up: {left}", "warning")

    def _verdicts(self, judge: Judge, ended: float) -> tuple[Verdict, ...]:
        verdicts = [self._verdict_on_the_steps(ended - self._begun)]
        for index, judgement in enumerate(judge.judge()):
            verdicts.append(
                Verdict(
                    source=SOURCE,
                    scenario=self._scenario.id,
                    expectation=judgement.expectation,
                    path=f"expect[{index}]",
                    met=judgement.met,
                    found=judgement.found,
                )
            )
        return tuple(self._stream.publish(verdict) for verdict in verdicts)

    def _verdict_on_the_steps(self, ended: float) -> Verdict:
        if self._failure is not None:
            where = ": ".join(
                part
                for part in (self._failure.path, self._failure.label, str(self._failure))
                if part
            )
            met, found = False, where
        elif self._cut and self._doing:
            met, found = True, f"cut short after {ended:.1f} s, in {self._doing}"
        elif self._cut:
            met, found = False, f"cut short after {ended:.1f} s, before the first"
        else:
            met, found = True, f"{counted(len(self._scenario.steps), 'step')} in {ended:.1f} s"
        return Verdict(
            source=SOURCE,
            scenario=self._scenario.id,
            expectation="every step is done",
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
        change: Change,
        path: str = "",
        label: str = "",
        *,
        until: float | None = None,
        detail: str = "",
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
            )
        )
