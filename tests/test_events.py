from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.events import (
    NOTES_AT_ONCE,
    Event,
    EventReader,
    EventStream,
    Mark,
    Note,
    OcppMessage,
    as_json,
    caused_by,
    current_cause,
    json_text,
    payload_bytes,
    pretty_json,
)


@dataclass
class Clock:
    start_utc: float = 1_700_000_000.0
    time: float = 0.0

    def now(self) -> float:
        return self.time


def note(text: str = "") -> Note:
    return Note(level="info", text=text)


def about(station: str, text: str) -> Note:
    return Note(source="csms", station=station, level="warning", text=text)


def ocpp(action: str, payload: object = None) -> OcppMessage:
    return OcppMessage(
        station="CP1",
        sender="charge_point",
        phase="delivered",
        kind="call",
        uid="1",
        action=action,
        body=as_json(payload),
    )


@given(st.lists(st.floats(0, 1e6), max_size=30))
def test_events_are_numbered_from_one_without_gaps_and_stamped_by_the_clock(
    times: list[float],
) -> None:
    clock = Clock()
    stream = EventStream(clock)
    seen: list[Event] = []
    stream.subscribe(seen.append)
    for clock.time in times:
        stream.publish(ocpp("Heartbeat"))  # a note that is often the same is thinned out
    assert [event.seq for event in seen] == list(range(1, len(times) + 1))
    assert [event.t for event in seen] == times
    assert stream.last_seq == len(times)


def test_a_publisher_with_a_better_clock_stamps_for_itself() -> None:
    stream = EventStream(Clock(time=5.0))
    assert stream.publish(note(), t=4.25).t == 4.25


def test_the_stream_says_what_lab_time_zero_was() -> None:
    stream = EventStream(Clock(start_utc=12.5, time=3.0))
    assert (stream.start_utc, stream.now()) == (12.5, 3.0)


def test_an_event_is_published_once() -> None:
    stream = EventStream(Clock())
    event = stream.publish(note("the same"))
    with pytest.raises(ValueError, match="event 1 is on the stream already"):
        stream.publish(event)


def test_nobody_can_change_an_event() -> None:
    event = EventStream(Clock()).publish(note())
    with pytest.raises(AttributeError):
        event.seq = 7  # type: ignore[misc]


def test_an_event_survives_its_way_through_json() -> None:
    event = EventStream(Clock(time=2.0)).publish(note("hello"))
    assert msgspec.json.decode(msgspec.json.encode(event), type=Note) == event


def test_what_is_published_inside_a_cause_has_it_and_nothing_outside() -> None:
    stream = EventStream(Clock())
    first = stream.publish(note("the same"))
    with caused_by(first.seq):
        inside = stream.publish(note("the same"))
        with caused_by(None):
            independent = stream.publish(note("the same"))
        said = stream.publish(Note(level="info", text="", cause=99))
    outside = stream.publish(note("the same"))
    assert inside.cause == first.seq
    assert said.cause == 99
    assert (first.cause, independent.cause, outside.cause) == (None, None, None)


async def test_a_task_started_inside_a_cause_keeps_it() -> None:
    async def late() -> int | None:
        await asyncio.sleep(0)
        return current_cause()

    with caused_by(42):
        task = asyncio.create_task(late())
    assert current_cause() is None
    assert await task == 42


@given(
    answers=st.dictionaries(st.integers(1, 12), st.integers(1, 3), max_size=6),
    readers=st.integers(1, 4),
    publisher=st.integers(0, 3),
)
def test_every_subscriber_sees_one_order_whoever_publishes_while_being_told(
    answers: dict[int, int], readers: int, publisher: int
) -> None:
    stream = EventStream(Clock())
    seen: list[list[int]] = [[] for _ in range(readers)]

    def answer(event: Event) -> None:
        for _ in range(answers.pop(event.seq, 0)):
            stream.publish(note("the same"))

    for number in range(readers):
        if number == publisher % readers:
            stream.subscribe(answer)
        stream.subscribe(lambda event, number=number: seen[number].append(event.seq))  # type: ignore[misc]
    for _ in range(5):
        stream.publish(note("the same"))
    assert all(order == list(range(1, stream.last_seq + 1)) for order in seen)


