"""Configuration keys from outside (OCPP 1.6 sections 5.3, 5.8 and 9)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.station.configuration import Configuration
from tests.station.rig import station, virtual

# Required keys of sections 9.1 and 9.4.
REQUIRED = {
    "AuthorizeRemoteTxRequests",
    "ClockAlignedDataInterval",
    "ConnectionTimeOut",
    "ConnectorPhaseRotation",
    "GetConfigurationMaxKeys",
    "HeartbeatInterval",
    "LocalAuthorizeOffline",
    "LocalPreAuthorize",
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "MeterValueSampleInterval",
    "NumberOfConnectors",
    "ResetRetries",
    "StopTransactionOnEVSideDisconnect",
    "StopTransactionOnInvalidId",
    "StopTxnAlignedData",
    "StopTxnSampledData",
    "SupportedFeatureProfiles",
    "TransactionMessageAttempts",
    "TransactionMessageRetryInterval",
    "UnlockConnectorOnEVSideDisconnect",
    "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargingScheduleMaxPeriods",
    "MaxChargingProfilesInstalled",
}


def configuration(changes: list[str] | None = None) -> Configuration:
    """A configuration that notes the keys that change."""
    changed = (lambda key: None) if changes is None else changes.append
    return Configuration(connectors=1, meter_interval=1.5, strict=False, changed=changed)


def value_of(keys: Configuration, key: str) -> str:
    """The value as OCPP carries it."""
    (entry,), _ = keys.report([key])
    return entry.text


def test_every_required_key_is_there() -> None:
    known, unknown = configuration().report(None)
    assert {entry.key for entry in known} >= REQUIRED
    assert unknown == []


@pytest.mark.parametrize(
    ("key", "text", "answer"),
    [
        ("ConnectionTimeOut", "30", "Accepted"),
        ("ConnectionTimeOut", "0", "Rejected"),
        ("ConnectionTimeOut", "3.5", "Rejected"),
        ("ConnectionTimeOut", "soon", "Rejected"),
        ("HeartbeatInterval", "0", "Rejected"),
        ("HeartbeatInterval", "1e10", "Rejected"),
        ("AuthorizeRemoteTxRequests", "TRUE", "Accepted"),
        ("AuthorizeRemoteTxRequests", "yes", "Rejected"),
        ("EvtuiDefaultLimit", "12.5", "Accepted"),
        ("EvtuiDefaultLimit", "nan", "Rejected"),
        ("NumberOfConnectors", "2", "Rejected"),
        ("NoSuchKey", "1", "NotSupported"),
    ],
)
def test_a_change_is_accepted_rejected_or_not_supported(key: str, text: str, answer: str) -> None:
    changes: list[str] = []
    assert configuration(changes).change(key, text) == answer
    assert changes == ([key] if answer == "Accepted" else [])


@settings(deadline=None)
@given(key=st.sampled_from(sorted(REQUIRED)), text=st.text(max_size=20))
def test_what_is_not_accepted_changes_nothing(key: str, text: str) -> None:
    keys = configuration()
    before = value_of(keys, key)
    if keys.change(key, text) != "Accepted":
        assert value_of(keys, key) == before


@settings(deadline=None)
@given(st.integers(1, 99_999_999))
def test_a_number_is_reported_as_it_was_set(amount: int) -> None:
    keys = configuration()
    for key in ("ConnectionTimeOut", "MeterValueSampleInterval", "EvtuiDefaultLimit"):
        assert keys.change(key, str(amount)) == "Accepted"
        assert value_of(keys, key) == str(amount)


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


@pytest.mark.parametrize(("kind", "meaning"), [("dc", "output current"), ("ac", "per phase")])
@virtual
async def test_a_key_says_what_an_ampere_means(kind: str, meaning: str) -> None:
    async with station(kind) as rig:
        await rig.accepted()
        answer = await rig.central.call("GetConfiguration", key=["EvtuiAmpereMeaning"])
        assert meaning in answer["configurationKey"][0]["value"]


@virtual
async def test_operations_without_anything_behind_them_say_so() -> None:
    async with station() as rig:
        await rig.accepted()
        call = rig.central.status_of
        assert await call("UnlockConnector", connectorId=1) == "NotSupported"
        assert await call("ClearCache") == "Rejected"
        assert await call("DataTransfer", vendorId="nobody") == "UnknownVendorId"
