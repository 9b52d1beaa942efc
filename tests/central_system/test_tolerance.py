"""What a station gets wrong, and what the central system makes of it: by default and tolerant."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from evtui.central_system.system import CentralSystem
from evtui.events import OcppMessage
from tests.central_system.rig import START, House, LinkKind, open_house
from tests.messages import MESSAGES
from tests.ocpp16.rig import NOW, Client
from tests.ocpp16.slips import full, slips

BOOT = {"chargePointVendor": "V", "chargePointModel": "A model name of 26 letters"}
CALLS = [
    each.action for each in MESSAGES if each.sender == "charge point" and each.section != "security"
]


async def say(station: Client, action: str, payload: Any, uid: str = "q") -> list[Any]:
    """The answer, whatever it is."""
    answer: list[Any] = await station.say(json.dumps([2, uid, action, payload]))
    return answer


def violations(house: House) -> list[str]:
    """What was wrong with calls that were acted on."""
    return [
        one.violation.detail
        for one in house.rig.of(OcppMessage)
        if one.kind == "call" and one.violation
    ]


@pytest.mark.parametrize("tolerant", [True, ["CP1"]])
async def test_a_station_that_is_tolerated_boots_with_a_long_model_and_it_is_noted(
    link: LinkKind, tolerant: Any
) -> None:
    async with open_house(link, tolerant=tolerant) as house, house.connected() as station:
        assert (await say(station, "BootNotification", BOOT))[2]["status"] == "Accepted"
        assert house.central.stations["CP1"].model == BOOT["chargePointModel"]
        [told] = violations(house)
        assert told == (
            f'chargePointModel: "{BOOT["chargePointModel"]}" is longer than 20 characters '
            "(taken as it is)"
        )
        [message] = [one for one in house.rig.of(OcppMessage) if one.violation]
        assert (message.phase, message.error) == ("delivered", "")
        assert message.violation
        assert message.violation.kind == "tolerated"
        assert message.violation.code == "PropertyConstraintViolation"
        assert message.violation.path == ("chargePointModel",)


@pytest.mark.parametrize("tolerant", [False, ["CP2"]])
async def test_any_other_station_is_refused(link: LinkKind, tolerant: Any) -> None:
    async with open_house(link, tolerant=tolerant) as house, house.connected() as station:
        assert (await say(station, "BootNotification", BOOT))[2] == "PropertyConstraintViolation"
        assert violations(house) == []


async def test_one_text_is_not_taken_for_several_stations() -> None:
    with pytest.raises(ValueError, match=r"expected several, as in \['CP1'\]"):
        CentralSystem(tolerant="CP1")


async def test_no_slip_of_a_tolerated_station_ends_in_an_internal_error() -> None:
    async with open_house("memory", tolerant=True) as house, house.station() as station:
        count = 0
        for action in CALLS:
            for what, payload in slips(action, "call"):
                count += 1
                answer = await say(station, action, payload, f"u{count}")
                assert answer[0] == 3, (what, answer)
        assert count > 100
        assert not [note for note in house.notes if "could not be answered" in note]


async def started(station: Client, connector: int = 1) -> int:
    answer = await station.call("StartTransaction", START | {"connectorId": connector})
    number: int = answer["transactionId"]
    return number


STOP = {"meterStop": 612, "timestamp": NOW}


@pytest.mark.parametrize(
    ("change", "energy"),
    [
        ({"idTag": "A" * 21}, 512),
        ({"idTag": 7}, 512),
        ({"meterStop": ...}, None),
        ({"meterStop": "much"}, None),
        ({"meterStop": 612.5}, 512),
        ({"meterStop": "612"}, 512),
        ({"timestamp": ...}, 512),
        ({"timestamp": "yesterday"}, 512),
        ({"meterStop": ..., "timestamp": 5}, None),
        ({"connectorId": 1}, 512),
        ({"reason": "Foo"}, 512),
        ({"transactionData": [{}]}, 512),
    ],
)
async def test_a_stop_that_names_a_known_transaction_ends_it_whatever_else_it_says(
    change: dict[str, Any], energy: int | None
) -> None:
    async with open_house("memory") as house, house.station() as station:
        number = await started(station)
        stop = STOP | {"transactionId": number} | change
        stop = {name: value for name, value in stop.items() if value is not ...}
        for uid in ("one", "two"):  # told again, it is the same stop
            answer = await say(station, "StopTransaction", stop, uid)
            assert answer[:2] == [3, uid]
        [one] = house.central.transactions
        assert not one.open
        assert one.energy == energy
        assert house.central.open_transaction("CP1", 1) is None
        assert len(violations(house)) == 2
        unknown = energy is None or "timestamp" not in stop or stop["timestamp"] != NOW
        assert len(house.notes) == unknown


async def test_a_stop_whose_id_is_written_as_text_ends_the_transaction() -> None:
    async with open_house("memory") as house, house.station() as station:
        number = await started(station)
        answer = await say(station, "StopTransaction", STOP | {"transactionId": str(number)})
        assert answer[0] == 3
        assert house.central.open_transaction("CP1", 1) is None


@pytest.mark.parametrize("named", [4711, "x", None, [1], True, 1e300, "1" * 5000])
async def test_a_broken_stop_that_names_no_transaction_of_the_station_is_refused(
    named: Any,
) -> None:
    async with (
        open_house("memory") as house,
        house.station() as station,
        house.station("CP2") as other,
    ):
        await started(station)
        stop = STOP | {"transactionId": named, "idTag": "A" * 21}
        assert (await say(station, "StopTransaction", stop))[0] == 4
        theirs = await started(other)
        assert (await say(station, "StopTransaction", stop | {"transactionId": theirs}))[0] == 4
        assert len(house.central.transactions.open("CP1")) == 1
        assert len(house.central.transactions.open("CP2")) == 1


TWICE = (
    '[2,"d","StartTransaction",{"connectorId":1,"idTag":"GOOD","idTag":"EVIL","meterStart":0,'
    f'"timestamp":"{NOW}"}}]'
)


async def test_a_field_twice_is_refused_with_both_values(link: LinkKind) -> None:
    async with open_house(link) as house, house.station() as station:
        told = '"idTag": "GOOD", then "idTag": "EVIL": twice in one object'
        assert await station.say(TWICE) == [4, "d", "FormationViolation", told, {}]
        assert len(house.central.transactions) == 0
        row = house.rig.messages(kind="invalid")[-1]
        assert (row.error, row.detail, row.text) == ("FormationViolation", told, TWICE)


async def test_a_field_twice_is_tolerated_with_the_last_value_and_both_are_noted(
    link: LinkKind,
) -> None:
    async with open_house(link, tolerant=True) as house, house.station() as station:
        assert (await station.say(TWICE))[0] == 3
        [one] = house.central.transactions
        assert one.id_tag == "EVIL"
        assert violations(house) == ['"idTag": "GOOD", then "idTag": "EVIL": twice in one object']


async def test_a_stop_with_a_field_twice_ends_its_transaction_all_the_same() -> None:
    async with open_house("memory") as house, house.station() as station:
        number = await started(station)
        text = (
            f'[2,"d","StopTransaction",{{"transactionId":{number},"meterStop":1,"meterStop":612,'
            f'"timestamp":"{NOW}"}}]'
        )
        assert (await station.say(text))[0] == 3
        assert [one.energy for one in house.central.transactions] == [512]
        assert len(violations(house)) == 1


@pytest.mark.parametrize("tolerant", [False, True])
@pytest.mark.parametrize(
    ("fields", "energy"),
    [
        ('"meterStop":1e999,"timestamp":"{now}"', None),
        ('"meterStop":612,"timestamp":"{now}","idTag":"\\ud83d"', 512),
        ('"meterStop":612,"timestamp":"{now}","x":' + "9" * 5000, 512),
        ('"meterStop":612,"timestamp":"{now}","transactionData":[{"sampledValue":-1e999}]', 512),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_a_stop_with_a_value_that_cannot_be_held_ends_its_transaction(
    fields: str, energy: int | None, tolerant: bool
) -> None:
    async with open_house("memory", tolerant=tolerant) as house, house.station() as station:
        number = await started(station)
        stop = f'{{"transactionId":{number},{fields.replace("{now}", NOW)}}}'
        assert (await station.say(f'[2,"d","StopTransaction",{stop}]'))[:2] == [3, "d"]
        assert [(one.open, one.energy) for one in house.central.transactions] == [(False, energy)]
        [told] = violations(house)
        assert "(read as null)" in told


async def test_a_call_with_a_value_that_cannot_be_held_is_refused_under_its_id(
    link: LinkKind,
) -> None:
    async with open_house(link) as house, house.station() as station:
        text = '[2,"d","Authorize",{"idTag":"GOOD\\ud83d"}]'
        told = '"idTag": "\\ud83d" is half of a surrogate pair (read as null)'
        assert await station.say(text) == [4, "d", "FormationViolation", told, {}]
        row = house.rig.messages(kind="invalid")[-1]
        assert (row.uid, row.detail, row.text) == ("d", told, text)


@pytest.mark.parametrize("tolerant", [False, True])
async def test_a_stop_that_names_two_transactions_ends_none_unless_it_is_tolerated(
    tolerant: bool,
) -> None:
    async with open_house("memory", tolerant=tolerant) as house, house.station() as station:
        first, second = await started(station, 1), await started(station, 2)
        ids = f'"transactionId":{first},"transactionId":{second}'
        stop = f'{{{ids},"meterStop":612,"timestamp":"{NOW}"}}'
        answer = await station.say(f'[2,"d","StopTransaction",{stop}]')
        still_open = {one.transaction_id for one in house.central.transactions if one.open}
        if tolerant:
            assert answer[:2] == [3, "d"]
            assert still_open == {first}
        else:
            told = f"{ids.replace(':', ': ').replace(',', ', then ')}: twice in one object"
            assert answer == [4, "d", "FormationViolation", told, {}]
            assert still_open == {first, second}


async def test_a_stop_that_names_its_transaction_twice_ends_it_and_it_is_noted() -> None:
    async with open_house("memory") as house, house.station() as station:
        ids = ",".join([f'"transactionId":{await started(station)}'] * 2)
        stop = f'{{{ids},"meterStop":612,"timestamp":"{NOW}"}}'
        assert (await station.say(f'[2,"d","StopTransaction",{stop}]'))[:2] == [3, "d"]
        assert not [one for one in house.central.transactions if one.open]
        assert len(violations(house)) == 1


async def test_an_answer_of_a_tolerated_station_is_used(link: LinkKind) -> None:
    async with open_house(link, tolerant=True) as house, house.station() as station:
        for answer, status in (
            ({"status": "accepted", "x": 1}, "Accepted"),
            ({"status": "Q"}, "Q"),
        ):
            asked = asyncio.create_task(house.central.call("CP1", "Reset", {"type": "Soft"}))
            uid = (await station.hear())[1]
            await station.connection.send(json.dumps([3, uid, answer]))
            assert (await asked)["status"] == status


async def test_full_payloads_of_every_call_are_taken_without_a_violation() -> None:
    async with open_house("memory") as house, house.station() as station:
        for number, action in enumerate(CALLS):
            assert (await say(station, action, full(action, "call"), f"u{number}"))[0] == 3
        assert violations(house) == []
