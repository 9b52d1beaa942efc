from __future__ import annotations

import time

import pytest

from evtui.runtime.identity import NINE_DIGITS, first_transaction_id, run_nonce


def test_runs_tell_their_message_ids_apart() -> None:
    nonces = {run_nonce() for _ in range(100)}
    assert len(nonces) == 100
    assert {len(nonce) for nonce in nonces} == {8}


def test_runs_do_not_begin_with_the_same_transaction_id_however_the_clock_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.0)
    firsts = sorted(first_transaction_id() for _ in range(100))
    assert len(set(firsts)) == 100
    assert all(first in NINE_DIGITS for first in firsts)
    assert NINE_DIGITS.stop < 2**31
    assert firsts[0] < 300_000_000  # with a chance of 1 in 10**10 not so
    assert firsts[-1] > 800_000_000
