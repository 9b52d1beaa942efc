from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from evtui.events import AnomalyState, Event, Note, OcppMessage
from evtui.recording.format import MESSAGES
from evtui.recording.format.truth import TruthTracker
from evtui.recording.read.parsing import message_events, message_row
from evtui.recording.write.messages import MessageLines
from evtui.recording.write.redaction import Redactor
from evtui.violations import Violation
from tests.recording.sample_run import START_UTC, Scene


class Lines:
    """MessageLines as the recorder drives it."""

    def __init__(self, *twins: str) -> None:
        self.written: list[dict[str, Any]] = []
        self.truth = TruthTracker()
        self.lines = MessageLines(
            frozenset(twins),
            START_UTC,
            self.truth,
            Redactor(),
            lambda line: self.written.append(json.loads(line)),
        )
        self.scene = Scene(self.take)

    def take(self, event: Event) -> None:
        if event.t > self.lines.wake:
            self.lines.release(event.t)
        if isinstance(event, OcppMessage):
            self.lines.take(event)
        elif isinstance(event, AnomalyState):
            self.truth.update(event)

    def tick(self, t: float) -> None:
        self.scene.clock.time = t
        self.scene.stream.publish(Note(level="info", text=""))


def deliver(scene: Scene, sent: OcppMessage, payload: Any) -> OcppMessage:
    return scene.message(
        sent.uid, sent.action, payload, sender=sent.sender, phase="delivered", cause=sent.seq
    )


def test_what_was_sent_and_delivered_alike_is_one_line() -> None:
    lines = Lines("CP1")
    sent = lines.scene.message("1", "Heartbeat", {})
    assert lines.written == []
    lines.scene.clock.time = 0.01
    arrived = deliver(lines.scene, sent, {})
    (line,) = lines.written
    assert tuple(line) == tuple(each.name for each in MESSAGES.fields if each.required)
    assert (line["seen"], line["t"], line["seq"]) == ("both", 0.0, sent.seq)
    assert line["delivered"] == {"t": 0.01, "seq": arrived.seq}
    assert line["direction"] == "cp->csms"


def test_what_the_link_changed_stands_beside_what_was_sent() -> None:
    lines = Lines("CP1")
    sent = lines.scene.message("1", "SetChargingProfile", {"limit": 16}, sender="central_system")
    deliver(lines.scene, sent, {"limit": 32})
    (line,) = lines.written
    assert line["payload"] == {"limit": 16}
    assert line["delivered"]["payload"] == {"limit": 32}


def test_a_message_that_nobody_got_is_written_as_sent_after_50_ms() -> None:
    lines = Lines("CP1")
    lines.scene.message("1", "Heartbeat", {})
    lines.tick(0.05)
    assert lines.written == []
    lines.tick(0.0501)
    assert [line["seen"] for line in lines.written] == ["sent"]
    assert lines.written[0]["delivered"] is None


def test_a_message_that_comes_too_late_gets_a_line_of_its_own() -> None:
    lines = Lines("CP1")
    sent = lines.scene.message("1", "Heartbeat", {})
    lines.tick(0.1)
    arrived = deliver(lines.scene, sent, {})
    assert [(line["seen"], line["seq"]) for line in lines.written] == [
        ("sent", sent.seq),
        ("delivered", arrived.seq),
    ]
    assert lines.written[1]["cause"] == sent.seq


def test_lines_keep_the_order_of_sending_while_one_waits() -> None:
    lines = Lines("CP1")
    first = lines.scene.message("1", "Heartbeat", {})
    second = lines.scene.message("2", "Heartbeat", {})
    deliver(lines.scene, second, {})
    assert lines.written == []
    deliver(lines.scene, first, {})
    assert [line["id"] for line in lines.written] == ["1", "2"]


def test_a_foreign_end_is_not_waited_for() -> None:
    lines = Lines()
    lines.scene.message("1", "Heartbeat", {})
    lines.scene.message("2", "Reset", {}, sender="central_system", phase="delivered")
    assert [line["seen"] for line in lines.written] == ["sent", "delivered"]


