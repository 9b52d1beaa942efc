from __future__ import annotations

import json
from typing import Any

import pytest
from ocpp.exceptions import SecurityError
from ocpp.v16 import call_result
from ocpp.v16.enums import Action

from evtui.events import Note, current_cause
from evtui.ocpp16.peer import Peer, on
from evtui.ocppj.link import LinkClosed
from tests.ocpp16.rig import Rig, serving, until
from tests.ocppj.memory import pair
from tests.virtual_loop import run_virtual


class Station(Peer):
    """A charge point whose handlers go wrong in every way they can."""

    done: list[str]

    @on(Action.reset)
    def on_reset(self, type: str) -> Any:  # noqa: A002  # the field's name in OCPP
        self.afterwards(lambda: self.done.append(type))
        return call_result.Reset(status="Accepted")

    @on(Action.clear_cache)
    def on_clear_cache(self) -> Any:
        self.afterwards(lambda: self.done.append("clear cache"))
        raise ZeroDivisionError("handler bug")

    @on(Action.unlock_connector)
    def on_unlock_connector(self, connector_id: int) -> Any:
        raise SecurityError(f"connector {connector_id} is not yours")

    @on(Action.get_local_list_version)
    def on_get_local_list_version(self) -> Any:
        self.afterwards(lambda: self.done.append("list version"))
        return call_result.GetLocalListVersion(list_version="many")  # type: ignore[arg-type,unused-ignore]

    @on(Action.get_diagnostics)
    def on_get_diagnostics(self, **_: Any) -> Any:
        return None

    @on(Action.trigger_message)
    def on_trigger_message(self, **_: Any) -> Any:
        self.afterwards(lambda: 1 // 0)
        self.afterwards(lambda: self.done.append(f"cause {current_cause()}"))
        return call_result.TriggerMessage(status="Accepted")


class Bench(Rig):
    """A station on a link, and the bare far end."""

    def __init__(self) -> None:
        super().__init__()
        transport, self.far = pair()
        link = self.link(transport, "charge_point", supports=Station.supported_actions())
        self.station = Station(link, self.stream, "CP1")
        self.station.done = []

    async def ask(self, action: str, payload: dict[str, Any] | None = None) -> list[Any]:
        """Call the station and return the message it answers with."""
        await self.far.send(json.dumps([2, action, action, payload or {}]))
        answer: list[Any] = json.loads(await self.far.recv())
        return answer

    def notes(self) -> list[str]:
        return [note.text for note in self.of(Note)]


def test_the_actions_with_a_handler_are_the_supported_ones() -> None:
    assert Station.supported_actions() == {
        "Reset",
        "ClearCache",
        "UnlockConnector",
        "GetLocalListVersion",
        "GetDiagnostics",
        "TriggerMessage",
    }
    assert Peer.supported_actions() == frozenset()


def test_a_handler_answers_and_what_follows_comes_after_the_answer() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.far.reads.clear()
        async with serving(bench.station):
            await bench.far.send('[2,"a","Reset",{"type":"Hard"}]')
            await until(lambda: bench.messages(phase="sent"))
            assert bench.station.done == []
            bench.far.reads.set()
            assert json.loads(await bench.far.recv()) == [3, "a", {"status": "Accepted"}]
            await until(lambda: bench.station.done == ["Hard"])
        assert bench.log() == ["delivered call Reset", "sent result Reset"]

    run_virtual(scenario())


def test_a_handler_that_fails_is_an_internal_error_and_a_note_and_the_connection_lives_on() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with serving(bench.station):
            answer = await bench.ask("ClearCache")
            assert answer == [4, "ClearCache", "InternalError", "ZeroDivisionError", {}]
            assert (await bench.ask("Reset", {"type": "Soft"}))[0] == 3
            await until(lambda: bench.station.done)
        assert bench.station.done == ["Soft"]
        [note] = bench.of(Note)
        assert (note.level, note.source, note.station) == ("error", "CP1", "CP1")
        assert "ClearCache handler failed" in note.text
        assert "handler bug" in note.text
        assert note.cause == bench.messages()[0].seq
        assert bench.log()[:2] == [
            "delivered call ClearCache",
            "sent error ClearCache InternalError",
        ]

    run_virtual(scenario())


def test_a_handler_may_refuse_with_an_ocpp_error() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with serving(bench.station):
            answer = await bench.ask("UnlockConnector", {"connectorId": 3})
        assert answer[:4] == [4, "UnlockConnector", "SecurityError", "connector 3 is not yours"]
        assert bench.log()[1] == "sent error UnlockConnector SecurityError"
        assert bench.notes() == []

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("action", "payload"),
    [("GetLocalListVersion", {}), ("GetDiagnostics", {"location": "ftp://files.example/logs"})],
)
def test_a_handler_that_returns_nonsense_is_an_internal_error_without_an_afterwards(
    action: str, payload: dict[str, Any]
) -> None:
    async def scenario() -> None:
        bench = Bench()
        async with serving(bench.station):
            assert (await bench.ask(action, payload))[2] == "InternalError"
            assert (await bench.ask("Reset", {"type": "Soft"}))[0] == 3
            await until(lambda: bench.station.done)
        assert bench.station.done == ["Soft"]
        assert bench.log()[1] == f"sent error {action} InternalError"

    run_virtual(scenario())


def test_what_follows_an_answer_may_fail_without_harm_and_knows_its_cause() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with serving(bench.station):
            answer = await bench.ask("TriggerMessage", {"requestedMessage": "Heartbeat"})
            assert answer[2] == {"status": "Accepted"}
            await until(lambda: bench.station.done)
        assert bench.station.done == [f"cause {bench.messages()[0].seq}"]
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
        assert bench.station.link.closed == "closed by peer with 1001: bye"
        assert bench.events == []

    run_virtual(scenario())
