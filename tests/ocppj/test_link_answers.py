"""What comes in: each broken text gets the answer the standard asks for, and one log row."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evtui.ocppj.link import IncomingCall, LinkClosed
from evtui.violations import BLAMING
from tests.ocpp16.rig import NOW, Rig, reading, until
from tests.ocppj.memory import pair
from tests.virtual_loop import run_virtual

HEARTBEAT = '[2,"ok","Heartbeat",{}]'


class Bench(Rig):
    """The central system's end of a link, which handles Heartbeat and Reset, and the far end."""

    def __init__(self) -> None:
        super().__init__()
        transport, self.far = pair()
        self.near = self.link(transport, supports=frozenset({"Heartbeat", "Reset"}))

    async def say(self, text: str) -> IncomingCall:
        """Send ``text`` and a good call after it; what the near end takes first."""
        await self.far.send(text)
        await self.far.send(HEARTBEAT)
        return await self.near.receive()

    async def heard(self) -> list[Any]:
        """What has come out at the far end next, decoded."""
        message: list[Any] = json.loads(await self.far.recv())
        return message


@pytest.mark.parametrize(
    ("text", "uid", "code"),
    [
        ('[2,"a","Fly",{}]', "a", "NotImplemented"),
        ('[2,"a","heartbeat",{}]', "a", "NotImplemented"),
        ('[2,"a","HeartbeatResponse",{}]', "a", "NotImplemented"),
        ('[2,"a","../../etc/passwd",{}]', "a", "NotImplemented"),
        ('[2,"a","' + "x" * 50_000 + '",{}]', "a", "NotImplemented"),
        ('[2,"a","GetDiagnostics",{}]', "a", "NotSupported"),
        ('[2,"a","Reset",{}]', "a", "OccurenceConstraintViolation"),
        ('[2,"a","Reset",{"type":1}]', "a", "TypeConstraintViolation"),
        ('[2,"a","Reset",{"type":"Gently"}]', "a", "PropertyConstraintViolation"),
        ('[2,"a","Reset",{"type":"Soft","x":1}]', "a", "FormationViolation"),
        ('[2,"","Reset",{}]', "", "OccurenceConstraintViolation"),
        ('[2,"\\u0000\\ud83d\\ude00\\"","Reset",{}]', '\x00😀"', "OccurenceConstraintViolation"),
    ],
    ids=lambda text: text[:30],
)
def test_a_call_that_cannot_be_taken_is_refused_with_its_code(
    text: str, uid: str, code: str
) -> None:
    async def scenario() -> None:
        bench = Bench()
        taken = await bench.say(text)
        assert taken.uid == "ok"
        kind, answered, error, description, details = await bench.heard()
        assert (kind, answered, error, details) == (4, uid, code, {})
        assert 0 < len(description) <= 255
        call, refusal, good = bench.messages()
        assert (call.phase, call.kind, call.uid) == ("delivered", "call", uid)
        assert (refusal.phase, refusal.kind, refusal.error) == ("sent", "error", code)
        assert (refusal.cause, refusal.uid, refusal.action) == (call.seq, uid, call.action)
        assert refusal.latency == 0
        assert good.uid == "ok"

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("text", "uid"),
    [
        ("hello", "-1"),
        ("\ud800", "-1"),
        ('[2,"\ud800","Heartbeat",{}]', "-1"),
        ('[2,"\\ud800","Heartbeat",{}]', "-1"),
        ('[2,7,"Heartbeat",{}]', "-1"),
        ('[2,null,"Heartbeat",{}]', "-1"),
        ('[2,"' + "x" * 37 + '","Heartbeat",{}]', "x" * 37),
        ('[2,"q",{},{}]', "q"),
        ('[2,"q","Heartbeat",[]]', "q"),
        ('[2,"q","Heartbeat",{"x":' + "[" * 300 + "]" * 300 + "}]", "q"),
        ("[" * 100_000 + "]" * 100_000, "-1"),
    ],
    ids=lambda text: text.encode("ascii", "replace").decode()[:30],
)
def test_a_text_that_is_no_ocpp_is_one_row_and_one_error(text: str, uid: str) -> None:
    async def scenario() -> None:
        bench = Bench()
        assert (await bench.say(text)).uid == "ok"
        assert (await bench.heard())[:3] == [4, uid, "FormationViolation"]
        bad, refusal, _ = bench.messages()
        assert (bad.phase, bad.kind, bad.error) == ("delivered", "invalid", "FormationViolation")
        assert (bad.uid, bad.sender, bad.text) == (uid, "charge_point", text[:2000])
        assert bad.detail
        assert (refusal.kind, refusal.uid, refusal.cause) == ("error", uid, bad.seq)

    run_virtual(scenario())


