"""What is known of charge points, and which of their connectors is chosen."""

from __future__ import annotations

from typing import Any

import pytest

from evtui.events import CentralSystemState, LinkState, OcppMessage, as_json
from evtui.tui.models.exchanges import OcppLog
from evtui.tui.models.selection import ByPlace, ChosenPlace, Selection
from evtui.tui.models.station_lines import about, connectors_text, load_forms, where_to_connect
from evtui.tui.models.stations import MOST_CONNECTORS, MOST_STATIONS, Station, StationRows
from tests.tui.fake_lab import FakeLab
from tests.tui.fleet import asks, connector, foreign, load, offline, several, two_connectors


def known(lab: FakeLab) -> StationRows:
    stations = StationRows()
    stations.feed(lab.events.take())
    return stations


def station(lab: FakeLab, identity: str) -> Station:
    found = known(lab).get(identity)
    assert found is not None
    return found


# Charge points


def test_ours_are_known_from_what_they_do_themselves() -> None:
    lab = FakeLab()
    two_connectors(lab, 9.5)
    ours = station(lab, "CP1")
    assert (ours.ours, ours.link) == (True, "accepted")
    assert connectors_text(ours) == "1 Charging tx 1 · 2 Charging tx 9"
    assert ours.connector(2).current == 31.4


def test_a_foreign_one_is_known_from_its_messages() -> None:
    lab = FakeLab()
    foreign(lab)
    wallbox = station(lab, "WALLBOX-7")
    assert (wallbox.ours, wallbox.link) == (False, "accepted")
    assert about(wallbox) == "Acme Wall Eleven 4.2.1"
    assert connectors_text(wallbox) == "1 Charging tx 77 · 2 Available"
    stop = {"transactionId": 77, "meterStop": 10, "timestamp": "2025-10-09T12:00:00Z"}
    lab.call("charge_point", "StopTransaction", stop, {}, station="WALLBOX-7")
    stations = StationRows()
    foreign(lab)
    lab.call("charge_point", "StopTransaction", stop, {}, station="WALLBOX-7")
    stations.feed(lab.events.take())
    assert connectors_text(stations.by_identity["WALLBOX-7"]) == "1 Charging · 2 Available"


def test_a_foreign_station_that_comes_back_is_still_accepted() -> None:
    lab = FakeLab()
    foreign(lab)
    for state in ("offline", "connected"):
        lab.publish(LinkState(station="WALLBOX-7", side="central_system", state=state))
    assert station(lab, "WALLBOX-7").link == "accepted"


def test_what_somebody_else_says_under_an_identity_of_ours_is_not_said_of_ours() -> None:
    lab = FakeLab()
    connector(lab)
    lab.call("charge_point", "BootNotification", {"chargePointVendor": "evtui"}, {}, station="CP1")
    boot = OcppMessage(
        station="CP1",
        sender="charge_point",
        phase="delivered",
        kind="call",
        uid="1",
        action="BootNotification",
        body=as_json({"chargePointVendor": "X"}),
    )
    lab.publish(boot)
    assert station(lab, "CP1").vendor == "evtui"


def test_one_that_asks_does_so_until_somebody_answered() -> None:
    lab = FakeLab()
    asks(lab)
    stations = known(lab)
    assert stations.by_identity["STRANGER"].asking
    stations.feed([LinkState(station="STRANGER", side="central_system", state="accepted")])
    assert not stations.by_identity["STRANGER"].asking


def test_errors_are_those_of_connectors_of_messages_and_of_what_was_given_up() -> None:
    lab = FakeLab()
    foreign(lab)
    fault = {"connectorId": 2, "status": "Faulted", "errorCode": "GroundFailure"}
    lab.call("charge_point", "StatusNotification", fault, {}, station="WALLBOX-7")
    lab.publish(
        OcppMessage(
            station="WALLBOX-7",
            sender="charge_point",
            phase="delivered",
            kind="invalid",
            uid="",
            action="",
            error="FormationViolation",
        )
    )
    assert station(lab, "WALLBOX-7").errors == ["2 GroundFailure", "1 invalid"]


def test_what_an_offline_charge_point_still_has_to_tell_is_known() -> None:
    lab = FakeLab()
    connector(lab)
    offline(lab, queued=12)
    ours = station(lab, "CP1")
    assert (ours.link, ours.queued) == ("offline", 12)


def test_a_connector_that_is_available_again_shows_no_transaction_that_never_stopped() -> None:
    lab = FakeLab()
    lab.call(
        "charge_point", "StartTransaction", {"connectorId": 1}, {"transactionId": 7}, station="X"
    )
    assert connectors_text(station(lab, "X")) == "1 – tx 7"
    told = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
    lab.call("charge_point", "StatusNotification", told, {}, station="X")
    assert connectors_text(station(lab, "X")) == "1 Available"


@pytest.mark.parametrize(
    "payload", [[], "x", None, 7, {}, {"connectorId": "1"}, {"connectorId": -1}, {"status": 5}]
)
def test_payloads_of_any_shape_are_survived(payload: Any) -> None:
    lab = FakeLab()
    for action in ("BootNotification", "StatusNotification", "StartTransaction", "StopTransaction"):
        lab.call("charge_point", action, payload, payload, station="EVIL")
    assert connectors_text(station(lab, "EVIL")) in ("", "1 –")


