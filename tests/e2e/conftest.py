"""Starting the program, with everything it leaves behind taken away at the end of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.terminal import EVTUI, Terminal
from tests.e2e.witness import Witness

Start = Callable[..., Terminal]

QUICK = ("--waits", "0.2,0.2,2,0.4", "--meter-interval", "0.3s")
"""A fluctuation of 2.8 s that still reaches 98 A: 18 steps of 20 % of what is missing."""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a program on a terminal; by default evtui on a free port."""
    with ExitStack() as stack:

        def begin(
            *arguments: str,
            columns: int = 80,
            rows: int = 24,
            env: dict[str, str] | None = None,
            command: Sequence[str] = EVTUI,
        ) -> Terminal:
            terminal = Terminal(
                *(arguments or ("--port", "0")),
                home=tmp_path,
                columns=columns,
                rows=rows,
                env=env,
                command=command,
            )
            return stack.enter_context(terminal)

        yield begin


@pytest.fixture
def witness() -> Iterator[Witness]:
    """A foreign central system with a heartbeat a second."""
    with Witness(heartbeat_interval=1) as one:
        yield one
