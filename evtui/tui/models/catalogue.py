"""The catalogue of anomalies as rows to choose from, and one of them in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from evtui.attacks import LAYERS, ParameterValue
from evtui.tui.chart import FADING_MARKER
from evtui.tui.models.declared import declared, why_not
from evtui.tui.models.finding import matches
from evtui.tui.models.text import clean
from evtui.tui.panels.parameter_lines import told_value

if TYPE_CHECKING:
    from evtui.anomalies import Anomaly, Listed

__all__ = ["HEADINGS", "ListedAnomaly", "ToldLine", "described", "entries", "found", "sign_of"]

HEADINGS: Mapping[str, str] = {
    "ocpp": "OCPP",
    "link": "Link",
    "can": "CAN",
    "physical": "Physical",
}

MOST_SEVERE = 5

ToldLine = tuple[str, str]
"""Text and how it is shown: ``title``, ``heading``, ``term`` or nothing special."""


@dataclass(frozen=True, slots=True)
class ListedAnomaly:
    """One anomaly of the list.

    Attributes:
        name: ``can-flood``.
        group: what it stands under.
    """

    name: str
    group: str


def entries() -> list[ListedAnomaly]:
    """All there are, by layer, then those of other packages; imports none of them."""
    from evtui.anomalies import listed

    groups = [*HEADINGS.values()]
    all_of = [ListedAnomaly(each.name, _group(each)) for each in listed().values()]
    groups += [each.group for each in all_of if each.group not in groups]
    return sorted(all_of, key=lambda each: (groups.index(each.group), each.name))


def _group(known: Listed) -> str:
    parts = known.module.split(".")
    if parts[:2] == ["evtui", "anomalies"] and parts[2] in LAYERS:
        return HEADINGS[parts[2]]
    return f"of {clean(known.package)}"


def found(typed: str, known: Sequence[ListedAnomaly]) -> list[ListedAnomaly]:
    """Those whose layer and name have the words that were typed, or their beginnings."""
    return [
        each
        for each in known
        if matches(typed, f"{each.group} {each.name}") or typed.strip().lower() in each.name
    ]


def sign_of(phase: str) -> str:
    """In front of a name, one character: what the anomaly is doing."""
    return {"on": "▶", "waiting": "…", "off": "…", "lasting": FADING_MARKER, "failed": "✗"}.get(
        phase, " "
    )


def described(name: str, values: Mapping[str, ParameterValue], width: int) -> list[ToldLine]:
    """One anomaly in words, in lines of at most ``width`` cells; imports it.

    Args:
        values: its parameters as they were last; defaults where there are none.
    """
    anomaly = declared(name)
    if anomaly is None:
        return [
            *_wrapped(name, width, "title"),
            *_wrapped(f"✗ {clean(why_not(name))}", width, "bad"),
        ]
    stakes = ", ".join(anomaly.stakes)
    severity = "■" * anomaly.severity + "□" * (MOST_SEVERE - anomaly.severity)
    lines = [
        *_wrapped(clean(anomaly.title), width, "title"),
        *_wrapped(
            f"{anomaly.layer} · severity {severity} {anomaly.severity} of {MOST_SEVERE}"
            + (f", {stakes}" if stakes else ""),
            width,
            "muted",
        ),
        ("", ""),
        *_wrapped(clean(anomaly.about), width),
        ("", ""),
        ("What one sees", "heading"),
    ]
    for where, told in zip(("OCPP", "CAN", "current"), anomaly.signature, strict=True):
        lines += _term(where, clean(told) or "nothing", width)
    lines += [("", ""), ("Parameters", "heading"), *_parameters(anomaly, values, width)]
    needs = ", ".join(sorted(anomaly.needs)) or "nothing"
    techniques = ", ".join(anomaly.techniques)
    rest = (
        ("acts on", needs),
        ("undone", clean(anomaly.undone)),
        ("ends", clean(anomaly.ends)),
        ("ATT&CK", f"{techniques} (ICS)" if techniques else ""),
    )
    lines += [("", ""), ("Besides", "heading")]
    for term, told in rest:
        lines += _term(term, told, width) if told else []
    for place, reference in enumerate(anomaly.references):
        lines += _term("sources" if not place else "", clean(reference), width)
    return lines


def _parameters(
    anomaly: type[Anomaly[Any]], values: Mapping[str, ParameterValue], width: int
) -> list[ToldLine]:
    declared_ones = anomaly.declared()
    if not declared_ones:
        return [("none", "")]
    longest = max(len(each.label) for each in declared_ones)
    keys = _keys(anomaly)
    told = [told_value(each, values.get(each.name, each.default)) for each in declared_ones]
    widest = max(map(len, told))
    lines: list[ToldLine] = []
    for each, value in zip(declared_ones, told, strict=True):
        key = f" {keys[each.name]}" if each.name in keys else ""
        start = f"{each.label:<{longest}}  {value:<{widest}}"
        about = ", ".join(filter(None, (each.kind.limits, each.help)))
        room = width - len(start) - 2
        long = f"{start}{key:<6}  {about}"
        if len(long) <= width:
            lines.append((long, "term"))
        elif len(each.help) <= room:
            lines.append((f"{start}  {each.help}", "term"))
        else:
            lines += _hung(f"{start}  ", each.help, width)
    return lines


def _keys(anomaly: type[Anomaly[Any]]) -> dict[str, str]:
    from evtui.tui.key_hints import key_of

    keys = {
        name: f"[{key_of('anomaly.shorter')} {key_of('anomaly.longer')}]" for name in anomaly.pace
    }
    if anomaly.strength is not None:
        keys[anomaly.strength.name] = f"[{key_of('anomaly.weaker')} {key_of('anomaly.stronger')}]"
    if anomaly.floor is not None:
        keys[anomaly.floor.name] = f"[{key_of('anomaly.lower_low')} {key_of('anomaly.raise_low')}]"
    return keys


TERM = 8
"""Cells of what stands before a text."""

_QUANTITY = re.compile(r"(?<=\d) (?=[^\W\d_%]{1,3}\b|%)")


def _term(term: str, told: str, width: int) -> list[ToldLine]:
    return _hung(f"{term:<{TERM}}", told, width)


def _hung(start: str, told: str, width: int) -> list[ToldLine]:
    indent = len(start) if len(start) <= width // 2 else 4
    return _wrapped(f"{start}{told}", width, "term", indent)


def _wrapped(text: str, width: int, role: str = "", indent: int = 0) -> list[ToldLine]:
    """Lines of text; a number stays with its unit, and a name whole."""
    whole = _QUANTITY.sub("\xa0", text)
    hanging = " " * indent
    lines = wrap(whole, max(width, 8), subsequent_indent=hanging, break_on_hyphens=False)
    return [(line.replace("\xa0", " "), role) for line in lines]
