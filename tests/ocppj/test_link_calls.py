"""Calls of ours: what :meth:`Link.call` does with each thing that can happen to them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from evtui.events import caused_by
from evtui.ocppj.limits import CALLS_WAITING_MAX
from evtui.ocppj.link import CallRefused, Link, LinkClosed, SentMessages
from evtui.violations import BreaksSchema
from tests.ocpp16.rig import NOW, Rig, reading, until
from tests.ocppj.memory import MemoryTransport, pair
from tests.virtual_loop import run_virtual


class Bench(Rig):
    """The central system's end of a link, and the bare far end."""

    def __init__(self, *, timeout: float = 30.0) -> None:
        super().__init__()
        transport, self.far = pair()
        self.near = self.link(transport, supports=frozenset(), timeout=timeout)

    async def heard(self) -> list[Any]:
        """What has come out at the far end next, decoded."""
        message: list[Any] = json.loads(await self.far.recv())
        return message

    async def answer(self, *rest: Any, kind: int = 3) -> str:
        """Answer the next call and return its id."""
        uid: str = (await self.heard())[1]
        await self.far.send(json.dumps([kind, uid, *rest]))
        return uid


def reset(link: Link) -> asyncio.Task[dict[str, Any]]:
    return asyncio.create_task(link.call("Reset", {"type": "Soft"}))


def test_a_call_brings_its_answer_and_the_log_tells_the_latency() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with reading(bench.near):
            call = reset(bench.near)
            message = await bench.heard()
            assert message[0] == 2
            assert message[2:] == ["Reset", {"type": "Soft"}]
            await asyncio.sleep(0.25)
            await bench.far.send(json.dumps([3, message[1], {"status": "Accepted"}]))
            assert await call == {"status": "Accepted"}
        sent, delivered = bench.messages()
        assert bench.log() == ["sent call Reset", "delivered result Reset"]
        assert (sent.sender, delivered.sender) == ("central_system", "charge_point")
        assert sent.latency is None
        assert delivered.latency == pytest.approx(0.25)
        assert delivered.cause == sent.seq
        assert delivered.uid == sent.uid == message[1]

    run_virtual(scenario())


def test_both_ends_publish_a_message_under_one_key_and_delivery_is_caused_by_sending() -> None:
    async def scenario() -> None:
        rig = Rig()
        one, other = pair()
        central = rig.link(one, "central_system")
        station = rig.link(other, "charge_point")
        async with reading(station):
            call = asyncio.create_task(station.call("Heartbeat", {}))
            incoming = await central.receive()
            assert await central.answer(incoming, {"currentTime": NOW})
            await call
        told, heard, answered, back = rig.messages()
        assert rig.log() == [
            "sent call Heartbeat",
            "delivered call Heartbeat",
            "sent result Heartbeat",
            "delivered result Heartbeat",
        ]
        for sent, delivered in ((told, heard), (answered, back)):
            assert (sent.station, sent.sender, sent.kind, sent.uid) == (
                delivered.station,
                delivered.sender,
                delivered.kind,
                delivered.uid,
            )
            assert delivered.cause == sent.seq
        assert answered.cause == heard.seq
        assert (told.source, heard.source) == ("CP1", "csms")

    run_virtual(scenario())


def test_what_is_being_handled_is_the_cause_of_a_call() -> None:
    async def scenario() -> None:
        bench = Bench()
        with caused_by(77):
            call = reset(bench.near)
        async with reading(bench.near):
            await bench.answer({"status": "Accepted"})
            await call
        assert bench.messages(phase="sent")[0].cause == 77

    run_virtual(scenario())


def test_an_error_refuses_the_call_with_its_code() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with reading(bench.near):
            call = reset(bench.near)
            await bench.answer("NotSupported", "no such thing", {}, kind=4)
            with pytest.raises(CallRefused, match="NotSupported: no such thing") as refused:
                await call
            assert refused.value.code == "NotSupported"
        assert bench.log() == ["sent call Reset", "delivered error Reset NotSupported"]

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"status": "Perhaps"}, "PropertyConstraintViolation"),
        ({}, "OccurenceConstraintViolation"),
        ({"status": 1}, "TypeConstraintViolation"),
        ({"status": "Perhaps", "x": 1}, "PropertyConstraintViolation"),
        ([], "FormationViolation"),
        ("Accepted", "FormationViolation"),
    ],
)
def test_a_result_against_the_schema_refuses_the_call_and_is_logged_once(
    payload: Any, code: str
) -> None:
    async def scenario() -> None:
        bench = Bench()
        async with reading(bench.near):
            call = reset(bench.near)
            await bench.answer(payload)
            with pytest.raises(CallRefused) as refused:
                await call
            assert refused.value.code == code
        assert bench.log() == ["sent call Reset", f"delivered result Reset {code}"]

    run_virtual(scenario())


