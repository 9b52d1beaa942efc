"""The run folder: names of its files and their columns, in one place for writer and readers.

Times are seconds since the start of the run (``t``, ``t_s``) and UTC; numbers carry their unit
in the name.  In CSV files a flag is 0 or 1, what is unknown is empty, and several attack ids are
joined by ``;``.  ``seq`` numbers every event of a run without gaps over all files, so that
nothing can be missing unnoticed.
"""

from __future__ import annotations

from evtui.moments import LAST

__all__ = [
    "ALARMS",
    "ALARM_COLUMNS",
    "CAN_LABELS",
    "CAN_LABEL_COLUMNS",
    "CAN_LOG",
    "EVENTS",
    "FILES",
    "LATEST_START",
    "LIST_SEPARATOR",
    "LONGEST_RUN",
    "MANIFEST",
    "METRICS",
    "OCPP",
    "OCPP_KEYS",
    "README",
    "SCENARIO",
    "SCHEMA",
    "SIGNALS",
    "SIGNAL_COLUMNS",
    "TRUTH",
    "TRUTH_COLUMNS",
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

SIGNAL_COLUMNS = (
    "t_s",
    "t_utc",
    "station",
    "connector",
    "current_a",
    "limit_a",
    "target_a",
    "reported_a",
    "voltage_v",
    "power_w",
    "energy_wh",
    "soc_pct",
    "temperature_c",
    "contactor",
    "status",
    "transaction_id",
    "active",
    "effect",
    "attack_ids",
    "phase",
    "seq",
)
"""One row for each connector and 100 ms: what the power stage really does."""

CAN_LABEL_COLUMNS = (
    "timestamp",
    "arbitration_id",
    "data_field",
    "attack",
    "dlc",
    "extended",
    "direction",
    "node",
    "attack_ids",
    "effect",
    "kind",
    "station",
    "bus",
    "t_s",
    "seq",
    "cause",
)
"""One row a frame, in the order of can.log; the first four are those of can-train-and-test."""

TRUTH_COLUMNS = (
    "attack_id",
    "type",
    "layer",
    "t_start",
    "t_end",
    "parameters",
    "station",
    "connector",
    "variant",
    "t_effect_end",
    "outcome",
    "changes",
)
"""One row an attack, written by the injector; the file is replaced as a whole at each change."""

ALARM_COLUMNS = (
    "t_s",
    "t_utc",
    "station",
    "connector",
    "detector",
    "view",
    "state",
    "evidence",
    "attack_id",
    "time_to_detect_s",
    "seq",
)
"""One row for each alarm that is raised or cleared, joined with the truth by the scorer."""

OCPP_KEYS = (
    "t",
    "t_utc",
    "seq",
    "station",
    "connector",
    "direction",
    "type",
    "id",
    "action",
    "payload",
    "latency",
    "error",
    "detail",
    "cause",
    "injected",
    "attack_ids",
    "seen",
    "link",
    "delivered",
)
"""One line a message, in the order of their times.

``direction`` is ``csms->cp`` or ``cp->csms``; ``type`` 2, 3 or 4, null for what is no OCPP-J
message (then ``text`` holds its beginning, as it does of one that was refused and too long to be
kept); ``seen`` says which ends of the link were ours: ``both``, ``sent`` or ``delivered``.  Where
both were, ``t``, ``seq`` and ``payload`` are those of the sending end, and ``delivered`` has ``t``
and ``seq`` of the receiving end, and its ``payload`` only when it differs.  ``violation`` stands
only where there is one.
"""
