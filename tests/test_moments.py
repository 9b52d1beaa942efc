"""The one reader of dates: whatever is taken can be read, written and read again by everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evtui.central_system.transactions import Transactions
from evtui.moments import _read, date_time, earliest, unix_time, utc
from evtui.ocpp16.validation import is_date_time
from evtui.smart_charging.profile import payload_of, profile_from_payload
from evtui.station.authorization.id_tag import IdTagInfo
from evtui.station.files.requests import moment
from tests.ocpp16.hostile import DATES

NEW_YEAR = 1_483_228_800.0
"""2017-01-01T00:00:00Z, just after a leap second."""


@pytest.mark.parametrize(
    ("text", "unix"),
    [
        ("2017-01-01T00:00:00Z", NEW_YEAR),
        ("2017-01-01t00:00:00z", NEW_YEAR),
        ("2017-01-01T00:00:00", NEW_YEAR),
        ("2017-01-01T00:00Z", NEW_YEAR),
        ("20170101T000000Z", NEW_YEAR),
        ("2016-W52-7T00:00:00Z", NEW_YEAR),
        ("2017-01-01T00:00:00-00:00", NEW_YEAR),
        ("2017-01-01T05:30:00+05:30", NEW_YEAR),
        ("2017-01-01T05:30:00+0530", NEW_YEAR),
        ("2016-12-31T22:00:00-02", NEW_YEAR),
        ("2016-12-31T24:00:00Z", NEW_YEAR),
        ("2016-12-31T23:59:60Z", NEW_YEAR),
        ("2017-01-01T05:29:60+05:30", NEW_YEAR),
        ("2016-12-31T23:59:60.5Z", NEW_YEAR + 0.5),
        ("2017-01-01T00:00:00,5Z", NEW_YEAR + 0.5),
        ("2017-01-01T00:00:00.2500000Z", NEW_YEAR + 0.25),
        ("2017-01-01T00:00:00.25" + "0" * 5_000 + "Z", NEW_YEAR + 0.25),
    ],
)
def test_what_iso_8601_says_is_what_is_read(text: str, unix: float) -> None:
    assert unix_time(text) == unix


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2017-01-01", "2017-01-01 00:00:00Z", "2017-01-01T00Z", "2017-1-1T00:00:00Z"),
        *("2017-02-29T00:00:00Z", "2017-W53-1T00:00:00Z", "2017-W01T00:00:00Z"),
        *("2017-01-01T24:00:01Z", "2017-01-01T24:00:00.1Z", "2017-01-01T25:00:00Z"),
        *("2017-01-01T00:60:00Z", "2017-01-01T00:00:61Z", "2017-01-01T12:34:60Z"),
        *("2017-01-01T23:59:60+01:00", "2017-01-01T00:00:00+24:00", "2017-01-01T00:00:00.Z"),
        *("0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "-001-01-01T00:00:00Z"),
        *("２017-01-01T00:00:00Z", "2017-01-01T00:00:00Z\n", " 2017-01-01T00:00:00Z"),
    ],
)
def test_what_is_no_date_and_time_is_told_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="is no ISO 8601 date and time") as refused:
        unix_time(text)
    assert "\n" not in str(refused.value)
    assert not is_date_time(text)


def test_a_moment_that_its_zone_carries_out_of_all_years_is_the_first_or_the_last() -> None:
    assert date_time(unix_time("0001-01-01T00:00:00+14:00")) == "0001-01-01T00:00:00Z"
    last = unix_time("9999-12-31T23:59:59.9999999Z")
    assert last == unix_time("9999-12-31T23:59:59-23:59") == unix_time("9999-12-31T23:59:60Z")
    assert date_time(last).startswith("9999-12-31T23:59:59.99")


dates = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31, 23, 59, 59))
zones = st.builds(
    "{}{:02}{}{:02}".format,
    st.sampled_from("+-"),
    st.integers(0, 23),
    st.sampled_from([":", ""]),
    st.integers(0, 59),
)
written = st.sampled_from(DATES) | st.builds(
    lambda moment, mark, fraction, zone: (
        moment.isoformat(timespec="seconds").replace("T", mark) + fraction + zone
    ),
    dates,
    st.sampled_from("Tt"),
    st.just("") | st.from_regex(r"\A[.,][0-9]{1,9}\Z"),
    st.sampled_from(["", "Z", "z"]) | zones,
)


@given(written)
def test_what_is_taken_is_written_and_read_again_as_the_same_moment(text: str) -> None:
    assert is_date_time(text)
    unix = unix_time(text)
    again = date_time(unix)
    assert is_date_time(again)
    assert unix_time(again) == pytest.approx(unix, abs=1e-6)
    assert unix_time(date_time(unix_time(again))) == unix_time(again)
    assert utc(text).tzinfo is UTC


@given(written)
def test_what_is_taken_is_read_by_everybody_who_reads_dates(text: str) -> None:
    unix = unix_time(text)
    assert moment({"startTime": text}, "startTime") == unix
    assert IdTagInfo.from_payload({"status": "Accepted", "expiryDate": text}).expires == unix
    profile = profile_from_payload(
        {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "validFrom": text,
            "validTo": text,
            "chargingSchedule": {
                "startSchedule": text,
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
            },
        }
    )
    assert profile.valid_to == profile.valid_from == profile.start_schedule == unix
    assert is_date_time(payload_of(profile)["validTo"])
    kept = Transactions()
    start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": text}
    first, _ = kept.start("CP1", start)
    assert kept.start("CP1", start)[0] is first
    assert kept.stop("CP1", {"transactionId": -1, "meterStop": 1, "timestamp": text}) != ""
    assert not first.open


@given(st.datetimes(timezones=st.just(UTC)), st.timedeltas(timedelta(-3), timedelta(3)))
def test_moments_keep_their_order(moment: datetime, later: timedelta) -> None:
    try:
        other = moment + later
    except OverflowError:
        return
    read = [unix_time(each.isoformat()) for each in (moment, other)]
    assert (read[0] <= read[1]) == (moment <= other) or abs(later) < timedelta(milliseconds=1)


@given(st.floats(allow_nan=False))
def test_any_number_of_seconds_can_be_written(unix: float) -> None:
    assert is_date_time(date_time(unix))


@given(st.datetimes(), st.integers(0, 9), st.sampled_from(".,"))
def test_the_usual_form_is_read_as_the_others_are(
    moment: datetime, digits: int, point: str
) -> None:
    fraction = point + f"{moment.microsecond:06}789"[:digits] if digits else ""
    text = f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + fraction
    assert utc(f"{text}Z") == utc(f"{text}+00:00") == utc(text)


@given(st.text("0123456789:.,-+TZ", max_size=3), st.integers(0, 24), st.integers(0, 24))
@example("400", 17, 19)
@example("", 20, 23)
def test_a_slip_in_the_usual_form_is_no_date_unless_it_is_in_every_form(
    slip: str, begin: int, end: int
) -> None:
    text = "2026-01-01T00:00:00.123Z"
    text = text[:begin] + slip + text[max(begin, end) :]
    assert readable(utc, text) == readable(_read, text)


def readable(read: Callable[[str], datetime], text: str) -> datetime | None:
    try:
        return read(text)
    except ValueError:
        return None


def test_the_earliest_is_the_first_of_those_that_come() -> None:
    assert earliest(None, 2.0, 1.0) == 1.0
    assert earliest(None) is None
