"""The rows of a run folder's tables, and so its columns: a line each, and nowhere else.

Times are seconds since the start of the run (``t``, ``t_s``) and UTC; numbers carry their unit
in the name.  In CSV files a flag is 0 or 1, what is unknown is empty, and several attack ids are
joined by ``;``.  ``seq`` numbers every event of a run without gaps over all files, so that
nothing can be missing unnoticed.

A new column goes to the end of its class, with a default: what a folder without it means.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from evtui.attacks import ParameterValue
from evtui.recording.format import layout
from evtui.recording.format.cell import (
    ALARM_STATE,
    DATA,
    DATA_LENGTH,
    FRAME_KIND,
    IDENTIFIER,
    INT8,
    INT32,
    JSON_UTC,
    LAB_TIME,
    PARAMETERS,
    PLAIN,
    SECONDS,
    STAMP,
    STEADY,
    UNIX_STAMP,
    UTC,
    WORD,
)
from evtui.recording.format.table import Column, Table

__all__ = [
    "ALARMS",
    "FRAMES",
    "MESSAGES",
    "SIGNALS",
    "TABLES",
    "TRUTH",
    "AlarmRow",
    "FrameKind",
    "FrameRow",
    "MessageRow",
    "SignalRow",
    "TruthRow",
]


FrameKind = Literal["data", "remote", "error", "fd", "fd brs", "fd esi", "fd brs esi"]
"""What a frame is; see the column ``kind`` of can_labels.csv."""


class SignalRow(NamedTuple):
    """A row of signals.csv."""

    t_s: Annotated[float, Column("s since the start", "at.lab", STAMP, "s")]
    t_utc: Annotated[str, Column("the same moment in UTC, ISO 8601", "at.utc", UTC)]
    station: Annotated[str, Column("identity of the charge point", "event.station")]
    connector: Annotated[int, Column("connectorId", "event.connector", INT32)]
    current_a: Annotated[
        float,
        Column("A that flow: output current for DC, per phase for AC", "event.current", unit="A"),
    ]
    limit_a: Annotated[
        float, Column("A that the charging profiles allow", "event.limit", STEADY, "A")
    ]
    target_a: Annotated[
        float, Column("A that the power stage is heading for", "event.target", STEADY, "A")
    ]
    reported_a: Annotated[
        float | None,
        Column("A in the last MeterValues; empty before the first", "event.reported", STEADY, "A"),
    ]
    voltage_v: Annotated[float, Column("V; phase to neutral for AC", "event.voltage", unit="V")]
    power_w: Annotated[float, Column("W", "event.power", unit="W")]
    energy_wh: Annotated[
        float, Column("Wh, register since the charge point started", "event.energy", unit="Wh")
    ]
    soc_pct: Annotated[
        float | None,
        Column("state of charge in per cent; empty for AC", "event.soc", unit="%"),
    ]
    temperature_c: Annotated[
        float,
        Column(
            "degrees Celsius of the hottest part: power stage, or hot connector",
            "event.temperature",
            unit="°C",
        ),
    ]
    contactor: Annotated[bool, Column("1 while closed", "event.contactor")]
    status: Annotated[str, Column("ChargePointStatus of OCPP 1.6", "event.status")]
    transaction_id: Annotated[
        int | None, Column("running transaction; empty for none", "event.transaction_id")
    ]
    active: Annotated[bool, Column("1 while an injector is on", "truth.active")]
    effect: Annotated[
        bool,
        Column(
            "1 while the disturbance shows: from on until the safe state is reached",
            "truth.effect",
        ),
    ]
    attack_ids: Annotated[tuple[str, ...], Column("attacks in effect, joined by ;", "truth.joined")]
    phase: Annotated[str, Column("state of the session in the power stage", "event.phase")]
    seq: Annotated[int, Column("number of the event", "event.seq")]
    measured_a: Annotated[
        float | None,
        Column(
            "A that the charge point takes for the current: what its charger reported last, "
            "100 ms ago as a rule; empty before that, and in recordings of older builds",
            "event.measured",
            STEADY,
            "A",
        ),
    ] = None


class FrameRow(NamedTuple):
    """A row of can_labels.csv, which says everything that its line in can.log does.

    ``arbitration_id`` is without candump's error flag; ``direction`` is R or T.  The first four
    columns are those of can-train-and-test.
    """

    timestamp: Annotated[float, Column("Unix time in s, as in can.log", "at.unix", UNIX_STAMP, "s")]
    arbitration_id: Annotated[
        int,
        Column(
            "hexadecimal as in can.log: 3 digits, 8 for extended and error frames",
            "identifier",
            IDENTIFIER,
        ),
    ]
    data_field: Annotated[bytes, Column("data bytes, hexadecimal", "data", DATA)]
    attack: Annotated[
        bool,
        Column(
            "1 for a frame that an injector sent, or that is part of an attack by hand", "attack"
        ),
    ]
    dlc: Annotated[int, Column("number of data bytes", "event.dlc", DATA_LENGTH)]
    extended: Annotated[bool, Column("1 for a 29-bit id", "event.extended")]
    direction: Annotated[
        str, Column("T: sent by the charge point; R: by anybody else", "direction", PLAIN)
    ]
    node: Annotated[str, Column("node that sent it", "event.node")]
    attack_ids: Annotated[
        tuple[str, ...], Column("attacks in effect at the station, joined by ;", "truth.joined")
    ]
    effect: Annotated[bool, Column("1 while a disturbance shows at the station", "truth.effect")]
    kind: Annotated[
        FrameKind,
        Column(
            "data, remote or error; fd for a data frame of CAN FD, with brs where its data had the "
            "second bit rate, and esi from a node that was error passive",
            "kind",
            FRAME_KIND,
        ),
    ]
    station: Annotated[
        str, Column("identity of the charge point the bus belongs to", "event.station")
    ]
    bus: Annotated[
        str,
        Column("name of the bus; the manifest maps can0, can1, ... of can.log to it", "event.bus"),
    ]
    t_s: Annotated[float, Column("s since the start", "at.lab", STAMP, "s")]
    seq: Annotated[int, Column("number of the event", "event.seq")]
    cause: Annotated[
        int | None,
        Column("seq of what caused it, such as an OCPP message; empty for nothing", "event.cause"),
    ]


class TruthRow(NamedTuple):
    """A row of truth.csv; ``outcome`` is safe or failed, empty while the effect lasts.

    The injector writes it; the file is replaced as a whole at each change.
    """

    attack_id: Annotated[
        str,
        Column(
            "one for each time an anomaly was switched on, or an attack by hand began",
            "event.attack_id",
        ),
    ]
    type: Annotated[str, Column("name of the anomaly, or of the attack", "event.type")]
    layer: Annotated[str, Column("where it acts: ocpp, link, can or physical", "event.layer")]
    t_start: Annotated[
        float,
        Column(
            "s, injector on, or start of a recording that began later",
            "event.t_start",
            LAB_TIME,
            "s",
        ),
    ]
    t_end: Annotated[
        float | None,
        Column(
            "s, injector off; empty when it still was on at the end", "event.t_end", LAB_TIME, "s"
        ),
    ]
    parameters: Annotated[
        dict[str, ParameterValue],
        Column(
            "JSON object, units in the names; the last ones when they changed",
            "event.parameters",
            PARAMETERS,
        ),
    ]
    station: Annotated[str, Column("target", "event.station")]
    connector: Annotated[int, Column("target", "event.connector", INT32)]
    variant: Annotated[
        str, Column("variant of the anomaly, by-hand for an attack by hand", "event.variant")
    ]
    t_effect_end: Annotated[
        float | None,
        Column(
            "s, safe state reached or given up, or nothing left to see of an attack by hand; "
            "empty when the effect lasted",
            "event.t_effect_end",
            LAB_TIME,
            "s",
        ),
    ]
    outcome: Annotated[str, Column("safe, failed, or empty", "event.outcome")]
    changes: Annotated[
        int,
        Column(
            "how often the parameters changed while it was on; events.jsonl has when",
            "event.changes",
            INT32,
        ),
    ]


class AlarmRow(NamedTuple):
    """A row of alarms.csv; ``attack_id`` is empty and the time None for a false alarm."""

    t_s: Annotated[float, Column("s since the start", "at.lab", STAMP, "s")]
    t_utc: Annotated[str, Column("the same moment in UTC, ISO 8601", "at.utc", UTC)]
    station: Annotated[str, Column("identity of the charge point", "event.station")]
    connector: Annotated[int, Column("connectorId", "event.connector", INT32)]
    detector: Annotated[str, Column("name of the detector", "event.detector")]
    view: Annotated[str, Column("what it was fed from: can or ocpp", "event.view")]
    state: Annotated[
        Literal["raised", "cleared"], Column("raised or cleared", "event.raised", ALARM_STATE)
    ]
    evidence: Annotated[str, Column("why, in words", "evidence")]
    attack_id: Annotated[
        str,
        Column(
            "the attack a raised alarm belongs to, of several the one that began last; "
            "empty for a false alarm",
            "attack_id",
        ),
    ]
    time_to_detect_s: Annotated[
        float | None,
        Column(
            "s from the first change of current the attack caused to the alarm; "
            "from the begin of an attack by hand that changed none",
            "time_to_detect",
            SECONDS,
            "s",
        ),
    ]
    seq: Annotated[int, Column("number of the event", "event.seq")]


class MessageRow(NamedTuple):
    """A line of ocpp.jsonl: a message, in the order of sending.

    ``type`` is None for what is no OCPP-J message; then ``text`` holds its beginning, as it does of
    one that was refused and too long to be kept.  Where both ends of the link were ours, ``t``,
    ``seq`` and ``payload`` are those of the sending end, and ``delivered`` has ``t`` and ``seq``
    of the receiving end, and its ``payload`` only when it differs.
    """

    t: Annotated[
        float,
        Column(
            "s since the start, UTC and number of the event: sending, if it was seen",
            "at.lab",
            STAMP,
            "s",
        ),
    ]
    t_utc: Annotated[str, Column("", "at.utc", JSON_UTC)]
    seq: Annotated[int, Column("", "event.seq")]
    station: Annotated[
        str, Column("charge point, and connectorId if the message names one", "event.station")
    ]
    connector: Annotated[int | None, Column("", "event.connector", INT32)]
    direction: Annotated[
        Literal["csms->cp", "cp->csms"], Column("csms->cp or cp->csms", "direction", WORD)
    ]
    type: Annotated[
        Literal[2, 3, 4] | None,
        Column("of the OCPP-J message; 2 call, 3 result, 4 error, null none", "number", INT8),
    ]
    id: Annotated[str, Column("", "event.uid")]
    action: Annotated[str, Column("", "event.action")]
    payload: Annotated[Any, Column("", "payload")]
    latency: Annotated[
        float | None,
        Column("s from call to answer, at the end that answers", "event.latency", SECONDS, "s"),
    ]
    error: Annotated[
        str,
        Column("errorCode and errorDescription, or what is wrong with the message", "event.error"),
    ]
    detail: Annotated[str, Column("", "detail")]
    cause: Annotated[int | None, Column("seq of what caused it", "event.cause")]
    injected: Annotated[
        bool,
        Column(
            "true for a message that an injector had sent, or that it changed, held, dropped or "
            "repeated on its way",
            "injected",
        ),
    ]
    attack_ids: Annotated[tuple[str, ...], Column("attacks in effect", "attack_ids")]
    seen: Annotated[
        Literal["both", "sent", "delivered"],
        Column("which end of the link was recorded: both, sent or delivered", "seen", WORD),
    ]
    link: Annotated[int, Column("number of the connection", "event.link", INT32)]
    delivered: Annotated[
        dict[str, Any] | None,
        Column("t and seq of the other end, and whatever was different there", "delivered"),
    ]
    text: Annotated[
        str,
        Column("beginning of a text that is no OCPP-J message, or too long and refused", "text"),
    ] = ""
    violation: Annotated[
        str,
        Column(
            "how a message breaks the rules that was acted on, or one of ours that was not sent; "
            "absent elsewhere",
            "violation",
        ),
    ] = ""
    violation_code: Annotated[
        str,
        Column("errorCode that stands for it; not in recordings of older builds", "violation_code"),
    ] = ""
    violation_path: Annotated[
        tuple[str, ...],
        Column(
            "names, and indexes from 0, that lead to what is wrong in the payload, also in one "
            "that was refused; not in recordings of older builds",
            "violation_path",
        ),
    ] = ()


SIGNALS = Table(
    layout.SIGNALS,
    SignalRow,
    "What the power stage really does: a row for each connector every 100 ms.",
    takes="event, at, truth",
)
FRAMES = Table(
    layout.CAN_LABELS,
    FrameRow,
    "Labels for can.log: one row a frame, in the same order.",
    takes="event, at, truth, attack, identifier, data, direction, kind",
)
TRUTH = Table(
    layout.TRUTH,
    TruthRow,
    "Ground truth: one row an attack, written by the injector.",
    takes="event",
    time="t_start",
)
ALARMS = Table(
    layout.ALARMS,
    AlarmRow,
    "What the detectors said, joined with the ground truth.",
    takes="event, at, evidence, attack_id, time_to_detect",
)
MESSAGES = Table(
    layout.OCPP,
    MessageRow,
    "OCPP 1.6-J messages, one JSON object a line, in the order of sending.",
    takes="event, at, direction, number, payload, detail, injected, attack_ids, seen, delivered, "
    "text, violation, violation_code, violation_path",
    time="t",
)

TABLES = (SIGNALS, FRAMES, TRUTH, ALARMS, MESSAGES)
"""Every table of a run folder, in the order in which they are explained."""
