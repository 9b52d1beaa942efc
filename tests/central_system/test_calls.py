"""Operations of the central system: raw names in, raw answer out, or the reason for none."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from evtui.central_system.system import StationOffline
from evtui.ocppj.link import CallRefused
from tests.central_system.rig import START, LinkKind, open_house
from tests.ocpp16.rig import BOOT, until
from tests.patience import PATIENCE

INOPERATIVE = {"connectorId": 0, "type": "Inoperative"}


async def test_a_call_goes_out_as_it_is_and_its_answer_comes_back_as_it_is(
    link: LinkKind,
) -> None:
    async with open_house(link) as house, house.station() as station:
        calling = asyncio.create_task(house.central.call("CP1", "ChangeAvailability", INOPERATIVE))
        kind, uid, action, payload = await station.hear()
        assert (kind, action, payload) == (2, "ChangeAvailability", INOPERATIVE)
        await station.connection.send(json.dumps([3, uid, {"status": "Scheduled"}]))
        assert await calling == {"status": "Scheduled"}


async def test_a_call_without_a_payload_is_an_empty_one(link: LinkKind) -> None:
    async with open_house(link) as house, house.station() as station:
        calling = asyncio.create_task(house.central.call("CP1", "ClearCache"))
        _, uid, action, payload = await station.hear()
        assert (action, payload) == ("ClearCache", {})
        await station.connection.send(json.dumps([4, uid, "NotSupported", "no cache", {}]))
        with pytest.raises(CallRefused, match="NotSupported: no cache"):
            await calling


@pytest.mark.parametrize(
    ("action", "payload", "text"),
    [
        ("Fly", {}, '"Fly" is no OCPP 1.6 action; they are case-sensitive'),
        ("reset", {"type": "Soft"}, '"reset" is no OCPP 1.6 action; they are case-sensitive'),
        ("Reset", {}, "Reset.req breaks its schema: Reset: "),
        ("Reset", {"type": "Loud"}, "Reset.req breaks its schema: type: "),
        ("Reset", {"type": "Soft", "x": 1}, "Reset.req breaks its schema: Reset: "),
        ("UnlockConnector", {"connectorId": "1"}, "UnlockConnector.req breaks its schema: conn"),
        ("DataTransfer", {"vendorId": "v", "data": "\ud800"}, "DataTransfer.req cannot be written"),
    ],
)
async def test_what_is_no_operation_is_refused_in_one_line_and_not_sent(
    link: LinkKind, action: str, payload: dict[str, Any], text: str
) -> None:
    async with open_house(link) as house, house.station():
        with pytest.raises(ValueError, match=r"OCPP|schema|JSON") as refused:
            await house.central.call("CP1", action, payload)
        assert str(refused.value).startswith(text)
        assert "\n" not in str(refused.value)
        assert house.rig.messages(kind="call", phase="sent") == []
        sent = asyncio.create_task(house.central.call("CP1", "ClearCache"))
        await until(lambda: house.rig.messages(kind="call", phase="sent"))  # the turn is free
        sent.cancel()


async def test_each_call_may_have_its_own_timeout(link: LinkKind) -> None:
    async with open_house(link, call_timeout=0.05) as house, house.station() as station:
        with pytest.raises(TimeoutError, match=r"^ClearCache got no answer in 0\.02 s$"):
            await house.central.call("CP1", "ClearCache", timeout=0.02)
        with pytest.raises(TimeoutError, match=r"^ClearCache got no answer in 0\.05 s$"):
            await house.central.call("CP1", "ClearCache")
        calling = asyncio.create_task(house.central.call("CP1", "ClearCache", timeout=30))
        for _ in range(3):
            _, uid, *_ = await station.hear()
        await asyncio.sleep(0.06)
        await station.connection.send(json.dumps([3, uid, {"status": "Accepted"}]))
        assert await calling == {"status": "Accepted"}


async def test_a_station_that_is_away_is_said_to_be_with_the_reason(link: LinkKind) -> None:
    async with open_house(link) as house:
        with pytest.raises(StationOffline, match=r"^CP1 is not connected: it never has been$"):
            await house.central.call("CP1", "ClearCache")
        async with house.station():
            pass
        await until(lambda: not house.central.is_connected("CP1"))
        gone = r"^CP1 is not connected: closed by peer with 1000, at 2023-11-14T22:13:\S+Z$"
        with pytest.raises(StationOffline, match=gone):
            await house.central.call("CP1", "ClearCache")


async def test_waiting_for_a_station_ends_when_it_is_accepted(link: LinkKind) -> None:
    async with open_house(link) as house:
        waiting = asyncio.create_task(house.central.wait_for("CP1", timeout=PATIENCE))
        async with house.connected() as station:
            assert not waiting.done()
            await station.call("BootNotification", BOOT)
            assert (await waiting).vendor == "evtui"


async def test_waiting_for_anything_ends_when_it_has_happened(link: LinkKind) -> None:
    async with open_house(link) as house, house.station() as station:
        central = house.central
        waiting = asyncio.create_task(central.until(lambda: central.open_transaction("CP1", 1)))
        answer = await station.call("StartTransaction", START)
        assert (await waiting).transaction_id == answer["transactionId"]
        with pytest.raises(TimeoutError, match=r"has not come in 0\.01 s$"):
            await central.until(lambda: central.open_transaction("CP1", 2), 0.01)


async def test_waiting_in_vain_says_how_far_the_station_came(link: LinkKind) -> None:
    async with open_house(link) as house:
        never = r"^CP1 is not accepted in 0\.01 s: it never has been$"
        with pytest.raises(TimeoutError, match=never):
            await house.central.wait_for("CP1", timeout=0.01)
        async with house.connected() as station:
            with pytest.raises(TimeoutError, match="it has not sent a BootNotification"):
                await house.central.wait_for("CP1", timeout=0.01)
            house.central.admission.answer("CP1", "Pending")
            await station.call("BootNotification", BOOT)
            with pytest.raises(TimeoutError, match="its BootNotification was answered Pending"):
                await house.central.wait_for("CP1", timeout=0.01)
