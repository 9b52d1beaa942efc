"""Verdicts as JUnit XML, which CI systems show.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from evtui.escaping import for_terminal
from evtui.scenario.judge.results import RunResult, VerdictLine

__all__ = ["junit_xml"]


def junit_xml(results: Sequence[RunResult]) -> bytes:
    """A suite for each run, with a test case for the steps and one for each expectation."""
    root = ElementTree.Element("testsuites")
    for result in results:
        root.append(_suite(result))
    totals = ("tests", "failures", "errors", "skipped")
    for name in totals:
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("time", f"{sum(result.wall_s for result in results):.3f}")
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _suite(result: RunResult) -> ElementTree.Element:
    name = _clean(result.name)
    suite = ElementTree.Element("testsuite", name=name, time=f"{result.wall_s:.3f}")
    properties = ElementTree.SubElement(suite, "properties")
    for key, value in (
        ("seed", result.seed),
        ("simulated_s", result.t_end_s),
        ("folder", result.folder or ""),
        *((f"input.{key}", value) for key, value in result.inputs.items()),
    ):
        ElementTree.SubElement(properties, "property", name=_clean(key), value=_clean(value))
    for verdict in result.verdicts:
        suite.append(_case(name, verdict))
    if result.interrupted:
        suite.append(_interruption(name, result))
    counts = {
        "tests": len(suite.findall("testcase")),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": len(suite.findall("testcase/skipped")),
    }
    for key, number in counts.items():
        suite.set(key, str(number))
    return suite


def _case(suite: str, verdict: VerdictLine) -> ElementTree.Element:
    label = f"{verdict.path}: {verdict.expectation}"
    case = ElementTree.Element("testcase", classname=suite, name=_clean(label), time="0")
    found = _clean(verdict.found)
    if verdict.met:
        ElementTree.SubElement(case, "system-out").text = found
    else:
        failure = ElementTree.SubElement(case, "failure", message=found, type="expectation")
        failure.text = _clean(f"expected: {verdict.expectation}\nfound: {verdict.found}")
    return case


def _interruption(suite: str, result: RunResult) -> ElementTree.Element:
    """What was not judged is no success."""
    case = ElementTree.Element("testcase", classname=suite, name="the run", time="0")
    at = result.interrupted_at_s or 0.0
    message = _clean(f"ended early at {at:.1f} s: {result.interrupted}")
    kind = "error" if result.failed else "skipped"
    ElementTree.SubElement(case, kind, message=message)
    return case


def _clean(value: object) -> str:
    """Text that XML can carry, and that shows all there is of it."""
    return "\n".join(map(for_terminal, str(value).split("\n")))
