"""A terminal that nobody reads: the station's clockwork must not notice."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Start
from tests.e2e.screens import actual, drawn, up
from tests.e2e.terminal import Terminal
from tests.e2e.witness import Witness, gaps

pytestmark = pytest.mark.e2e

HEARTBEAT, METER = 1.0, 0.5
LATE = 2.0
"""s that a message may come later than its period says, on a busy computer; the bench
``stalled`` asks for less."""


def test_messages_keep_their_periods_while_nobody_reads_the_terminal(
    start: Start, witness: Witness
) -> None:
    terminal = _charging(start, witness)
    beats, values = len(witness.calls("Heartbeat")), len(witness.calls("MeterValues"))
    terminal.stall()
    stalled_at = terminal.bytes_read
    witness.wait_for("MeterValues", count=values + 8)
    witness.wait_for("Heartbeat", count=beats + 4)
    assert terminal.bytes_read - stalled_at <= 65536, "it was not stalled"
    assert max(_gaps(witness, "Heartbeat", beats)) <= HEARTBEAT + LATE
    assert max(_gaps(witness, "MeterValues", values)) <= METER + LATE
    terminal.resume()
    terminal.wait_for(lambda screen: drawn(screen) and actual(screen) >= 97)


def test_a_signal_ends_a_program_whose_terminal_nobody_reads(
    start: Start, witness: Witness
) -> None:
    terminal = _charging(start, witness)
    values = len(witness.calls("MeterValues"))
    terminal.stall()
    witness.wait_for("MeterValues", count=values + 4)
    terminal.kill(15)
    assert terminal.wait(8) == 143
    witness.wait_for("StopTransaction")
    assert terminal.unclean == []
    assert terminal.survivors == []


def _charging(start: Start, witness: Witness) -> Terminal:
    arguments = ("--csms", witness.url, "--meter-interval", f"{METER}s")
    terminal = up(start(*arguments, columns=120, rows=36))
    terminal.send("b")
    witness.wait_for("MeterValues")
    witness.wait_for("Heartbeat")
    return terminal


def _gaps(witness: Witness, action: str, since: int) -> list[float]:
    return gaps([call.at for call in witness.calls(action)[since - 1 :]])
