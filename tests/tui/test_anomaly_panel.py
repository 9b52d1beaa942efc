from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from textual.geometry import Region
from textual.pilot import Pilot

from evtui.commands import by_name
from evtui.events import Event
from evtui.tui.models.selection import ChosenPlace, Selection
from evtui.tui.models.stations import StationRows
from evtui.tui.models.summary import LabSummary
from evtui.tui.panels.anomaly import AnomalyPanel, AnomalyViews
from evtui.tui.panels.anomaly_lines import AnomalyView
from evtui.tui.rows import row_text, row_width
from tests.tui.driving import handled
from tests.tui.panel_app import PanelApp, text
from tests.tui.waves import alarm, anomaly, detection, lab

RUNNING: Sequence[Event] = (
    lab("can", "ocpp"),
    anomaly(8.0, "on", cycle=1),
    anomaly(
        37.0,
        "step",
        cycle=4,
        step=2,
        step_label="RemoteStart",
        next_label="RemoteStop",
        next_at=39.0,
    ),
)


def said(events: Sequence[Event], width: int = 110, height: int = 11, now: float = 38.0) -> str:
    view = AnomalyView()
    view.feed(events)
    return "\n".join(row_text(row) for row in view.rows(width, height, now))


def test_before_the_first_event_it_says_how_to_start() -> None:
    assert said([]) == "■ idle  press s to start, a for others"


@pytest.mark.parametrize("variant", ["seed", "txprofile", "startstop"])
def test_an_idle_one_says_its_variant_and_where_the_others_are(variant: str) -> None:
    shown = said([lab(), anomaly(1.0, "parameters", active=False, variant=variant)], 51, 10)
    assert f"■ idle  s starts, a others  variant {variant} [v]" in shown


def test_running_anomaly_shows_its_cycle_and_that_it_is_endless() -> None:
    assert "▶ running  cycle 4 / ∞" in said(RUNNING)


def test_counted_cycles_are_shown() -> None:
    events = [anomaly(8.0, "on", cycle=2, parameters={"cycles": 10.0})]
    assert "cycle 2 / 10" in said(events)


def test_what_comes_next_counts_down() -> None:
    assert "step 3/4 RemoteStart → RemoteStop in 1.0 s  ▓▓▓▓▓░░░░░" in said(RUNNING, now=38.0)
    assert "in 0.2 s  ▓▓▓▓▓▓▓▓▓░" in said(RUNNING, now=38.8)
    assert "in 0.0 s  ▓▓▓▓▓▓▓▓▓▓" in said(RUNNING, now=45.0)


def test_parameters_stand_beside_their_keys() -> None:
    shown = said(RUNNING)
    assert "low 0 A [< >]   high 100 A [- +]" in shown
    assert "waits 2.0 1.0 2.0 3.0 s  period 8.0 s [[ ]]" in shown
    assert "cycles ∞ [n]  jitter 0% [J]" in shown
    assert f"seed [{by_name['anomaly.variant'].keys[0]}]" in shown


def test_only_in_txprofile_do_the_profiles_swing_the_current() -> None:
    for variant in ("seed", "txdefault", "startstop"):
        shown = said([anomaly(1.0, "parameters", active=False, variant=variant)])
        assert "start and stop shape the wave" in shown
    shown = said([anomaly(1.0, "parameters", active=False, variant="txprofile")])
    assert "the profiles alone swing the current" in shown


def test_strict_charge_point_rejects_the_seed() -> None:
    assert "Rejected" in said([lab(strict=True), anomaly(1.0, "parameters", active=False)])


def test_stopping_lasts_from_off_until_the_safe_state() -> None:
    off = [*RUNNING, anomaly(40.0, "off", active=False, detail="clearing profiles")]
    assert "… stopping" in said(off)
    assert "clearing profiles" in said(off)
    assert "… stopping" in said([*off, anomaly(40.5, "parameters", active=False)])
    safe = [*off, anomaly(43.0, "safe", active=False)]
    assert "■ idle  press s to start" in said(safe)


def test_failure_is_told_with_its_reason() -> None:
    shown = said([*RUNNING, anomaly(40.0, "failed", active=False, detail="no connection")])
    assert "✗ failed no connection" in shown


def test_alarm_says_how_long_detection_took() -> None:
    shown = said([*RUNNING, alarm(27.0), detection(27.0, 16.1)])
    assert "detector on CAN   ▲ alarm, detected after 16.1 s" in shown
    assert "4 reversals of 8 A in 60 s" in shown
    assert "detector on OCPP  not seen yet" in shown


def test_cleared_alarm_keeps_the_time_to_detect() -> None:
    shown = said([*RUNNING, alarm(27.0), detection(27.0, 16.1), alarm(90.0, raised=False)])
    assert "△ cleared, was detected after 16.1 s" in shown


