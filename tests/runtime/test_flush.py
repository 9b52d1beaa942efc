from __future__ import annotations

import time

import pytest

from evtui.runtime.flush import FlushTimer


def test_it_is_due_once_in_each_interval_however_often_it_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    timer = FlushTimer(0.05)
    assert not timer.due()
    now += 0.06
    assert [timer.due(), timer.due()] == [True, False]
    now += 10.0
    assert [timer.due(), timer.due()] == [True, False]
