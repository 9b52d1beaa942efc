from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.detection import DetectorPart
from evtui.detection.feed import reported_current
from evtui.events import Alarm, BusLoad, CanFrame, EventStream, OcppMessage, as_json

SWING = [0, 100] * 4


class Clock:
    start_utc = 0.0

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time


class Rig:
    """A detector part on a stream, and everything it can be fed with."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.stream = EventStream(self.clock)
        self.part = DetectorPart(self.stream, **options)
        self.alarms: list[Alarm] = []
        self.stream.subscribe(
            lambda event: self.alarms.append(event) if isinstance(event, Alarm) else None
        )

    @property
    def changes(self) -> list[tuple[str, str, bool]]:
        return [(alarm.view, alarm.station, alarm.raised) for alarm in self.alarms]

    def frame(self, data: bytes, **options: Any) -> None:
        options = {"station": "CP1", "arbitration_id": 0x300, **options}
        self.clock.time += 1.0
        self.stream.publish(CanFrame(bus="CP1/can", node="module", data=data, **options))

    def can(self, currents: Iterable[int], **options: Any) -> None:
        for current in currents:
            self.frame(current.to_bytes(2, "little"), **options)

    def second(self, *, reports: int = 10, station: str = "CP1", connector: int = 1) -> None:
        """A second of a bus, with as many reports of 50 A in it."""
        begun = self.clock.time
        for n in range(reports):
            self.clock.time = begun + n / 10 - 1.0  # a frame takes a second of its own
            self.can([50], station=station, arbitration_id=0x2E0 + 0x20 * connector)
        self.clock.time = begun + 1.0
        self.stream.publish(
            BusLoad(
                station=station,
                bus=f"{station}/can",
                bitrate=500_000,
                load_pct=0.2,
                frames_per_s=float(reports),
                frames=reports,
            )
        )

    def meter_values(self, currents: Iterable[object], **options: Any) -> None:
        for current in currents:
            sampled = [
                {"measurand": "Voltage", "value": "400"},
                {"measurand": "Current.Import", "value": str(current)},
            ]
            self.ocpp({"connectorId": 1, "meterValue": [{"sampledValue": sampled}]}, **options)

    def ocpp(self, payload: Any, **options: Any) -> None:
        message: dict[str, Any] = {
            "station": "CP1",
            "sender": "charge_point",
            "phase": "delivered",
            "kind": "call",
            "uid": "1",
            "action": "MeterValues",
            "connector": 1,
        }
        self.clock.time += 1.0
        self.stream.publish(OcppMessage(body=as_json(payload), **(message | options)))


def test_a_swinging_current_on_can_raises_an_alarm_that_says_why() -> None:
    rig = Rig()
    rig.can(SWING)
    assert rig.changes == [("can", "CP1", True)]
    (alarm,) = rig.alarms
    assert alarm.connector == 1
    assert alarm.detector == "current-reversals"
    assert alarm.evidence == "4 reversals of 8 A in 60 s"
    assert alarm.t == 6.0


def test_swinging_meter_values_raise_an_alarm_of_the_other_view() -> None:
    rig = Rig()
    rig.meter_values(SWING)
    assert rig.changes == [("ocpp", "CP1", True)]


def test_an_alarm_is_cleared_when_the_current_is_steady_again() -> None:
    rig = Rig()
    rig.can([*SWING, *[0] * 70])
    assert rig.changes == [("can", "CP1", True), ("can", "CP1", False)]


def test_each_station_and_connector_has_a_detector_of_its_own() -> None:
    rig = Rig()
    for current in SWING:
        rig.can([current], station="CP1")
        rig.can([50], station="CP2")
        rig.meter_values([50], connector=1)
        rig.meter_values([current], connector=2)
    assert [(alarm.view, alarm.station, alarm.connector) for alarm in rig.alarms] == [
        ("can", "CP1", 1),
        ("ocpp", "CP1", 2),
    ]


def test_only_one_end_of_a_link_counts() -> None:
    """Both ends of our own link are on the stream; counted twice, nothing would turn twice."""
    at_central_system, at_station = Rig(phase="delivered"), Rig(phase="sent")
    for rig in (at_central_system, at_station):
        for current in SWING:
            rig.meter_values([current], phase="sent")
            rig.meter_values([50], phase="delivered")
    assert at_central_system.changes == []
    assert at_station.changes == [("ocpp", "CP1", True)]


@pytest.mark.parametrize(
    ("feed", "view"), [("can", "can"), ("meter_values", "ocpp")], ids=["can", "ocpp"]
)
def test_a_feed_that_is_not_watched_raises_nothing(feed: str, view: str) -> None:
    rig = Rig(views=tuple({"can", "ocpp"} - {view}))
    getattr(rig, feed)(SWING)
    assert rig.changes == []


def test_switching_a_feed_off_clears_its_alarm_and_forgets_its_turns() -> None:
    rig = Rig()
    rig.can(SWING)
    rig.meter_values(SWING)
    rig.part.watch(("ocpp",))
    assert rig.changes[2:] == [("can", "CP1", False)]
    assert rig.alarms[-1].evidence == "no longer watched"
    rig.part.watch(("can", "ocpp"))
    rig.can(SWING[:5])
    assert len(rig.alarms) == 3
    rig.can(SWING[5:])
    assert rig.changes[3:] == [("can", "CP1", True)]


def test_reports_that_stay_away_raise_an_alarm_at_their_connector() -> None:
    rig = Rig()
    for _ in range(8):
        rig.second(connector=2)
    assert rig.alarms == []
    rig.second(reports=0)
    (alarm,) = rig.alarms
    assert (alarm.detector, alarm.view, alarm.station) == ("report-rate", "can", "CP1")
    assert alarm.connector == 2
    assert alarm.source == "report-rate/can"
    assert alarm.evidence == "0x320 came 0 times in 1 s, usually 10"
    rig.second(connector=2)
    assert rig.changes == [("can", "CP1", True), ("can", "CP1", False)]


def test_a_second_of_another_stations_bus_says_nothing_of_this_one() -> None:
    rig = Rig()
    for _ in range(8):
        rig.second()
    for _ in range(3):
        rig.second(station="CP2")
    assert rig.alarms == []


def test_switching_can_off_clears_the_alarm_of_missing_reports_too() -> None:
    rig = Rig()
    for _ in range(8):
        rig.second()
    rig.second(reports=0)
    rig.part.watch(("ocpp",))
    assert rig.changes == [("can", "CP1", True), ("can", "CP1", False)]
    assert rig.alarms[-1].evidence == "no longer watched"
    rig.second(reports=0)
    assert len(rig.alarms) == 2


def test_a_closed_part_reads_nothing_more() -> None:
    rig = Rig()
    rig.part.close()
    rig.can(SWING)
    assert rig.changes == []


@pytest.mark.parametrize(
    "foreign",
    [
        {"extended": True},
        {"remote": True},
        {"error": True},
        {"arbitration_id": 0x301},
        {"arbitration_id": 0x210},
    ],
    ids=str,
)
def test_frames_that_are_not_the_modules_current_are_ignored(foreign: dict[str, Any]) -> None:
    rig = Rig()
    rig.can(SWING, **foreign)
    assert rig.changes == []


@given(st.lists(st.binary(max_size=8).filter(lambda data: len(data) != 2), max_size=20))
def test_frames_of_the_wrong_length_are_ignored(lengths: list[bytes]) -> None:
    rig = Rig()
    for data in lengths:
        rig.frame(data)
    assert rig.changes == []
    rig.can(SWING)
    assert rig.changes == [("can", "CP1", True)]


@pytest.mark.parametrize(
    "other", [{"kind": "result"}, {"action": "StatusNotification"}, {"connector": None}], ids=str
)
def test_other_messages_are_ignored(other: dict[str, Any]) -> None:
    rig = Rig()
    rig.meter_values(SWING, **other)
    assert rig.changes == []


@pytest.mark.parametrize("nonsense", ["NaN", "inf", "-inf", "much"])
def test_a_value_that_is_no_number_does_not_blind_the_detector(nonsense: str) -> None:
    rig = Rig()
    rig.meter_values([nonsense, *SWING])
    assert rig.changes == [("ocpp", "CP1", True)]


def test_the_current_is_found_among_the_measurands() -> None:
    payload = {
        "meterValue": [
            {"sampledValue": [{"value": "7"}, {"measurand": "SoC", "value": "20"}]},
            {"sampledValue": [{"measurand": "Current.Import", "value": "31.5"}]},
        ]
    }
    assert reported_current(payload) == 31.5


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["meterValue", "sampledValue", "measurand", "value", "x"]),
            inner | st.just("Current.Import"),
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(JSON | JSON.map(lambda inner: {"meterValue": [{"sampledValue": [inner]}]}))
def test_a_message_of_any_shape_disturbs_nobody(payload: object) -> None:
    rig = Rig()
    rig.ocpp(payload)
    assert rig.changes == []