def test_alarm_without_an_attack_is_a_false_one() -> None:
    events = [lab(), alarm(27.0), detection(27.0, None, attack_id="")]
    idle = anomaly(1.0, "parameters", active=False, attack_id="")
    assert "▲ false alarm" in said([idle, *events])


def test_view_the_detector_does_not_read_is_off() -> None:
    assert "detector on OCPP  off" in said([*RUNNING, lab("can")])


def test_next_attack_starts_with_nothing_seen() -> None:
    again = anomaly(100.0, "on", cycle=1, attack_id="fluctuation-2")
    shown = said([*RUNNING, alarm(27.0), detection(27.0, 16.1), again])
    assert "detector on CAN   not seen yet" in shown


def test_an_alarm_that_outlives_its_attack_is_told_so_until_the_detector_speaks_again() -> None:
    again = anomaly(100.0, "on", cycle=1, attack_id="fluctuation-2")
    before = [*RUNNING, alarm(27.0), detection(27.0, 16.1), again]
    assert "not seen yet, ▲ alarm from before" in said(before)
    assert "▲ alarm, detected" in said(
        [*before, alarm(110.0), detection(110.0, 5.0, attack_id="fluctuation-2")]
    )
    cleared = said([*before, alarm(110.0, raised=False)])
    assert "△ cleared" in cleared
    assert "before" not in cleared


@pytest.mark.parametrize(
    "later",
    [
        [],
        [alarm(110.0)],
        [alarm(110.0, raised=False)],
        [alarm(110.0), detection(110.0, 5.0, attack_id="fluctuation-2")],
        [lab("can")],
        [lab("ocpp")],
    ],
)
@pytest.mark.parametrize("again", [True, False])
def test_the_status_line_and_the_panel_never_disagree_on_an_alarm(
    later: list[Event], again: bool
) -> None:
    events = [*RUNNING, alarm(27.0), detection(27.0, 16.1)]
    if again:
        events.append(anomaly(100.0, "on", cycle=1, attack_id="fluctuation-2"))
    events += later
    stations, selection = StationRows(), Selection()
    selection.feed(events)
    summary = LabSummary(stations, selection)
    summary.feed(events)
    (status,) = (
        segment.forms[0]
        for segment in summary.segments(0.0)
        if segment.forms[0].startswith("ALARM")
    )
    panel = said(events)
    assert ("▲" in status) is ("▲" in panel)
    for told in ("16.1 s", "5.0 s"):
        assert (told in status) is (f"▲ alarm, detected after {told}" in panel)


FLOOD = anomaly(
    38.0,
    "step",
    anomaly="can-flood",
    attack_id="can-flood-2",
    layer="can",
    variant="",
    parameters={"share": 50.0},
    steps=0,
    period=0.0,
    step=4,
    step_label="burst",
    next_label="gap",
    next_at=40.0,
)
WAITING_ONE = anomaly(
    38.0,
    "waiting",
    active=False,
    anomaly="meter-replay",
    attack_id="",
    layer="link",
    next_label="switched on",
    next_at=50.0,
)
HOT = anomaly(
    38.0,
    "safe",
    active=False,
    lasting=True,
    anomaly="cooling-off",
    attack_id="cooling-off-3",
    layer="physical",
    detail="the stage is still 70 °C",
)


def test_every_other_one_has_a_line_with_its_layer_and_what_comes_next() -> None:
    shown = said([*RUNNING, FLOOD, WAITING_ONE, HOT], now=38.0)
    assert "▶ running  cycle 4 / ∞" in shown
    assert "▶ can-flood · can  burst → gap in 2.0 s" in shown
    assert "… meter-replay · link  waits in 12.0 s" in shown
    assert "▒ cooling-off · physical  the stage is still 70 °C" in shown


@pytest.mark.parametrize("height", range(2, 12))
def test_those_that_have_no_line_are_named_in_one(height: int) -> None:
    shown = said([*RUNNING, FLOOD, WAITING_ONE, HOT], 53, height)
    assert len(shown.splitlines()) <= height
    assert "cycle 4" in shown
    assert "+" in shown or all(name in shown for name in ("can-flood", "replay", "cooling-off"))


def test_one_that_waits_counts_down_to_its_start() -> None:
    shown = said([lab(), WAITING_ONE], now=40.0)
    assert "… waits for its start in 10.0 s" in shown


def test_one_that_is_called_off_waits_no_more() -> None:
    called_off = anomaly(39.0, "parameters", active=False, anomaly="meter-replay", attack_id="")
    assert "waits" not in said([lab(), WAITING_ONE, called_off])


