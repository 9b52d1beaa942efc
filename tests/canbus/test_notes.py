from __future__ import annotations

from evtui.canbus.notes import ThrottledNotes
from evtui.events import Event, EventStream, Note


class StoppedClock:
    start_utc = 0.0

    def now(self) -> float:
        return 0.0


def texts(events: list[Event]) -> list[str]:
    found = [event.text for event in events if isinstance(event, Note)]
    events.clear()
    return found


def test_the_first_is_told_at_once_and_the_rest_as_a_number() -> None:
    stream = EventStream(StoppedClock())
    events: list[Event] = []
    stream.subscribe(events.append)
    notes = ThrottledNotes(stream, source="CP1/can", station="CP1")

    notes.add("warning", "dropped", "id 1")
    notes.add("error", "dropped")
    assert texts(events) == ["dropped: id 1", "dropped"]

    for _ in range(1000):
        notes.add("warning", "dropped", "id 2")
    assert texts(events) == []
    notes.flush()
    assert texts(events) == ["dropped (1000 more)"]

    notes.add("warning", "dropped")
    assert texts(events) == [], "still the same flood"
    notes.flush()
    notes.flush()
    assert texts(events) == ["dropped (1 more)"]

    notes.add("warning", "dropped")
    assert texts(events) == ["dropped"], "after a quiet second it is news again"
