"""Configuration keys from outside (OCPP 1.6 sections 5.3, 5.8 and 9)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.ocppj.answering import Refusal
from evtui.power import preset
from evtui.station.configuration import Configuration
from evtui.station.configuration_keys import KEYS, table_rows
from evtui.station.metering.measurands import known_items
from tests.station.rig import station, virtual

# Sections 9.1 to 9.4 and errata 3.83, 3.90 and 3.91.
READ_WRITE = """
    AllowOfflineTxForUnknownId AuthorizationCacheEnabled AuthorizeRemoteTxRequests BlinkRepeat
    ClockAlignedDataInterval ConnectionTimeOut ConnectorPhaseRotation HeartbeatInterval
    LightIntensity LocalAuthorizeOffline LocalPreAuthorize MaxEnergyOnInvalidId
    MeterValuesAlignedData MeterValuesSampledData MeterValueSampleInterval MinimumStatusDuration
    ResetRetries StopTransactionOnEVSideDisconnect StopTransactionOnInvalidId StopTxnAlignedData
    StopTxnSampledData TransactionMessageAttempts TransactionMessageRetryInterval
    UnlockConnectorOnEVSideDisconnect WebSocketPingInterval LocalAuthListEnabled MessageTimeout
"""
READ_ONLY = """
    ConnectorPhaseRotationMaxLength GetConfigurationMaxKeys MeterValuesAlignedDataMaxLength
    MeterValuesSampledDataMaxLength NumberOfConnectors StopTxnAlignedDataMaxLength
    StopTxnSampledDataMaxLength SupportedFeatureProfiles SupportedFeatureProfilesMaxLength
    StopTransactionMaxMeterValues LocalAuthListMaxLength SendLocalListMaxLength
    ReserveConnectorZeroSupported ChargeProfileMaxStackLevel
    ChargingScheduleAllowedChargingRateUnit ChargingScheduleMaxPeriods
    ConnectorSwitch3to1PhaseSupported MaxChargingProfilesInstalled SupportedFileTransferProtocols
