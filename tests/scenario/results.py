"""Results by hand, for what shows them."""

from __future__ import annotations

from typing import Any

from evtui.scenario.judge.results import RaisedAlarm, RunResult, VerdictLine

__all__ = ["made", "verdict"]


def verdict(
    expectation: str, found: str, *, met: bool = True, path: str = "expect[0]"
) -> VerdictLine:
    return VerdictLine(expectation=expectation, path=path, met=met, found=found)


def made(**fields: Any) -> RunResult:
    """A result of a good run, with some fields changed."""
    given: dict[str, Any] = {
        "scenario": "fluctuation",
        "title": "Repeated current fluctuation",
        "seed": 7,
        "inputs": {"high": 100.0},
        "verdicts": [verdict("every step is done", "3 steps in 30.0 s", path="steps")],
        "t_end_s": 3600.0,
        "wall_s": 3.0,
        "messages": 12_345,
        "frames": 36_000,
        "alarms": [
            RaisedAlarm(
                t_s=49.21,
                station="CP1",
                connector=1,
                detector="current-reversals",
                view="can",
                evidence="4 reversals",
                attack_id="fluctuation-1",
                time_to_detect_s=16.0,
            )
        ],
        "energy_wh": 805.2,
        "folder": "runs/one",
    }
    return RunResult(**(given | fields))
