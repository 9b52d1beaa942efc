"""Clocks, the engine's thread, supervision and signals: the only place with wall-clock time."""

from typing import TYPE_CHECKING

from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.runtime.backoff import (
        Backoff,
    )
    from evtui.runtime.clock import (
        LoopClock,
        StationClock,
        iso,
        keep_in_step,
    )
    from evtui.runtime.flush import (
        FlushTimer,
    )
    from evtui.runtime.identity import (
        first_transaction_id,
        run_nonce,
    )
    from evtui.runtime.logs import (
        logs_as_notes,
    )
    from evtui.runtime.loopback import (
        HOST,
        Listener,
        listen,
        listen_at,
        listen_beside,
    )
    from evtui.runtime.signals import (
        ExitGuard,
    )
    from evtui.runtime.steady import (
        SteadyClock,
        run_real,
    )
    from evtui.runtime.supervisor import (
        Supervisor,
    )
    from evtui.runtime.thread import (
        LoopThread,
    )
    from evtui.runtime.virtual import (
        VirtualLoop,
        run_virtual,
    )
    from evtui.runtime.wall import (
        Stopwatch,
        utc_now,
    )

__all__ = [
    "HOST",
    "Backoff",
    "ExitGuard",
    "FlushTimer",
    "Listener",
    "LoopClock",
    "LoopThread",
    "StationClock",
    "SteadyClock",
    "Stopwatch",
    "Supervisor",
    "VirtualLoop",
    "first_transaction_id",
    "iso",
    "keep_in_step",
    "listen",
    "listen_at",
    "listen_beside",
    "logs_as_notes",
    "run_nonce",
    "run_real",
    "run_virtual",
    "utc_now",
]

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.runtime.backoff": "Backoff",
        "evtui.runtime.clock": "LoopClock StationClock iso keep_in_step",
        "evtui.runtime.flush": "FlushTimer",
        "evtui.runtime.identity": "first_transaction_id run_nonce",
        "evtui.runtime.logs": "logs_as_notes",
        "evtui.runtime.loopback": "HOST Listener listen listen_at listen_beside",
        "evtui.runtime.signals": "ExitGuard",
        "evtui.runtime.steady": "SteadyClock run_real",
        "evtui.runtime.supervisor": "Supervisor",
        "evtui.runtime.thread": "LoopThread",
        "evtui.runtime.virtual": "VirtualLoop run_virtual",
        "evtui.runtime.wall": "Stopwatch utc_now",
    },
)
