"""What holds for every test."""

from __future__ import annotations

import gc
import os
import signal
from itertools import count

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing about the program.
settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy machine")

# A job that a shell puts into the background ignores Ctrl+C, one below nohup a hang-up too, and
# so would every program that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A full collection looks at every module and at everything that is collected, half a second
# each: they come between tests, and leave out what was there before.
COLLECTIONS = 50
"""Of the middle generation, after which the end of a test makes a full one."""
gc.set_threshold(700, 10, 20 * COLLECTIONS)


def pytest_collection_finish() -> None:
    """What was imported and collected is there to stay."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Clear up between tests, where nothing waits for it."""
    if gc.get_count()[2] >= COLLECTIONS:
        gc.collect()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long is skipped, with that as the reason, unless everything is asked for."""
    if not os.environ.get("EVTUI_FULL"):
        for item in items:
            if "full" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="takes long; EVTUI_FULL=1 runs it"))


_STATES = count()


@pytest.fixture(autouse=True)
def _state_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What a person chose is no test's business, and what a test chooses not that person's."""
    state = tmp_path_factory.getbasetemp() / f"state-{next(_STATES)}"  # made by who writes there
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