def test_a_text_that_is_no_message_has_no_type_but_its_beginning() -> None:
    lines = Lines("CP1")
    lines.scene.message("", "", None, kind="invalid", phase="delivered", text="GET / HTTP/1.1")
    (line,) = lines.written
    assert (line["type"], line["text"]) == (None, "GET / HTTP/1.1")


def test_a_message_that_the_injector_had_sent_is_injected_and_its_answer_is_not() -> None:
    lines = Lines("CP1")
    step = lines.scene.truth("on")
    sent = lines.scene.message(
        "1", "SetChargingProfile", {"connectorId": 1}, sender="central_system", cause=step.seq
    )
    arrived = deliver(lines.scene, sent, {"connectorId": 1})
    lines.scene.message("1", "SetChargingProfile", {}, kind="result", cause=arrived.seq)
    lines.tick(1.0)
    assert [line["injected"] for line in lines.written] == [True, False]
    assert [line["attack_ids"] for line in lines.written] == [["fluctuation-1"]] * 2


@given(
    st.lists(
        st.tuples(st.sampled_from(["send", "deliver", "drop", "wait"]), st.floats(0, 0.06)),
        max_size=40,
    )
)
def test_no_message_is_lost_and_the_lines_are_in_order_of_time(
    story: list[tuple[str, float]],
) -> None:
    lines = Lines("CP1")
    on_the_way: list[OcppMessage] = []
    seqs: list[int] = []
    for number, (what, pause) in enumerate(story):
        lines.scene.clock.time += pause
        if what == "send":
            on_the_way.append(lines.scene.message(str(number), "Heartbeat", {}))
            seqs.append(on_the_way[-1].seq)
        elif what == "deliver" and on_the_way:
            sent = on_the_way.pop(number % len(on_the_way))
            seqs.append(deliver(lines.scene, sent, {}).seq)
        elif what == "drop" and on_the_way:
            on_the_way.pop()
        else:
            lines.tick(lines.scene.clock.time)
    lines.lines.release(float("inf"))
    written = [line["seq"] for line in lines.written]
    written += [line["delivered"]["seq"] for line in lines.written if line["delivered"]]
    assert sorted(written) == seqs
    times = [line["t"] for line in lines.written]
    assert times == sorted(times)


def test_a_violation_stands_where_it_was_seen_and_no_key_where_there_is_none() -> None:
    lines = Lines("CP1")
    sent = lines.scene.message("1", "Authorize", {"idTag": "A" * 21})
    lines.scene.clock.time = 0.01
    lines.scene.message(
        "1",
        "Authorize",
        {"idTag": "A" * 21},
        phase="delivered",
        cause=sent.seq,
        violation="idTag: too long",
    )
    foreign = Lines()
    foreign.scene.message("2", "Heartbeat", {"x": 1}, phase="delivered", violation="x: extra")
    assert "violation" not in lines.written[0]
    assert lines.written[0]["delivered"]["violation"] == "idTag: too long"
    assert foreign.written[0]["violation"] == "x: extra"


@pytest.mark.parametrize("violation", ["", "idTag: too long"])
@pytest.mark.parametrize("both", [True, False])
def test_a_message_is_read_back_with_its_violation(violation: str, both: bool) -> None:
    texts: list[str] = []
    truth = TruthTracker()
    taken = frozenset({"CP1"} if both else ())
    lines = MessageLines(taken, START_UTC, truth, Redactor(), texts.append)
    scene = Scene(lambda event: None)
    cause = None
    if both:
        sent = scene.message("1", "Authorize", {"idTag": "A"})
        lines.take(sent)
        cause = sent.seq
    came = scene.message(
        "1", "Authorize", {"idTag": "A"}, phase="delivered", cause=cause, violation=violation
    )
    lines.take(came)
    lines.release(9.0)
    [text] = texts
    assert ("violation" in text) is bool(violation)
    read = list(message_events(message_row(text.encode())))[-1]
    assert read.violation == came.violation
    assert read.seq == came.seq


