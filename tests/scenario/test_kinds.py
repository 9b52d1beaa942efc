"""A kind of step or expectation is one class: everything there is of it follows from that."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from msgspec import Meta

from evtui.config import Settings
from evtui.docs.build import MADE
from evtui.events import Event, Mark
from evtui.scenario.expectations import EXPECTATIONS, Expectation, Observer
from evtui.scenario.language.checking import Check
from evtui.scenario.language.kinds import Registry
from evtui.scenario.language.model import Duration, Prose, Steps
from evtui.scenario.language.schema import json_schema
from evtui.scenario.run.context import StepContext
from evtui.scenario.steps import STEPS, Step
from tests.scenario.files import minimal, mistake_in, plan_of
from tests.scenario.stage import play_steps

MORE = "expect: [{marks: 2}]\n"
STEP = "[{blink: 3s, times: 2, do: [{note: dark}]}]"


class Blink(Step, frozen=True, kw_only=True):
    """Mark the moment now and again."""

    example = "{blink: 3s, times: 2, do: [{note: dark}]}"

    blink: Annotated[Duration, Meta(description="between two marks.")]
    do: Annotated[Steps, Meta(description="after each.")]
    times: Annotated[int, Meta(description="how many marks.")] = 1
    say: Prose = "blink"

    def words(self) -> str:
        return f"blink {self.times} times"

    def check(self, check: Check) -> None:
        if self.times > 9:
            check.add("times", "expected at most 9, or nobody can count them")

    def turns(self) -> int:
        return self.times

    def longest(self, settings: Settings) -> float:
        return self.times * self.blink

    async def run(self, context: StepContext) -> None:
        for _ in range(self.times):
            context.stream.publish(Mark(station=context.stand.name, text=self.say))
            await context.sequence(self.do, "do")
            await asyncio.sleep(self.blink)


class Marks(Expectation, frozen=True, kw_only=True):
    """That many marks are set."""

    example = "marks: 2"

    marks: Annotated[int, Meta(description="how many.")]

    def words(self) -> str:
        return f"{self.marks} marks"

    def observer(self) -> Observer:
        return Counting(self.marks)


class Counting(Observer):
    reads = (Mark,)

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.seen = 0

    def see(self, event: Event, t: float) -> None:
        self.seen += 1

    def judge(self) -> tuple[bool, str]:
        return self.seen == self.wanted, f"{self.seen} seen"


@pytest.fixture(autouse=True)
def _added() -> Iterator[None]:
    STEPS.add(Blink)
    EXPECTATIONS.add(Marks)
    yield
    STEPS.remove("blink")
    EXPECTATIONS.remove("marks")


def test_it_is_decoded_and_checked(tmp_path: Path) -> None:
    plan = plan_of(minimal(STEP, MORE), tmp_path)
    (step,) = plan.scenario.steps
    assert isinstance(step, Blink)
    assert (step.blink, [type(each).__name__ for each in step.do]) == (3.0, ["NoteStep"])
    assert plan.scenario.expect == [Marks(marks=2)]
    assert "steps[0].times: expected at most 9" in mistake_in(
        minimal(STEP.replace("times: 2", "times: 10")), tmp_path
    )
    assert 'no step "blnk: 2s"; did you mean blink?' in mistake_in(
        minimal("['blnk: 2s']"), tmp_path
    )


def test_an_input_s_number_is_text_where_only_people_read_it(tmp_path: Path) -> None:
    step = STEP.replace("times: 2", "times: '${n}', say: '${n}'")
    (step,) = plan_of(
        minimal(step, "inputs: {n: {type: int, default: 4}}\n"), tmp_path
    ).scenario.steps
    assert (step.times, step.say) == (4, "4")


def test_it_is_measured(tmp_path: Path) -> None:
    assert plan_of(minimal(STEP), tmp_path).longest == 6.0


def test_it_is_told_and_done_and_judged(tmp_path: Path) -> None:
    played = play_steps(STEP, tmp_path, MORE)
    assert played.outcome is not None
    assert [(each.expectation, each.found) for each in played.outcome.verdicts] == [
        ("every step is done", "1 step in 6.1 s"),
        ("2 marks", "2 seen"),
    ]
    assert played.outcome.met
    assert played.notes.count("dark") == 2
    assert ("step", "steps[0].do[0]") in played.states


def test_it_is_in_the_json_schema_with_what_its_keys_mean() -> None:
    definitions = json_schema()["$defs"]
    assert {"$ref": "#/$defs/Blink"} in definitions["Step"]["anyOf"]
    assert {"$ref": "#/$defs/Marks"} in definitions["Expectation"]["anyOf"]
    blink = definitions["Blink"]
    assert blink["description"] == "Mark the moment now and again."
    assert blink["properties"]["times"]["description"] == "how many marks."
    assert blink["properties"]["do"]["items"] == {"$ref": "#/$defs/Step"}


def test_it_is_in_the_tables_of_the_documentation() -> None:
    assert "| `{blink: 3s, times: 2, do: [{note: dark}]}` | Mark the moment" in MADE["steps"]()
    assert "| … `times` | how many marks |" in MADE["steps"]()
    assert "| `marks: 2` | That many marks are set. |" in MADE["expectations"]()


def test_there_are_no_two_of_one_name() -> None:
    with pytest.raises(ValueError, match="Blink: there is a step blink already"):
        STEPS.add(Blink)


def test_one_without_what_every_kind_does_is_refused_when_it_is_declared() -> None:
    class Mute(Step, frozen=True, kw_only=True):
        mute: bool

    class Blind(Expectation, frozen=True, kw_only=True):
        blind: bool

        def words(self) -> str:
            return "blind"

    with pytest.raises(ValueError, match=r"^Mute: run, words missing$"):
        STEPS.add(Mute)  # type: ignore[type-abstract]
    with pytest.raises(ValueError, match=r"^Blind: observer missing$"):
        EXPECTATIONS.add(Blind)  # type: ignore[type-abstract]


@pytest.mark.parametrize("kinds", [STEPS, EXPECTATIONS], ids=lambda kinds: kinds.what)
def test_each_example_is_one_of_its_kind(kinds: Registry[Any], tmp_path: Path) -> None:
    examples = [kind.example for kind in kinds.values() if "end_attack" not in kind.example]
    listed = "".join(f"\n  - {example}" for example in examples)
    steps, expect = (listed, "") if kinds is STEPS else ("[plug]", f"expect: {listed}\n")
    plan = plan_of(minimal(steps, expect), tmp_path)
    found = plan.scenario.steps if kinds is STEPS else plan.scenario.expect
    assert [type(each).example for each in found] == examples
