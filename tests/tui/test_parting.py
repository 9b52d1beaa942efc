"""Under the chart stands what the anomaly did, and why what is said is not what flows."""

from __future__ import annotations

from typing import Any

import pytest

from evtui.events import AnomalyState, CanFrame, Event, OcppMessage, as_json
from evtui.tui.models.parting import Parting
from tests.tui.driving import driven
from tests.tui.waves import alarm, anomaly, lab, sample

STEP = 70
"""Number of the event of the step."""


def on(label: str = "forged 0x300", **more: Any) -> AnomalyState:
    fields = {"seq": STEP, "step": 0, "step_label": label, "layer": "can", **more}
    return anomaly(10.0, "step", anomaly="can-masquerade", attack_id="masquerade-1", **fields)


def frame(data: bytes, t: float = 10.5, arbitration_id: int = 0x300, **more: Any) -> CanFrame:
    fields: dict[str, Any] = {"cause": STEP, "node": "x", **more}
    return CanFrame(
        t=t, station="CP1", bus="CP1/can", arbitration_id=arbitration_id, data=data, **fields
    )


def message(phase: str, amperes: float, **more: Any) -> OcppMessage:
    value = {"value": f"{amperes}", "measurand": "Current.Import", "unit": "A"}
    body = as_json({"connectorId": 1, "meterValue": [{"timestamp": "", "sampledValue": [value]}]})
    return OcppMessage(
        t=10.5,
        station="CP1",
        sender="charge_point",
        phase=phase,  # type: ignore[arg-type]
        kind="call",
        uid="7",
        action="MeterValues",
        body=body,
        **more,
    )


def said(*events: Event, now: float = 11.0) -> list[str]:
    """The longest form of each line."""
    parting = Parting(("press a",))
    parting.feed([lab(), *events])
    return [forms[0] for forms in parting.lines(now)]


def test_the_newest_step_is_told_with_how_long_ago_it_was() -> None:
    assert (
        said(on("SetChargingProfile 0 A"))[0] == "▶ masquerade-1: SetChargingProfile 0 A, 1.0 s ago"
    )


def test_a_forged_current_is_held_against_what_the_module_delivers() -> None:
    told = said(on(), sample(10.4, 100.0, reported=20.0), frame(b"\x14\0"))
    assert told[1] == "0x300 says 20 A, the module delivers 100 A"


def test_a_forged_limit_is_held_against_what_the_profiles_allow() -> None:
    told = said(on(), sample(10.4, 100.0, limit=32.0), frame(b"\x64\0", arbitration_id=0x210))
    assert told[1] == "forged 0x210 asks for 100 A, the profiles allow 32 A"


def test_frames_that_mean_nothing_are_counted() -> None:
    flood = [frame(b"\0", 10.5 + n / 1000, arbitration_id=0x7) for n in range(300)]
    assert said(on(), *flood)[1] == "forged: 0x007, 300 frames"


def test_a_frame_of_somebody_elses_is_not_called_forged() -> None:
    told = said(on(), sample(10.4, 100.0, reported=99.0), frame(b"\x14\0", cause=3))
    assert not any("says" in line for line in told)


def test_what_was_forged_a_while_ago_is_told_no_more() -> None:
    assert not any("says" in line for line in said(on(), frame(b"\x14\0"), now=20.0))


def test_a_meter_value_that_was_changed_on_its_way_is_told_as_sent_and_as_it_arrived() -> None:
    told = said(on("factor 0.1"), message("sent", 100.0), message("delivered", 10.0))
    assert told[1] == "MeterValues: 100 A was sent, 10 A arrived"


def test_a_reported_current_that_is_only_old_is_called_old() -> None:
    told = said(on(), sample(10.0, 91.0, reported=91.0), sample(10.8, 26.0, reported=91.0))
    assert told[1] == "reported 91 A is 1.0 s old, 26 A flow now"


def test_a_current_that_is_reported_once_more_is_as_old_as_its_last_report() -> None:
    told = said(
        on(),
        sample(2.0, 91.0, reported=91.0),
        message("sent", 91.0),
        message("delivered", 91.0),
        sample(10.8, 26.0, reported=91.0),
    )
    assert told[1] == "reported 91 A is 0.5 s old, 26 A flow now"


def test_an_alarm_says_what_it_counted() -> None:
    assert "▲ current-reversals: 4 reversals of 8 A in 60 s" in said(on(), alarm(10.8))
    assert not any("▲" in each for each in said(on(), alarm(10.8), alarm(10.9, raised=False)))


def test_while_nothing_is_on_it_says_where_to_begin() -> None:
    assert said() == ["press a"]
    assert said(sample(10.0, 91.0, reported=80.0)) == ["press a"]


@pytest.mark.parametrize(("size", "lines"), [((80, 24), 0), ((120, 36), 2), ((200, 50), 3)])
async def test_it_is_there_where_there_is_room(size: tuple[int, int], lines: int) -> None:
    async with driven(26.5, size=size) as one:
        text = one.text("#current")
        assert ("fluctuation-1: RemoteStop, 0.5 s ago" in text) is (lines > 0)
        assert ("reported 91.4 A is 1.5 s old" in text) is (lines > 0)
        assert ("4 reversals of 8 A in 60 s" in text) is (lines > 2)
