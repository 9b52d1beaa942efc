"""Whether the files of a run folder agree with each other, one check a function."""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import zip_longest

from evtui.events import AnomalyState, CanFrame, Detection, LeftOut, LinkState
from evtui.recording.check.pairing import CALL_TIMEOUT, OpenCall, Pairing
from evtui.recording.check.walking import Walk
from evtui.recording.format import ERROR_FLAG, FrameRow, TruthRow, layout
from evtui.recording.format.truth import TruthTracker
from evtui.recording.read.findings import Findings, Severity
from evtui.recording.read.opening import Sources

__all__ = ["Loss", "check_frames", "check_messages", "check_others", "check_signals", "check_truth"]

SAMPLE_EVERY = 0.1
"""s of lab time between two samples of a connector."""

HOLE = 2.5
"""Intervals without a sample that are told as a hole; the machine may be a little late."""

Loss = tuple[float, str]
"""Lab time in s at which the link of a station was lost."""


def check_signals(sources: Sources, walk: Walk, findings: Findings) -> None:
    """Numbers its rows and tells of times without samples."""
    if sources.signals is None:
        return
    virtual = sources.manifest is not None and sources.manifest.clock.mode == "virtual"
    before: dict[tuple[str, int], float] = {}
    for line, row in walk.lines(sources.signals):
        if row is None:
            continue
        walk.number(layout.SIGNALS, line, row.seq)
        key = (row.station, row.connector)
        since = before.get(key, row.t_s)
        if row.t_s - since > HOLE * SAMPLE_EVERY:
            # In real time a machine that stands still makes holes; nothing is lost by that.
            findings.add(
                "error" if virtual else "note",
                layout.SIGNALS,
                f"no sample of {row.station}/{row.connector} between {since:.3f} and "
                f"{row.t_s:.3f} s",
                line=line,
                kind="holes between samples",
            )
        before[key] = row.t_s


def check_frames(sources: Sources, walk: Walk, findings: Findings, end: Severity) -> None:
    """Numbers the labels and holds can.log against them, row by row.

    Args:
        end: how bad it is that one of the two files is a little behind.
    """
    if sources.labels is None:
        if sources.log is not None:
            for _ in walk.lines(sources.log):
                pass
        return
    buses = sources.manifest.buses if sources.manifest else {}
    channels = {bus.name: channel for channel, bus in buses.items()}
    log = sources.log.file.lines() if sources.log is not None else iter(())
    logged = labelled = 0
    labels = walk.lines(sources.labels)
    for entry, label in zip_longest(log, labels):
        logged += entry is not None
        labelled += label is not None
        if label is None:
            continue
        line, row = label
        if row is None:
            continue
        walk.number(layout.CAN_LABELS, line, row.seq)
        if entry is None:
            continue
        text = entry[1].decode("utf-8", "backslashreplace")
        channel = channels.get(row.bus) or channels.setdefault(row.bus, _channel(text))
        expected = _log_line(row, channel)
        if text != expected:
            findings.add(
                "error",
                layout.CAN_LOG,
                f"says {text[:80]!r}, but {layout.CAN_LABELS}:{line} {expected!r}",
                line=logged,
                kind=f"lines that differ from {layout.CAN_LABELS}",
            )
    if sources.log is not None:
        walk.rows[layout.CAN_LOG] = logged
        if logged != labelled:
            findings.add(
                end,
                layout.CAN_LOG,
                f"has {logged} lines, and {layout.CAN_LABELS} {labelled} rows",
            )


def check_others(
    sources: Sources, walk: Walk, findings: Findings, truth: TruthTracker
) -> tuple[list[Loss], dict[str, int]]:
    """Numbers the alarms and the other events, holds alarms.csv against the scorer.

    Returns when links were lost, and how many events were left out by station, under an empty
    name those of stations that are not named.

    Args:
        truth: is told what the injectors said.
    """
    losses: list[Loss] = []
    left_out: dict[str, int] = {}
    attacks: dict[int, tuple[int, str]] = {}
    if sources.alarms is not None:
        for line, alarm in walk.lines(sources.alarms):
            if alarm is not None:
                walk.number(layout.ALARMS, line, alarm.seq)
                attacks[alarm.seq] = line, alarm.attack_id
    if sources.others is None:
        return losses, left_out
    for line, event in walk.lines(sources.others):
        if event is None:
            continue
        if isinstance(event, CanFrame) and event.seq in walk.numbers:
            continue  # an error frame stands among the frames too
        walk.number(layout.EVENTS, line, event.seq)
        if isinstance(event, LeftOut):
            for station, count in event.messages.items():
                left_out[station] = left_out.get(station, 0) + count
            for number in event.numbers:
                walk.number(layout.EVENTS, line, number)
        if isinstance(event, AnomalyState):
            truth.update(event)
        elif isinstance(event, Detection) and event.cause in attacks:
            line, attack_id = attacks.pop(event.cause)
            if attack_id != event.attack_id:
                findings.add(
                    "error",
                    layout.ALARMS,
                    f"says {attack_id or 'no attack'}, but the scorer in {layout.EVENTS} "
                    f"{event.attack_id or 'no attack'}",
                    line=line,
                    kind="alarms that differ from what the scorer said",
                )
        elif isinstance(event, LinkState) and event.state == "offline":
            losses.append((event.t, event.station))
    if left_out:
        text = f"{sum(left_out.values())} events were left out: peers sent more than is recorded"
        findings.add("note", layout.EVENTS, text)
    return losses, left_out


