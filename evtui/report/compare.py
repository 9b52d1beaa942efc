"""Several runs beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evtui.report.facts import judged
from evtui.report.html import Html, table, tag
from evtui.report.numbers import ampere, energy, plain, span
from evtui.report.pictures import MOST_CURVES, overlay
from evtui.report.summary import Summary

__all__ = ["comparison", "differing"]


def comparison(summaries: Sequence[Summary]) -> Iterator[Html]:
    """A table with one row a run, and their currents over each other."""
    different = differing([_inputs(summary) for summary in summaries])
    pairs = sorted({(d.detector, d.view) for summary in summaries for d in summary.detections})
    views = [f"{detector} {view}" for detector, view in pairs]
    rows = [
        (
            tag("a", summary.name, href=f"#run-{number}"),
            _scenario(summary),
            tag("ul", *(tag("li", text) for text in inputs)) if inputs else "–",
            judged(summary) if summary.verdicts else "–",
            *(_time(summary, *pair) for pair in pairs),
            summary.false_alarms if summary.detections else "–",
            energy(summary.energy),
            ampere(summary.peak),
        )
        for number, (summary, inputs) in enumerate(zip(summaries, different, strict=True), 1)
    ]
    yield tag("h2", "Side by side")
    yield table(
        "Time to detect: from the first change of current that an attack caused to the first "
        "alarm in it, by detector and what it reads; the quickest of several attacks",
        ("run", "scenario", "what differs", "verdicts", *views, "false alarms", "energy", "peak"),
        rows,
        "eeee" + "n" * (len(views) + 3),
    )
    several = {summary.name for summary in summaries if len(summary.drawn) > 1}
    curves = [
        (f"{summary.name} {each.name}" if summary.name in several else summary.name, each)
        for summary in summaries
        for each in summary.drawn
    ]
    if curves:
        shown = curves[:MOST_CURVES]
        svg = overlay(shown, max(summary.end for summary in summaries))
        rest = len(curves) - len(shown)
        more = f" The first {len(shown)} of {len(curves)}." if rest else ""
        caption = f"The currents that flowed, each from the start of its run.{more}"
        yield tag("figure", tag("div", Html(svg)), tag("figcaption", caption))


def differing(inputs: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Of each run the inputs that are not the same in all, as ``name value``."""
    names = dict.fromkeys(name for each in inputs for name in each)
    several = [name for name in names if len({plain(each.get(name)) for each in inputs}) > 1]
    return [[f"{name} {plain(each[name])}" for name in several if name in each] for each in inputs]


def _inputs(summary: Summary) -> dict[str, Any]:
    manifest = summary.manifest
    if manifest is None:
        return {}
    presets = sorted({station.preset for station in manifest.stations})
    scenario = manifest.scenario.inputs if manifest.scenario is not None else {}
    return {**scenario, "seed": manifest.seed, "preset": presets}


def _scenario(summary: Summary) -> str:
    manifest = summary.manifest
    return manifest.scenario.id if manifest is not None and manifest.scenario is not None else "–"


def _time(summary: Summary, detector: str, view: str) -> str:
    for each in summary.detections:
        if (each.detector, each.view) == (detector, view):
            if each.times:
                return span(min(each.times.values()))
            return "not detected" if summary.attacks else "–"
    return "–"
