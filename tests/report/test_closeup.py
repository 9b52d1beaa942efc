from __future__ import annotations

import pytest

from evtui.recording.format import AlarmRow, TruthRow
from evtui.report.closeup import window

HERE = ("CP1", 1)


def attack(start: float, name: str = "fluctuation-1", station: str = "CP1") -> TruthRow:
    return TruthRow(
        attack_id=name,
        type="repeated-current-fluctuation",
        layer="ocpp",
        t_start=start,
        t_end=None,
        parameters={},
        station=station,
        connector=1,
        variant="seed",
        t_effect_end=None,
        outcome="",
        changes=0,
    )


def alarm(t: float, attack_id: str = "fluctuation-1", station: str = "CP1") -> AlarmRow:
    return AlarmRow(
        t, "", station, 1, "current-reversals", "can", "raised", "", attack_id, 1.0, int(t)
    )


def test_it_runs_from_before_the_attack_until_after_its_first_alarm() -> None:
    alarms = [alarm(10.0, ""), alarm(120.0), alarm(130.0)]
    assert window([attack(100.0)], alarms, HERE, 0.0, 3600.0) == (95.0, 125.0)


def test_the_first_attack_counts_and_only_alarms_in_it() -> None:
    attacks = [attack(300.0, "fluctuation-2"), attack(100.0)]
    alarms = [alarm(110.0, "fluctuation-2")]
    assert window(attacks, alarms, HERE, 0.0, 3600.0) == (95.0, 155.0)


@pytest.mark.parametrize("alarms", [[], [alarm(900.0)]])
def test_it_is_never_longer_than_a_minute(alarms: list[AlarmRow]) -> None:
    assert window([attack(100.0)], alarms, HERE, 0.0, 3600.0) == (95.0, 155.0)


def test_it_keeps_to_the_run() -> None:
    assert window([attack(2.0)], [], HERE, 1.0, 3600.0) == (1.0, 61.0)
    assert window([attack(3590.0)], [alarm(3599.0)], HERE, 0.0, 3600.0) == (3585.0, 3600.0)


def test_a_short_run_a_run_without_attack_and_another_station_need_none() -> None:
    assert window([attack(100.0)], [alarm(116.0)], HERE, 0.0, 600.0) is None
    assert window([], [], HERE, 0.0, 3600.0) is None
    assert window([attack(100.0, station="CP2")], [], HERE, 0.0, 3600.0) is None