def check_messages(
    sources: Sources,
    walk: Walk,
    findings: Findings,
    losses: list[Loss],
    left_out: Container[str],
) -> None:
    """Numbers the messages, and looks for answers without CALL and CALLs without answer.

    Args:
        left_out: stations of which not every message was recorded; an empty name stands for all
            that are not named.
    """
    if sources.messages is None:
        return
    pairing = Pairing()
    lost = iter([*losses, (float("inf"), "")])
    loss = next(lost)
    begun = walk.t_first
    midway = walk.numbers.first > 1
    t = 0.0
    for line, row in walk.lines(sources.messages):
        if row is None:
            continue
        walk.number(layout.OCPP, line, row.seq)
        if row.delivered is not None:
            walk.number(layout.OCPP, line, row.delivered["seq"])
        while loss[0] <= row.t:
            pairing.lose(loss[1], loss[0])
            loss = next(lost)
        t = row.t
        if not pairing.take(line, row):
            # Its CALL may have gone before somebody switched the recording on.
            early = midway and t - begun <= CALL_TIMEOUT
            known = early or _is_partial(row.station, left_out)
            findings.add(
                "note" if known else "error",
                layout.OCPP,
                f"the answer {row.id!r} at {t:.3f} s has no CALL"
                + (" since the recording began" if early else ""),
                line=line,
                kind="answers that have no CALL",
            )
    while loss[1]:
        pairing.lose(loss[1], loss[0])
        loss = next(lost)
    for call in sorted([*pairing.given_up, *pairing.open]):
        _tell_open(call, t, findings, partial=_is_partial(call.station, left_out))


def _is_partial(station: str, left_out: Container[str]) -> bool:
    return station in left_out or "" in left_out


def _tell_open(call: OpenCall, t_end: float, findings: Findings, *, partial: bool) -> None:
    severity: Severity = "note"
    if call.lost:
        why, kind = "its link was lost", "CALLs whose link was lost"
    elif t_end - call.t <= CALL_TIMEOUT:
        why, kind = "it was open when the recording ended", "CALLs that were open at the end"
    elif not call.arrived:
        why, kind = "it was not seen to arrive", "CALLs that were not seen to arrive"
    elif partial:
        why, kind = "messages of its station were left out", "CALLs whose answer may be left out"
    else:
        why, kind, severity = "nothing says why", "CALLs without an answer", "error"
    findings.add(
        severity,
        layout.OCPP,
        f"{call.action} {call.uid!r} at {call.t:.3f} s has no answer: {why}",
        line=call.line,
        kind=kind,
    )


def check_truth(
    sources: Sources, walk: Walk, findings: Findings, heard: TruthTracker, end: Severity
) -> None:
    """Looks at each attack, and holds truth.csv against what the injectors said.

    Args:
        heard: has heard the injectors in events.jsonl.
        end: how bad it is that one of the two files is a little behind.
    """
    if sources.truth is None:
        return
    by_key: dict[tuple[str, int, str], TruthRow] = {}
    for line, row in walk.lines(sources.truth):
        if row is None:
            continue
        key = (row.station, row.connector, row.attack_id)
        for trouble in _contradictions(row):
            findings.add("error", layout.TRUTH, f"{row.attack_id}: {trouble}", line=line)
        if key in by_key:
            findings.add("error", layout.TRUTH, f"{row.attack_id} stands twice", line=line)
        by_key[key] = row
    if sources.others is None:
        return
    said = {(row.station, row.connector, row.attack_id): row for row in heard.rows()}
    for key in dict.fromkeys([*said, *by_key]):
        if said.get(key) != by_key.get(key):
            findings.add(
                end,
                layout.TRUTH,
                f"{key[2]}: does not say what its injector says in {layout.EVENTS}",
                kind="attacks of which truth and events differ",
            )


def _contradictions(row: TruthRow) -> Iterator[str]:
    if row.t_end is not None and row.t_end < row.t_start:
        yield f"ends at {row.t_end:.3f} s, before it starts"
    if row.t_effect_end is not None:
        if row.t_end is None or row.t_effect_end < row.t_end:
            yield f"its effect ends at {row.t_effect_end:.3f} s, before the attack does"
    if row.t_effect_end is not None and not row.outcome:
        yield "outcome and the end of the effect do not belong together"


def _channel(text: str) -> str:
    parts = text.split()
    return parts[1] if len(parts) > 1 else ""


def _log_line(row: FrameRow, channel: str) -> str:
    """The line of can.log that belongs to a label."""
    if row.kind == "error":
        identifier = f"{row.arbitration_id | ERROR_FLAG:08X}"
    else:
        identifier = f"{row.arbitration_id:0{8 if row.extended else 3}X}"
    payload = f"R{row.dlc}" if row.kind == "remote" else row.data_field.hex().upper()
    if row.kind.startswith("fd"):
        payload = f"#{('brs' in row.kind) * 1 | ('esi' in row.kind) * 2:X}{payload}"
    return f"({row.timestamp:.6f}) {channel} {identifier}#{payload} {row.direction}"