def read_back(*events: OcppMessage) -> tuple[str, list[OcppMessage]]:
    """The line of one message, and the events that it is read as."""
    texts: list[str] = []
    twins = frozenset({"CP1"} if len(events) > 1 else ())
    lines = MessageLines(twins, START_UTC, TruthTracker(), Redactor(), texts.append)
    for event in events:
        lines.take(event)
    lines.release(9.0)
    [text] = texts
    return text, list(message_events(message_row(text.encode())))


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("invalid", "answer to nothing"),
        ("error", "FormationViolation"),
        ("result", "TypeConstraintViolation"),
    ],
)
def test_a_violation_that_the_error_tells_of_takes_no_room_and_is_read_back(
    kind: Any, error: str
) -> None:
    scene = Scene(lambda event: None)
    plain = scene.message("1", "Authorize", {}, phase="delivered", kind=kind)
    came = replace(plain, error=error, detail="why", violation=Violation(error, "why"))
    text, read = read_back(came)
    assert '"violation' not in text
    assert [each.violation for each in read] == [came.violation]


def test_what_an_error_blames_is_told_once_where_it_was_sent() -> None:
    scene = Scene(lambda event: None)
    plain = scene.message("1", "Authorize", {}, kind="error")
    error, why = "FormationViolation", "why"
    sent = replace(plain, error=error, detail=why, violation=Violation(error, why))
    arrived = replace(plain, error=error, detail=why, phase="delivered", seq=2, cause=plain.seq)
    _, read = read_back(sent, arrived)
    assert [each.violation for each in read] == [sent.violation, UNSET]


@pytest.mark.parametrize("kind", ["result", "error"])
def test_the_place_of_what_was_refused_is_read_back(kind: Any) -> None:
    scene = Scene(lambda event: None)
    plain = scene.message("1", "Authorize", {}, phase="delivered", kind=kind)
    violation = Violation("TypeConstraintViolation", "why", ("idTagInfo", "status"))
    came = replace(plain, error=violation.code, detail="why", violation=violation)
    text, read = read_back(came)
    assert '"violation_path":["idTagInfo","status"]' in text
    assert [each.violation for each in read] == [violation]


def test_a_line_of_an_older_build_has_its_violation_without_code_and_place() -> None:
    scene = Scene(lambda event: None)
    plain = scene.message("1", "Authorize", {}, phase="delivered")
    violation = Violation("FormationViolation", "x: extra", ("x",), "tolerated")
    text, _ = read_back(replace(plain, violation=violation))
    older = text.replace(',"violation_code":"FormationViolation","violation_path":["x"]', "")
    assert older != text
    [read] = message_events(message_row(older.encode()))
    assert read.violation == replace(violation, code="", path=())


def test_an_answer_of_ours_that_was_withheld_is_read_back_as_one() -> None:
    scene = Scene(lambda event: None)
    plain = scene.message("1", "Heartbeat", {}, kind="error")
    withheld = Violation("FormationViolation", "no date", ("currentTime",), "withheld")
    sent = replace(plain, error="InternalError", detail="own answer", violation=withheld)
    arrived = replace(sent, phase="delivered", seq=2, cause=plain.seq, violation=UNSET)
    _, read = read_back(sent, arrived)
    assert [each.violation for each in read] == [withheld, UNSET]


def test_a_tag_in_a_violation_is_hidden_where_tags_are() -> None:
    texts: list[str] = []
    redactor = Redactor(id_tags=True)
    lines = MessageLines(frozenset(), START_UTC, TruthTracker(), redactor, texts.append)
    scene = Scene(lambda event: None)
    told = '"idTag": "GOOD", then "idTag": "EVIL": twice in one object'
    payload = {"idTag": "EVIL"}
    lines.take(scene.message("1", "Authorize", payload, phase="delivered", violation=told))
    lines.release(9.0)
    assert "GOOD" not in texts[0]
    assert "EVIL" not in texts[0]