@pytest.mark.parametrize(
    "answer", ['[3,"{uid}"]', '[4,"{uid}"]', '[4,"{uid}","","",{{}}]', '[3,"{uid}",{{}},{{}}]']
)
def test_an_answer_without_form_refuses_the_call_and_is_not_answered(answer: str) -> None:
    async def scenario() -> None:
        bench = Bench()
        async with reading(bench.near):
            call = reset(bench.near)
            uid = (await bench.heard())[1]
            await bench.far.send(answer.format(uid=uid))
            with pytest.raises(CallRefused) as refused:
                await call
            assert refused.value.code == "FormationViolation"
        assert bench.log() == ["sent call Reset", "delivered invalid FormationViolation"]

    run_virtual(scenario())


def test_without_an_answer_a_call_ends_after_its_timeout() -> None:
    async def scenario() -> None:
        bench = Bench(timeout=12)
        async with reading(bench.near):
            with pytest.raises(TimeoutError, match="Reset got no answer in 12 s"):
                await reset(bench.near)
        assert asyncio.get_running_loop().time() == pytest.approx(12)
        assert bench.log() == ["sent call Reset"]

    run_virtual(scenario())


def test_a_peer_that_reads_nothing_cannot_hold_a_call_longer_than_its_timeout() -> None:
    async def scenario() -> None:
        bench = Bench(timeout=12)
        bench.far.reads.clear()
        with pytest.raises(TimeoutError, match="Reset got no answer"):
            await reset(bench.near)
        assert asyncio.get_running_loop().time() == pytest.approx(12)
        assert bench.log() == ["sent call Reset"]

    run_virtual(scenario())


def test_a_late_answer_is_logged_as_that_calls_answer_and_harms_nothing() -> None:
    async def scenario() -> None:
        bench = Bench(timeout=10)
        async with reading(bench.near):
            first = reset(bench.near)
            late = (await bench.heard())[1]
            with pytest.raises(TimeoutError):
                await first
            second = reset(bench.near)
            uid = (await bench.heard())[1]
            await asyncio.sleep(2)
            await bench.far.send(json.dumps([3, late, {"status": "Rejected"}]))
            await bench.far.send(json.dumps([3, uid, {"status": "Accepted"}]))
            assert await second == {"status": "Accepted"}
        call, _, answer, _ = bench.messages()
        assert bench.log()[2] == "delivered result Reset"
        assert (answer.uid, answer.cause) == (late, call.seq)
        assert answer.latency == pytest.approx(12)

    run_virtual(scenario())


def test_a_call_given_up_by_its_caller_holds_the_turn_until_it_is_answered() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with reading(bench.near):
            first = reset(bench.near)
            given_up = (await bench.heard())[1]
            first.cancel()
            second = reset(bench.near)
            await asyncio.wait((first,))
            assert first.cancelled()
            assert asyncio.get_running_loop().time() == 0  # told at once
            await asyncio.sleep(10)
            assert bench.log() == ["sent call Reset"]
            await bench.far.send(json.dumps([3, given_up, {"status": "Rejected"}]))
            await bench.answer({"status": "Accepted"})
            assert await second == {"status": "Accepted"}
        assert bench.log() == ["sent call Reset", "delivered result Reset"] * 2
        assert bench.messages()[1].uid == given_up

    run_virtual(scenario())


def test_a_call_given_up_and_never_answered_holds_the_turn_until_its_timeout() -> None:
    async def scenario() -> None:
        bench = Bench(timeout=12)
        async with reading(bench.near):
            first = reset(bench.near)
            await until(lambda: bench.messages())
            first.cancel()
            second = reset(bench.near)
            late = (await bench.heard())[1]
            await bench.answer({"status": "Accepted"})
            assert await second == {"status": "Accepted"}
            assert asyncio.get_running_loop().time() == pytest.approx(12)
            await bench.far.send(json.dumps([3, late, {"status": "Accepted"}]))
            await until(lambda: len(bench.messages()) == 4)
        assert bench.messages()[3].uid == late
        assert bench.log()[3] == "delivered result Reset"

    run_virtual(scenario())


