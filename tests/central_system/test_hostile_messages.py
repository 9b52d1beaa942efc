"""Messages of a station, and its answers, that hold their schema with values nobody would send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from evtui.ocpp16.forms import OPERATIONS
from evtui.ocpp16.validation import accept
from tests.central_system.rig import House, open_house
from tests.messages import MESSAGES
from tests.ocpp16.hostile import payloads
from tests.ocpp16.rig import Client
from tests.virtual_loop import run_virtual

SENT = 8
"""Messages of one example, one after the other over the same connection."""

hostile = settings(
    deadline=None,
    max_examples=20,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example is long: none is shrunk
    suppress_health_check=list(HealthCheck),
)

ACTIONS = [each.action for each in MESSAGES if each.sender == "charge point"]


def messages(action: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Calls of a station; their transaction is often the one that runs."""
    fixed = {"connectorId": 1, "transactionId": 1, "idTag": "TAG", "meterStart": 0}
    return payloads(action, **fixed).map(lambda payload: (action, payload))


def known(house: House) -> Iterator[Any]:
    """What the central system keeps that a message can change."""
    for one in house.central.transactions:
        yield one.transaction_id, one.open, one.meter_stop, one.meter_values, one.stop_data
    for identity, info in house.central.stations.items():
        yield identity, info.connectors, info.boot_status


async def send(house: House, station: Client, number: int, action: str, payload: Any) -> None:
    before = list(known(house))
    kind, uid, *answer = await station.say(json.dumps([2, f"m{number}", action, payload]))
    assert uid == f"m{number}"
    if kind == 4:
        assert answer[0] == "PropertyConstraintViolation", answer
        assert list(known(house)) == before


async def send_all(sent: list[tuple[str, dict[str, Any]]]) -> None:
    async with open_house("memory") as house, house.station() as station:
        for number, (action, payload) in enumerate(sent):
            await send(house, station, number, action, payload)
        assert not [note for note in house.notes if "could not be answered" in note]


@pytest.mark.parametrize("action", ACTIONS)
@hostile
@given(st.data())
def test_an_odd_message_is_answered_and_what_is_refused_has_changed_nothing(
    action: str, data: st.DataObject
) -> None:
    sent = data.draw(st.lists(messages(action), min_size=SENT, max_size=SENT))
    run_virtual(send_all(sent))


@hostile
@given(st.lists(st.sampled_from(ACTIONS).flatmap(messages), min_size=4 * SENT, max_size=4 * SENT))
def test_so_are_all_messages_in_any_order(sent: list[tuple[str, dict[str, Any]]]) -> None:
    run_virtual(send_all(sent))


async def answer_all(action: str, asked: dict[str, Any], answers: list[dict[str, Any]]) -> None:
    async with open_house("memory") as house, house.station() as station:
        for answer in answers:
            await hear_out(house, station, action, asked, answer)
        assert house.central.is_connected("CP1")


async def hear_out(
    house: House, station: Client, action: str, asked: dict[str, Any], answer: Any
) -> None:
    call = asyncio.create_task(house.central.call("CP1", action, asked))
    _, uid, *_ = await station.hear()
    await station.connection.send(json.dumps([3, uid, answer]))
    assert await call == answer


@pytest.mark.parametrize("action", OPERATIONS)
@hostile
@given(st.data())
def test_an_odd_answer_reaches_whoever_asked(action: str, data: st.DataObject) -> None:
    asked, _ = accept(action, "call", data.draw(payloads(action)))
    answers = st.lists(payloads(f"{action}Response"), min_size=SENT, max_size=SENT)
    run_virtual(answer_all(action, asked, data.draw(answers)))
