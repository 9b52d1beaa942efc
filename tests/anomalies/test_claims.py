from __future__ import annotations

import pytest

from evtui.anomalies.ocpp.reset_storm import ResetStorm
from evtui.anomalies.ocpp.trigger_flood import TriggerFlood
from tests.lab_rig import LabRig, running_lab
from tests.virtual_loop import run_virtual


def refusal(mine: str, theirs: str, *, at: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """What one is told that wants ``mine`` at a connector, while another is on at the first."""
    monkeypatch.setattr(ResetStorm, "claims", frozenset({mine}))
    monkeypatch.setattr(TriggerFlood, "claims", frozenset({theirs}))

    async def scenario() -> str:
        async with running_lab(connectors=2) as rig:
            await start(rig, "trigger-flood", 1)
            try:
                await start(rig, "reset-storm", at)
            except Exception as error:
                return str(error)
            return ""

    return run_virtual(scenario())


async def start(rig: LabRig, name: str, connector: int) -> None:
    await rig.execute("anomaly.start", name=name, connector=connector)


@pytest.mark.parametrize(
    ("mine", "theirs", "at", "refused"),
    [
        ("limit", "limit", 1, "limit"),
        ("limit", "charging", 1, ""),
        ("limit", "limit", 2, ""),
        ("station connection", "station connection", 2, "station connection"),
        ("station connection", "connection", 1, "station connection"),
        ("station connection", "connection", 2, "station connection"),
        ("connection", "station connection", 2, "station connection"),
        ("connection", "connection", 2, ""),
    ],
)
def test_two_that_want_the_same_are_not_on_at_once(
    mine: str, theirs: str, at: int, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = refusal(mine, theirs, at=at, monkeypatch=monkeypatch)
    assert bool(said) == bool(refused)
    if refused:
        assert said.endswith(
            f"reset-storm and trigger-flood, which is on, both want the {refused}: "
            "stop trigger-flood first"
        )