@pytest.mark.parametrize("kind", ["1", "5", "9" * 400])
def test_an_unknown_message_type_is_logged_and_ignored(kind: str) -> None:
    async def scenario() -> None:
        bench = Bench()
        taken = await bench.say(f'[{kind},"a","Heartbeat",{{}}]')
        assert taken.uid == "ok"
        await bench.near.answer(taken, {"currentTime": NOW})
        assert (await bench.heard())[:2] == [3, "ok"]
        assert bench.log()[:2] == [
            "delivered invalid unknown message type",
            "delivered call Heartbeat",
        ]
        assert len(bench.messages()[0].detail) < 100

    run_virtual(scenario())


def test_a_broken_answer_that_nobody_waits_for_is_logged_and_not_answered() -> None:
    async def scenario() -> None:
        bench = Bench()
        taken = await bench.say('[4,"a"]')
        await bench.near.answer(taken, {"currentTime": NOW})
        assert (await bench.heard())[:2] == [3, "ok"]
        assert bench.log()[0] == "delivered invalid FormationViolation"

    run_virtual(scenario())


def test_a_call_is_answered_under_its_id_and_the_latency_is_that_of_handling() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.far.send('[2,"a","Heartbeat",null]')
        call = await bench.near.receive()
        assert (call.action, call.payload) == ("Heartbeat", {})
        assert await bench.near.answer(call, {"currentTime": NOW})
        assert await bench.heard() == [3, "a", {"currentTime": NOW}]
        heard, answered = bench.messages()
        assert bench.log() == ["delivered call Heartbeat", "sent result Heartbeat"]
        assert (answered.cause, call.seq) == (heard.seq, heard.seq)
        assert answered.latency == 0

    run_virtual(scenario())


@pytest.mark.parametrize("payload", [{}, {"currentTime": "now"}, {"currentTime": "\ud800"}])
def test_an_answer_of_ours_against_the_schema_goes_out_as_an_internal_error(
    payload: dict[str, Any],
) -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.far.send(HEARTBEAT)
        call = await bench.near.receive()
        assert not await bench.near.answer(call, payload)
        assert (await bench.heard())[:3] == [4, "ok", "InternalError"]
        assert bench.log() == ["delivered call Heartbeat", "sent error Heartbeat InternalError"]
        violation = bench.messages()[-1].violation
        assert violation
        assert violation.kind == "withheld"
        assert violation.code in BLAMING
        assert bench.near.closed is None

    run_virtual(scenario())


def test_a_binary_message_closes_the_connection_and_is_one_row() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.far.send(b"\x00\x01" * 5000)
        with pytest.raises(LinkClosed, match="1003"):
            await bench.near.receive()
        with pytest.raises(LinkClosed, match="1003: OCPP-J messages are text"):
            await bench.far.recv()
        [row] = bench.messages()
        assert bench.log() == ["delivered invalid binary frame"]
        assert row.text.startswith("00 01 00 01")
        assert len(row.text) == 2000

    run_virtual(scenario())


def test_the_connector_a_payload_names_is_on_the_event() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with reading(bench.near):
            for connector in ("2", '"2"', "true", "null"):
                await bench.far.send(f'[2,"a","UnlockConnector",{{"connectorId":{connector}}}]')
            await until(lambda: len(bench.messages(phase="delivered")) == 4)
        delivered = bench.messages(phase="delivered")
        assert [message.connector for message in delivered] == [2, None, None, None]

    run_virtual(scenario())
