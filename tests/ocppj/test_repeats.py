"""A call under an id that was used before: a retry is answered again, anything else refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evtui.ocppj.framing import OcppFrame
from evtui.ocppj.limits import LinkCounters
from evtui.ocppj.repeats import ANSWERS_KEPT, AnsweredCall, AnsweredCalls
from tests.ocpp16.rig import NOW, Rig
from tests.ocppj.memory import pair
from tests.virtual_loop import run_virtual


class Bench(Rig):
    """The central system's end of a link, which handles DataTransfer, and the far end."""

    def __init__(self) -> None:
        super().__init__()
        transport, self.far = pair()
        self.near = self.link(transport, supports=frozenset({"Heartbeat", "DataTransfer"}))
        self.taken: list[dict[str, Any]] = []

    async def say(self, *texts: str) -> list[list[Any]]:
        """Send ``texts`` and a Heartbeat that ends them; answers to all but the Heartbeat."""
        for text in (*texts, '[2,"end","Heartbeat",{}]'):
            await self.far.send(text)
        while (call := await self.near.receive()).uid != "end":
            self.taken.append(call.payload)
            answer = {"status": "Accepted", "data": str(len(self.taken))}
            await self.near.answer(call, answer)
        await self.near.refuse(call, "GenericError", "")
        answers = []
        while (answer := json.loads(await self.far.recv()))[1] != "end":
            answers.append(answer)
        return answers


def transfer(uid: str, data: str) -> str:
    return json.dumps([2, uid, "DataTransfer", {"vendorId": "v", "data": data}])


def test_a_retry_gets_the_same_answer_and_is_not_acted_on() -> None:
    async def scenario() -> None:
        bench = Bench()
        first, again = await bench.say(transfer("a", "x"), transfer("a", "x"))
        assert first == again == [3, "a", {"status": "Accepted", "data": "1"}]
        assert bench.taken == [{"vendorId": "v", "data": "x"}]
        assert bench.log()[:4] == [
            "delivered call DataTransfer",
            "sent result DataTransfer",
            "delivered invalid repeated message id",
            "sent result DataTransfer",
        ]
        row, answer = bench.messages()[2:4]
        assert (row.uid, row.text) == ("a", transfer("a", "x"))
        assert answer.cause == row.seq
        assert (bench.near.counters.repeated, bench.near.counters.invalid) == (1, 0)

    run_virtual(scenario())


def test_a_retry_may_be_encoded_anew() -> None:
    async def scenario() -> None:
        bench = Bench()
        again = '[2, "a", "DataTransfer", {"data": "\\u0078", "vendorId": "v"}]'
        answers = await bench.say(transfer("a", "x"), again)
        assert answers[0] == answers[1]
        assert len(bench.taken) == 1

    run_virtual(scenario())


@pytest.mark.parametrize("other", [transfer("a", "y"), '[2,"a","BootNotification",{}]'])
def test_another_call_under_a_used_id_is_refused_and_not_acted_on(other: str) -> None:
    async def scenario() -> None:
        bench = Bench()
        _, refusal = await bench.say(transfer("a", "x"), other)
        assert refusal[:3] == [4, "a", "GenericError"]
        assert "message id a was used before, for DataTransfer" in refusal[3]
        assert len(bench.taken) == 1
        row = bench.messages(kind="invalid")[0]
        assert (row.error, row.text) == ("message id used twice", other)
        assert bench.near.counters.invalid == 1

    run_virtual(scenario())


def test_what_was_refused_may_come_again_under_its_id() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.far.send(transfer("a", "x"))
        call = await bench.near.receive()
        await bench.near.refuse(call, "SecurityError", "not yet")
        await bench.far.recv()
        broken = '[2,"a","DataTransfer",{}]'
        refused, taken = await bench.say(broken, transfer("a", "x"))
        assert refused[:3] == [4, "a", "OccurenceConstraintViolation"]
        assert taken[0] == 3
        assert len(bench.taken) == 1

    run_virtual(scenario())


def test_another_connection_knows_nothing_of_the_ids_of_this_one() -> None:
    async def scenario() -> None:
        await Bench().say(transfer("a", "x"))
        bench = Bench()
        await bench.say(transfer("a", "x"))
        assert len(bench.taken) == 1

    run_virtual(scenario())


def test_the_oldest_answers_are_forgotten() -> None:
    kept = AnsweredCalls()
    for number in range(ANSWERS_KEPT + 1):
        kept.remember(str(number), AnsweredCall("Heartbeat", {}, {"currentTime": NOW}))
    assert len(kept) == ANSWERS_KEPT
    assert kept.find("0") is None
    newest = kept.find(str(ANSWERS_KEPT))
    assert newest is not None
    assert newest.is_asked_again_by(OcppFrame("call", "x", "Heartbeat", {}))


def test_a_peer_that_floods_is_held_back_and_counted_and_nothing_is_lost() -> None:
    async def scenario() -> None:
        bench = Bench()
        texts = [transfer(str(number), "x") for number in range(1_500)]
        answers = await bench.say(*texts)
        assert [answer[1] for answer in answers] == [str(number) for number in range(1_500)]
        assert bench.clock.now() == pytest.approx(501 / 500)
        counters = bench.near.counters
        assert counters.throttled == 501
        assert (counters.received, counters.sent) == (1_501, 1_501)

    run_virtual(scenario())


def test_links_can_count_on_common_counters() -> None:
    async def scenario() -> None:
        counters = LinkCounters()
        for name in ("one", "other"):
            rig = Rig()
            transport, far = pair()
            link = rig.link(transport, counters=counters)
            await far.send(f'[2,"{name}","Fly",{{}}]')
            await far.send('[2,"ok","Heartbeat",{}]')
            await link.receive()
        assert (counters.received, counters.invalid, counters.sent) == (4, 2, 2)

    run_virtual(scenario())
