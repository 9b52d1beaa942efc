"""What a message costs is bounded, whatever a peer sends."""

from __future__ import annotations

import asyncio
import time

import pytest

from evtui.ocpp16.validation import check
from evtui.ocppj.framing import parse
from evtui.ocppj.memory import memory_pair
from evtui.ocppj.tap import RAW_TEXT_KEPT
from tests.ocpp16.rig import Rig, reading
from tests.virtual_loop import run_virtual

BLOAT = ",".join(["[]"] * 340_000)
MANY = ",".join(["{}"] * 30_000)


async def told(text: str) -> tuple[Rig, list[object]]:
    """What is published of a text, and what is answered."""
    rig = Rig()
    ours, theirs = memory_pair()
    answers: list[object] = []
    link = rig.link(ours, supports=frozenset({"MeterValues"}))
    async with reading(link):
        await theirs.send(text)
        await theirs.send('[2,"last","Fly",{}]')
        while not answers or '"last"' not in str(answers[-1]):
            answers.append(await theirs.recv())
    return rig, answers


@pytest.mark.parametrize(
    ("text", "kind", "answer"),
    [
        (f'[2,"7","MeterValues",{{"connectorId":1,"meterValue":[{BLOAT}]}}]', "invalid", "7"),
        (f'[2,"7","MeterValues",{{"connectorId":1,"meterValue":[{MANY}]}}]', "call", "7"),
        (f'[2,"7","Fly",{{"data":"{"x" * 1_000_000}"}}]', "call", "7"),
        (f'[2,"7","{"F" * 1_000_000}",{{}}]', "call", "7"),
        ("x" * 1_000_000, "invalid", "-1"),
    ],
    ids=["bloated", "against its schema", "no such action", "long action", "no JSON"],
)
def test_of_what_is_refused_the_beginning_is_kept(text: str, kind: str, answer: str) -> None:
    rig, answers = run_virtual(told(text))
    first = rig.messages(phase="delivered")[0]
    assert first.kind == kind
    assert first.payload is None
    assert first.text == text[:RAW_TEXT_KEPT]
    assert len(first.action) <= RAW_TEXT_KEPT
    assert str(answers[0]).startswith(f'[4,"{answer}",')
    assert len(str(answers[0])) < 1_000


def test_a_short_message_that_is_refused_is_kept_as_a_whole() -> None:
    rig, _ = run_virtual(told('[2,"7","Fly",{"to":"the moon"}]'))
    first = rig.messages(phase="delivered")[0]
    assert (first.payload, first.text) == ({"to": "the moon"}, "")


def test_an_answer_against_its_schema_is_kept_as_its_beginning() -> None:
    async def main() -> Rig:
        rig = Rig()
        ours, theirs = memory_pair()
        link = rig.link(ours)
        async with reading(link):
            call = asyncio.create_task(link.call("Reset", {"type": "Soft"}))
            asked = parse(str(await theirs.recv()))
            await theirs.send(f'[3,"{asked.uid}",{{"status":[{MANY}]}}]')
            await asyncio.gather(call, return_exceptions=True)
        return rig

    result = run_virtual(main()).messages(kind="result")[0]
    assert result.payload is None
    assert result.text.startswith('[3,"run-1",{"status":[{},')
    assert len(result.text) == RAW_TEXT_KEPT
    assert result.error == "TypeConstraintViolation"


@pytest.mark.parametrize("unit", ["[]", "{}", "0", '{"":0}', "null"])
def test_a_payload_that_breaks_its_schema_in_ten_thousand_places_is_refused_at_once(
    unit: str,
) -> None:
    check("MeterValues", "call", {})  # the first one reads the schemas
    payload = parse(f'[2,"7","M",{{"connectorId":1,"meterValue":[{",".join([unit] * 45_000)}]}}]')
    begun = time.thread_time()
    assert check("MeterValues", "call", payload.payload) is not None
    assert time.thread_time() - begun < 0.5  # it took 1.5 s when each place was listed
