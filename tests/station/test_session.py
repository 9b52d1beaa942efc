from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from evtui.events import Note, current_cause
from evtui.ocppj.answering import Refusal, Then
from evtui.ocppj.link import LinkClosed
from evtui.station.link.answers import OperationAnswers, StationOperations
from evtui.station.link.session import CentralSystemSession
from tests.ocpp16.rig import Rig, serving, until
from tests.ocppj.memory import pair
from tests.virtual_loop import run_virtual


class Pieces:
    """Pieces of a charge point that go wrong in every way they can.

    Attributes:
        done: what has followed an answer.
    """

    def __init__(self) -> None:
        self.done: list[str] = []

    def reset(self, *, hard: bool, then: Then) -> str:
        then(lambda: self.done.append("Hard" if hard else "Soft"))
        return "Accepted"

    def clear_cache(self) -> str:
        raise ZeroDivisionError("handler bug")

    def stop(self, transaction_id: int, then: Then) -> str:
        then(lambda: self.done.append("stopped"))
        raise Refusal("SecurityError", f"transaction {transaction_id} is not yours")

    def start(self, id_tag: str, connector: object, profile: object, then: Then) -> str:
        then(lambda: self.done.append("started"))
        return "Perhaps"

    def request(self, message: str, connector: object, then: Then) -> str:
        then(lambda: 1 // 0)
        then(lambda: self.done.append(f"cause {current_cause()}"))
        return "Accepted"


class Bench(Rig):
    """A station's end of a link, and the bare far end."""

    def __init__(self) -> None:
        super().__init__()
        transport, self.far = pair()
        self.pieces = pieces = Pieces()
        answers = OperationAnswers(
            cast(
                StationOperations,
                SimpleNamespace(
                    reboots=pieces,
                    authorizer=pieces,
                    remote_control=pieces,
                    triggers=pieces,
                    diagnostics=SimpleNamespace(request=lambda payload: None),
                ),
            )
        )
        self.near = self.link(transport, "charge_point", supports=answers.actions)
        self.station = CentralSystemSession(self.near, answers, self.stream, "CP1")

    async def ask(self, action: str, payload: dict[str, Any] | None = None) -> list[Any]:
        """Call the station and return the message it answers with."""
        await self.far.send(json.dumps([2, action, action, payload or {}]))
        answer: list[Any] = json.loads(await self.far.recv())
        return answer

    def notes(self) -> list[str]:
        return [note.text for note in self.of(Note)]


def test_what_follows_comes_after_the_answer() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.far.reads.clear()
        async with serving(bench.station):
            await bench.far.send('[2,"a","Reset",{"type":"Hard"}]')
            await until(lambda: bench.messages(phase="sent"))
            assert bench.pieces.done == []
            bench.far.reads.set()
            assert json.loads(await bench.far.recv()) == [3, "a", {"status": "Accepted"}]
            await until(lambda: bench.pieces.done == ["Hard"])
        assert bench.log() == ["delivered call Reset", "sent result Reset"]

    run_virtual(scenario())


def test_a_defect_is_an_internal_error_and_a_note_and_the_connection_lives_on() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with serving(bench.station):
            answer = await bench.ask("ClearCache")
            assert answer == [4, "ClearCache", "InternalError", "ZeroDivisionError", {}]
            assert (await bench.ask("Reset", {"type": "Soft"}))[0] == 3
            await until(lambda: bench.pieces.done)
        assert bench.pieces.done == ["Soft"]
        [note] = bench.of(Note)
        assert (note.level, note.source, note.station) == ("error", "CP1", "CP1")
        assert "ClearCache could not be answered" in note.text
        assert "handler bug" in note.text
        assert note.cause == bench.messages()[0].seq
        assert bench.log()[:2] == [
            "delivered call ClearCache",
            "sent error ClearCache InternalError",
        ]

    run_virtual(scenario())


def test_a_refusal_is_an_error_that_nothing_follows() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with serving(bench.station):
            answer = await bench.ask("RemoteStopTransaction", {"transactionId": 3})
        assert answer[:4] == [
            4,
            "RemoteStopTransaction",
            "SecurityError",
            "transaction 3 is not yours",
        ]
        assert bench.log()[1] == "sent error RemoteStopTransaction SecurityError"
        assert bench.notes() == []
        assert bench.pieces.done == []

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("RemoteStartTransaction", {"idTag": "TAG"}),
        ("GetDiagnostics", {"location": "ftp://files.example/logs"}),
    ],
)
def test_an_answer_that_makes_no_sense_is_an_internal_error_that_nothing_follows(
    action: str, payload: dict[str, Any]
) -> None:
    async def scenario() -> None:
        bench = Bench()
        async with serving(bench.station):
            assert (await bench.ask(action, payload))[2] == "InternalError"
            assert (await bench.ask("Reset", {"type": "Soft"}))[0] == 3
            await until(lambda: bench.pieces.done)
        assert bench.pieces.done == ["Soft"]
        assert bench.log()[1] == f"sent error {action} InternalError"

    run_virtual(scenario())


def test_what_follows_an_answer_may_fail_without_harm_and_knows_its_cause() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with serving(bench.station):
            answer = await bench.ask("TriggerMessage", {"requestedMessage": "Heartbeat"})
            assert answer[2] == {"status": "Accepted"}
            await until(lambda: bench.pieces.done)
        assert bench.pieces.done == [f"cause {bench.messages()[0].seq}"]
        [note] = bench.notes()
        assert "what follows TriggerMessage failed: ZeroDivisionError" in note

    run_virtual(scenario())


def test_calls_that_come_at_once_are_answered_in_order() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with serving(bench.station):
            for number in range(20):
                await bench.far.send(json.dumps([2, f"{number}", "Reset", {"type": "Soft"}]))
            answers = [json.loads(await bench.far.recv())[1] for _ in range(20)]
        assert answers == [f"{number}" for number in range(20)]
        assert bench.log() == ["delivered call Reset", "sent result Reset"] * 20

    run_virtual(scenario())


def test_serving_ends_with_the_reason_of_the_close() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with serving(bench.station) as task:
            await bench.far.close(1001, "bye")
            with pytest.raises(LinkClosed, match="closed by peer with 1001: bye") as gone:
                await task
        assert gone.value.code == 1001
        assert bench.near.closed == "closed by peer with 1001: bye"
        assert bench.events == []

    run_virtual(scenario())
