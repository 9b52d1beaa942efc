"""Every way out: the safe state, the right exit status, a clean terminal, no process left."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Sequence

import psutil
import pytest

from tests.e2e.conftest import QUICK, Start
from tests.e2e.screens import actual, connected, drawn, up
from tests.e2e.terminal import EVTUI, Terminal
from tests.e2e.witness import TRANSACTION_ID, Witness

pytestmark = pytest.mark.e2e

FULL = bool(os.environ.get("EVTUI_FULL"))

GONE_WITHIN = 8.0
"""s to reach the safe state and to end, however the program is told to."""

SIGNALS = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}


def test_q_leaves_at_once_while_nothing_runs(start: Start) -> None:
    terminal = up(start())
    terminal.send("q")
    assert terminal.wait(GONE_WITHIN) == 0
    _assert_clean(terminal)


def test_q_asks_while_the_anomaly_runs_and_y_leaves(start: Start) -> None:
    terminal = up(start("--port", "0", *QUICK))
    terminal.send("s")
    terminal.wait_for(lambda screen: actual(screen) >= 50)
    terminal.send("q")
    terminal.wait_for("Leave?")
    terminal.send("n")
    terminal.wait_for(lambda screen: "Leave?" not in screen and drawn(screen))
    terminal.send("q")
    terminal.wait_for("Leave?")
    terminal.send("y")
    assert terminal.wait() == 0
    _assert_clean(terminal)


def test_ctrl_c_leaves_without_a_question_and_makes_safe(start: Start, witness: Witness) -> None:
    terminal = _charging(start, witness)
    terminal.send("\x03")
    assert terminal.wait(GONE_WITHIN) == 130
    _assert_safe(witness)
    _assert_clean(terminal)


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGHUP, marks=pytest.mark.full),
        pytest.param(signal.SIGINT, marks=pytest.mark.full),
    ],
    ids=["SIGTERM", "SIGHUP", "SIGINT"],
)
def test_a_signal_ends_the_transaction_and_then_the_program(
    start: Start, witness: Witness, number: signal.Signals
) -> None:
    terminal = _charging(start, witness)
    terminal.kill(number)
    assert terminal.wait(GONE_WITHIN) == SIGNALS[number]
    _assert_safe(witness)
    _assert_clean(terminal)


def test_closing_the_window_ends_the_transaction_and_then_the_program(
    start: Start, witness: Witness
) -> None:
    terminal = _charging(start, witness)
    before = psutil.Process(terminal.pid).cpu_times()
    terminal.hang_up()
    assert terminal.wait(GONE_WITHIN) == 129
    _assert_safe(witness)
    assert terminal.survivors == []
    assert terminal.cpu_seconds - before.user - before.system < 1.0, "it span"


def test_a_closed_window_is_noticed_where_nobody_passes_on_its_signal(
    start: Start, witness: Witness
) -> None:
    # Below a wrapper that is the session's leader and keeps SIGHUP to itself.
    wrapper = ("/bin/sh", "-c", 'trap "" HUP; "$@"; exit $?', "sh", *EVTUI)
    terminal = _charging(start, witness, command=wrapper)
    terminal.hang_up()
    assert terminal.wait(GONE_WITHIN) == 129
    _assert_safe(witness)
    assert terminal.survivors == []


@pytest.mark.parametrize("seed", range(6 if FULL else 2))
def test_a_signal_at_any_moment_ends_the_program(start: Start, seed: int) -> None:
    chance = random.Random(seed)
    number = chance.choice([signal.SIGTERM, signal.SIGHUP])
    terminal = start("--port", "0", *QUICK)
    if seed % 2:  # in the middle of things, else on the way up
        terminal.wait_for(connected)
        terminal.send("s")
    terminal.watch(chance.uniform(0.0, 1.2))
    terminal.kill(number)
    # Before the program has taken its signals over, the system's own way out is right too.
    assert terminal.wait(GONE_WITHIN) == SIGNALS[number]
    _assert_clean(terminal)


def test_a_second_signal_does_not_disturb_the_first(start: Start, witness: Witness) -> None:
    terminal = _charging(start, witness)
    terminal.kill(signal.SIGTERM)
    terminal.kill(signal.SIGHUP)
    terminal.kill(signal.SIGTERM)
    assert terminal.wait(GONE_WITHIN) in (143, 129)
    _assert_safe(witness)
    _assert_clean(terminal)


def _charging(start: Start, witness: Witness, command: Sequence[str] = EVTUI) -> Terminal:
    """A lab whose station charges against a foreign central system."""
    terminal = up(start("--csms", witness.url, command=command))
    terminal.send("b")
    witness.wait_for("StartTransaction")
    terminal.wait_for(lambda screen: actual(screen) >= 10)
    assert witness.calls("StopTransaction") == []
    return terminal


def _assert_safe(witness: Witness) -> None:
    stopped = witness.wait_for("StopTransaction")
    assert stopped.payload["transactionId"] == TRANSACTION_ID


def _assert_clean(terminal: Terminal) -> None:
    assert terminal.unclean == []
    assert terminal.after_leaving == ""
    assert terminal.survivors == []