"""
REQUIRED = {*READ_WRITE.split(), *READ_ONLY.split()}


class Station:
    """A configuration with what it tells."""

    def __init__(self, connectors: int = 1, kind: str = "dc") -> None:
        self.changes: list[str] = []
        self.complaints: list[str] = []
        self.keys = Configuration(
            connectors=connectors,
            meter_interval=1.5,
            strict=False,
            refused=self.complaints.append,
        )
        self.keys.use(preset(kind))
        self.keys.changed.add(self.changes.append)

    def value(self, key: str) -> str:
        """The value as GetConfiguration.conf carries it."""
        (entry,), unknown = self.keys.report([key])
        assert unknown == []
        return entry.text


def test_every_standard_key_is_there_and_can_be_written_where_the_standard_says_so() -> None:
    known, unknown = Station().keys.report(None)
    standard = {entry.key: entry.writable for entry in known if not entry.key.startswith("Evtui")}
    writable = dict.fromkeys(READ_WRITE.split(), True)
    assert standard == writable | dict.fromkeys(READ_ONLY.split(), False)
    assert unknown == []


@pytest.mark.parametrize(
    ("key", "text", "answer"),
    [
        ("ConnectionTimeOut", "30", "Accepted"),
        ("ConnectionTimeOut", "0", "Rejected"),
        ("ConnectionTimeOut", "3.5", "Rejected"),
        ("ConnectionTimeOut", "soon", "Rejected"),
        ("ConnectionTimeOut", "", "Rejected"),
        ("ConnectionTimeOut", "1_0", "Rejected"),
        ("ConnectionTimeOut", "٣", "Rejected"),
        ("HeartbeatInterval", "0", "Rejected"),
        ("HeartbeatInterval", "1e10", "Rejected"),
        ("HeartbeatInterval", "9999999999", "Rejected"),
        ("WebSocketPingInterval", "0", "Accepted"),
        ("WebSocketPingInterval", "-1", "Rejected"),
        ("LightIntensity", "100", "Accepted"),
        ("LightIntensity", "101", "Rejected"),
        ("ClockAlignedDataInterval", "900", "Accepted"),
        ("ClockAlignedDataInterval", "86401", "Rejected"),
        ("AuthorizeRemoteTxRequests", "TRUE", "Accepted"),
        ("AuthorizeRemoteTxRequests", "yes", "Rejected"),
        ("authorizeremotetxrequests", "true", "Accepted"),
        ("EvtuiDefaultLimit", "12.5", "Accepted"),
        ("EvtuiDefaultLimit", "nan", "Rejected"),
        ("MeterValuesSampledData", "Voltage,SoC", "Accepted"),
        ("MeterValuesSampledData", "Voltage,RPM", "Rejected"),
        ("StopTxnAlignedData", "", "Accepted"),
        ("ConnectorPhaseRotation", "0.RST, 1.rts", "Accepted"),
        ("ConnectorPhaseRotation", "2.RST", "Rejected"),
        ("ConnectorPhaseRotation", "1.RST,1.RTS", "Rejected"),
        ("ConnectorPhaseRotation", "1.TTS", "Rejected"),
        ("ConnectorPhaseRotation", "", "Rejected"),
        ("NumberOfConnectors", "2", "Rejected"),
        ("MessageTimeout", "5", "RebootRequired"),
        ("NoSuchKey", "1", "NotSupported"),
    ],
)
def test_a_change_is_accepted_rejected_or_not_supported(key: str, text: str, answer: str) -> None:
    station = Station()
    assert station.keys.change(key, text) == answer
    taken = answer in ("Accepted", "RebootRequired")
    assert [name.lower() for name in station.changes] == ([key.lower()] if taken else [])
    assert len(station.complaints) == (0 if taken else 1)


def test_a_refusal_names_key_value_and_way_out() -> None:
    station = Station()
    station.keys.change("lightintensity", "101")
    station.keys.change("NumberOfConnectors", "2")
    assert station.complaints == [
        "configuration key LightIntensity not changed: '101' is not: integer, %, 0 to 100",
        "configuration key NumberOfConnectors not changed: it is read-only",
    ]


@given(key=st.sampled_from(sorted(REQUIRED)), text=st.text(max_size=20))
def test_what_is_not_accepted_changes_nothing(key: str, text: str) -> None:
    station = Station()
    before = station.value(key)
    if station.keys.change(key, text) in ("Rejected", "NotSupported"):
        assert station.value(key) == before
        assert station.changes == []
        assert station.keys.export() == {}


@pytest.mark.parametrize("kind", ["dc", "ac"])
def test_what_is_reported_can_be_set_again_and_stays_the_same(kind: str) -> None:
    station = Station(connectors=3, kind=kind)
    station.keys.set("MeterValueSampleInterval", 2.0)
    for entry in station.keys.report(None)[0]:
        if entry.writable:
            assert station.keys.change(entry.key, entry.text) == "Accepted"
            assert station.value(entry.key) == entry.text


@given(st.integers(1, 999_999_999))
def test_a_number_is_reported_as_it_was_set(amount: int) -> None:
    station = Station()
    for key in ("ConnectionTimeOut", "MeterValueSampleInterval", "EvtuiDefaultLimit"):
        assert station.keys.change(key, str(amount)) == "Accepted"
        assert station.value(key) == str(amount)
        assert station.keys.number(key) == amount


def test_a_fraction_that_was_set_from_inside_is_reported() -> None:
    assert Station().value("MeterValueSampleInterval") == "1.5"


def test_a_change_that_needs_a_reboot_is_reported_at_once_and_counts_after_the_boot() -> None:
    station = Station()
    assert station.keys.change("MessageTimeout", "5") == "RebootRequired"
    assert station.value("MessageTimeout") == "5"
    assert station.keys.number("MessageTimeout") == 30
    station.changes.clear()
    station.keys.rebooted()
    assert station.keys.number("MessageTimeout") == 5
    assert station.changes == ["MessageTimeout"]
    assert station.keys.change("MessageTimeout", "5") == "Accepted"


def test_a_change_taken_back_before_the_reboot_needs_none() -> None:
    station = Station()
    station.keys.change("MessageTimeout", "5")
    assert station.keys.change("MessageTimeout", "30") == "Accepted"
    station.keys.rebooted()
    assert station.keys.number("MessageTimeout") == 30


def test_the_items_of_a_list_keep_their_order() -> None:
    station = Station()
    station.keys.change("StopTxnSampledData", "voltage, SoC,Current.Import")
    assert station.value("StopTxnSampledData") == "Voltage,SoC,Current.Import"
    assert station.keys.items("StopTxnSampledData") == ("Voltage", "SoC", "Current.Import")
    assert station.keys.items("StopTxnAlignedData") == ()


@pytest.mark.parametrize("key", ["MeterValuesSampledData", "StopTxnAlignedData"])
def test_a_list_takes_no_more_items_than_its_max_length_says(key: str) -> None:
    station = Station(kind="ac")
    most = int(station.keys.number(f"{key}MaxLength"))
    items = known_items(preset("ac"))
    assert len(items) > most
    assert station.keys.change(key, ",".join(items[:most])) == "Accepted"
    assert station.keys.change(key, ",".join(items[: most + 1])) == "Rejected"
    assert station.keys.items(key) == items[:most]


@pytest.mark.parametrize("kind", ["dc", "ac"])
def test_a_list_has_room_for_every_measurand(kind: str) -> None:
    measurands = [item for item in known_items(preset(kind)) if ".L" not in item]
    keys = Station(kind=kind).keys
    assert keys.change("MeterValuesAlignedData", ",".join(measurands)) == "Accepted"


def test_a_list_is_reported_as_far_as_the_power_stage_measures_it_and_not_forgotten() -> None:
    station = Station()
    station.keys.change("StopTxnSampledData", "Voltage,SoC")
    station.keys.use(preset("ac"))
    assert station.value("StopTxnSampledData") == "Voltage"
    assert "SoC" not in station.value("MeterValuesSampledData")
    assert station.keys.change("MeterValuesAlignedData", "SoC") == "Rejected"
    station.keys.use(preset("dc"))
    assert station.value("StopTxnSampledData") == "Voltage,SoC"


@pytest.mark.parametrize(
    ("kind", "rotation"),
    [
        ("dc", "0.NotApplicable,1.NotApplicable,2.NotApplicable"),
        ("ac", "0.Unknown,1.Unknown,2.Unknown"),
    ],
)
def test_the_phase_rotation_is_told_for_every_connector(kind: str, rotation: str) -> None:
    station = Station(connectors=2, kind=kind)
    assert station.value("ConnectorPhaseRotation") == rotation
    assert station.value("ConnectorPhaseRotationMaxLength") == "3"


def test_keys_are_asked_for_in_any_case_and_reported_once_as_the_standard_spells_them() -> None:
    asked = ["numberofconnectors", "Nonsense", "NUMBEROFCONNECTORS", "NONSENSE"]
    known, unknown = Station().keys.report(asked)
    assert [entry.key for entry in known] == ["NumberOfConnectors"]
    assert unknown == ["NONSENSE"]


def test_as_many_keys_as_allowed_can_be_asked_for_and_not_one_more() -> None:
    keys = Station().keys
    most = int(keys.number("GetConfigurationMaxKeys"))
    assert most >= len(KEYS)
    names = [f"Key{n}" for n in range(most)]
    assert keys.report(names) == ([], names)
    with pytest.raises(Refusal) as refused:
        keys.report([*names, "OneMore"])
    assert refused.value.code == "OccurenceConstraintViolation"
    assert str(most) in str(refused.value)


def test_what_the_central_system_changed_survives_a_restart() -> None:
    before = Station()
    changes = {
        "StopTxnSampledData": "Voltage,SoC",
        "EvtuiDefaultLimit": "63.5",
        "MessageTimeout": "5",
        "LocalPreAuthorize": "true",
    }
    for key, text in changes.items():
        before.keys.change(key, text)
    assert before.keys.export() == changes
    after = Station()
    after.keys.restore(before.keys.export())
    assert after.keys.export() == changes
    assert after.keys.report(None) == before.keys.report(None)
    assert after.keys.number("MessageTimeout") == 5  # a start is a boot


def test_what_was_set_from_inside_later_overrules_what_came_from_outside() -> None:
    station = Station()
    station.keys.change("HeartbeatInterval", "20")
    station.keys.set("HeartbeatInterval", 300)
    assert station.value("HeartbeatInterval") == "300"
    assert station.keys.export() == {}


def test_what_does_not_hold_any_more_is_not_restored_and_said() -> None:
    station = Station(kind="ac")
    station.keys.restore({"StopTxnSampledData": "SoC", "Gone": "1", "LightIntensity": "50"})
    assert station.keys.export() == {"LightIntensity": "50"}
    assert len(station.complaints) == 2


@pytest.mark.parametrize("kept", [[], "LightIntensity", {"LightIntensity": 50}])
def test_what_is_no_configuration_is_not_restored(kept: Any) -> None:
    station = Station()
    with pytest.raises(ValueError, match="Expected"):
        station.keys.restore(kept)
    assert station.changes == []


def test_the_table_has_a_line_for_each_key_with_its_section_and_default() -> None:
    rows = {row[1]: row for row in table_rows()}
    assert len(rows) == len(KEYS)
    assert rows["LightIntensity"] == (
        "9.1.11",
        "LightIntensity",
        "RW",
        "integer, %, 0 to 100",
        "100",
        "stored, without effect",
    )
    assert rows["MessageTimeout"][-1] == "RebootRequired"
    assert rows["SupportedFeatureProfiles"][4].count(",") == 5


@virtual
async def test_get_configuration_tells_known_keys_and_names_unknown_ones() -> None:
    async with station() as rig:
        await rig.accepted()
        answer = await rig.central.call("GetConfiguration", key=["NumberOfConnectors", "Nonsense"])
        assert answer == {
            "configurationKey": [{"key": "NumberOfConnectors", "readonly": True, "value": "1"}],
            "unknownKey": ["Nonsense"],
        }
        everything = await rig.central.call("GetConfiguration")
        assert {entry["key"] for entry in everything["configurationKey"]} >= REQUIRED
        assert "unknownKey" not in everything


@pytest.mark.parametrize(("kind", "switches"), [("dc", "false"), ("ac", "true")])
@virtual
async def test_a_key_says_whether_phases_are_switched(kind: str, switches: str) -> None:
    async with station(kind) as rig:
        key = "ConnectorSwitch3to1PhaseSupported"
        await rig.accepted()
        answer = await rig.central.call("GetConfiguration", key=[key])
        assert answer["configurationKey"] == [{"key": key, "readonly": True, "value": switches}]


@pytest.mark.parametrize(("kind", "meaning"), [("dc", "output current"), ("ac", "per phase")])
@virtual
async def test_a_key_says_what_an_ampere_means(kind: str, meaning: str) -> None:
    async with station(kind) as rig:
        await rig.accepted()
        answer = await rig.central.call("GetConfiguration", key=["EvtuiAmpereMeaning"])
        assert meaning in answer["configurationKey"][0]["value"]