@pytest.mark.parametrize("caller", ["waits", "has gone"])
def test_a_connection_that_goes_ends_the_turn_of_a_call_given_up(caller: str) -> None:
    async def scenario() -> None:
        bench = Bench()
        async with reading(bench.near):
            first = reset(bench.near)
            await until(lambda: bench.messages())
            second = reset(bench.near)
            if caller == "has gone":
                first.cancel()
            await bench.far.close(1001, "going away")
            with pytest.raises(LinkClosed, match="going away"):
                await second
            await asyncio.wait((first,))
        assert asyncio.get_running_loop().time() < 0.1

    run_virtual(scenario())


def test_a_call_that_is_cancelled_while_it_waits_for_its_turn_is_never_sent() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with reading(bench.near):
            first, second = reset(bench.near), reset(bench.near)
            await until(lambda: bench.messages())
            second.cancel()
            third = reset(bench.near)
            for _ in range(2):
                await bench.answer({"status": "Accepted"})
            assert await first == await third == {"status": "Accepted"}
        assert bench.log() == ["sent call Reset", "delivered result Reset"] * 2

    run_virtual(scenario())


def test_more_calls_than_may_wait_are_refused_unsent() -> None:
    async def scenario() -> None:
        bench = Bench()
        calls = [reset(bench.near) for _ in range(CALLS_WAITING_MAX + 1)]
        await until(lambda: bench.messages())
        with pytest.raises(CallRefused, match="1000 calls wait already") as refused:
            await bench.near.call("Reset", {"type": "Soft"})
        assert refused.value.code == "TooManyCalls"
        assert bench.log() == ["sent call Reset"]
        bench.near.fail("over")
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(one, LinkClosed) for one in done)

    run_virtual(scenario())


def test_an_answer_that_comes_as_its_caller_gives_up_is_that_calls_answer() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with reading(bench.near):
            first = reset(bench.near)
            uid = (await bench.heard())[1]
            await bench.far.send(json.dumps([3, uid, {"status": "Accepted"}]))
            first.cancel()  # before the reader has looked
            await until(lambda: len(bench.messages()) == 2)
        assert bench.log()[1] == "delivered result Reset"
        assert bench.messages()[1].uid == uid

    run_virtual(scenario())


def test_a_call_given_up_while_it_is_being_sent_holds_the_turn_until_its_timeout() -> None:
    async def scenario() -> None:
        bench = Bench(timeout=12)
        bench.far.reads.clear()
        async with reading(bench.near):
            first = reset(bench.near)
            await until(lambda: bench.messages())
            first.cancel()
            await asyncio.wait((first,))
            bench.far.reads.set()
            second = reset(bench.near)
            await bench.answer({"status": "Accepted"})
            assert await second == {"status": "Accepted"}
        assert first.cancelled()
        assert asyncio.get_running_loop().time() == pytest.approx(12)
        assert bench.log() == ["sent call Reset", "sent call Reset", "delivered result Reset"]

    run_virtual(scenario())


def test_only_a_hundred_calls_given_up_are_remembered() -> None:
    async def scenario() -> None:
        bench = Bench(timeout=1)
        async with reading(bench.near):
            for _ in range(101):
                with pytest.raises(TimeoutError):
                    await reset(bench.near)
            oldest = (await bench.heard())[1]
            second = (await bench.heard())[1]
            for uid in (oldest, second):
                await bench.far.send(json.dumps([3, uid, {"status": "Accepted"}]))
            await until(lambda: len(bench.messages(phase="delivered")) == 2)
        assert bench.log()[101:] == [
            "delivered invalid answer to nothing",
            "delivered result Reset",
        ]

    run_virtual(scenario())


