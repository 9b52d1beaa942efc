"""Error frames in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.events import CanFrame
from evtui.tui.models.can_errors import error_words
from evtui.tui.models.frames import FrameLine


def error(mask: int, data: bytes = b"") -> CanFrame:
    return CanFrame(
        station="CP1", bus="CP1/can", node="can0", arbitration_id=mask, data=data, error=True
    )


@pytest.mark.parametrize(
    ("mask", "data", "words"),
    [
        (0, b"", ""),
        (0x20, bytes(8), "no acknowledgement"),
        (0x40, bytes(8), "bus off"),
        (0x02, bytes([7]), "arbitration lost at bit 7"),
        (0x04, bytes([0, 0x20]), "transmit error passive"),
        (0x04, bytes(8), "controller error"),
        (0x88, bytes([0, 0, 0x81, 0x0A]), "bit error while transmitting in the data, bus error"),
        (0x08, bytes([0, 0, 0x04, 0xEE]), "stuff error"),
        (0x08, bytes([0, 0, 0, 0x08]), "protocol error in the CRC"),
        (0x240, bytes([0] * 6 + [255, 3]), "bus off, transmit/receive errors 255/3"),
    ],
)
def test_an_error_frame_of_socketcan_says_what_its_bits_say(
    mask: int, data: bytes, words: str
) -> None:
    assert error_words(error(mask, data)) == words


@given(st.integers(0, 0x1FFFFFFF), st.binary(max_size=64))
def test_whatever_stands_in_an_error_frame_becomes_one_line(mask: int, data: bytes) -> None:
    words = error_words(error(mask, data))
    assert words.isprintable()
    assert bool(words) == bool(mask & 0x1FF)


def test_an_error_frame_of_the_lab_says_what_it_met_and_where() -> None:
    met = CanFrame(
        station="CP1",
        bus="CP1/can",
        node="module",
        arbitration_id=0x300,
        data=b"",
        error=True,
        problem="stuff",
    )
    assert error_words(met) == "stuff error in 300"


def test_the_row_of_an_error_frame_says_so() -> None:
    row = FrameLine(error(0x40))
    assert (row.id_text, row.name, row.signals) == ("ERR", "error frame", "bus off")
