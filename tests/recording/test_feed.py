"""The live feed: complete where it can be, never in the way of the lab where it cannot."""

from __future__ import annotations

import errno
import json
import os
import select
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.events import (
    AnomalyState,
    CanFrame,
    Event,
    EventStream,
    Mark,
    Note,
    OcppMessage,
    Sample,
    as_json,
)
from evtui.feed.feed import Feed, FeedError, open_feed
from evtui.feed.pump import AT_ONCE, CAPACITY, MOST_READERS
from evtui.recording.write.redaction import Redactor
from tests.feed_lines import feed_lines
from tests.patience import PATIENCE


class Clock:
    """Lab time that moves 0.1 s with each look at it."""

    start_utc = 0.0

    def __init__(self) -> None:
        self._looks = 0

    def now(self) -> float:
        self._looks += 1
        return self._looks / 10


@contextmanager
def feeding(destination: str | Path, **options: Any) -> Iterator[tuple[EventStream, Feed]]:
    """A stream with a feed to ``destination``, closed afterwards."""
    feed = open_feed(str(destination), **options)
    stream = EventStream(Clock())
    stream.subscribe(feed.on_event)
    try:
        yield stream, feed
    finally:
        feed.close()


def notes(stream: EventStream, count: int, length: int = 0) -> None:
    """``count`` events whose lines are at least ``length`` bytes long."""
    for number in range(count):
        stream.publish(Note(level="info", text=f"{number}".ljust(length, ".")))


def read_lines(descriptor: int, last: Callable[[dict[str, Any]], object]) -> list[Any]:
    """Lines of a descriptor until the ``last`` one has come, or the end."""
    lines: list[Any] = []
    data = b""
    while select.select([descriptor], [], [], PATIENCE)[0]:
        piece = os.read(descriptor, 1 << 20)
        *whole_lines, data = (data + piece).split(b"\n")
        lines += [line for line in map(json.loads, whole_lines) if line["event"] != "Feed"]
        if not piece or (lines and last(lines[-1])):
            return lines
    raise AssertionError(f"{len(lines)} lines and no more in {PATIENCE} s")


def is_number(seq: int) -> Callable[[dict[str, Any]], bool]:
    return lambda line: line.get("seq") == seq


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def numbers(lines: list[dict[str, Any]]) -> list[int]:
    """Numbers of events and of those that are said to be missing, in the order of the lines."""
    found: list[int] = []
    for line in lines:
        if line["event"] == "Dropped":
            first = found[-1] + 1 if found else 1
            found += range(first, first + line["count"])
        else:
            found.append(line["seq"])
    return found


# A file


def test_a_file_has_every_event_before_the_lab_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    with feeding(file) as (stream, feed):
        for number in range(1, 4):
            stream.publish(Note(level="info", text="x"))
            assert len(feed_lines(file)) == number
        assert feed.dropped == 0


