from __future__ import annotations

import json
import random

import pytest

from evtui.anomalies import Parameters, Run, anomaly_named
from evtui.anomalies.targets import Deed
from evtui.events import OcppMessage
from evtui.ocppj import Passing
from tests.anomalies.rig import run_anomaly

TRICKY = r'[2,"a\"b:,",  "DataTransfer",{"vendorId":"a,b:[c]{d}","data":"\\"}]'


def test_a_spoilt_message_is_answered_under_no_id_and_its_sender_waits() -> None:
    rig = run_anomaly(
        "link-corrupt",
        100.0,
        action="MeterValues",
        direction="to-central-system",
        probability=1.0,
    )
    spoilt = [m for m in rig.of(OcppMessage) if m.kind == "invalid" and m.sender == "charge_point"]
    assert spoilt
    assert spoilt[0].detail.startswith("not JSON")
    assert spoilt[0].cause in {step.seq for step in rig.steps}
    errors = [m for m in rig.of(OcppMessage) if m.kind == "error" and m.phase == "sent"]
    assert (errors[0].error, errors[0].uid) == ("FormationViolation", "-1")
    first = next(m for m in rig.calls("MeterValues", "sent") if m.seq == rig.steps[0].cause)
    second = next(m for m in rig.calls("MeterValues", "sent") if m.seq == rig.steps[1].cause)
    assert second.t - first.t >= 30.0


@pytest.mark.parametrize("seed", range(50))
def test_no_reader_takes_what_was_spoilt(seed: int) -> None:
    anomaly = anomaly_named("link-corrupt")
    run: Run[Parameters] = Run(anomaly, None, anomaly.read({}), random.Random(seed))  # type: ignore[arg-type]
    message = Passing("charge_point", "call", 'a"b:,', "DataTransfer", {}, TRICKY)
    deed = anomaly().treat(run, message)  # type: ignore[attr-defined]
    assert isinstance(deed, Deed)
    (let,) = deed.lets
    assert deed.spoilt
    assert len(let.text) == len(TRICKY)
    assert sum(a != b for a, b in zip(let.text, TRICKY, strict=True)) == 1
    with pytest.raises(json.JSONDecodeError):
        json.loads(let.text)
