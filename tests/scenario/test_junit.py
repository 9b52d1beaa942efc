"""Verdicts as JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from evtui.scenario.judge.junit import junit_xml
from tests.scenario.results import made, verdict


def test_each_expectation_and_the_steps_are_test_cases() -> None:
    result = made(
        verdicts=[
            verdict("every step is done", "3 steps", path="steps"),
            verdict("alarm any within 30 s", "not raised", met=False),
        ]
    )
    root = ElementTree.fromstring(junit_xml([result]))
    suite = root.find("testsuite")
    assert suite is not None
    assert root.attrib == {
        "tests": "2",
        "failures": "1",
        "errors": "0",
        "skipped": "0",
        "time": "3.000",
    }
    steps, alarm = suite.findall("testcase")
    assert (steps.get("classname"), steps.get("name")) == (
        "fluctuation",
        "steps: every step is done",
    )
    failure = alarm.find("failure")
    assert failure is not None
    assert failure.get("message") == "not raised"
    assert failure.text == "expected: alarm any within 30 s\nfound: not raised"


def test_each_run_of_a_matrix_is_a_suite() -> None:
    root = ElementTree.fromstring(junit_xml([made(label="high=50"), made(label="high=100")]))
    names = [suite.get("name") for suite in root]
    assert names == ["fluctuation[high=50]", "fluctuation[high=100]"]
    assert root.get("tests") == "2"


def test_a_run_that_was_interrupted_is_skipped_and_one_that_broke_is_an_error() -> None:
    stopped = made(verdicts=[], interrupted="SIGINT", interrupted_at_s=12.0)
    broken = made(verdicts=[], interrupted="csms crashed", interrupted_at_s=1.0, failed=True)
    root = ElementTree.fromstring(junit_xml([stopped, broken]))
    assert (root.get("skipped"), root.get("errors"), root.get("failures")) == ("1", "1", "0")
    skipped = root.find(".//skipped")
    assert skipped is not None
    assert skipped.get("message") == "ended early at 12.0 s: SIGINT"


@given(st.text(), st.text())
def test_it_is_xml_whatever_the_text(expectation: str, found: str) -> None:
    text = junit_xml([made(title=found, verdicts=[verdict(expectation, found, met=False)])])
    root = ElementTree.fromstring(text)
    assert root.find(".//failure") is not None


def test_what_xml_cannot_carry_is_shown_as_its_number() -> None:
    text = junit_xml([made(verdicts=[verdict("x", "a\x00b\x1b[31m\ud800", met=False)])])
    failure = ElementTree.fromstring(text).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "a\\x00b\\x1b[31m\\ud800"
