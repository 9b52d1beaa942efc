"""Reading a ChargingProfile from a payload (OCPP 1.6 sections 7.8 to 7.14)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from evtui.ocpp16.validation import check
from evtui.smart_charging import (
    ChargingProfile,
    InvalidProfile,
    Period,
    ProfileKind,
    Purpose,
    Recurrency,
    payload_of,
    profile_from_payload,
)
from tests.smart_charging.profiles import any_profile


def payload(schedule: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A small valid profile, changed by what is given."""
    return {
        "chargingProfileId": 3,
        "stackLevel": 2,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
            **(schedule or {}),
        },
        **fields,
    }


def test_every_field_arrives() -> None:
    profile = profile_from_payload(
        payload(
            {
                "chargingRateUnit": "W",
                "duration": 600,
                "startSchedule": "2026-01-01T00:00:00Z",
                "minChargingRate": 6.5,
                "chargingSchedulePeriod": [
                    {"startPeriod": 0, "limit": 8.1},
                    {"startPeriod": 60, "limit": 0, "numberPhases": 1},
                ],
            },
            chargingProfileKind="Recurring",
            recurrencyKind="Weekly",
            validFrom="2026-01-01T00:00:10Z",
            validTo="2026-01-01T00:00:20Z",
            transactionId=9,
        )
    )
    assert profile.profile_id == 3
    assert profile.stack_level == 2
    assert profile.purpose is Purpose.TX_DEFAULT
    assert (profile.kind, profile.recurrency) == (ProfileKind.RECURRING, Recurrency.WEEKLY)
    assert (profile.unit, profile.duration) == ("W", 600)
    assert profile.periods == (Period(0, 8.1), Period(60, 0, 1))
    assert profile.min_charging_rate == 6.5
    assert profile.start_schedule == 1_767_225_600
    assert (profile.valid_from, profile.valid_to) == (1_767_225_610, 1_767_225_620)
    assert profile.transaction_id == 9


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T05:30:00+05:30",
        "2025-12-31T19:00:00.0-05:00",
        "2026-01-01T00:00:00",
    ],
)
def test_fractions_and_offsets_are_understood_and_no_zone_means_utc(text: str) -> None:
    assert profile_from_payload(payload({"startSchedule": text})).start_schedule == 1_767_225_600


def test_the_start_of_a_relative_profile_is_ignored() -> None:
    profile = profile_from_payload(
        payload({"startSchedule": "2026-01-01T00:00:00Z"}, chargingProfileKind="Relative")
    )
    assert profile.start_schedule is None


def test_a_recurrency_counts_for_recurring_profiles_only() -> None:
    assert profile_from_payload(payload(recurrencyKind="Daily")).recurrency is None


def periods(*starts_and_limits: tuple[Any, Any], **fields: Any) -> dict[str, Any]:
    """A payload with these periods."""
    listed = [{"startPeriod": start, "limit": limit} for start, limit in starts_and_limits]
    return payload({"chargingSchedulePeriod": listed, **fields})


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (periods(), "chargingSchedulePeriod is empty"),
        (periods((1, 16)), r"\[0\].startPeriod is 1; the first must be 0"),
        (periods((0, 16), (0, 8)), r"\[1\].startPeriod is 0, not after 0"),
        (periods((0, 16), (60, 8), (30, 4)), r"\[2\].startPeriod is 30, not after 60"),
        (periods((0, -0.1)), r"\[0\].limit is -0.1"),
        (periods((0, float("nan"))), r"\[0\].limit is nan"),
        (periods((0, float("inf"))), r"\[0\].limit is inf"),
        (periods((0, 16), (10**400, 8)), r"\[1\].startPeriod is 10{39};"),
        (periods((0, 16), duration=-1), "duration is -1"),
        (periods((0, 16), minChargingRate=-1), "minChargingRate is -1"),
        (
            payload(
                {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1, "numberPhases": 4}]}
            ),
            r"\[0\].numberPhases is 4; it must be 1, 2 or 3",
        ),
        (
            payload(chargingProfileKind="Recurring", recurrencyKind="Daily"),
            "Recurring profile needs startSchedule",
        ),
        (
            payload({"startSchedule": "2026-01-01T00:00:00Z"}, chargingProfileKind="Recurring"),
            "Recurring profile needs recurrencyKind",
        ),
        (payload({"startSchedule": "yesterday"}), "startSchedule: 'yesterday' is no ISO 8601"),
        (payload(validTo="2026-13-01T00:00:00Z"), "validTo: '2026-13-01T00:00:00Z' is no"),
        (payload(validFrom="2026-01-01"), "validFrom: .* is no ISO 8601"),
    ],
)
def test_a_profile_that_means_nothing_is_refused_in_one_line_that_says_why(
    wrong: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidProfile, match=reason) as refused:
        profile_from_payload(wrong)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 120


@settings(deadline=None)
@given(any_profile())
def test_a_profile_written_and_read_again_is_the_same(profile: ChargingProfile) -> None:
    written = payload_of(profile)
    asked = {"connectorId": 1, "csChargingProfiles": written}
    assert check("SetChargingProfile", "call", asked) is None
    assert profile_from_payload(written) == profile


def test_a_payload_has_the_names_of_the_wire_and_only_what_was_given() -> None:
    assert payload_of(profile_from_payload(payload())) == {
        "chargingProfileId": 3,
        "stackLevel": 2,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}],
        },
    }
