from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evtui.events import AnomalyState, Event
from evtui.recording.format.truth import CAUSES_KEPT, TruthTracker
from tests.recording.sample_run import Scene


def tracked() -> tuple[Scene, TruthTracker]:
    tracker = TruthTracker()

    def take(event: Event) -> None:
        assert isinstance(event, AnomalyState)
        tracker.update(event)

    return Scene(take), tracker


def flags(truth: TruthTracker) -> tuple[bool, bool, str]:
    standing = truth.at("CP1", 1)
    return standing.active, standing.effect, standing.joined


def test_an_attack_is_active_from_on_to_off_and_shows_until_the_safe_state() -> None:
    scene, truth = tracked()
    seen = []
    for change, active in (("on", True), ("step", True), ("off", False), ("safe", False)):
        scene.truth(change, active=active)  # type: ignore[arg-type]
        standing = truth.at("CP1", 1)
        seen.append((standing.active, standing.effect, standing.attack_ids))
    attack = ("fluctuation-1",)
    assert seen == [
        (True, True, attack),
        (True, True, attack),
        (False, True, attack),
        (False, False, ()),
    ]


def test_a_safe_state_that_was_not_reached_ends_the_attack_too_and_says_failed() -> None:
    scene, truth = tracked()
    scene.truth("on")
    scene.truth("off", active=False)
    scene.clock.time = 10.0
    scene.truth("failed", active=False)
    (row,) = truth.rows()
    assert (row.t_end, row.t_effect_end, row.outcome) == (0.0, 10.0, "failed")
    assert not truth.on("CP1").effect


def test_a_bus_and_a_message_about_the_station_are_touched_by_an_attack_on_any_connector() -> None:
    scene, truth = tracked()
    scene.truth("on")
    assert truth.on("CP1").attack_ids == truth.on("CP1", 0).attack_ids == ("fluctuation-1",)
    assert truth.on("CP1", 2).attack_ids == ()
    assert truth.on("CP2").attack_ids == ()


def test_attacks_on_one_connector_add_up() -> None:
    scene, truth = tracked()
    scene.truth("on")
    scene.truth("on", attack_id="fluctuation-2")
    assert flags(truth) == (True, True, "fluctuation-1;fluctuation-2")
    scene.truth("off", active=False)
    scene.truth("safe", active=False)
    assert flags(truth) == (True, True, "fluctuation-2")
    assert [row.attack_id for row in truth.rows()] == ["fluctuation-1", "fluctuation-2"]


def test_only_what_an_active_injector_caused_is_injected() -> None:
    scene, truth = tracked()
    step = scene.truth("on")
    off = scene.truth("off", active=False)
    assert truth.injected(step.seq)
    assert not truth.injected(off.seq)
    assert not truth.injected(None)


def test_parameters_that_change_while_the_attack_is_on_are_counted_and_kept() -> None:
    scene, truth = tracked()
    scene.truth("parameters", active=False, attack_id="", parameters={"low_a": 1.0})
    assert truth.rows() == []
    scene.truth("on")
    scene.truth("parameters", parameters={"low_a": 5.0})
    scene.truth("off", active=False)
    scene.truth("parameters", active=False, parameters={"low_a": 6.0})
    (row,) = truth.rows()
    assert (row.changes, row.parameters) == (1, {"low_a": 5.0})


def test_a_recording_that_begins_in_the_middle_takes_the_first_it_sees_for_the_start() -> None:
    scene, truth = tracked()
    scene.clock.time = 7.0
    scene.truth("step")
    (row,) = truth.rows()
    assert (row.t_start, row.changes, truth.at("CP1", 1).active) == (7.0, 0, True)


def test_a_recording_that_begins_between_off_and_safe_still_shows_the_effect() -> None:
    scene, truth = tracked()
    scene.truth("off", active=False)
    assert flags(truth) == (False, True, "fluctuation-1")
    scene.truth("safe", active=False)
    assert flags(truth) == (False, False, "")


def test_the_layer_is_the_one_the_anomaly_acts_on() -> None:
    scene, truth = tracked()
    scene.truth("on")
    assert [row.layer for row in truth.rows()] == ["ocpp"]


def test_memory_for_causes_is_bounded() -> None:
    scene, truth = tracked()
    first = scene.truth("on")
    for _ in range(CAUSES_KEPT):
        last = scene.truth("step")
    assert truth.injected(last.seq)
    assert not truth.injected(first.seq)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["on", "step", "parameters", "off", "safe", "failed"]),
            st.sampled_from(["a", "b"]),
        ),
        max_size=20,
    )
)
def test_what_is_active_also_shows_and_ends_never_come_before_starts(
    story: list[tuple[str, str]],
) -> None:
    scene, truth = tracked()
    for scene.clock.time, (change, attack_id) in enumerate(story):
        active = change not in ("off", "safe", "failed")
        scene.truth(change, attack_id=attack_id, active=active)  # type: ignore[arg-type]
        standing = truth.on("CP1")
        assert standing.effect or not standing.active
        assert standing.effect == bool(standing.attack_ids)
        for row in truth.rows():
            assert row.t_end is None or row.t_start <= row.t_end
            assert row.t_effect_end is None or (row.t_end or 0.0) <= row.t_effect_end
            assert (row.t_effect_end is None) == (row.outcome == "")
