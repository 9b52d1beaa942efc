"""What the forms of operations know of the stations, and the fact of each operation's row."""

from __future__ import annotations

from typing import Any

import pytest

from evtui.events import CentralSystemState, LinkState
from evtui.ocpp16.forms import OPERATIONS, defaults, parse
from evtui.tui.models.facts import fact
from evtui.tui.models.operations import MOST_RUNNING, OperationList
from tests.tui.fake_lab import FakeLab


class Told:
    """Operations that hear what a lab publishes."""

    def __init__(self, known: dict[str, str] | None = None) -> None:
        self.lab = FakeLab()
        self.operations = OperationList(known)

    def link(self, station: str, state: str) -> None:
        self.lab.publish(LinkState(station=station, side="central_system", state=state))
        self.hear()

    def start(self, station: str, transaction: int) -> None:
        answer = {"transactionId": transaction, "idTagInfo": {"status": "Accepted"}}
        self.lab.call("charge_point", "StartTransaction", {}, answer, station=station)
        self.hear()

    def stop(self, station: str, payload: Any) -> None:
        self.lab.call("charge_point", "StopTransaction", payload, {}, station=station)
        self.hear()

    def hear(self) -> None:
        self.operations.feed(self.lab.events.take())


def test_every_connected_station_can_be_called_ours_or_foreign_in_order_of_connection() -> None:
    told = Told()
    for station in ("CP1", "OTHER", "THIRD"):
        told.link(station, "connected")
    told.link("OTHER", "accepted")
    told.link("CP1", "offline")
    assert told.operations.stations == ("OTHER", "THIRD")


def test_a_station_s_own_view_of_its_link_says_nothing_about_who_can_be_called() -> None:
    told = Told()
    told.lab.publish(LinkState(station="CP1", side="charge_point", state="accepted"))
    told.hear()
    assert told.operations.stations == ()


def test_the_newest_transaction_that_runs_at_a_station_is_known() -> None:
    told = Told({"idTag": "TAG"})
    told.start("CP1", 7)
    told.start("OTHER", 8)
    told.start("CP1", 9)
    assert told.operations.known("CP1") == {"idTag": "TAG", "transactionId": "9"}
    told.stop("CP1", {"transactionId": 9})
    assert told.operations.known("CP1")["transactionId"] == "7"
    assert told.operations.known("OTHER")["transactionId"] == "8"
    assert told.operations.known("NOBODY") == {"idTag": "TAG"}


def test_a_transaction_whose_start_was_repeated_ends_once() -> None:
    told = Told()
    told.start("CP1", 7)
    told.start("CP1", 7)
    told.stop("CP1", {"transactionId": 7})
    assert told.operations.known("CP1") == {}


def test_transactions_survive_a_lost_connection() -> None:
    told = Told()
    told.link("CP1", "connected")
    told.start("CP1", 7)
    told.link("CP1", "offline")
    assert told.operations.known("CP1") == {"transactionId": "7"}


@pytest.mark.parametrize("payload", [[], None, {"transactionId": [7]}, {}])
def test_a_stop_transaction_that_makes_no_sense_ends_nothing(payload: Any) -> None:
    told = Told()
    told.start("CP1", 7)
    told.stop("CP1", payload)
    assert told.operations.known("CP1") == {"transactionId": "7"}


def test_transactions_that_never_end_are_forgotten_in_the_end() -> None:
    told = Told()
    told.start("CP1", 7)
    for number in range(MOST_RUNNING):
        told.start("OTHER", 100 + number)
    assert told.operations.known("CP1") == {}


def test_what_is_known_may_come_later() -> None:
    known: dict[str, str] = {}
    told = Told(known)
    known["location"] = "http://127.0.0.1:1/"
    assert told.operations.known("CP1") == known


def test_a_foreign_central_system_is_not_ours() -> None:
    told = Told()
    told.lab.publish(CentralSystemState(url="ws://h", listening=False, ours=False))
    told.hear()
    assert not told.operations.ours


@pytest.mark.parametrize("action", sorted({*OPERATIONS} - {"ClearCache", "GetLocalListVersion"}))
def test_the_row_of_every_operation_with_fields_says_something(action: str) -> None:
    known = {"idTag": "TAG", "transactionId": "7", "location": "http://h/"}
    payload = parse(action, defaults(action, known), 0.0).payload
    bare = {"ClearChargingProfile": {"id": 3}, "GetConfiguration": {"key": ["A"]}}
    assert fact(action, bare.get(action, payload), None)


@pytest.mark.parametrize(
    ("action", "call", "answer", "expected"),
    [
        ("CancelReservation", {"reservationId": 4}, None, "4"),
        ("ClearChargingProfile", {"connectorId": 1, "stackLevel": 0}, None, "1 0"),
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}, None, "1 60 s"),
        (
            "GetCompositeSchedule",
            {"connectorId": 1, "duration": 60},
            {
                "status": "Accepted",
                "chargingSchedule": {
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [
                        {"startPeriod": 0, "limit": 16},
                        {"startPeriod": 30, "limit": 6},
                    ],
                },
            },
            "16 A +1",
        ),
        ("GetDiagnostics", {"location": "http://h/"}, {"fileName": "log.txt"}, "log.txt"),
        ("GetDiagnostics", {"location": "http://h/"}, {}, "http://h/"),
        ("GetLocalListVersion", {}, {"listVersion": 3}, "version 3"),
        ("ReserveNow", {"connectorId": 1, "idTag": "A"}, None, "1 A"),
        (
            "SendLocalList",
            {"listVersion": 3, "updateType": "Full", "localAuthorizationList": [{}, {}]},
            None,
            "Full version 3 2 tags",
        ),
        ("SendLocalList", {"listVersion": 4, "updateType": "Full"}, None, "Full version 4"),
        ("UpdateFirmware", {"location": "http://h/fw"}, {}, "http://h/fw"),
    ],
)
def test_the_fact_of_an_operation_is_the_one_that_matters(
    action: str, call: Any, answer: Any, expected: str
) -> None:
    assert fact(action, call, answer) == expected
