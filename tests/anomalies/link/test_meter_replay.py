from __future__ import annotations

from typing import Any

import pytest

from evtui.events import AnomalyState, OcppMessage
from tests.anomalies.rig import AnomalyRig, run_anomaly


def values(message: OcppMessage) -> list[dict[str, Any]]:
    """The sampled values of a MeterValues, without their times."""
    return [each["sampledValue"] for each in message.payload["meterValue"]]


def times(message: OcppMessage) -> list[str]:
    return [each["timestamp"] for each in message.payload["meterValue"]]


def while_on(rig: AnomalyRig, phase: str) -> list[OcppMessage]:
    on, off = (s.t for s in rig.of(AnomalyState) if s.change in ("on", "off"))
    return [m for m in rig.calls("MeterValues", phase, on) if m.t < off]


@pytest.mark.parametrize("new", [False, True])
def test_after_the_window_its_values_arrive_again_and_again(new: bool) -> None:
    rig = run_anomaly("meter-replay", 40.0, window_s=10.0, new_timestamps=new)
    sent, arrived = while_on(rig, "sent"), while_on(rig, "delivered")
    assert len(sent) == len(arrived) == 40
    captured = sum(1 for a, b in zip(sent, arrived, strict=True) if a.payload == b.payload)
    assert captured in (9, 10)
    window = [values(m) for m in arrived[:captured]]
    for number, message in enumerate(arrived[captured:]):
        assert values(message) == window[number % captured]
        genuine = sent[captured + number]
        assert message.payload["transactionId"] == genuine.payload["transactionId"]
        assert message.uid == genuine.uid
        assert (times(message) == times(genuine)) is new
        if not new:
            assert times(message) == times(arrived[number % captured])


def test_afterwards_meter_values_arrive_as_they_were_measured() -> None:
    rig = run_anomaly("meter-replay", 20.0, window_s=5.0)
    off = next(s.t for s in rig.of(AnomalyState) if s.change == "off")
    sent = rig.calls("MeterValues", "sent", off + 0.2)
    arrived = rig.calls("MeterValues", "delivered", off + 0.2)
    assert [m.payload for m in sent] == [m.payload for m in arrived]
    assert sent
