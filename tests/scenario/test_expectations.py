"""Whether what a scenario expects has happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.events import Note, OcppMessage
from evtui.scenario.expectations import EXPECTATIONS
from evtui.scenario.expectations.alarms import AlarmExpected, NoAlarmExpected
from evtui.scenario.expectations.current import (
    CurrentExpected,
    CurrentRange,
    EnergyExpected,
    EnergyRange,
)
from evtui.scenario.expectations.messages import MessageExpected, NoMessageExpected, OrderExpected
from evtui.scenario.expectations.status import StatusExpected
from evtui.scenario.expectations.validity import NoSchemaViolation
from evtui.scenario.judge.judge import Judge
from evtui.scenario.language.loader import ScenarioError
from evtui.scenario.language.model import Amperes, WattHours
from evtui.violations import Violation
from tests.scenario.events import (
    alarm,
    anomaly,
    call,
    judge,
    result,
    sample,
    seconds,
    status,
)
from tests.scenario.files import minimal, plan_of

T0 = 1000.0


def expect_alarm(within: float = 30.0, **options: Any) -> AlarmExpected:
    return AlarmExpected(alarm="reversals", within=seconds(within), **options)


def test_every_kind_of_expectation_is_observed_and_has_words(tmp_path: Path) -> None:
    examples = "".join(f"\n  - {kind.example}" for kind in EXPECTATIONS.values())
    every = plan_of(minimal(more=f"expect: {examples}\n"), tmp_path).scenario.expect
    assert [type(each) for each in every] == list(EXPECTATIONS.values())
    judgements = Judge(every).judge()
    assert all(judgement.expectation and judgement.found for judgement in judgements)


# Alarms


def test_an_alarm_is_met_within_the_time_from_the_first_anomaly() -> None:
    found = judge(expect_alarm(), anomaly(50), alarm(66.1), anomaly(70), alarm(99))
    assert found == (
        "alarm reversals within 30 s",
        True,
        "raised 16.1 s after the anomaly was switched on (view can)",
    )


def test_an_alarm_that_comes_too_late_is_not_met() -> None:
    found = judge(expect_alarm(10), anomaly(50), alarm(66.1))
    assert not found.met
    assert found.found.endswith("too late")


def test_an_alarm_on_the_very_moment_is_in_time() -> None:
    assert judge(expect_alarm(0.3), anomaly(0.1), alarm(0.1 + 0.3)).met


def test_an_alarm_before_the_anomaly_does_not_count_for_it() -> None:
    found = judge(expect_alarm(), alarm(3), anomaly(50))
    assert not found.met
    assert "raised at 3.0 s, before the anomaly" in found.found


def test_without_an_anomaly_the_time_runs_from_the_start() -> None:
    assert judge(expect_alarm(5), alarm(T0 + 3), start=T0) == (
        "alarm reversals within 5 s",
        True,
        "raised at 3.0 s (view can)",
    )


def test_an_alarm_of_another_view_is_not_met_and_is_told() -> None:
    found = judge(expect_alarm(view="ocpp"), anomaly(1), alarm(2))
    assert not found.met
    assert found.found == "not raised, but reversals at 2.0 s (view can)"


def test_an_alarm_that_is_cleared_is_not_raised() -> None:
    assert not judge(expect_alarm(), alarm(2, raised=False)).met


def test_any_alarm_will_do_when_any_is_asked_for() -> None:
    expected = AlarmExpected(alarm="any", within=seconds(9))
    assert judge(expected, alarm(2, name="cusum")).found == "cusum raised at 2.0 s (view can)"


@pytest.mark.parametrize(
    ("before", "met"),
    [("anomaly", True), ("end", False), (seconds(20), True), (seconds(30), False)],
)
def test_no_alarm_is_met_until_its_moment(before: Any, met: bool) -> None:
    events = (anomaly(20), alarm(25))
    found = judge(NoAlarmExpected(no_alarm_before=before), *events)
    assert found.met is met
    assert found.found == (
        "none raised" if met else "reversals raised at 25.0 s (view can): 4 reversals"
    )


def test_a_false_alarm_before_the_anomaly_is_told() -> None:
    expected = NoAlarmExpected(no_alarm_before="anomaly")
    assert not judge(expected, alarm(5), anomaly(20)).met


# Messages


def test_a_message_counts_once_though_it_is_sent_and_delivered() -> None:
    expected = MessageExpected(message="Reset", count=2)
    both = [call(1, "Reset", uid="1"), call(1, "Reset", uid="1", phase="delivered")]
    found = judge(expected, *both)
    assert not found.met
    assert found.found == "seen once, first at 1.0 s"


def test_a_message_is_told_from_others_by_its_fields_at_any_depth() -> None:
    limit = {"csChargingProfiles": {"chargingSchedule": {"chargingSchedulePeriod": [{"limit": 0}]}}}
    expected = MessageExpected(message="SetChargingProfile", fields=limit)
    other = {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingSchedule": {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": 100}]}
        },
    }
    found = judge(expected, call(1, "SetChargingProfile", other))
    assert not found.met
    assert found.found == "not seen (1 with other fields)"
    assert judge(expected, call(2, "SetChargingProfile", {"connectorId": 1} | limit)).met


def test_a_message_of_the_other_side_does_not_count() -> None:
    expected = MessageExpected(message="DataTransfer", sender="charge_point")
    assert not judge(expected, call(1, "DataTransfer")).met
    assert judge(expected, call(1, "DataTransfer", sender="charge_point")).met


def test_a_message_after_its_time_is_too_late() -> None:
    expected = MessageExpected(message="Reset", within=seconds(5))
    assert judge(expected, call(5.1, "Reset")).found == "not seen (1 too late)"


def test_a_message_counts_when_its_answer_is_the_one_expected() -> None:
    expected = MessageExpected(message="Reset", answer="Rejected")
    asked = call(1, "Reset")
    assert judge(expected, asked).found == "not seen (not answered)"
    accepted = judge(expected, asked, result(2, asked, {"status": "Accepted"}))
    assert accepted.found == "not seen (answered Accepted)"
    assert judge(expected, asked, result(2, asked, {"status": "Rejected"})).met


def test_a_callerror_is_an_answer_by_its_code() -> None:
    expected = MessageExpected(message="Reset", answer="NotSupported")
    asked = call(1, "Reset")
    assert judge(expected, asked, result(1, asked, error="NotSupported")).met


def test_calls_that_are_never_answered_do_not_fill_the_memory() -> None:
    expected = MessageExpected(message="Reset", answer="Accepted")
    calls = [call(t, "Reset") for t in range(1000)]
    newest = result(1001, calls[-1], {"status": "Accepted"})
    oldest = result(1002, calls[0], {"status": "Accepted"})
    assert judge(expected, *calls, newest, oldest).found.startswith("seen once")


def test_a_count_of_nothing_is_not_met() -> None:
    assert not judge(MessageExpected(message="Reset", count=0)).met


def test_a_message_that_must_not_be_seen() -> None:
    expected = NoMessageExpected(no_message="Reset", fields={"type": "Hard"})
    soft, hard = call(1, "Reset", {"type": "Soft"}), call(2, "Reset", {"type": "Hard"})
    assert judge(expected, soft) == (
        'no message Reset with {"type":"Hard"}',
        True,
        "not seen (1 with other fields)",
    )
    assert judge(expected, soft, hard).found == "seen once, first at 2.0 s"


def test_a_message_that_must_not_be_seen_for_a_while() -> None:
    expected = NoMessageExpected(no_message="Reset", between=(seconds(10), seconds(20)))
    before, during, after = (call(t, "Reset") for t in (9.9, 20.0, 20.1))
    assert judge(expected, before, after)[:2] == ("no message Reset from 10 s to 20 s", True)
    assert judge(expected, before, during, after).found == "seen once, first at 20.0 s"


def test_a_while_that_ends_before_it_begins_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="between: expected the earlier time first"):
        plan_of(minimal(more="expect: [{no_message: Reset, between: [2s, 1s]}]\n"), tmp_path)


def test_an_order_may_have_other_messages_between() -> None:
    expected = OrderExpected(order=["A", "B", "A"])
    calls = [call(t, name) for t, name in enumerate("XAXBBXA")]
    assert judge(expected, *calls).found == "in this order, the last at 6.0 s"
    assert judge(expected, *calls[:-1]).found == "no A after B at 3.0 s"
    assert judge(expected, *calls[:1]).found == "A was not seen"


def test_an_order_of_nothing_is_not_met() -> None:
    assert not judge(OrderExpected(order=[]), call(1, "A")).met


# The station


def test_a_status_is_reached_in_its_time() -> None:
    expected = StatusExpected(status="Charging", within=seconds(10))
    assert judge(expected, status(T0 + 9, "Charging"), start=T0).found == "reached at 9.0 s"
    late = judge(expected, status(11, "Charging"))
    assert (late.met, late.found) == (False, "reached at 11.0 s, too late")
    other = judge(expected, status(1, "Preparing"), status(2, "Charging", connector=0))
    assert other.found == "not reached; the last was Preparing"


def test_a_status_that_was_there_from_the_start_counts() -> None:
    assert judge(StatusExpected(status="Preparing"), sample(0.1, status="Preparing")).met


def current(low: float, high: float, **options: Any) -> CurrentExpected:
    between = (Amperes(low), Amperes(high))
    return CurrentExpected(current=CurrentRange(between=between, **options))


def test_every_sample_must_keep_to_the_bounds() -> None:
    flow = [sample(0, 10), sample(1, 90), sample(2, 50)]
    assert judge(current(10, 90), *flow).found == "10.0 to 90.0 A"
    assert judge(current(11, 90), *flow).found == "10.0 A at 0.0 s"
    assert judge(current(0, 89), *flow).found == "90.0 A at 1.0 s"


@pytest.mark.parametrize(
    ("measure", "found"), [("peak", "90.0 A at 1.0 s"), ("mean", "60.0 A"), ("last", "50.0 A at")]
)
def test_the_current_is_measured_in_other_ways(measure: Any, found: str) -> None:
    flow = [sample(0, 10), sample(1, 90), sample(2, 50)]
    assert judge(current(0, 100, measure=measure), *flow).found.startswith(found)


def test_the_mean_is_over_time_and_not_over_samples() -> None:
    flow = [sample(0, 0), sample(0.1, 0), sample(0.2, 0), sample(10.2, 0), sample(10.3, 100)]
    assert judge(current(0, 1, measure="mean"), *flow).met


def test_only_the_window_counts() -> None:
    flow = [sample(T0 + t, a) for t, a in ((0, 500), (10, 50), (20, 60), (30, 500))]
    window = current(50, 60, start=seconds(10), end=seconds(20))
    assert judge(window, *flow, start=T0).met


def test_a_window_without_samples_is_not_met() -> None:
    assert not judge(current(0, 500, start=seconds(60)), sample(1, 10)).met


def test_each_connector_must_keep_to_the_bounds() -> None:
    good, bad = sample(1, 10), sample(1, 99, connector=2)
    assert not judge(current(0, 50), good, bad).met


def energy(low: float, high: float) -> EnergyExpected:
    between = (WattHours(low), WattHours(high))
    return EnergyExpected(energy=EnergyRange(between=between))


def test_energy_is_what_was_delivered_in_the_run() -> None:
    flow = [sample(0, energy=1000), sample(1, energy=1040)]
    assert judge(energy(40, 50), *flow) == ("energy 40 to 50 Wh", True, "40.0 Wh")
    assert not judge(energy(41, 50), *flow).met
    assert not judge(energy(0, 50)).met


@given(st.lists(st.floats(0, 500), min_size=1, max_size=30))
def test_lowest_mean_and_highest_are_in_order(currents: list[float]) -> None:
    flow = [sample(t / 10, a) for t, a in enumerate(currents)]
    low, high = min(currents), max(currents)
    for measure in ("all", "peak", "mean", "last"):
        assert judge(current(low, high, measure=measure), *flow).met


# Schema


VALID = NoSchemaViolation(no_schema_violation=True)


def invalid(seq: int = 0) -> OcppMessage:
    return OcppMessage(
        seq=seq,
        t=3.0,
        station="CP1",
        sender="charge_point",
        phase="delivered",
        kind="invalid",
        uid="",
        action="",
        error="FormationViolation",
        detail="not JSON",
        violation=Violation("FormationViolation", "not JSON"),
    )


TOO_LONG = Violation("PropertyConstraintViolation", "idTag: too long", ("idTag",), "tolerated")


def test_valid_messages_are_no_violation() -> None:
    asked = call(1, "Reset")
    assert judge(VALID, asked, result(1, asked)).found == "2 messages, all valid"


def test_no_messages_at_all_are_not_met() -> None:
    assert not judge(VALID).met


def test_a_broken_text_is_a_violation() -> None:
    found = judge(VALID, call(1, "Reset"), invalid())
    assert found.found == "at 3.0 s FormationViolation: not JSON"


def test_a_violation_that_was_tolerated_is_one_and_its_message_counts_once() -> None:
    asked = call(1, "Authorize", sender="charge_point")
    came = msgspec.structs.replace(asked, phase="delivered", violation=TOO_LONG)
    seen = judge(VALID, asked, came)
    assert (seen.met, seen.found) == (False, "at 1.0 s Authorize call: idTag: too long")
    assert judge(VALID, came).found == seen.found
    once = MessageExpected(message="Authorize", count=1)
    assert judge(once, asked, came).found.startswith("seen once")


def test_a_text_and_the_callerror_that_answers_it_are_one_violation() -> None:
    refusal = result(3, call(3, ""), error="FormationViolation")
    refusal = OcppMessage(
        **{name: getattr(refusal, name) for name in refusal.__struct_fields__} | {"cause": 7}
    )
    assert "more" not in judge(VALID, invalid(seq=7), refusal).found


@pytest.mark.parametrize(
    "code",
    [
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "TypeConstraintViolation",
    ],
)
def test_a_callerror_that_blames_the_message_is_a_violation(code: str) -> None:
    asked = call(1, "Reset")
    assert code in judge(VALID, asked, result(2, asked, error=code)).found


def test_a_callerror_that_blames_nobody_is_none() -> None:
    asked = call(1, "Reset")
    assert judge(VALID, asked, result(2, asked, error="NotSupported")).met


def test_a_result_that_is_found_broken_where_it_is_delivered_is_a_violation() -> None:
    fields: dict[str, Any] = {"station": "CP1", "sender": "charge_point", "uid": "1"}
    sent = OcppMessage(t=1, phase="sent", kind="result", action="Reset", **fields)
    arrived = OcppMessage(
        t=1,
        phase="delivered",
        kind="result",
        action="Reset",
        error="TypeConstraintViolation",
        violation=Violation("TypeConstraintViolation", ""),
        **fields,
    )
    assert not judge(VALID, sent, arrived).met


WITHHELD = Violation("TypeConstraintViolation", "meterStart: a number", kind="withheld")


@pytest.mark.parametrize("text", ["MeterValues given up", "in whatever words"])
def test_a_call_of_ours_that_was_not_sent_is_a_violation_however_it_is_told(text: str) -> None:
    note = Note(t=2, level="warning", text=text, violation=WITHHELD)
    assert judge(VALID, call(1, "Reset"), note).found == f"at 2.0 s {text}"


@pytest.mark.parametrize("text", ["nothing here breaks its schema", "FormationViolation"])
def test_no_words_of_a_note_or_of_a_refusal_are_a_violation(text: str) -> None:
    asked = call(1, "Reset")
    refused = msgspec.structs.replace(result(2, asked, error="InternalError"), detail=text)
    assert judge(VALID, asked, Note(t=2, level="warning", text=text), refused).met


def test_an_answer_of_ours_that_became_an_internal_error_is_a_violation() -> None:
    asked = call(1, "Reset")
    withheld = msgspec.structs.replace(result(2, asked, error="InternalError"), violation=WITHHELD)
    judged = judge(VALID, asked, withheld)
    assert judged.found == "at 2.0 s Reset InternalError: meterStart: a number"
