"""The run folder: names of its files, for writer and readers.

What stands in its tables is declared in :mod:`evtui.recording.format`.
"""

from __future__ import annotations

from evtui.moments import LAST

__all__ = [
    "ALARMS",
    "CAN_LABELS",
    "CAN_LOG",
    "EVENTS",
    "FILES",
    "LATEST_START",
    "LIST_SEPARATOR",
    "LONGEST_RUN",
    "MANIFEST",
    "METRICS",
    "OCPP",
    "README",
    "SCENARIO",
    "SCHEMA",
    "SIGNALS",
    "TRUTH",
    "VEHICLE",
]

SCHEMA = "evtui.run/1"

MANIFEST = "manifest.json"
SCENARIO = "scenario.yaml"
VEHICLE = "vehicle.csv"
SIGNALS = "signals.csv"
OCPP = "ocpp.jsonl"
CAN_LOG = "can.log"
CAN_LABELS = "can_labels.csv"
TRUTH = "truth.csv"
ALARMS = "alarms.csv"
EVENTS = "events.jsonl"
METRICS = "metrics.json"
README = "README.md"

FILES = (
    MANIFEST,
    SCENARIO,
    VEHICLE,
    SIGNALS,
    OCPP,
    CAN_LOG,
    CAN_LABELS,
    TRUTH,
    ALARMS,
    EVENTS,
    METRICS,
    README,
)
"""Every name by which a run folder is known."""

LIST_SEPARATOR = ";"

LONGEST_RUN = 1e9
"""s, 31 years; what lies further from the beginning of a run is no time of it."""

LATEST_START = LAST - LONGEST_RUN
"""Unix time in s, so that every moment of a run can be written as a date."""
