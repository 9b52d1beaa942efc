from __future__ import annotations

import time

import pytest

from evtui.runtime.identity import EPOCH, first_transaction_id, run_nonce


def test_runs_tell_their_message_ids_apart() -> None:
    nonces = {run_nonce() for _ in range(100)}
    assert len(nonces) == 100
    assert {len(nonce) for nonce in nonces} == {8}


def test_transaction_ids_go_on_where_no_earlier_run_has_been(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "time", lambda: EPOCH + 1000.9)
    earlier = first_transaction_id()
    monkeypatch.setattr(time, "time", lambda: EPOCH + 2000.0)
    assert (earlier, first_transaction_id()) == (1000, 2000)


def test_a_clock_before_2026_still_gives_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert first_transaction_id() == 1