def test_a_foreign_station_may_name_any_number_of_connectors_and_few_are_kept() -> None:
    lab = FakeLab()
    for number in range(1_000):
        told = {"connectorId": number, "status": "Available", "errorCode": "NoError"}
        lab.call("charge_point", "StatusNotification", told, {}, station="EVIL")
    assert len(station(lab, "EVIL").connectors) == MOST_CONNECTORS


def test_of_foreign_stations_that_come_and_go_under_ever_new_names_only_so_many_are_kept() -> None:
    stations = StationRows()
    stations.feed([LinkState(station="CP1", side="charge_point", state="accepted")])
    for number in range(MOST_STATIONS + 10):
        name = f"X{number}"
        stations.feed(
            [
                LinkState(station=name, side="central_system", state="connected"),
                heartbeat(name),
                LinkState(station=name, side="central_system", state="offline"),
            ]
        )
    assert len(stations.by_identity) == MOST_STATIONS
    assert "CP1" in stations.by_identity
    assert "X0" not in stations.by_identity


def heartbeat(station: str) -> OcppMessage:
    return OcppMessage(
        station=station,
        sender="charge_point",
        phase="delivered",
        kind="call",
        uid="1",
        action="Heartbeat",
        body=as_json({}),
        link=1,
    )


def test_whoever_came_said_nothing_and_went_is_no_station() -> None:
    stations = StationRows()
    came = LinkState(station="X", side="central_system", state="connected")
    went = LinkState(station="X", side="central_system", state="offline")
    stations.feed([came])
    assert "X" in stations.by_identity
    stations.feed([went])
    assert "X" not in stations.by_identity
    stations.feed([came, heartbeat("X"), went, came, went])
    assert stations.by_identity["X"].link == "offline"


@pytest.mark.parametrize("identity", ["", "X"])
def test_a_connection_attempt_that_was_refused_is_no_station(identity: str) -> None:
    refusal = OcppMessage(
        station=identity,
        sender="charge_point",
        phase="delivered",
        kind="invalid",
        uid="",
        action="",
        error="unknown identity",
    )
    stations = StationRows()
    stations.feed([refusal])
    assert stations.by_identity == {}
    log = OcppLog()
    log.feed([refusal])
    log.store.publish()
    assert (len(log.store), log.stations) == (1, set())


def test_the_load_is_told_long_and_short() -> None:
    lab = FakeLab()
    load(lab, invalid=3)
    long, short = load_forms(known(lab))
    assert long.startswith("connections 3/5,000  2.0 calls/s  refused 1  invalid 3  too big 0")
    assert len(short) <= 76


def test_it_is_told_where_a_foreign_station_connects_or_why_none_can() -> None:
    stations = StationRows()
    assert "no foreign station can connect" in where_to_connect(stations)
    stations.feed([CentralSystemState(url="ws://127.0.0.1:9000", listening=True)])
    assert where_to_connect(stations).endswith("ws://127.0.0.1:9000/IDENTITY")
    stations.feed([CentralSystemState(url="ws://other", listening=False, ours=False)])
    assert "no foreign station can connect" in where_to_connect(stations)


# Which connector


def test_the_first_connector_is_chosen_and_steps_go_round() -> None:
    lab = FakeLab()
    several(lab, 7.0)
    selection = Selection()
    assert selection.chosen is None
    selection.step(1)
    assert selection.feed(lab.events.take())
    seen = []
    for _ in range(5):
        seen.append(str(selection.chosen))
        selection.step(1)
    assert seen == ["CP1/1", "CP1/2", "CP2/1", "CP2/2", "CP1/1"]
    selection.step(-1)
    selection.step(-1)
    assert selection.chosen == ChosenPlace("CP2", 2)


def test_foreign_connectors_are_not_there_to_be_chosen() -> None:
    lab = FakeLab()
    several(lab, 7.0)
    selection = Selection()
    selection.feed(lab.events.take())
    assert selection.at("WALLBOX-7") is None
    with pytest.raises(KeyError):
        selection.choose(ChosenPlace("WALLBOX-7", 1))


def test_choosing_a_station_means_its_chosen_connector_or_its_first() -> None:
    lab = FakeLab()
    several(lab, 7.0)
    selection = Selection()
    selection.feed(lab.events.take())
    selection.choose(ChosenPlace("CP1", 2))
    assert selection.at("CP1") == ChosenPlace("CP1", 2)
    assert selection.at("CP2") == ChosenPlace("CP2", 1)


def test_a_lone_connector_needs_no_name() -> None:
    lab = FakeLab()
    lab.play(2.0)
    selection = Selection()
    selection.feed(lab.events.take())
    assert (selection.several, selection.name) == (False, "")


def test_nothing_is_shown_of_a_chosen_connector_that_nothing_is_known_of() -> None:
    kept: ByPlace[list[int]] = ByPlace(list)
    kept.at("CP1", 1).append(7)
    assert kept.shown == [7]
    kept.chosen = ChosenPlace("CP1", 2)
    assert kept.shown == []
    assert len(kept) == 1
