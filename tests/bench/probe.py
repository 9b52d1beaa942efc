"""Runs evtui in this process and writes down each event with the system's monotonic time.

Started by the benches on a pseudo-terminal; the file is named by ``EVTUI_PROBE``.  The time
is taken on the engine's thread, where the terminal's reader gets its events.
"""

from __future__ import annotations

import json
import os
import sys
import time

from evtui.cli import main
from evtui.events import CanFrame, ConnectorState, Event, EventReader, OcppMessage

_append = EventReader.append
_log = os.open(os.environ["EVTUI_PROBE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def _detail(event: Event) -> str:
    if isinstance(event, CanFrame):
        return f"{event.arbitration_id:X}"
    if isinstance(event, ConnectorState):
        return event.status
    return event.action if isinstance(event, OcppMessage) else ""


def _append_and_note(reader: EventReader, event: Event) -> None:
    row = (time.monotonic(), event.seq, event.cause, type(event).__name__, _detail(event))
    os.write(_log, f"{json.dumps(row)}\n".encode())
    _append(reader, event)


EventReader.append = _append_and_note  # type: ignore[method-assign, assignment]

if __name__ == "__main__":
    sys.exit(main())
