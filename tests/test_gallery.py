"""The small pictures of anomalies."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from evtui.anomalies import anomaly_named, listed
from screenshots.gallery import FOLDER, INJECTED, SHEET, Trace, picture, svg, trace_of

NAMES = [name for name, each in listed().items() if each.package == "evtui"]


def drawn(name: str, trace: Trace) -> str:
    anomaly = anomaly_named(name)
    return svg(picture(name, anomaly.title, anomaly.layer, trace))


def test_each_anomaly_has_one_and_they_are_small() -> None:
    missing = {*NAMES} ^ {file.stem for file in FOLDER.glob("*.svg")}
    assert not missing, "make them: python -m screenshots.gallery"
    assert sum(file.stat().st_size for file in (SHEET, *FOLDER.iterdir())) < 600_000


@pytest.mark.parametrize("name", ["can-set-limit", "meter-falsify"])
def test_it_shows_what_flows_what_is_reported_and_what_the_anomaly_did(name: str) -> None:
    trace = trace_of(name)
    ((begin, end),) = trace.spans
    own = [t for t, injected in (*trace.calls, *trace.frames) if injected]
    assert own
    assert begin <= min(own) <= max(own) <= end
    assert max(value for _, value in trace.actual) == pytest.approx(100.0, abs=1.0)
    text = drawn(name, trace)
    ElementTree.fromstring(text)
    assert INJECTED in text
    assert name in text


def test_reported_and_real_current_part_where_meter_values_are_falsified() -> None:
    trace = trace_of("meter-falsify")
    ((begin, _),) = trace.spans
    assert {value for t, value in trace.in_ocpp if begin < t < begin + 20.0} == {10.0}


def test_the_same_anomaly_gives_the_same_picture() -> None:
    one, other = (drawn("can-start-stop", trace_of("can-start-stop")) for _ in "12")
    assert one == other
    assert not re.search(r"\d{4}-\d\d-\d\d", one)
