"""What is seen of an anomaly: each of the ways in which one shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import msgspec
import pytest

from evtui.canbus.packs.seed import Current, encode
from evtui.events import AnomalyState, CanFrame, Event
from evtui.scenario.expectations.effect import EffectExpected
from evtui.scenario.judge.judge import Judgement
from tests.scenario.events import anomaly, call, judge, sample, status

ON, OFF, SAFE = 10.0, 30.0, 31.5

EXPECTED = EffectExpected(effect="repeated-current-fluctuation")


def told(t: float, change: Any, seq: int = 0) -> AnomalyState:
    state = msgspec.structs.replace(anomaly(t, change), active=change not in ("off", "safe"))
    return msgspec.structs.replace(state, seq=seq)


def every(step: float, begin: float, end: float) -> Iterator[float]:
    count = round((end - begin) / step)
    return (begin + number * step for number in range(count))


def report(t: float, amperes: int, cause: int | None = None) -> CanFrame:
    frame = encode(Current(amperes))
    return CanFrame(
        t=t,
        station="CP1",
        bus="CP1/can",
        node="module",
        arbitration_id=frame.arbitration_id,
        data=frame.data,
        cause=cause,
    )


def both_ends(t: float, later: float = 0.0, **fields: Any) -> list[Event]:
    sent = call(t, "MeterValues", {"connectorId": 1}, sender="charge_point", uid=f"m{t}")
    arrived = msgspec.structs.replace(sent, phase="delivered", t=t + later)
    return [sent, msgspec.structs.replace(arrived, **fields)]


def said(*seen: Event, end: str = "safe") -> Judgement:
    """What is said when this comes beside a truth that is as it should be."""
    truth = [told(ON, "on"), told(ON, "step", seq=7), told(OFF, "off"), told(SAFE, end)]
    calm = [sample(t, 50.0) for t in every(0.1, 0.0, ON)]
    # A sort keeps the order of what comes at one moment.
    return judge(EXPECTED, *sorted((*truth, *calm, *seen), key=lambda event: event.t))


@pytest.mark.parametrize(
    ("seen", "phrase"),
    [
        ([], "nothing was seen of it"),
        ([msgspec.structs.replace(call(12.0, "Reset"), cause=7)], "1 call of its making"),
        ([report(12.0, 50, cause=7), report(13.0, 50, cause=7)], "2 frames of its making"),
        (
            [msgspec.structs.replace(status(12.0, "Faulted"), error_code="GroundFailure", cause=7)],
            "status Faulted (GroundFailure)",
        ),
        ([sample(12.0, 51.0)], "nothing was seen of it"),
        ([sample(12.0, 20.0), sample(13.0, 70.0)], "current 20 to 70 A, before 50 A"),
        ([sample(OFF + 1.0, 0.0)], "nothing was seen of it"),
        ([sample(12.0, 50.0, voltage=300.0)], "voltage -25%"),
        (
            [sample(t, 50.0, temperature=25.0 + t) for t in every(0.1, ON, OFF)],
            "4.9 degC warmer in 5 s, before 0.0 degC",
        ),
        (both_ends(12.0), "nothing was seen of it"),
        (both_ends(12.0, body=msgspec.Raw(b'{"connectorId":2}')), "1 message changed on the way"),
        ([*both_ends(5.0), both_ends(12.0)[0]], "1 message lost or held back"),
        ([*both_ends(12.0), both_ends(12.0)[1]], "1 message delivered twice"),
        (both_ends(12.0, later=3.0), "1 message late by up to 3.0 s"),
        (
            chain.from_iterable(both_ends(t) for t in (1.0, 3.0, 5.0, 7.0, 9.0)),
            "no MeterValues for 21.0 s, before every 2.0 s",
        ),
        (
            chain.from_iterable(both_ends(t) for t in (1.0, 1.1, 1.2, 1.3)),
            "nothing was seen of it",
        ),
        (
            [*(report(t, 50) for t in every(0.1, 0.1, OFF)), report(12.0, 100)],
            "reported on CAN up to 50 A beside what flows",
        ),
    ],
)
def test_it_is_told(seen: Any, phrase: str) -> None:
    found = said(*seen)
    assert found.met == (phrase != "nothing was seen of it")
    assert found.found == f"{phrase}; safe after 1.5 s"


def test_times_that_are_wrong_are_told() -> None:
    def at(t: float, says: float) -> Event:
        text = datetime.fromtimestamp(1_700_000_000 + says, UTC).isoformat().replace("+00:00", "Z")
        return call(t, "StatusNotification", {"timestamp": text}, sender="charge_point")

    assert "nothing was seen" in said(at(5.0, 5.0), at(12.0, 12.5)).found
    assert said(at(5.0, 5.0), at(12.0, -48.0)).found.startswith("its times are off by -60.0 s")


def test_without_a_safe_ending_it_is_not_met() -> None:
    found = said(sample(12.0, 0.0), end="failed")
    assert not found.met
    assert found.found == "current 0 A, before 50 A; the safe state was not reached"


def test_what_was_never_on_or_is_on_to_the_end_is_not_met() -> None:
    assert judge(EXPECTED, sample(1.0)) == Judgement(EXPECTED.words(), False, "it was never on")
    assert judge(EXPECTED, told(1.0, "on")).found == "it was on to the end"