def test_a_line_has_every_field_of_its_event_with_bytes_in_hex(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    with feeding(file) as (stream, _):
        stream.publish(
            CanFrame(
                source="module",
                station="CP1",
                bus="CP1/can",
                node="module",
                arbitration_id=0x300,
                data=b"\x6a\x00",
                cause=None,
            )
        )
        stream.publish(
            OcppMessage(
                station="CP1",
                sender="charge_point",
                phase="sent",
                kind="call",
                uid="1",
                action="DataTransfer",
                body=as_json({"vendorId": "é\n\ud800", "data": None}),
                cause=1,
            )
        )
    frame, message = feed_lines(file)
    assert (frame["event"], frame["seq"], frame["t"]) == ("CanFrame", 1, 0.1)
    assert (frame["data"], frame["arbitration_id"], frame["node"]) == ("6A00", 768, "module")
    assert (message["event"], message["cause"]) == ("OcppMessage", 1)
    assert message["payload"] == {"vendorId": "é\n\ud800", "data": None}


SAMPLE = Sample(
    station="CP1",
    connector=1,
    current=98.5,
    limit=100.0,
    target=100.0,
    voltage=400.0,
    power=39400.0,
    energy=1.0,
    temperature=30.0,
    contactor=True,
    status="Charging",
)


def test_samples_marks_and_truth_are_in_it_too(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    truth = AnomalyState(
        station="CP1",
        connector=1,
        attack_id="fluctuation-1",
        anomaly="repeated-current-fluctuation",
        change="on",
        active=True,
        variant="seed",
        parameters={"high_a": 100.0},
    )
    with feeding(file) as (stream, _):
        for event in (SAMPLE, Mark(text="here", at=0.05), truth):
            stream.publish(event)
    sample, mark, on = feed_lines(file)
    assert (sample["current"], sample["soc"]) == (98.5, None)
    assert (mark["text"], mark["at"]) == ("here", 0.05)
    assert on["parameters"] == {"high_a": 100.0}


@given(text=st.text())
def test_whatever_a_text_contains_an_event_is_one_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.mktemp("feed") / "events.jsonl"
    with feeding(file) as (stream, _):
        stream.publish(Note(level="info", text=text))
    (line,) = feed_lines(file)
    assert line["text"] == text


def test_secrets_and_on_request_id_tags_are_hidden(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    with feeding(file, redactor=Redactor(id_tags=True)) as (stream, _):
        stream.publish(
            OcppMessage(
                station="CP1",
                sender="charge_point",
                phase="sent",
                kind="call",
                uid="1",
                action="Authorize",
                body=as_json({"idTag": "SECRET-TAG"}),
            )
        )
        stream.publish(Note(level="info", text="ws://me:hunter2@host/"))
    assert "SECRET-TAG" not in file.read_text()
    assert "hunter2" not in file.read_text()


def test_an_empty_file_is_taken_and_one_with_something_in_it_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.touch()
    with feeding(file) as (stream, _):
        notes(stream, 1)
    before = file.read_text()
    with pytest.raises(FeedError, match=r"there is something in it; name another file"):
        open_feed(str(file))
    assert file.read_text() == before


def test_a_full_disk_ends_the_feed_with_one_line_and_a_whole_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "events.jsonl"
    told: list[Event] = []
    with feeding(file) as (stream, _):
        stream.subscribe(told.append)
        notes(stream, 1)
        write = os.write
        room = 10

        def full(descriptor: int, data: bytes) -> int:
            nonlocal room
            if not room:
                raise OSError(errno.ENOSPC, "No space left on device")
            taken, room = room, 0
            return write(descriptor, data[:taken])

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            notes(stream, 2)
    (said,) = [event.text for event in told if isinstance(event, Note) and event.level == "error"]
    assert "events.jsonl: no space left on device" in said
    assert [line["seq"] for line in feed_lines(file)] == [1]


# What cannot be opened


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda path: path.mkdir(), "expected a file, a FIFO or a device"),
        (lambda path: socket.socket(socket.AF_UNIX).bind(str(path)), "unix:PATH listens on one"),
        (lambda path: path.symlink_to(path), "too many levels of symbolic links"),
    ],
)
def test_what_is_no_place_for_a_feed_is_refused_in_one_line(
    tmp_path: Path, make: Callable[[Path], object], problem: str
) -> None:
    place = tmp_path / "place"
    make(place)
    with pytest.raises(FeedError, match=problem) as refused:
        open_feed(str(place))
    assert str(refused.value).startswith(f"events to {place}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("no/such/folder/events", "no such file or directory"),
        ("unix:no/such/folder/socket", "no such file or directory"),
        ("unix:" + "s" * 200, "AF_UNIX path too long"),
        ("unix:", "expected a path, as in unix:events.sock"),
        ("a\0b", "embedded null"),
        ("", "no such file or directory"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FeedError, match=rf"(?i){problem}"):
        open_feed(place)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["-", "/dev/tty"])
