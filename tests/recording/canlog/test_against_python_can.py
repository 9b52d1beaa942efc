"""What python-can writes is read here as it was given to python-can, as far as it writes it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import can
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.recording.canlog import LogReading, format_of
from evtui.recording.read.candump import LoggedFrame

WRITERS = {
    "asc": can.ASCWriter,
    "blf": can.BLFWriter,
    "trc": can.TRCWriter,
    "csv": can.CSVWriter,
}


@pytest.fixture(autouse=True, scope="module")
def _in_utc() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@st.composite
def messages(draw: st.DrawFn, kinds: str) -> can.Message:
    kind = draw(st.sampled_from(kinds))
    extended = draw(st.booleans())
    rest: dict[str, object] = {}
    if kind == "f":
        length = draw(st.sampled_from([*range(9), 12, 16, 20, 24, 32, 48, 64]))
        rest = {
            "is_fd": True,
            "bitrate_switch": draw(st.booleans()),
            "error_state_indicator": draw(st.booleans()),
            "data": draw(st.binary(min_size=length, max_size=length)),
        }
    elif kind == "r":
        rest = {"is_remote_frame": True, "dlc": draw(st.integers(0, 8))}
    elif kind == "d":
        rest = {"data": draw(st.binary(max_size=8))}
    else:
        rest = {"is_error_frame": True}
    return can.Message(
        arbitration_id=draw(st.integers(0, (1 << (29 if extended else 11)) - 1)) * (kind != "e"),
        is_extended_id=extended and kind != "e",
        is_rx=draw(st.booleans()),
        channel=draw(st.integers(0, 3)),
        **rest,  # type: ignore[arg-type]
    )


def read_back(suffix: str, sent: list[can.Message]) -> list[LoggedFrame]:
    for n, message in enumerate(sent):
        message.timestamp = 1_795_000_000.0 + n * 0.001
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x.{suffix}"
        with WRITERS[suffix](path) as writer:
            for message in sent:
                writer.on_message_received(message)
        kind = format_of(path)
        assert kind is not None
        reading = LogReading()
        frames = [frame for _, frame in kind.frames(path, reading)]
        assert reading.told() == []
        return frames


def said(message: can.Message, suffix: str) -> LoggedFrame:
    fd = None
    if message.is_fd:
        fd = message.bitrate_switch * 1 | message.error_state_indicator * 2
    kind = "error" if message.is_error_frame else "remote" if message.is_remote_frame else "data"
    direction = "R" if message.is_rx else "T"
    if kind == "error" or suffix == "csv":
        direction = ""
    if suffix == "csv":  # neither has a column there
        fd = 0 if len(message.data) > 8 else None
    return LoggedFrame(
        message.timestamp,
        "can0" if suffix == "csv" else f"can{message.channel}",
        message.arbitration_id,
        message.is_extended_id,
        kind,  # type: ignore[arg-type]
        bytes(message.data),
        message.dlc,
        direction,
        fd,
    )


@pytest.mark.parametrize(
    ("suffix", "kinds", "exact"),
    [("asc", "drfe", 1e-6), ("blf", "drfe", 1e-6), ("trc", "d", 1e-5), ("csv", "drfe", 1e-6)],
)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_what_python_can_writes_is_read_as_it_was(
    suffix: str, kinds: str, exact: float, data: st.DataObject
) -> None:
    sent = data.draw(st.lists(messages(kinds), min_size=1, max_size=12))
    found = read_back(suffix, sent)
    expected = [said(message, suffix) for message in sent]
    assert [frame._replace(timestamp=0) for frame in found] == [
        frame._replace(timestamp=0) for frame in expected
    ]
    for frame, message in zip(found, sent, strict=True):
        assert frame.timestamp == pytest.approx(message.timestamp, abs=exact)
