"""Our two ends exchange every message of OCPP 1.6, and the table of them is complete."""

from __future__ import annotations

import ast
import asyncio
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from evtui.config import Settings
from evtui.events import Event, OcppMessage
from evtui.lab import Lab
from evtui.ocpp16.forms import OPERATIONS
from evtui.ocpp16.validation import check
from evtui.ocppj.link import CallRefused
from evtui.runtime.clock import LoopClock
from evtui.runtime.virtual import run_virtual
from tests.messages import MESSAGES, NEXT, Message, rows

TESTS = Path(__file__).parent

START_UTC = 1_767_225_600.0
"""2026-01-01T00:00:00Z."""

CALLS = [each for each in MESSAGES if each.sender == "charge point"]
ORDERS = [each for each in MESSAGES if each.sender == "central system"]


def lab(**settings: Any) -> Lab:
    """Both our ends, on the running loop."""
    clock = LoopClock(asyncio.get_running_loop(), START_UTC)
    return Lab(Settings(**settings), clock, link="memory")


def by_action(message: Message) -> str:
    return message.action


@pytest.mark.parametrize("order", ORDERS, ids=by_action)
def test_an_operation_is_done_by_our_charge_point(order: Message) -> None:
    async def scenario() -> dict[str, Any]:
        async with lab() as both:
            return await both.central_system.call("CP1", order.action, order.payload)

    answer = run_virtual(scenario())
    assert check(order.action, "result", answer) is None
    assert order.answer is not None
    assert {key: answer.get(key) for key in order.answer} == order.answer


@cache
def answers_of_a_day() -> dict[str, Any]:
    """What our central system answered to each call of our charge point, by action."""

    async def scenario() -> list[Event]:
        seen: list[Event] = []
        async with lab(preset="dc", heartbeat_interval=5) as both:
            both.stream.subscribe(seen.append, OcppMessage)
            central = both.central_system
            await central.call("CP1", "TriggerMessage", {"requestedMessage": "Heartbeat"})
            await both.execute("station.swipe", id_tag="DRIVER")
            await asyncio.sleep(15)
            await both.execute("station.swipe", id_tag="DRIVER")
            place = "http://127.0.0.1/place"
            await central.call("CP1", "GetDiagnostics", {"location": place})
            when = {"location": place, "retrieveDate": both.clock.iso()}
            await central.call("CP1", "UpdateFirmware", when)
            charge_point = both.stands["CP1"].charge_point
            charge_point.post("DataTransfer", {"vendorId": "evtui"}, lambda answer: None)
            await asyncio.sleep(5)
            await central.call("CP1", "Reset", {"type": "Soft"})
            await asyncio.sleep(5)
        return seen

    return {
        event.action: event.payload
        for event in run_virtual(scenario())
        if isinstance(event, OcppMessage)
        and (event.sender, event.kind, event.phase) == ("central_system", "result", "sent")
    }


@pytest.mark.parametrize("action", [each.action for each in CALLS])
def test_a_call_is_answered_by_our_central_system(action: str) -> None:
    answer = answers_of_a_day()[action]
    assert check(action, "result", answer) is None


REFUSED: dict[str, dict[str, Any]] = {
    "CertificateSigned": {"certificateChain": "x"},
    "DeleteCertificate": {
        "certificateHashData": {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": "x",
            "issuerKeyHash": "x",
            "serialNumber": "1",
        }
    },
    "ExtendedTriggerMessage": {"requestedMessage": "Heartbeat"},
    "GetInstalledCertificateIds": {"certificateType": "CentralSystemRootCertificate"},
    "GetLog": {
        "logType": "SecurityLog",
        "requestId": 1,
        "log": {"remoteLocation": "http://127.0.0.1/"},
    },
    "InstallCertificate": {
        "certificateType": "CentralSystemRootCertificate",
        "certificate": "x",
    },
    "SignedUpdateFirmware": {
        "requestId": 1,
        "firmware": {
            "location": "http://127.0.0.1/",
            "retrieveDateTime": "2026-01-01T00:00:00Z",
            "signingCertificate": "x",
            "signature": "x",
        },
    },
}


@pytest.mark.parametrize("action", [name for name, who in NEXT.items() if who == "central system"])
def test_the_security_extension_is_refused_by_our_charge_point(action: str) -> None:
    async def scenario() -> None:
        async with lab() as both:
            await both.central_system.call("CP1", action, REFUSED[action])

    with pytest.raises(CallRefused, match="NotSupported"):
        run_virtual(scenario())


# The table


def test_every_schema_has_its_row() -> None:
    files = (resources.files("ocpp.v16") / "schemas").iterdir()
    names = {file.name.removesuffix(".json") for file in files if file.name.endswith(".json")}
    actions = {name for name in names if not name.endswith("Response")}
    assert {each.action for each in MESSAGES} | set(NEXT) == actions
    assert {each.action for each in ORDERS} == set(OPERATIONS)
    assert len(CALLS) == 10  # chapter 4


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: f"{row[0]} {row[1]}")
def test_every_row_is_full_and_its_tests_exist(row: tuple[str, ...]) -> None:
    assert all(row)
    for test in row[-1].replace("`", "").split("<br>"):
        file, _, name = test.partition("::")
        assert name.partition("[")[0] in names_in(file), test


@cache
def names_in(file: str) -> frozenset[str]:
    """Names of the functions in a file below ``tests/``."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(each.name for each in tree.body if isinstance(each, kinds))