def test_the_terminal_of_the_app_is_no_place_for_a_feed(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evtui.feed.feed._our_terminal", lambda: {os.makedev(5, 0)})
    with pytest.raises(FeedError, match=r"the app is there; name a file or unix:PATH"):
        open_feed(place, in_terminal=True)


# Pipes


@contextmanager
def standard_output(descriptor: int) -> Iterator[None]:
    """``descriptor`` in the place of standard output."""
    kept = os.dup(1)
    os.dup2(descriptor, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


@contextmanager
def pipe_feed() -> Iterator[tuple[EventStream, Feed, int]]:
    """A feed to a pipe, and the end to read from."""
    end, start = os.pipe()
    with standard_output(start):
        feed = open_feed("-")
    os.close(start)
    stream = EventStream(Clock())
    stream.subscribe(feed.on_event)
    try:
        yield stream, feed, end
    finally:
        feed.close(0.01)
        os.close(end)


def test_events_reach_a_reader_of_a_pipe_as_they_happen() -> None:
    with pipe_feed() as (stream, _, end):
        for number in range(1, 4):
            notes(stream, 1)
            (line,) = read_lines(end, is_number(number))
            assert line["seq"] == number


def test_a_reader_that_stands_still_holds_up_nobody_and_is_told_what_it_missed() -> None:
    count = CAPACITY + 5_000
    with pipe_feed() as (stream, feed, end):
        notes(stream, count, length=50)
        until(lambda: feed.dropped)
        lines = read_lines(end, is_number(count))
        missing = sum(line["count"] for line in lines if line["event"] == "Dropped")
        assert numbers(lines) == list(range(1, count + 1))
        assert missing == feed.dropped


def test_closing_passes_on_what_is_left() -> None:
    end, start = os.pipe()
    with standard_output(start):
        feed = open_feed("-")
    os.close(start)
    stream = EventStream(Clock())
    stream.subscribe(feed.on_event)
    notes(stream, 3_000, length=100)  # more than a pipe holds
    lines: list[Any] = []
    reader = threading.Thread(target=lambda: lines.extend(read_lines(end, lambda _: False)))
    reader.start()
    feed.close()
    reader.join(PATIENCE)
    os.close(end)
    assert len(lines) == 3_000
    assert feed.dropped == 0


def test_closing_does_not_wait_for_a_reader_that_stands_still_and_counts_the_rest() -> None:
    with pipe_feed() as (stream, feed, end):
        notes(stream, 3_000, length=100)
        feed.close(0.01)
        lines = read_lines(end, lambda _: False)
        assert feed.dropped >= 3_000 - len(lines) - 1
        assert feed.dropped > 0


def test_a_reader_of_a_pipe_that_goes_is_no_trouble() -> None:
    with pipe_feed() as (stream, feed, end):
        os.close(end)
        notes(stream, 10)
        feed.close()
        notes(stream, 10)
        os.pipe()  # so that the fixture may close a descriptor of that number


def test_standard_output_that_is_a_file_is_complete(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out, standard_output(out.fileno()):
        feed = open_feed("-")
        stream = EventStream(Clock())
        stream.subscribe(feed.on_event)
        notes(stream, CAPACITY + 10)
        feed.close()
    assert len(feed_lines(tmp_path / "out")) == CAPACITY + 10


def test_a_device_that_swallows_everything_takes_everything() -> None:
    with feeding("/dev/null") as (stream, feed):
        notes(stream, 10)
        feed.close()
        assert feed.dropped == 0


def test_a_fifo_without_a_reader_holds_up_nothing_and_later_gets_what_was_kept(
    tmp_path: Path,
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with feeding(fifo) as (stream, feed):
        notes(stream, CAPACITY + 10)
        assert feed.dropped == 10
        end = os.open(fifo, os.O_RDONLY)
        lines = read_lines(end, is_number(CAPACITY + 10))
        os.close(end)
    assert [line["seq"] for line in lines] == list(range(11, CAPACITY + 11))


def is_open(path: Path) -> bool:
    """True while this process has ``path`` open."""
    return any(place.resolve() == path for place in Path("/proc/self/fd").iterdir())


def test_the_next_reader_of_a_fifo_begins_with_a_whole_line(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with feeding(fifo) as (stream, _):
        first = os.open(fifo, os.O_RDONLY)
        notes(stream, 2_000, length=AT_ONCE // 3)
        os.read(first, 1)
        os.close(first)
        until(lambda: not is_open(fifo))  # noticed
        second = os.open(fifo, os.O_RDONLY)
        lines = read_lines(second, is_number(2_000))
        os.close(second)
    assert lines[0]["event"] in ("Note", "Dropped")


def test_closing_with_nobody_at_the_fifo_comes_to_an_end(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    feed = open_feed(str(fifo))
    feed.close()
    assert not any(thread.name == "evtui-feed" for thread in threading.enumerate())


# Sockets


def joined(path: Path) -> socket.socket:
    reader = socket.socket(socket.AF_UNIX)
    reader.connect(str(path))
    return reader


def admitted(stream: EventStream, reader: socket.socket) -> socket.socket:
    """``reader``, once it gets events: it is let in by a thread, a moment after it joined."""
    until(lambda: stream.publish(Note(level="info", text="x")) and readable(reader))
    return reader


def readable(reader: socket.socket) -> bool:
    return bool(select.select([reader], [], [], 0.002)[0])


@contextmanager
def socket_feed(path: Path) -> Iterator[tuple[EventStream, Feed]]:
    with feeding(f"unix:{path}") as both:
        yield both


def test_readers_of_a_socket_come_and_go_and_get_what_happens_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "feed.sock"
    with socket_feed(path) as (stream, _):
        notes(stream, 5)
        with admitted(stream, joined(path)), admitted(stream, joined(path)) as second:
            pass_on = stream.last_seq
        with admitted(stream, joined(path)) as third:
            newest = stream.publish(Mark(text="last")).seq
            lines = read_lines(third.fileno(), is_number(newest))
        assert second.fileno() == -1
        assert lines[0]["seq"] > pass_on
        assert [line["seq"] for line in lines] == list(range(lines[0]["seq"], newest + 1))


def test_a_reader_at_a_socket_that_stands_still_costs_the_others_nothing(tmp_path: Path) -> None:
    path = tmp_path / "feed.sock"
    with socket_feed(path) as (stream, feed):
        with admitted(stream, joined(path)), admitted(stream, joined(path)) as brisk:
            lines: list[Any] = []
            while not feed.dropped:
                notes(stream, 1_000, length=300)
                lines += read_lines(brisk.fileno(), is_number(stream.last_seq))
        assert "Dropped" not in {line["event"] for line in lines}
        assert lines[-1]["seq"] == stream.last_seq


def test_more_readers_than_are_let_in_are_sent_away_until_one_goes(tmp_path: Path) -> None:
    path = tmp_path / "feed.sock"
    with socket_feed(path) as (stream, _), ExitStack() as stack:
        readers = [stack.enter_context(admitted(stream, joined(path))) for _ in range(MOST_READERS)]
        with joined(path) as one_more:
            assert one_more.recv(1) == b""
        readers[0].close()

        def let_in() -> bool:
            with joined(path) as late:
                return admitted(stream, late).recv(1) != b""

        until(let_in)


def test_the_socket_is_for_its_owner_only_and_goes_with_the_feed(tmp_path: Path) -> None:
    path = tmp_path / "feed.sock"
    with socket_feed(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "feed.sock"
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(path))
    with socket_feed(path):
        joined(path).close()


def test_a_socket_that_somebody_listens_on_is_left_to_them(tmp_path: Path) -> None:
    path = tmp_path / "feed.sock"
    with socket_feed(path):
        with pytest.raises(FeedError, match="another program listens there; name another path"):
            open_feed(f"unix:{path}")
        joined(path).close()


def test_a_file_in_the_place_of_the_socket_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("precious")
    with pytest.raises(FeedError, match="is there already and no socket; name another path"):
        open_feed(f"unix:{path}")
    assert path.read_text() == "precious"


def test_what_came_in_the_place_of_our_socket_stays(tmp_path: Path) -> None:
    path = tmp_path / "feed.sock"
    with socket_feed(path):
        path.unlink()
        path.write_text("another's")
    assert path.read_text() == "another's"
