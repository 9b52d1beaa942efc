"""Typed messages and JSON fields."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from ocpp.charge_point import (
    camel_to_snake_case,
    remove_nones,
    serialize_as_dict,
    snake_to_camel_case,
)
from ocpp.v16 import call
from ocpp.v16.datatypes import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    MeterValue,
    SampledValue,
)
from ocpp.v16.enums import ChargingRateUnitType, ResetType

from evtui.ocpp16.naming import arguments_of, fields_of

PROFILE = ChargingProfile(
    charging_profile_id=1,
    stack_level=0,
    charging_profile_purpose="TxProfile",
    charging_profile_kind="Relative",
    charging_schedule=ChargingSchedule(
        charging_rate_unit=ChargingRateUnitType.amps,
        charging_schedule_period=[ChargingSchedulePeriod(start_period=0, limit=6.1)],
    ),
)
MESSAGES = (
    call.SetChargingProfile(connector_id=1, cs_charging_profiles=PROFILE),
    call.MeterValues(
        connector_id=1,
        meter_value=[
            MeterValue(timestamp="t", sampled_value=[SampledValue(value="1", unit="Percent")])
        ],
    ),
    call.Reset(type=ResetType.hard),
    call.Heartbeat(),
    call.SendLocalList(list_version=1, update_type="Full", local_authorization_list=[]),
)

keys = st.text(st.characters(codec="ascii", categories=["L", "N", "Pc"]), min_size=1, max_size=20)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=10,
)


def test_every_typed_message_becomes_the_fields_the_package_would_make() -> None:
    for message in MESSAGES:
        theirs = snake_to_camel_case(remove_nones(serialize_as_dict(message)))
        assert fields_of(message) == theirs


def test_enumerations_become_plain_strings() -> None:
    assert type(fields_of(MESSAGES[2])["type"]) is str


@given(documents)
def test_decoded_json_gets_the_names_the_package_would_give(document: Any) -> None:
    assert arguments_of(document) == camel_to_snake_case(document)
