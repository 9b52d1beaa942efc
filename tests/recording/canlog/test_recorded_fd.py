"""CAN FD in a recording: in can.log as candump writes it, and in the column ``kind``."""

from __future__ import annotations

import pytest

from evtui.events import CanFrame
from evtui.recording.format import FRAMES
from evtui.recording.format.cell import split_csv
from evtui.recording.format.truth import CALM
from evtui.recording.read.candump import logged_frame
from evtui.recording.read.parsing import frame_event
from evtui.recording.write.lines import Stamps, frame_lines


@pytest.mark.parametrize("brs", [False, True])
@pytest.mark.parametrize("esi", [False, True])
def test_a_frame_of_can_fd_is_recorded_with_its_flags(brs: bool, esi: bool) -> None:
    frame = CanFrame(
        seq=7,
        t=1.5,
        source="module",
        station="CP1",
        bus="CP1/can",
        node="module",
        arbitration_id=0x123,
        data=bytes(range(12)),
        fd=True,
        brs=brs,
        esi=esi,
    )
    stamps = Stamps(1_795_000_000.0)
    stamps.at(frame.t)
    line, label = frame_lines(frame, stamps, "can0", CALM, attack=False)
    logged = logged_frame(line.rstrip("\n").encode())
    assert (logged.data, logged.fd_flags) == (frame.data, brs * 1 | esi * 2)
    row = FRAMES.reader(FRAMES.names).parse(split_csv(label.rstrip("\n").encode()))
    assert frame_event(row) == frame
