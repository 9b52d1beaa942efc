"""The tables of one run: verdicts, detection, attacks, and how it was set up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evtui.recording.format import Manifest
from evtui.report.html import Html, table, tag
from evtui.report.numbers import ampere, energy, moment, plain, span
from evtui.report.summary import MOST_CONNECTORS, Summary

__all__ = ["judged", "outcome", "setup", "tables", "tiles"]


def outcome(summary: Summary) -> Html:
    """How the run ended and whether its expectations were met, in one line."""
    manifest = summary.manifest
    parts = [Html(f"Expectations: {judged(summary)}") if summary.verdicts else judged(summary)]
    if manifest is None:
        parts.append(Html("no manifest"))
    elif manifest.status == "interrupted":
        at = manifest.interrupted_at_s
        when = "" if at is None else f" at {moment(at)}"
        why = f": {manifest.interrupted}" if manifest.interrupted else ""
        parts.append(tag("span", f"interrupted{when}{why}", class_="open"))
    elif manifest.status == "running":
        parts.append(tag("span", "never closed", class_="open"))
    return Html(" · ".join(parts))


def judged(summary: Summary) -> Html:
    """How many expectations were met."""
    met, total = sum(verdict.met for verdict in summary.verdicts), len(summary.verdicts)
    if not total:
        return Html("No expectations were judged")
    if met == total:
        return tag("span", f"✓ {met} of {total} met", class_="verdict met")
    return tag("span", f"✗ {total - met} of {total} failed", class_="verdict failed")


def tiles(summary: Summary) -> Html:
    """The numbers that one looks for first."""
    entries: list[tuple[str, str, str]] = [("simulated", span(summary.end - summary.start), "")]
    manifest = summary.manifest
    if manifest is not None and manifest.wall_s:
        factor = f"in {span(manifest.wall_s)}"
        entries[0] = (*entries[0][:2], factor)
    if summary.connectors:
        peak = max(summary.connectors.values(), key=lambda each: each.peak)
        entries.append(("peak current", ampere(peak.peak), f"at {moment(peak.peak_at)}"))
        entries.append(("energy", energy(summary.energy), ""))
    entries += [
        _counted("OCPP messages", summary.messages.total, summary.injected.total),
        _counted("CAN frames", summary.frames.total, summary.forged.total),
    ]
    times = [time for each in summary.detections for time in each.times.values()]
    if summary.attacks:
        found = span(min(times)) if times else "not detected"
        entries.append(("time to detect", found, "the quickest" if len(times) > 1 else ""))
    if summary.detections:
        entries.append(("false alarms", str(summary.false_alarms), ""))
    return tag(
        "dl",
        *(
            tag("div", tag("dt", name), tag("dd", value, tag("small", more) if more else None))
            for name, value, more in entries
        ),
        class_="facts",
    )


def _counted(name: str, total: int, injected: int) -> tuple[str, str, str]:
    return name, f"{total:,}", f"{injected:,} injected" if injected else ""


def tables(summary: Summary) -> Iterator[Html]:
    """Verdicts, detection, attacks, connectors and moments; what is empty is left out."""
    if summary.verdicts:
        rows = [
            (
                tag("span", "✓ met", class_="met")
                if each.met
                else tag("span", "✗ failed", class_="failed"),
                each.expectation,
                each.found,
                tag("code", each.path, class_="place"),
            )
            for each in summary.verdicts
        ]
        yield tag("h3", "Verdicts")
        yield table(
            "What the scenario expected, and what was found",
            ("verdict", "expectation", "found", "place"),
            rows,
        )
    if summary.detections:
        yield tag("h3", "Detection")
        yield _detection(summary)
    if summary.attacks:
        yield tag("h3", "Ground truth")
        yield table(
            "Attacks, as the injector wrote them",
            ("attack", "what", "on", "off", "effect until", "outcome", "parameters"),
            (
                (
                    each.attack_id,
                    f"{each.type}, variant {each.variant}, on {each.layer}",
                    moment(each.t_start),
                    moment(each.t_end, "still on"),
                    moment(each.t_effect_end, "still there"),
                    each.outcome or "–",
                    ", ".join(f"{name}={plain(value)}" for name, value in each.parameters.items()),
                )
                for each in summary.attacks
            ),
            "eennn",
        )
    if len(summary.connectors) > 1:
        yield tag("h3", "Connectors")
        more = len(summary.connectors) - MOST_CONNECTORS
        note = f"; the first {MOST_CONNECTORS} are drawn" if more > 0 else ""
        yield table(
            f"What each connector did{note}",
            ("connector", "peak", "at", "mean", "energy"),
            (
                (
                    each.name,
                    ampere(each.peak),
                    moment(each.peak_at),
                    ampere(each.mean),
                    energy(each.energy),
                )
                for each in summary.connectors.values()
            ),
            "ennnn",
        )
    if summary.moments:
        yield tag("h3", "Marks and warnings")
        more_text = (
            f"; {summary.more_moments:,} more are in events.jsonl" if summary.more_moments else ""
        )
        yield table(
            f"Moments that somebody pointed at, or that went wrong{more_text}",
            ("what", "at", "text"),
            ((each.kind, moment(each.t), each.text) for each in summary.moments),
            "en",
        )


def _detection(summary: Summary) -> Html:
    attacks = [attack.attack_id for attack in summary.attacks]
    rows = []
    for each in summary.detections:
        first = ", ".join(moment(t) for t in each.false[:3])
        more = ", …" if len(each.false) > 3 else ""
        false = f"{len(each.false)} (at {first}{more})" if each.false else "0"
        times = [span(each.times.get(attack), "not detected") for attack in attacks]
        rows.append((each.detector, each.view, each.raised, *times, false))
    names = attacks if len(attacks) > 1 else ["time to detect"] * len(attacks)
    return table(
        "Time from the first change of current that an attack caused to the first alarm in it"
        if attacks
        else "Alarms; there was no attack in this run",
        ("detector", "reads", "alarms", *names, "false alarms"),
        rows,
        "een" + "n" * (len(attacks) + 1),
    )


def setup(summary: Summary) -> Iterator[Html]:
    """What was run and with what, from the manifest."""
    manifest = summary.manifest
    if manifest is None:
        return
    yield tag("h3", "How it was made")
    yield _pairs("The run", _run_facts(manifest))
    scenario = manifest.scenario
    if scenario is not None and scenario.inputs:
        yield _pairs("Inputs of the scenario; durations in s", list(scenario.inputs.items()))
    for station in manifest.stations:
        yield _pairs(
            f"Station {station.id}",
            [
                ("power stage", f"preset {station.preset}"),
                *((name, value) for name, value in station.power_stage.items()),
                *(
                    (f"vehicle {name}" if number == "1" else f"vehicle {number} {name}", value)
                    for number, vehicle in station.at_connectors.items()
                    for name, value in vehicle.items()
                ),
            ],
        )
    if manifest.detectors:
        yield _pairs(
            "Detectors",
            [
                (str(each.get("name", "–")), {key: each[key] for key in each if key != "name"})
                for each in manifest.detectors
            ],
        )
    yield _pairs("Settings of the lab", list(manifest.settings.items()))
    if manifest.files:
        yield tag("h3", "Files")
        yield table(
            "The data, with what proves that they are these",
            ("file", "rows", "bytes", "sha256"),
            (
                (name, f"{info.rows:,}", f"{info.bytes:,}", tag("code", info.sha256))
                for name, info in sorted(manifest.files.items())
            ),
            "enn",
        )


def _run_facts(manifest: Manifest) -> list[tuple[str, Any]]:
    scenario = manifest.scenario
    facts: list[tuple[str, Any]] = []
    if scenario is not None:
        facts += [
            ("scenario", f"{scenario.id} ({scenario.source})"),
            ("scenario sha256", tag("code", scenario.sha256)),
        ]
        if scenario.technique:
            facts.append(("MITRE ATT&CK for ICS", scenario.technique))
    speed = manifest.clock.speed
    pace = "as fast as it goes" if speed == "max" else f"{speed:g} s a second"
    again = "byte for byte reproducible" if manifest.reproducible else "not reproducible"
    facts += [
        ("seed", str(manifest.seed)),
        ("clock", f"{manifest.clock.mode}, {pace}; {again}"),
        ("first moment, UTC", manifest.clock.start_utc),
        ("status", manifest.status),
        ("redacted", manifest.redacted),
        ("evtui", f"{manifest.evtui}, Python {manifest.python}"),
        ("packages", manifest.packages),
    ]
    if manifest.licence:
        facts.append(("licence of the data", manifest.licence))
    return facts


def _pairs(heading: str, facts: Sequence[tuple[str, Any]]) -> Html:
    entries = (
        tag("div", tag("dt", name), tag("dd", value if isinstance(value, str) else plain(value)))
        for name, value in facts
    )
    return Html(tag("h4", heading) + tag("dl", *entries, class_="pairs"))
