"""Reading a ChargingProfile from a payload (OCPP 1.6 sections 7.8 to 7.14)."""

from __future__ import annotations

from typing import Any

import pytest

from evtui.smart_charging import (
    InvalidProfile,
    Kind,
    Period,
    Purpose,
    Recurrency,
    profile_from_payload,
)


def payload(schedule: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A small valid profile in snake case, changed by what is given."""
    return {
        "charging_profile_id": 3,
        "stack_level": 2,
        "charging_profile_purpose": "TxDefaultProfile",
        "charging_profile_kind": "Absolute",
        "charging_schedule": {
            "charging_rate_unit": "A",
            "charging_schedule_period": [{"start_period": 0, "limit": 16}],
            **(schedule or {}),
        },
        **fields,
    }


def test_every_field_arrives() -> None:
    profile = profile_from_payload(
        payload(
            {
                "charging_rate_unit": "W",
                "duration": 600,
                "start_schedule": "2026-01-01T00:00:00Z",
                "charging_schedule_period": [
                    {"start_period": 0, "limit": 8.1},
                    {"start_period": 60, "limit": 0, "number_phases": 1},
                ],
            },
            charging_profile_kind="Recurring",
            recurrency_kind="Weekly",
            valid_from="2026-01-01T00:00:10Z",
            valid_to="2026-01-01T00:00:20Z",
            transaction_id=9,
        )
    )
    assert profile.profile_id == 3
    assert profile.stack_level == 2
    assert profile.purpose is Purpose.TX_DEFAULT
    assert (profile.kind, profile.recurrency) == (Kind.RECURRING, Recurrency.WEEKLY)
    assert (profile.unit, profile.duration) == ("W", 600)
    assert profile.periods == (Period(0, 8.1), Period(60, 0))
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
    assert profile_from_payload(payload({"start_schedule": text})).start_schedule == 1_767_225_600


def test_the_start_of_a_relative_profile_is_ignored() -> None:
    profile = profile_from_payload(
        payload({"start_schedule": "2026-01-01T00:00:00Z"}, charging_profile_kind="Relative")
    )
    assert profile.start_schedule is None


def test_a_recurrency_counts_for_recurring_profiles_only() -> None:
    assert profile_from_payload(payload(recurrency_kind="Daily")).recurrency is None


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (payload({"charging_schedule_period": []}), "must start at 0"),
        (
            payload({"charging_schedule_period": [{"start_period": 1, "limit": 1}]}),
            "must start at 0",
        ),
        (
            payload({"charging_schedule_period": [{"start_period": 0, "limit": 1}] * 2}),
            "in order",
        ),
        (
            payload({"charging_schedule_period": [{"start_period": 0, "limit": -0.1}]}),
            "negative",
        ),
        (payload(charging_profile_kind="Recurring", recurrency_kind="Daily"), "needs"),
        (
            payload({"start_schedule": "2026-01-01T00:00:00Z"}, charging_profile_kind="Recurring"),
            "needs",
        ),
        (payload({"start_schedule": "yesterday"}), "'yesterday' is no ISO 8601"),
        (payload(valid_to="2026-13-01T00:00:00Z"), "is no ISO 8601"),
    ],
)
def test_a_profile_that_means_nothing_is_refused_with_the_reason(
    wrong: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidProfile, match=reason):
        profile_from_payload(wrong)