def test_an_answer_to_nothing_is_logged_and_harms_nothing() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with reading(bench.near):
            await bench.far.send('[3,"stray",{}]')
            call = reset(bench.near)
            uid = await bench.answer({"status": "Accepted"})
            await bench.far.send(json.dumps([3, uid, {"status": "Rejected"}]))
            assert await call == {"status": "Accepted"}
            await until(lambda: len(bench.messages(kind="invalid")) == 2)
        stray, again = bench.messages(kind="invalid")
        assert (stray.uid, stray.error, stray.text) == (
            "stray",
            "answer to nothing",
            '[3,"stray",{}]',
        )
        assert again.uid == uid

    run_virtual(scenario())


@pytest.mark.parametrize("who", ["near", "far"])
def test_closing_wakes_a_waiting_call_at_once(who: str) -> None:
    async def scenario() -> None:
        bench = Bench()
        async with reading(bench.near):
            call = reset(bench.near)
            queued = reset(bench.near)
            await until(lambda: bench.messages())
            closer: Link | MemoryTransport = bench.near if who == "near" else bench.far
            await closer.close(1001, "going away")
            for waiting in (call, queued):
                with pytest.raises(LinkClosed, match="going away"):
                    await waiting
            with pytest.raises(LinkClosed, match="going away"):
                await bench.near.call("Reset", {"type": "Soft"})
        assert "going away" in (bench.near.closed or "")
        assert asyncio.get_running_loop().time() < 0.1
        assert bench.log() == ["sent call Reset"]

    run_virtual(scenario())


def test_one_call_is_in_flight_at_a_time() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with reading(bench.near):
            calls = [reset(bench.near) for _ in range(3)]
            for number in range(3):
                await until(lambda: len(bench.messages(phase="sent")) > number)  # noqa: B023
                await asyncio.sleep(1)
                assert len(bench.messages(phase="sent")) == number + 1
                await bench.answer({"status": "Accepted"})
            assert await asyncio.gather(*calls) == [{"status": "Accepted"}] * 3
        assert bench.log() == ["sent call Reset", "delivered result Reset"] * 3
        assert len({message.uid for message in bench.messages(phase="sent")}) == 3

    run_virtual(scenario())


def test_a_call_of_theirs_is_taken_while_one_of_ours_waits() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with reading(bench.near):
            call = reset(bench.near)
            uid = (await bench.heard())[1]
            await bench.far.send('[2,"t1","Heartbeat",{}]')
            assert (await bench.heard())[:3] == [4, "t1", "NotSupported"]
            await bench.far.send(json.dumps([3, uid, {"status": "Accepted"}]))
            assert await call == {"status": "Accepted"}
        assert bench.log()[1:3] == [
            "delivered call Heartbeat",
            "sent error Heartbeat NotSupported",
        ]

    run_virtual(scenario())


@pytest.mark.parametrize(
    "payload",
    [{}, {"type": "Gently"}, {"type": "Soft", "x": 1}, {"type": "\ud800"}, {"type": float("nan")}],
    ids=["missing", "enum", "additional", "surrogate", "nan"],
)
def test_a_payload_of_ours_against_the_schema_is_a_value_error_and_sends_nothing(
    payload: dict[str, Any],
) -> None:
    async def scenario() -> None:
        bench = Bench()
        with pytest.raises(BreaksSchema, match="breaks its schema") as refused:
            await bench.near.call("Reset", payload)
        assert refused.value.violation.kind == "withheld"
        assert bench.events == []
        assert bench.near.closed is None

    run_virtual(scenario())


def test_message_ids_differ_over_all_connections_of_a_run_and_fit_the_standard() -> None:
    async def scenario() -> list[str]:
        rig = Rig()
        return [rig.ids.next() for _ in range(1000)]

    ids = run_virtual(scenario())
    assert len(set(ids)) == 1000
    assert max(map(len, ids)) <= 36


def test_sent_messages_that_nobody_claims_push_each_other_out() -> None:
    async def scenario() -> None:
        bench = Bench()
        sent = SentMessages(capacity=2)
        async with reading(bench.near):
            for _ in range(3):
                call = reset(bench.near)
                await bench.answer({"status": "Accepted"})
                await call
        messages = bench.messages(phase="sent")
        for message in messages:
            sent.note(message)
        claimed = [sent.claim("CP1", "central_system", "call", one.uid) for one in messages]
        assert claimed == [None, messages[1].seq, messages[2].seq]
        assert sent.claim("CP1", "central_system", "call", messages[1].uid) is None

    run_virtual(scenario())