def test_who_has_unsubscribed_is_told_nothing_more() -> None:
    stream = EventStream(Clock())
    seen: list[Event] = []
    unsubscribe = stream.subscribe(seen.append)
    stream.publish(note("the same"))
    unsubscribe()
    unsubscribe()
    stream.publish(note("the same"))
    assert [event.seq for event in seen] == [1]


def test_a_subscriber_that_fails_is_reported_once_and_costs_nobody_an_event() -> None:
    stream = EventStream(Clock())
    before = stream.reader()

    def fail(event: Event) -> None:
        raise RuntimeError("broken reader")

    stream.subscribe(fail)
    after = stream.reader()
    stream.publish(note("the same"))
    stream.publish(note("the same"))
    seen = before.take()
    assert [event.seq for event in seen] == [1, 2, 3]
    assert [event.seq for event in after.take()] == [1, 2, 3]
    report = seen[1]
    assert isinstance(report, Note)
    assert (report.level, report.cause) == ("error", 1)
    assert "broken reader" in report.text


@given(
    capacity=st.integers(1, 8),
    rounds=st.lists(st.tuples(st.integers(0, 20), st.none() | st.integers(0, 10))),
)
def test_a_reader_gets_the_newest_in_order_and_counts_exactly_what_it_missed(
    capacity: int, rounds: list[tuple[int, int | None]]
) -> None:
    stream = EventStream(Clock())
    reader = stream.reader(capacity)
    taken: list[int] = []
    for published, limit in rounds:
        for _ in range(published):
            stream.publish(note("the same"))
        got = [event.seq for event in reader.take(limit)]
        assert limit is None or len(got) <= limit
        taken += got
    taken += [event.seq for event in reader.take()]
    assert taken == sorted(set(taken))
    assert reader.dropped == stream.last_seq - len(taken)
    if stream.last_seq and reader.dropped == 0:
        assert taken == list(range(1, stream.last_seq + 1))


def test_a_reader_that_keeps_up_misses_nothing() -> None:
    reader = EventReader(capacity=1)
    for _ in range(3):
        reader.append(note())
        assert len(reader.take()) == 1
    assert reader.dropped == 0


def test_a_reader_that_stands_still_holds_no_more_than_its_bytes_of_payloads() -> None:
    reader = EventReader(capacity=100, bytes_max=3_000)
    for number in range(10):
        reader.append(ocpp(action=f"A{number}", payload={"data": "x" * 1_000}))
        reader.append(note())
    assert reader.dropped == 15
    assert [event.action for event in reader.take() if isinstance(event, OcppMessage)] == [
        "A8",
        "A9",
    ]
    for name in ("B", "C"):  # what was taken makes room
        reader.append(ocpp(action=name, payload={"data": "x" * 1_000}))
    assert len(reader.take()) == 2
    assert reader.dropped == 15


def test_a_message_bigger_than_a_readers_room_is_dropped_and_counted() -> None:
    reader = EventReader(capacity=100, bytes_max=3_000)
    reader.append(note())
    reader.append(ocpp(action="A" * 4_000))
    assert reader.dropped == 2
    reader.append(ocpp(action="B"))
    assert len(reader.take()) == 1


def texts(seen: list[Event]) -> list[str]:
    return [event.text for event in seen if isinstance(event, Note)]


def test_notes_that_say_the_same_have_a_rate_and_their_number_is_told() -> None:
    clock = Clock()
    stream = EventStream(clock)
    seen: list[Event] = []
    stream.subscribe(seen.append)
    for number in range(70_000):
        clock.time = number / 1000
        stream.publish(note("the same"))
    stream.settle()
    said = texts(seen)
    assert said[:NOTES_AT_ONCE] == ["the same"] * NOTES_AT_ONCE
    assert len(said) <= NOTES_AT_ONCE + 8
    more = [int(one.split("(and ")[1].split(" more")[0].replace(",", "")) for one in said[10:]]
    assert NOTES_AT_ONCE + sum(more) + len(more) == 70_000
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))


