"""How an event becomes a line of a run folder.  Pure.

These run twenty times and more for each simulated second, so nothing is formatted twice and no
row object stands between event and line.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from evtui.canbus import CHARGE_POINT
from evtui.events import Alarm, CanFrame, Detection, Event, OcppMessage, Sample, json_text
from evtui.recording.format import ALARMS, ERROR_FLAG, FRAMES, MESSAGES, SIGNALS, TRUTH, TruthRow

if TYPE_CHECKING:
    from evtui.recording.format.truth import Standing
    from evtui.recording.write.redaction import Redactor

__all__ = [
    "Stamps",
    "alarm_line",
    "delivery",
    "event_line",
    "frame_lines",
    "json_text",
    "message_line",
    "signal_line",
    "truth_line",
    "violation_keys",
    "violation_values",
]


class Stamps:
    """One moment as the files write it; events of the same moment share the strings.

    Attributes:
        lab: s since the start, 6 decimals.
        unix: Unix time in s, 6 decimals.
        utc: ISO 8601 in UTC with milliseconds.
    """

    __slots__ = ("_date", "_second", "_seconds", "_start", "_t", "lab", "unix", "utc")

    def __init__(self, start_utc: float) -> None:
        self._start = start_utc
        self._second = -1
        self._date = self._seconds = ""
        self._t = math.nan
        self.lab = self.unix = self.utc = ""

    def at(self, t: float) -> None:
        """Turn to lab time ``t`` in s."""
        if t == self._t:
            return
        self._t = t
        # To whole microseconds first: 0.3 s is stored as a little less and must not become 299 ms.
        second, microseconds = divmod(round((self._start + t) * 1e6), 1_000_000)
        if second != self._second:
            self._second = second
            self._date = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
            self._seconds = f"{second}."
        # Twenty times a simulated second: % takes three quarters of the time of an f-string here.
        decimals = "%06d" % microseconds  # noqa: UP031
        self.lab = "%.6f" % t  # noqa: UP031
        self.unix = self._seconds + decimals
        self.utc = f"{self._date}{decimals[:3]}Z"


signal_line: Callable[[Sample, Stamps, Standing], str] = SIGNALS.writer()
"""A row of signals.csv."""

_label: Callable[[CanFrame, Stamps, Standing, bool, str, str, str, str], str] = FRAMES.writer()


def frame_lines(
    frame: CanFrame, at: Stamps, channel: str, truth: Standing, *, attack: bool
) -> tuple[str, str]:
    """The line of can.log and the row of can_labels.csv, which writes id and data alike."""
    data = frame.data.hex().upper()
    payload, kind = data, "data"
    if frame.error:
        identifier, kind = f"{frame.arbitration_id | ERROR_FLAG:08X}", "error"
    elif frame.extended:
        identifier = f"{frame.arbitration_id:08X}"
    else:
        identifier = f"{frame.arbitration_id:03X}"
    if frame.remote:
        payload, kind = f"R{frame.requested}", "remote"
    elif frame.fd:
        payload = f"#{frame.brs * 1 | frame.esi * 2:X}{data}"
        kind = f"fd{' brs' * frame.brs}{' esi' * frame.esi}"
    direction = "T" if frame.node == CHARGE_POINT else "R"
    return (
        f"({at.unix}) {channel} {identifier}#{payload} {direction}\n",
        _label(frame, at, truth, attack, identifier, data, direction, kind),
    )


message_line: Callable[
    [
        OcppMessage,
        Stamps,
        str,
        int | None,
        str,
        str,
        bool,
        tuple[str, ...],
        str,
        str | None,
        str | None,
        str | None,
        str | None,
        tuple[str, ...] | None,
    ],
    str,
] = MESSAGES.writer()
"""A line of ocpp.jsonl.

Of the message, its stamps, direction and number of its type; its payload as JSON and its detail as
it may be shown; ``injected`` and the attacks in effect; ``both``, ``sent`` or ``delivered`` for
what was seen, and what :func:`delivery` says when it was both; its text as it may be shown, None
where a line has none; and what :func:`violation_values` says.
"""

_ViolationValues = tuple[str | None, str | None, tuple[str, ...] | None]


def violation_values(message: OcppMessage, shown: Callable[[str], str] = str) -> _ViolationValues:
    """What a line tells of a violation: words, code and path, None where it tells nothing.

    ``error`` and ``detail`` have the code and the words of what was refused.

    Args:
        shown: makes of a text one that may be shown.
    """
    violation = message.violation
    if not violation:
        return None, None, None
    path = violation.path or None
    if violation.kind == "refused":
        return None, None, path
    return shown(violation.detail), violation.code, path


def violation_keys(values: _ViolationValues) -> str:
    """The same as keys of an object, each after a comma."""
    names = ("violation", "violation_code", "violation_path")
    return "".join(
        f',"{name}":{json_text(value)}'
        for name, value in zip(names, values, strict=True)
        if value is not None
    )


def delivery(
    sent: OcppMessage, delivered: OcppMessage, payload: str, detail: str, violation: str
) -> str:
    """The ``delivered`` object of a line: what the receiving end saw otherwise.

    Args:
        payload, detail: those of ``delivered``, as they may be shown.
        violation: what :func:`violation_keys` says of it.
    """
    parts = [f'"t":{delivered.t:.6f},"seq":{delivered.seq}']
    if delivered.says_otherwise(sent):
        parts.append(f'"payload":{payload}')
    if _seconds(delivered.latency) != _seconds(sent.latency):
        parts.append(f'"latency":{_seconds(delivered.latency)}')
    if delivered.error != sent.error:
        parts.append(f'"error":{json_text(delivered.error)}')
    if delivered.detail != sent.detail:
        parts.append(f'"detail":{json_text(detail)}')
    if delivered.link != sent.link:
        parts.append(f'"link":{delivered.link}')
    return "{" + ",".join(parts) + violation + "}"


_alarm: Callable[[Alarm, Stamps, str, str, float | None], str] = ALARMS.writer()


def alarm_line(alarm: Alarm, at: Stamps, evidence: str, detection: Detection | None) -> str:
    """A row of alarms.csv; ``detection`` is what the scorer said about it, if it did."""
    if detection is None:
        return _alarm(alarm, at, evidence, "", None)
    return _alarm(alarm, at, evidence, detection.attack_id, detection.time_to_detect)


truth_line: Callable[[TruthRow], str] = TRUTH.writer()
"""A row of truth.csv."""


def event_line(event: Event, redactor: Redactor) -> str:
    """A line of events.jsonl: any event, with its time in whole microseconds and bytes in hex."""
    event = msgspec.structs.replace(event, t=round(event.t, 6))
    if isinstance(event, CanFrame):
        return redactor.json(msgspec.to_builtins(event) | {"data": event.data.hex().upper()}) + "\n"
    return redactor.json(event) + "\n"


def _seconds(value: float | None) -> str:
    return "null" if value is None else f"{value:.6f}"
