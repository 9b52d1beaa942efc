"""What signals do to a command that works for a while."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evtui.scenario.run import StopFlag

__all__ = ["stopped_by_signals"]

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stopped_by_signals() -> Iterator[StopFlag]:
    """Signals ask the command to end; the second one ends the process at once."""
    from evtui.scenario.judge import INTERRUPTED
    from evtui.scenario.run import StopFlag

    stop = StopFlag()

    def end(number: int, frame: object) -> None:
        if stop.reason:
            stop.leave()
            os._exit(INTERRUPTED)
        stop.request(signal.Signals(number).name)

    if threading.current_thread() is not threading.main_thread():
        yield stop  # run by a program that minds its signals itself
        return
    # What is ignored stays ignored: nohup, or a shell that runs us in the background.
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in heeded}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