def test_notes_that_differ_are_never_held_back() -> None:
    stream = EventStream(Clock())
    seen: list[Event] = []
    stream.subscribe(seen.append)
    for number in range(5_000):
        stream.publish(note(f"number {number}"))
        stream.publish(about("CP1", "x" * number))
    assert len(seen) == 10_000


def test_notes_of_one_station_that_differ_in_numbers_only_say_the_same() -> None:
    clock = Clock()
    stream = EventStream(clock)
    seen: list[Event] = []
    stream.subscribe(seen.append)
    for number in range(10_000):
        clock.time = number / 1000
        stream.publish(about("CP1", f"transaction {number} is not known here"))
    stream.settle()
    said = texts(seen)
    assert said[:NOTES_AT_ONCE] == [
        f"transaction {number} is not known here" for number in range(NOTES_AT_ONCE)
    ]
    (last,) = said[NOTES_AT_ONCE:]
    assert last.startswith("transaction 9999 is not known here (and 9,989 more like it in the last")


def test_one_note_each_of_a_thousand_stations_is_told_with_its_number() -> None:
    stream = EventStream(Clock())
    seen: list[Event] = []
    stream.subscribe(seen.append)
    for number in range(1_000):
        stream.publish(about(f"CP{number}", f"transaction {number} is not known here"))
    assert texts(seen) == [f"transaction {number} is not known here" for number in range(1_000)]


def test_what_is_held_is_told_when_something_else_happens_and_keeps_its_cause() -> None:
    clock = Clock()
    stream = EventStream(clock)
    seen: list[Event] = []
    stream.subscribe(seen.append)
    with caused_by(7):
        for _ in range(NOTES_AT_ONCE + 3):
            last = stream.publish(note("the same"))
    assert (len(seen), last.seq) == (NOTES_AT_ONCE, 0)
    clock.time = 10.0
    with caused_by(8):
        stream.publish(Mark(text="later"))
    told, mark = seen[NOTES_AT_ONCE:]
    assert isinstance(told, Note)
    assert (told.text, told.cause) == ("the same (and 2 more like it in the last 10 s)", 7)
    assert (told.t, told.seq + 1, mark.cause) == (10.0, mark.seq, 8)
    stream.settle()
    assert len(seen) == NOTES_AT_ONCE + 2


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_a_payload_is_kept_as_text_and_comes_back_as_it_was(payload: object) -> None:
    message = ocpp("DataTransfer", payload)
    assert message.payload == payload
    assert len(bytes(message.body)) + len("DataTransfer") == payload_bytes(message)


def test_a_payload_that_no_peer_could_send_comes_back_too() -> None:
    payload = {"data": "half of a pair: \ud800", "big": 10**30}
    assert ocpp("DataTransfer", payload).payload == payload


def test_what_arrives_with_another_payload_says_otherwise_unless_it_was_refused_unread() -> None:
    sent = ocpp("Reset", {"type": "Soft", "x": 1})
    assert not ocpp("Reset", {"x": 1, "type": "Soft"}).says_otherwise(sent)
    assert ocpp("Reset", {"type": "Hard", "x": 1}).says_otherwise(sent)
    refused = msgspec.structs.replace(ocpp("Reset"), text="[2,...")
    assert not refused.says_otherwise(sent)


def test_an_event_with_half_a_character_is_json_all_the_same() -> None:
    half = "x\ud83d"
    event = OcppMessage(
        station=half, sender="charge_point", phase="delivered", kind="call", uid=half, action=half,
        body=as_json({half: half}), t=1.5,
    )  # fmt: skip
    told = json.loads(json_text(event))
    whole = json.loads(json_text(msgspec.structs.replace(event, station="x", uid="x", action="x")))
    assert told.keys() == whole.keys()
    assert (told["event"], told["payload"], told["action"]) == ("OcppMessage", {half: half}, half)
    assert json.loads(pretty_json(event)) == told