def test_an_effect_that_lasts_is_told_until_its_end() -> None:
    end = anomaly(60.0, "effect_end", active=False, anomaly="cooling-off", attack_id="c-3")
    assert "▒ over, its effect shows" in said([HOT])
    assert "■ idle" in said([HOT, end])


def test_one_that_is_not_installed_is_told_by_what_its_events_say() -> None:
    foreign = anomaly(
        38.0,
        "step",
        anomaly="somebody-elses",
        attack_id="somebody-elses-1",
        variant="loud",
        parameters={"share_pct": 35.0, "quiet": True},
        steps=0,
        period=0.0,
        step_label="shouts",
    )
    shown = said([foreign])
    for part in ("loud", "share_pct 35", "quiet True", "shouts"):
        assert part in shown


def test_keys_stand_only_beside_what_they_act_on() -> None:
    idle = anomaly(1.0, "parameters", active=False)
    shown = said([lab(), idle, FLOOD])  # the fluctuation is the chosen one
    view = AnomalyView()
    view.feed([lab(), idle, FLOOD])
    assert view.title == "can-flood · can"
    assert "[" not in shown.split("power stage")[0]


def test_each_connector_has_a_story_of_its_own_and_the_chosen_one_is_told() -> None:
    views = AnomalyViews()
    views.feed([*RUNNING, anomaly(50.0, "on", station="CP2", variant="txprofile", cycle=9)])

    def told() -> str:
        return "\n".join(row_text(row) for row in views.rows(110, 11, 50.0))

    assert "cycle 4 / ∞" in told()
    views.choose(ChosenPlace("CP2", 1))
    assert "cycle 9 / ∞" in told()
    assert not views.feed([anomaly(51.0, "step", cycle=5)])


def test_lab_settings_are_in_the_last_line() -> None:
    last = said(RUNNING).split("\n")[-1]
    assert last == "power stage seed [P]  lenient [S]  plugged [p]  meter values every 1 s"


@pytest.mark.parametrize("height", range(1, 12))
@pytest.mark.parametrize("width", [36, 55, 76, 110])
def test_state_and_verdict_are_shown_at_any_size(width: int, height: int) -> None:
    shown = said([*RUNNING, alarm(27.0), detection(27.0, 16.1)], width, height)
    assert "cycle 4" in shown
    assert height == 1 or "16.1 s" in shown
    assert height == 1 or "RemoteStop" in shown


@given(st.integers(1, 130), st.integers(1, 30), st.floats(0, 100))
def test_rows_never_exceed_the_panel(width: int, height: int, now: float) -> None:
    view = AnomalyView()
    view.feed([*RUNNING, alarm(27.0), detection(27.0, 16.1)])
    rows = view.rows(width, height, now)
    assert len(rows) <= height
    assert all(row_width(row) <= width for row in rows)


async def test_countdown_writes_only_its_own_cells_and_four_times_a_second() -> None:
    panel = AnomalyPanel()
    async with PanelApp(panel).run_test(size=(60, 12)):
        panel.feed(RUNNING)
        panel.tick(38.0)
        regions: list[Region] = []

        def note(*wanted: Region, **options: Any) -> AnomalyPanel:
            regions.extend(wanted)
            return panel

        panel.refresh = note  # type: ignore[method-assign]
        for tick in range(1, 6):
            panel.tick(38.0 + tick / 10)
        assert 0 < len(regions) <= 2
        assert max(region.width for region in regions) < 20


async def test_idle_panel_writes_nothing() -> None:
    panel = AnomalyPanel()
    async with PanelApp(panel).run_test(size=(60, 12)):
        panel.feed([lab(), anomaly(0.0, "parameters", active=False)])
        panel.tick(1.0)
        shown = panel.rows
        for tick in range(2, 20):
            panel.tick(float(tick))
        assert panel.rows is shown


async def test_hidden_panel_catches_up_with_the_next_tick() -> None:
    panel = AnomalyPanel()
    async with PanelApp(panel).run_test(size=(60, 12)):
        panel.feed(RUNNING)
        assert "running" not in text(panel)
        panel.tick(38.0)
        assert "running" in text(panel)


@pytest.mark.parametrize("size", [(38, 8), (60, 12), (80, 4)])
def test_panel_looks_as_before(snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    panel = AnomalyPanel()

    async def run(pilot: Pilot[None]) -> None:
        panel.feed([*RUNNING, alarm(27.0), detection(27.0, 16.1)])
        panel.tick(38.0)
        await handled(pilot)

    assert snap_compare(PanelApp(panel), terminal_size=size, run_before=run)


def test_a_car_is_named_where_one_is_plugged_in() -> None:
    car = replace(lab(), vehicle="zoe")
    assert "zoe plugged" in said([*RUNNING, car])
    assert "battery" not in said([*RUNNING, lab()])
