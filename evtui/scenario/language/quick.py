"""A scenario for one anomaly, for whoever has no file: charge, inject, be safe again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evtui.anomalies import anomaly_named, in_yaml
from evtui.scenario.language.model import SCHEMA
from evtui.scenario.language.sources import ScenarioSource

__all__ = ["quick_scenario"]

AT_STATION = "command: station.charge"
"""Begins to charge as somebody at the charge point would, and ends it."""

_TEXT = """\
schema: {schema}
id: {name}
title: {title}
description: >
  A vehicle charges, the anomaly {name} is switched on, and all is ended and undone again.
technique: [{techniques}]

inputs:
  duration:
    type: duration
    default: 1min
    min: 1s
    max: 168h
    description: How long the anomaly is on.
{lab}
steps:
  - {begin}
  - wait_for: {{status: Charging, timeout: 2min}}
  - wait: 30s
{anomaly}
  - wait: 10s
  - command: lab.all_clear
  - wait: 10s

expect:
  - effect: {name}
  - current: {{between: [0 A, 1 A], measure: last}}
"""

_ALONE = """\
  - anomaly: {name}{parameters}
    duration: ${{duration}}"""

_WITH_A_STOP = """\
  - parallel:
      - - anomaly: {name}{parameters}
          duration: ${{duration}}
      - - wait: 10s
        - {end}"""


def _lab_of(settings: Mapping[str, Any]) -> str:
    """The lines that say so, between two empty ones; an empty text where nothing is said."""
    lines = [f"  {name}: {in_yaml(value)}" for name, value in settings.items()]
    return "\n".join(["", "lab:", *lines, ""]) if lines else ""


def quick_scenario(
    name: str, parameters: Mapping[str, Any], *, at_station: bool = False
) -> ScenarioSource:
    """The text of one with an anomaly in it.

    Args:
        name: of the anomaly.
        parameters: by name; the others are as in the settings.
        at_station: charging is begun and ended there: the central system is somebody else's.

    Raises:
        AnomalyError: there is no such anomaly.
    """
    anomaly = anomaly_named(name)
    told = ", ".join(f"{each}: {in_yaml(value)}" for each, value in parameters.items())
    indent = "          " if anomaly.shows_at_stop else "    "
    step = (_WITH_A_STOP if anomaly.shows_at_stop else _ALONE).format(
        name=name,
        parameters=f"\n{indent}with: {{{told}}}" if told else "",
        end=AT_STATION if at_station else "stop",
    )
    text = _TEXT.format(
        schema=SCHEMA,
        name=name,
        title=anomaly.title,
        techniques=", ".join(anomaly.techniques),
        lab=_lab_of(anomaly.lab),
        anomaly=step,
        begin=AT_STATION if at_station else "start",
    )
    return ScenarioSource(f"{name}.yaml", f"--anomaly {name}", text, None)
